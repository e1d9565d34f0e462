// SPDX-License-Identifier: GPL-2.0-only
/* nft -j does not print a table's flags; the kernel is asked. */
#include "firewall/owner.h"

#include <arpa/inet.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

static uint8_t family_number(const char *name)
{
	static const struct {
		const char *name;
		uint8_t number;
	} families[] = {
		{ "inet", NFPROTO_INET }, { "ip", NFPROTO_IPV4 }, { "ip6", NFPROTO_IPV6 },
		{ "netdev", NFPROTO_NETDEV }, { "bridge", NFPROTO_BRIDGE },
	};
	size_t i;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (!strcmp(families[i].name, name))
			return families[i].number;
	return NFPROTO_UNSPEC;
}

static int on_table(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;
	uint32_t *owner = data;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == NFTA_TABLE_OWNER &&
		    mnl_attr_get_payload_len(attr) == sizeof(uint32_t))
			*owner = ntohl(mnl_attr_get_u32(attr));
	return MNL_CB_STOP;
}

static struct nlmsghdr *put_request(void *buf, const char *family, const char *table)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = 1;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = family_number(family);
	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, table);
	return nlh;
}

uint32_t firewall_owner(const char *family, const char *table)
{
	char request[512] __attribute__((aligned(8))) = { 0 };
	static char answer[1 << 13];
	struct mnl_socket *sock = mnl_socket_open(NETLINK_NETFILTER);
	struct nlmsghdr *nlh = put_request(request, family, table);
	uint32_t owner = 0;
	ssize_t len;

	if (!sock)
		return 0;
	if (!mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) &&
	    mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) > 0) {
		len = mnl_socket_recvfrom(sock, answer, sizeof(answer));
		if (len > 0)
			mnl_cb_run(answer, (size_t)len, 1, mnl_socket_get_portid(sock),
				   on_table, &owner);
	}
	mnl_socket_close(sock);
	return owner;
}
