// SPDX-License-Identifier: GPL-2.0-only
/*
 * nlask dump | all | keys INVERTED | ipvs | batch FILE - what the kernel answers to its user
 *
 *	dump	all octets of the family's answers to GET, in hex
 *	all	"COMMAND do ERROR" and "COMMAND dump ERROR" for each command of the family, without
 *		attributes
 *	keys	nothing: sends a config with a key to the commands that do not use configs.
 *		INVERTED is the key in hex, each octet inverted; the answers are ignored
 *	ipvs	"add ERROR": makes a service with scheduler quic by IPVS's socket option, which
 *		netlink's permissions do not apply to
 *	batch	"begin ERROR": begins a batch of changes of 192.0.2.1:443.  FILE is there once
 *		that is printed.  Then for each line of standard input, "begin", "commit" or
 *		"delete": the answer to that flag, or to a commit by DEL.  The socket is open
 *		until its end
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
#include "ivq_lab.h"
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

/* If a vector register had octets of the key, the kernel would save it. */
static void put_key(struct nlmsghdr *nlh, const uint8_t *inverted)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_CONFIG);
	volatile uint8_t *key;
	size_t i;

	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_ID, 0);
	mnl_attr_put(nlh, IP_VS_QUIC_A_CFG_KEY, IVQ_LAB_SECRET_LEN, inverted);
	key = (uint8_t *)mnl_nlmsg_get_payload_tail(nlh) - IVQ_LAB_SECRET_LEN;
	for (i = 0; i < IVQ_LAB_SECRET_LEN; i++)
		key[i] = ~key[i];
	mnl_attr_nest_end(nlh, nest);
}

/*
 * Kernels clear memory when they allocate it, and reuse first what was freed last.  So the pages of
 * a request would be reused and cleared by the next request.  Each request has fewer pages than the
 * one before, so some of the pages are not reused.
 */
static int send_keys(struct mnl_socket *nl, uint16_t family, const char *hex)
{
	static const struct {
		uint8_t cmd;
		uint16_t flags;
		unsigned int keys;
	} requests[] = {
		{ IP_VS_QUIC_CMD_DECODE, NLM_F_ACK, 6000 },
		{ IP_VS_QUIC_CMD_EXPRESS_ADD, NLM_F_ACK, 4800 },
		{ IP_VS_QUIC_CMD_EXPRESS_DEL, NLM_F_ACK, 3600 },
		{ IP_VS_QUIC_CMD_GET, NLM_F_DUMP, 2400 },
		{ IP_VS_QUIC_CMD_EXPRESS_GET, NLM_F_DUMP, 1200 },
	};
	uint8_t inverted[IVQ_LAB_SECRET_LEN];
	static char buf[200000];
	unsigned int n;
	int one = 1;
	size_t i;

	if (unhex(inverted, sizeof(inverted), hex) != sizeof(inverted))
		die("a key has %d octets", IVQ_LAB_SECRET_LEN);
	/* errors do not quote the request */
	mnl_socket_setsockopt(nl, NETLINK_CAP_ACK, &one, sizeof(one));
	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct nlmsghdr *nlh = genl_header(buf, family, requests[i].cmd, requests[i].flags);

		for (n = 0; n < requests[i].keys; n++)
			put_key(nlh, inverted);
		if (genl_talk(nl, nlh, NULL, NULL) == -EMSGSIZE)
			die("a request is too large");
		explicit_bzero(buf, sizeof(buf));
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

static int set_flags(struct mnl_socket *nl, uint16_t family, const char *word)
{
	const uint32_t flags = strcmp(word, "begin") ? IP_VS_QUIC_F_COMMIT : IP_VS_QUIC_F_BEGIN;
	const uint8_t cmd = strcmp(word, "delete") ? IP_VS_QUIC_CMD_SET : IP_VS_QUIC_CMD_DEL;
	char buf[256];
	struct nlmsghdr *nlh = genl_header(buf, family, cmd, NLM_F_ACK);
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVICE);

	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_AF, AF_INET);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_SVC_ADDR, inet_addr("192.0.2.1"));
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_PORT, htons(443));
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_FLAGS, flags);
	return genl_talk(nl, nlh, NULL, NULL);
}

static int batch(struct mnl_socket *nl, uint16_t family, const char *path)
{
	char line[16] = "begin";
	FILE *file;

	do {
		line[strcspn(line, "\n")] = '\0';
		printf("%s %s\n", line, name_of(set_flags(nl, family, line)));
		fflush(stdout);
		file = fopen(path, "w");
		if (!file)
			die("%s: %s", path, strerror(errno));
		fclose(file);
	} while (fgets(line, sizeof(line), stdin));
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 || argc == 3 ? argv[1] : "";
	struct mnl_socket *nl;
	uint16_t family;

	if (!strcmp(what, "ipvs"))
		return add_service();
	if (argc == 2 ? strcmp(what, "dump") && strcmp(what, "all") : strcmp(what, "keys") && strcmp(what, "batch"))
		die("usage: nlask dump|all|keys INVERTED|ipvs|batch FILE");
	nl = genl_open();
	family = genl_family(nl);
	if (!strcmp(what, "batch"))
		return batch(nl, family, argv[2]);
	if (!strcmp(what, "keys"))
		return send_keys(nl, family, argv[2]);
	return !strcmp(what, "dump") ? dump(nl, family) : ask_all(nl, family);
}
