// SPDX-License-Identifier: GPL-2.0-only
/* What must be the same after a failure: the configuration, and where a datagram goes. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/ip_vs_quic.h>

#include "exhaust.h"
#include "genl.h"
#include "tool.h"

const uint8_t the_cid[CID_LEN] = { 0x07, 0x5a, 0x0f, 0x02, 0x01, 0x02, 0x03, 0x04 };

static int client = -1;

static void add(struct state *s, const void *data, size_t len)
{
	if (len > sizeof(s->text) - s->len)
		die("the state is too long");
	memcpy(s->text + s->len, data, len);
	s->len += len;
}

/* Is @inner, in the nest @type, a part of the configuration?  The rest counts. */
static bool is_configured(uint8_t cmd, uint16_t type, uint16_t inner)
{
	if (cmd == IP_VS_QUIC_CMD_EXPRESS_GET)
		return inner == IP_VS_QUIC_A_EXP_DEVICE;
	if (type == IP_VS_QUIC_A_SERVER)
		return inner != IP_VS_QUIC_A_SRV_CONFIG;
	return inner != IP_VS_QUIC_A_CFG_DATAGRAMS && inner != IP_VS_QUIC_A_CFG_LAST_SEEN &&
	       inner != IP_VS_QUIC_A_CFG_MISSES;
}

static bool has_counters(uint8_t cmd, uint16_t type)
{
	return cmd == IP_VS_QUIC_CMD_EXPRESS_GET || type == IP_VS_QUIC_A_CONFIG || type == IP_VS_QUIC_A_SERVER;
}

static void add_message(const struct nlmsghdr *nlh, void *data)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr, *inner;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		uint16_t type = mnl_attr_get_type(attr);

		if (type == IP_VS_QUIC_A_STATS)
			continue;
		if (!has_counters(genl->cmd, type)) {
			add(data, attr, attr->nla_len);
			continue;
		}
		mnl_attr_for_each_nested(inner, attr)
			if (is_configured(genl->cmd, type, mnl_attr_get_type(inner)))
				add(data, inner, inner->nla_len);
	}
}

static void add_dump(struct state *s, uint8_t cmd)
{
	struct mnl_socket *nl = genl_open();
	char buf[256];
	int err;

	err = genl_talk(nl, genl_header(buf, family, cmd, NLM_F_DUMP), add_message, s);
	if (err)
		die("dump: %s", strerror(-err));
	mnl_socket_close(nl);
}

/* IPVS's own view, without its counts of connections. */
static void add_ipvs(struct state *s)
{
	FILE *f = fopen("/proc/net/ip_vs", "r");
	char line[256], one[64], two[64], three[64];

	if (!f)
		die("/proc/net/ip_vs: %s", strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		*one = *two = *three = '\0';
		if (sscanf(line, " -> %63s %63s %63s", one, two, three) < 1)
			add(s, line, strlen(line));
		add(s, one, strlen(one));
		add(s, two, strlen(two));
		add(s, three, strlen(three));
	}
	fclose(f);
}

void read_state(struct state *s)
{
	s->len = 0;
	add_dump(s, IP_VS_QUIC_CMD_GET);
	add_dump(s, IP_VS_QUIC_CMD_EXPRESS_GET);
	add_ipvs(s);
}

bool same_state(const struct state *a)
{
	static struct state b;

	read_state(&b);
	return a->len == b.len && !memcmp(a->text, b.text, a->len);
}

void open_client(const char *netns)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = vip, .sin_port = htons(PORT) };
	const struct timeval patience = { .tv_sec = 60 };
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	enter_netns(netns);
	client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (client < 0 || connect(client, (struct sockaddr *)&to, sizeof(to)))
		die("client: %s", strerror(errno));
	setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (here < 0 || setns(here, CLONE_NEWNET))
		die("network namespace: %s", strerror(errno));
	close(here);
}

void check_routed(const char *what, unsigned int n)
{
	uint8_t datagram[64] = { 0x40 };
	char answer[256] = "";

	memcpy(datagram + 1, the_cid, sizeof(the_cid));
	memcpy(datagram + 32, &n, sizeof(n));
	if (send(client, datagram, sizeof(datagram), 0) < 0 || recv(client, answer, sizeof(answer) - 1, 0) < 2)
		die("%s, failure %u: a datagram is not answered: %s", what, n, strerror(errno));
	if (strncmp(answer, "quicgen s2 ", 11))
		die("%s, failure %u: a datagram of s2 is answered: %.16s", what, n, answer);
}
