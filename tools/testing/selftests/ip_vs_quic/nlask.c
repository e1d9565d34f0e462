// SPDX-License-Identifier: GPL-2.0-only
/*
 * nlask dump | all | ipvs - what the kernel says to whoever this is.
 *
 *	dump	all octets of the family's answers to GET, in hex
 *	all	"COMMAND do ERROR" and "COMMAND dump ERROR" for each command of the family, without
 *		attributes
 *	ipvs	"add ERROR": a service with scheduler quic by IPVS's socket option, which is not
 *		netlink's to refuse
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ip_vs.h>
#include <linux/ip_vs_quic.h>

#include "genl.h"
#include "tool.h"

static const char *name_of(int err)
{
	return err ? strerrorname_np(-err) : "0";
}

static void print_octets(const struct nlmsghdr *nlh, void *data)
{
	const uint8_t *octets = (const uint8_t *)nlh;
	size_t i;

	(void)data;
	for (i = 0; i < nlh->nlmsg_len; i++)
		printf("%02x", octets[i]);
	putchar('\n');
}

static int dump(struct mnl_socket *nl, uint16_t family)
{
	char buf[256];
	int err = genl_talk(nl, genl_header(buf, family, IP_VS_QUIC_CMD_GET, NLM_F_DUMP), print_octets, NULL);

	if (err)
		die("dump: %s", strerror(-err));
	return 0;
}

static int ask_all(struct mnl_socket *nl, uint16_t family)
{
	char buf[256];
	int cmd;

	for (cmd = 1; cmd <= IP_VS_QUIC_CMD_MAX; cmd++) {
		printf("%d do %s\n", cmd, name_of(genl_talk(nl, genl_header(buf, family, cmd, NLM_F_ACK), NULL, NULL)));
		printf("%d dump %s\n", cmd, name_of(genl_talk(nl, genl_header(buf, family, cmd, NLM_F_DUMP), NULL, NULL)));
	}
	return 0;
}

static int add_service(void)
{
	struct ip_vs_service_user svc = { .protocol = IPPROTO_UDP, .port = htons(443), .sched_name = "quic" };
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	int err = 0;

	if (fd < 0)
		die("socket: %s", strerror(errno));
	svc.addr = inet_addr("192.0.2.1");
	if (setsockopt(fd, IPPROTO_IP, IP_VS_SO_SET_ADD, &svc, sizeof(svc)))
		err = -errno;
	close(fd);
	printf("add %s\n", name_of(err));
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";
	struct mnl_socket *nl;
	uint16_t family;

	if (!strcmp(what, "ipvs"))
		return add_service();
	if (strcmp(what, "dump") && strcmp(what, "all"))
		die("usage: nlask dump|all|ipvs");
	nl = genl_open();
	family = genl_family(nl);
	return !strcmp(what, "dump") ? dump(nl, family) : ask_all(nl, family);
}
