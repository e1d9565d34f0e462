// SPDX-License-Identifier: GPL-2.0-only
/*
 * nlfuzz [-n COUNT] [-s SEED] PORT VIP4 SERVER4 VIP6 SERVER6
 *
 * Random requests to the ip_vs_quic family.
 *
 * Most consist of the family's attributes, with values at and beyond their limits, and some of
 * these are then damaged; the others are random octets.  They may change the services at PORT, but
 * never name one at port 443.  Prints for each command how many requests the kernel accepted, and
 * how many of these were for the IPv6 service.  The same seed makes the same requests.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/ip_vs_quic.h>

#include "genl.h"
#include "random.h"
#include "tool.h"

enum {
	MESSAGE_MAX	= 16384,
	ATTRS_MAX	= 12,
	COMMANDS	= IP_VS_QUIC_CMD_MAX + 3,	/* events, and some that do not exist */
	REQUESTS	= IP_VS_QUIC_CMD_ZERO + 1,
};

struct address {
	uint16_t af;
	uint16_t len;
	uint8_t octets[16];
};

enum { IPV4, IPV6, FAMILIES };

static struct address vips[FAMILIES], servers[FAMILIES];
static unsigned int family_of_vip;	/* of the request that is being made */
static uint16_t port;

/* --- values ------------------------------------------------------------- */

static uint32_t some_number(void)
{
	static const uint32_t edges[] = {
		0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 15, 16, 18, 19, 20, 59, 60, 255, 256, 3599, 65535, 65536, 86400, 86401,
		0x7fffffff, 0x80000000, 0xffffffff,
	};

	return one_in(4) ? random_next() : edges[below(sizeof(edges) / sizeof(edges[0]))];
}

/* A whole table of CIDs takes long to make. */
static uint32_t some_room(void)
{
	return one_in(500) ? 1 << 20 : one_in(4) ? (1 << 20) + 1 + below(9) : below(300);
}

static void put_octets(struct nlmsghdr *nlh, uint16_t type, size_t least, size_t most)
{
	uint8_t octets[2048];
	size_t len = one_in(16) ? below(80) : least + below(most - least + 1);

	random_fill(octets, len);
	mnl_attr_put(nlh, type, len, octets);
}

/* Mostly one of the @good numbers from @least on. */
static void put_u8(struct nlmsghdr *nlh, uint16_t type, unsigned int least, unsigned int good)
{
	if (one_in(32))
		put_octets(nlh, type, 0, 8);
	else
		mnl_attr_put_u8(nlh, type, one_in(16) ? some_number() : least + below(good));
}

static void put_u32(struct nlmsghdr *nlh, uint16_t type, uint32_t value)
{
	if (one_in(12))
		put_octets(nlh, type, 0, 8);
	else
		mnl_attr_put_u32(nlh, type, value);
}

static void put_u16(struct nlmsghdr *nlh, uint16_t type, uint16_t value)
{
	if (one_in(20))
		put_octets(nlh, type, 0, 4);
	else
		mnl_attr_put_u16(nlh, type, one_in(16) ? some_number() : value);
}

/* --- attributes ----------------------------------------------------------- */

static void put_address(struct nlmsghdr *nlh, uint16_t af, uint16_t addr, const struct address *address)
{
	mnl_attr_put_u16(nlh, af, one_in(16) ? some_number() : address->af);
	if (one_in(16))
		put_octets(nlh, addr, 4, 16);
	else if (one_in(16))
		put_octets(nlh, addr, address->len, address->len);
	else
		mnl_attr_put(nlh, addr, address->len, address->octets);
}

static void put_service(struct nlmsghdr *nlh)
{
	put_address(nlh, IP_VS_QUIC_A_SVC_AF, IP_VS_QUIC_A_SVC_ADDR, &vips[family_of_vip]);
	put_u16(nlh, IP_VS_QUIC_A_SVC_PORT, htons(port));
	if (one_in(32))
		put_u32(nlh, IP_VS_QUIC_A_SVC_FWMARK, some_number());
}

/* Mostly one that the module takes. */
static void put_layout(struct nlmsghdr *nlh)
{
	static const uint8_t version[] = { 0xc0 };
	struct nlattr *nest;

	put_u8(nlh, IP_VS_QUIC_A_CFG_ID, 0, 7);
	put_u8(nlh, IP_VS_QUIC_A_CFG_ALGORITHM, IP_VS_QUIC_ALGORITHM_LAYOUT, 1);
	nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_CFG_LAYOUT);
	put_u8(nlh, IP_VS_QUIC_A_LAY_BIT_OFFSET, 2, 40);
	put_u8(nlh, IP_VS_QUIC_A_LAY_BITS, 1, 110);
	if (one_in(4))
		put_u8(nlh, IP_VS_QUIC_A_LAY_CID_LEN, 8, 13);
	if (one_in(3))
		mnl_attr_put(nlh, IP_VS_QUIC_A_LAY_MASK, sizeof(version), version);
	if (one_in(16))
		put_octets(nlh, IP_VS_QUIC_A_LAY_MASK, 1, 20);
	if (one_in(16))
		put_octets(nlh, IP_VS_QUIC_A_LAY_VALUE, 1, 20);
	mnl_attr_nest_end(nlh, nest);
}

static void put_config(struct nlmsghdr *nlh)
{
	if (one_in(6)) {
		put_layout(nlh);
		return;
	}
	if (!one_in(20))
		put_u8(nlh, IP_VS_QUIC_A_CFG_ID, 0, 7);
	if (!one_in(20))
		put_u8(nlh, IP_VS_QUIC_A_CFG_SERVER_ID_LEN, 1, 8);
	if (!one_in(20))
		put_u8(nlh, IP_VS_QUIC_A_CFG_NONCE_LEN, 4, 8);
	if (one_in(2))
		put_octets(nlh, IP_VS_QUIC_A_CFG_KEY, 16, 16);
	if (one_in(4))
		mnl_attr_put_strz(nlh, IP_VS_QUIC_A_CFG_KEY_SOURCE, one_in(3) ? "" : "/etc/quic-lb/key");
	if (one_in(32))
		put_octets(nlh, IP_VS_QUIC_A_CFG_KEY_SOURCE, 0, 1100);
	if (one_in(4))
		put_u8(nlh, IP_VS_QUIC_A_CFG_TENANT, 0, 2);
	if (one_in(4))
		mnl_attr_put(nlh, IP_VS_QUIC_A_CFG_CHECK_LENGTH, one_in(8) ? 4 : 0, "flag");
	if (one_in(32))
		put_octets(nlh, below(16), 0, 16);
}

static void put_sid(struct nlmsghdr *nlh)
{
	if (!one_in(12))
		put_u8(nlh, IP_VS_QUIC_A_SID_CONFIG_ID, 0, 7);
	if (!one_in(12))
		put_octets(nlh, IP_VS_QUIC_A_SID_VALUE, 1, 15);
	if (!one_in(4)) {
		put_address(nlh, IP_VS_QUIC_A_SID_AF, IP_VS_QUIC_A_SID_ADDR,
			    &servers[one_in(8) ? !family_of_vip : family_of_vip]);
		put_u16(nlh, IP_VS_QUIC_A_SID_PORT, htons(port));
	}
	if (one_in(4))
		mnl_attr_put(nlh, IP_VS_QUIC_A_SID_PREFIX, 0, NULL);
}

static void put_settings(struct nlmsghdr *nlh)
{
	if (one_in(2))
		put_u32(nlh, IP_VS_QUIC_A_SET_TUPLE_TIMEOUT, some_number());
	if (one_in(2))
		put_u32(nlh, IP_VS_QUIC_A_SET_TUPLE_MAX, some_number());
	if (one_in(2))
		put_u32(nlh, IP_VS_QUIC_A_SET_DCID_MAX, some_room());
	if (one_in(3))
		put_u32(nlh, IP_VS_QUIC_A_SET_DCID_TIMEOUT, some_number());
	if (one_in(4))
		mnl_attr_put(nlh, IP_VS_QUIC_A_SET_SOURCE4, 5, one_in(2) ? "\x0a\x00\x00\x00\x18" : "\x0a\x00\x00\x01\x08");
	if (one_in(8))
		put_octets(nlh, IP_VS_QUIC_A_SET_SOURCE6, 17, 17);
}

static void put_express(struct nlmsghdr *nlh)
{
	static const char * const names[] = { "eth0", "eth0", "lo", "tunl0", "nosuch", "", "0123456789abcde", "0123456789abcdef" };

	mnl_attr_put_strz(nlh, IP_VS_QUIC_A_EXP_DEVICE, names[below(sizeof(names) / sizeof(names[0]))]);
	if (one_in(8))
		put_octets(nlh, IP_VS_QUIC_A_EXP_DEVICE, 0, 20);
}

static void put_nest(struct nlmsghdr *nlh, uint16_t type, void (*put)(struct nlmsghdr *nlh))
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	if (!one_in(32))
		put(nlh);
	if (one_in(64))
		nest->nla_type = type;	/* without the flag of a nest */
	mnl_attr_nest_end(nlh, nest);
}

static void put_attr(struct nlmsghdr *nlh)
{
	switch (below(12)) {
	case 0 ... 2:
		put_nest(nlh, IP_VS_QUIC_A_CONFIG, put_config);
		break;
	case 3 ... 5:
		put_nest(nlh, IP_VS_QUIC_A_SERVER_ID, put_sid);
		break;
	case 6:
		put_nest(nlh, IP_VS_QUIC_A_SETTINGS, put_settings);
		break;
	case 7:
		put_u32(nlh, IP_VS_QUIC_A_FLAGS, one_in(8) ? some_number() : below(8));
		break;
	case 8:
		put_octets(nlh, IP_VS_QUIC_A_CID, 1, 30);
		break;
	case 9:
		put_nest(nlh, IP_VS_QUIC_A_EXPRESS, put_express);
		break;
	case 10:
		put_nest(nlh, IP_VS_QUIC_A_SERVICE, put_service);
		break;
	default:
		if (one_in(8))
			put_octets(nlh, below(16) | below(4) << 14, 0, 64);
	}
}

static void put_structured(struct nlmsghdr *nlh, uint8_t cmd)
{
	unsigned int n = below(ATTRS_MAX);

	if (cmd == IP_VS_QUIC_CMD_EXPRESS_ADD || cmd == IP_VS_QUIC_CMD_EXPRESS_DEL)
		put_nest(nlh, IP_VS_QUIC_A_EXPRESS, put_express);
	else if (!one_in(16))
		put_nest(nlh, IP_VS_QUIC_A_SERVICE, put_service);
	/* few errors in each, so that most are accepted */
	if (one_in(2))
		n = below(3);
	if (cmd == IP_VS_QUIC_CMD_SET && !one_in(4))
		mnl_attr_put_u32(nlh, IP_VS_QUIC_A_FLAGS, below(32) | (one_in(2) ? IP_VS_QUIC_F_ABSENT : 0));
	while (n--)
		put_attr(nlh);
}

/* --- damage ------------------------------------------------------------------ */

static void damage(struct nlmsghdr *nlh)
{
	uint8_t *from = mnl_nlmsg_get_payload_offset(nlh, sizeof(struct genlmsghdr));
	size_t len = (uint8_t *)mnl_nlmsg_get_payload_tail(nlh) - from;
	unsigned int n = 1 + below(4);

	while (len && n--)
		from[below(len)] = one_in(2) ? random_next() : below(4);
	if (one_in(4))
		nlh->nlmsg_len -= below(len + 1);
}

static size_t make(void *buf, uint16_t family)
{
	uint8_t cmd = below(one_in(8) ? COMMANDS : REQUESTS);
	struct nlmsghdr *nlh;
	uint8_t octets[512];
	size_t len;

	family_of_vip = one_in(3) ? IPV6 : IPV4;
	if (one_in(2))
		cmd = one_in(3) ? IP_VS_QUIC_CMD_DEL : IP_VS_QUIC_CMD_SET;
	nlh = genl_header(buf, family, cmd, NLM_F_ACK | (one_in(8) ? NLM_F_DUMP : 0));
	if (one_in(8)) {
		len = below(sizeof(octets));
		random_fill(octets, len);
		memcpy(mnl_nlmsg_get_payload_tail(nlh), octets, len);
		nlh->nlmsg_len += len;
	} else {
		put_structured(nlh, cmd);
		if (one_in(3))
			damage(nlh);
	}
	return nlh->nlmsg_len;
}

static bool read_address(struct address *address, uint16_t af, const char *s)
{
	address->af = af;
	address->len = af == AF_INET6 ? 16 : 4;
	return inet_pton(af, s, address->octets) == 1;
}

static bool read_arguments(char **argv)
{
	port = number(argv[0], 0, 65535);
	return read_address(&vips[IPV4], AF_INET, argv[1]) && read_address(&servers[IPV4], AF_INET, argv[2]) &&
	       read_address(&vips[IPV6], AF_INET6, argv[3]) && read_address(&servers[IPV6], AF_INET6, argv[4]);
}

int main(int argc, char **argv)
{
	unsigned long count = 1000, i, refused[COMMANDS] = { 0 }, taken[FAMILIES][COMMANDS] = { 0 };
	static char buf[MESSAGE_MAX];
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload((struct nlmsghdr *)buf);
	struct mnl_socket *nl;
	uint16_t family;
	size_t len;
	int c;

	while ((c = getopt(argc, argv, "n:s:")) != -1)
		if (c == 'n')
			count = number(optarg, 0, 1000000000);
		else
			random_state = number(optarg, 0, ~0UL);
	if (argc - optind != 5 || !read_arguments(argv + optind))
		die("usage: nlfuzz [-n COUNT] [-s SEED] PORT VIP4 SERVER4 VIP6 SERVER6");
	nl = genl_open();
	family = genl_family(nl);
	for (i = 0; i < count; i++) {
		int err;

		memset(buf, 0, sizeof(buf));
		len = make(buf, family);
		if (memmem(buf, len, "\x01\xbb", 2))
			continue;
		err = genl_talk(nl, (struct nlmsghdr *)buf, NULL, NULL);
		if (err == -EAGAIN)
			die("request %lu: no answer", i);
		(err ? refused : taken[family_of_vip])[genl->cmd % COMMANDS]++;
	}
	for (c = 0; c < COMMANDS; c++)
		printf("command %d: %lu taken, %lu of them for IPv6, %lu refused\n", c, taken[IPV4][c] + taken[IPV6][c],
		       taken[IPV6][c], refused[c]);
	return 0;
}
