// SPDX-License-Identifier: GPL-2.0-only
#include "genl.h"

#include <errno.h>
#include <string.h>
#include <sys/time.h>

#include <linux/genetlink.h>
#include <linux/ip_vs_quic.h>

#include "tool.h"

struct mnl_socket *genl_open(void)
{
	const struct timeval patience = { .tv_sec = 60 };
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	int one = 1;

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink: %s", strerror(errno));
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return nl;
}

struct nlmsghdr *genl_header(void *buf, uint16_t family, uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = IP_VS_QUIC_GENL_VERSION;
	return nlh;
}

/* Returns 1 when there is more to come. */
static int read_message(const struct nlmsghdr *nlh, void (*each)(const struct nlmsghdr *nlh, void *data), void *data)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);

	switch (nlh->nlmsg_type) {
	case NLMSG_ERROR:
		return err->error;
	case NLMSG_DONE:
		/* what a dump ended with */
		return nlh->nlmsg_len >= NLMSG_LENGTH(sizeof(int)) ? *(const int *)mnl_nlmsg_get_payload(nlh) : 0;
	default:
		if (each)
			each(nlh, data);
		return 1;
	}
}

int genl_talk(struct mnl_socket *nl, const struct nlmsghdr *request, void (*each)(const struct nlmsghdr *nlh, void *data),
	      void *data)
{
	static char buf[GENL_MESSAGE_MAX];
	const struct nlmsghdr *nlh;
	int n, more = 1;

	if (mnl_socket_sendto(nl, request, request->nlmsg_len) < 0)
		return -errno;
	while (more == 1) {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (n < 0)
			return -errno;
		for (nlh = (void *)buf; more == 1 && mnl_nlmsg_ok(nlh, n); nlh = mnl_nlmsg_next(nlh, &n))
			more = read_message(nlh, each, data);
	}
	/* an error quotes the request */
	explicit_bzero(buf, sizeof(buf));
	return more;
}

static void read_id(const struct nlmsghdr *nlh, void *data)
{
	uint16_t *family = data;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			*family = mnl_attr_get_u16(attr);
}

static void read_group(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *groups, *group, *attr;
	uint32_t *id = data;

	mnl_attr_for_each(groups, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(groups) != CTRL_ATTR_MCAST_GROUPS)
			continue;
		mnl_attr_for_each_nested(group, groups) {
			mnl_attr_for_each_nested(attr, group) {
				if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
					*id = mnl_attr_get_u32(attr);
			}
		}
	}
}

void genl_listen(void)
{
	struct mnl_socket *nl = genl_open();
	char buf[256];
	struct nlmsghdr *nlh = genl_header(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK);
	uint32_t group = 0;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, IP_VS_QUIC_GENL_NAME);
	genl_talk(nl, nlh, read_group, &group);
	if (!group || mnl_socket_setsockopt(nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		die("events of %s: %s", IP_VS_QUIC_GENL_NAME, group ? strerror(errno) : "there is no group");
}

uint16_t genl_family(struct mnl_socket *nl)
{
	char buf[256];
	struct nlmsghdr *nlh = genl_header(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK);
	uint16_t family = 0;
	int err;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, IP_VS_QUIC_GENL_NAME);
	err = genl_talk(nl, nlh, read_id, &family);
	if (!family)
		die("family %s: %s", IP_VS_QUIC_GENL_NAME, strerror(-err));
	return family;
}
