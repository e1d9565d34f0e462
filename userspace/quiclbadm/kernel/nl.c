// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/nl.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/ip_vs_quic.h>

#include "common/xalloc.h"
#include "kernel/module.h"

enum nl_sizes {
	RECEIVE_BUFFER = 1 << 16,	/* a dump message is 32 KiB at most */
	SOCKET_BUFFER = 8 << 20,	/* 16,384 server IDs in one message: 1 MiB */
	FAMILIES = NL_QUIC + 1,
	FAMILY_SECONDS = 30,		/* for the module to register it */
};

static struct mnl_socket *sock;
static uint16_t family_ids[FAMILIES];
static char sentence[NL_SENTENCE_MAX];

static const struct {
	const char *name;
	uint8_t version;
	const char *module;
} families[FAMILIES] = {
	[NL_IPVS] = { IPVS_GENL_NAME, IPVS_GENL_VERSION, "ip_vs" },
	[NL_QUIC] = { IP_VS_QUIC_GENL_NAME, IP_VS_QUIC_GENL_VERSION,
		      "ip_vs_quic" },
};

/* One exchange, as seen by the callbacks of mnl_cb_run2(). */
struct exchange {
	mnl_cb_t cb;
	void *data;
	int error;
};

/* The *FORCE variants need CAP_NET_ADMIN; without it nothing big is allowed. */
static void enlarge(int fd, int force_name, int name)
{
	int size = SOCKET_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, force_name, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, name, &size, sizeof(size));
}

static int open_socket(void)
{
	int on = 1, fd;

	if (sock)
		return 0;
	sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!sock)
		return -errno;
	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		int err = -errno;

		nl_close();
		return err;
	}
	fd = mnl_socket_get_fd(sock);
	enlarge(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	enlarge(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	/* both since Linux 4.12; without them only sentences are lost */
	mnl_socket_setsockopt(sock, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(sock, NETLINK_CAP_ACK, &on, sizeof(on));
	return 0;
}

void nl_close(void)
{
	if (sock)
		mnl_socket_close(sock);
	sock = NULL;
}

const char *nl_sentence(void)
{
	return sentence;
}

static void keep_sentence(const struct nlattr *attr)
{
	size_t len = strnlen(mnl_attr_get_payload(attr),
			     mnl_attr_get_payload_len(attr));

	if (len >= sizeof(sentence))
		len = sizeof(sentence) - 1;
	memcpy(sentence, mnl_attr_get_payload(attr), len);
	while (len && (sentence[len - 1] == '.' || sentence[len - 1] == '\n'))
		len--;
	sentence[len] = '\0';
}

/* Attributes of an acknowledgement, @offset octets into its payload. */
static void read_extack(const struct nlmsghdr *nlh, size_t offset)
{
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) ||
	    mnl_nlmsg_get_payload_len(nlh) < offset)
		return;
	mnl_attr_for_each(attr, nlh, (unsigned int)offset)
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			keep_sentence(attr);
}

static int on_error(const struct nlmsghdr *nlh, void *data)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	struct exchange *exchange = data;
	size_t offset = sizeof(*err);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*err)) {
		exchange->error = -EBADMSG;
		return MNL_CB_STOP;
	}
	/* a kernel without NETLINK_CAP_ACK repeats the whole request */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && err->error)
		offset += MNL_ALIGN(err->msg.nlmsg_len) - sizeof(err->msg);
	exchange->error = err->error;
	if (err->error)
		read_extack(nlh, offset);
	return MNL_CB_STOP;
}

static int on_done(const struct nlmsghdr *nlh, void *data)
{
	struct exchange *exchange = data;
	int error = 0;

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(error)) {
		memcpy(&error, mnl_nlmsg_get_payload(nlh), sizeof(error));
		if (error < 0)
			exchange->error = error;
		if (error < 0)
			read_extack(nlh, sizeof(error));
	}
	return MNL_CB_STOP;
}

static int on_message(const struct nlmsghdr *nlh, void *data)
{
	struct exchange *exchange = data;

	return exchange->cb ? exchange->cb(nlh, exchange->data) : MNL_CB_OK;
}

static mnl_cb_t control[NLMSG_MIN_TYPE] = {
	[NLMSG_ERROR] = on_error,
	[NLMSG_DONE] = on_done,
};

static int receive(uint32_t seq, struct exchange *exchange)
{
	static _Alignas(struct nlmsghdr) char buf[RECEIVE_BUFFER];
	uint32_t portid = mnl_socket_get_portid(sock);
	int run = MNL_CB_OK;
	ssize_t len;

	do {
		len = mnl_socket_recvfrom(sock, buf, sizeof(buf));
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			break;
		run = mnl_cb_run2(buf, (size_t)len, seq, portid, on_message,
				  exchange, control, NLMSG_MIN_TYPE);
	} while (run == MNL_CB_OK);
	if (run == MNL_CB_STOP)
		return exchange->error;
	/*
	 * EINTR is libmnl's word for NLM_F_DUMP_INTR.  The rest of the dump is
	 * still to come; a new socket is the end of it.
	 */
	run = -errno;
	nl_close();
	return run;
}

static int exchange_message(struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	struct exchange exchange = { .cb = cb, .data = data };
	static uint32_t seq;
	int err = open_socket();

	if (err)
		return err;
	if (!seq)
		seq = (uint32_t)time(NULL);
	nlh->nlmsg_seq = ++seq;
	sentence[0] = '\0';
	if (mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	return receive(seq, &exchange);
}

static struct nlmsghdr *put_header(void *buf, uint16_t type, uint8_t cmd,
				   uint8_t version, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	return nlh;
}

/* What is to be known of a family: its number, and that of the group with this name. */
struct family_query {
	uint16_t id;
	const char *group;		/* NULL: none is looked for */
	uint32_t group_id;
};

static void read_groups(const struct nlattr *groups, struct family_query *query)
{
	const struct nlattr *group, *attrs[CTRL_ATTR_MCAST_GRP_MAX + 1];
	char name[GENL_NAMSIZ + 1] = "";

	mnl_attr_for_each_nested(group, groups) {
		nl_nested(group, attrs, CTRL_ATTR_MCAST_GRP_MAX);
		nl_octets(attrs[CTRL_ATTR_MCAST_GRP_NAME], name,
			  sizeof(name) - 1);
		if (!strcmp(name, query->group))
			query->group_id = (uint32_t)nl_number(attrs[CTRL_ATTR_MCAST_GRP_ID]);
	}
}

static int read_family(const struct nlmsghdr *nlh, void *data)
{
	struct family_query *query = data;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			query->id = (uint16_t)nl_number(attr);
		else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS &&
			 query->group)
			read_groups(attr, query);
	return MNL_CB_OK;
}

static int look_up(enum nl_family family, struct family_query *query)
{
	_Alignas(struct nlmsghdr) char buf[256];
	struct nlmsghdr *nlh = put_header(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY,
					  1, 0);

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, families[family].name);
	return exchange_message(nlh, read_family, query);
}

static bool is_over(const struct timespec *deadline)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > deadline->tv_sec ||
	       (now.tv_sec == deadline->tv_sec && now.tv_nsec >= deadline->tv_nsec);
}

/*
 * ip_vs_quic registers its family from a worker, because it may be loaded in the
 * middle of a netlink request: with the module there, the family is to come.  The
 * worker may have to wait for namespaces that are being dismantled, one by one.
 */
static int await_family(enum nl_family family)
{
	struct family_query query = { 0 };
	struct timespec deadline;
	int err;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += FAMILY_SECONDS;
	while ((err = look_up(family, &query)) == -ENOENT && module_is_loaded(families[family].module) &&
	       !is_over(&deadline))
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	family_ids[family] = query.id;
	return err;
}

static int resolve(enum nl_family family, bool load)
{
	int err;

	if (family_ids[family])
		return 0;
	err = await_family(family);
	if (err == -ENOENT && load) {
		module_load(families[family].module);
		err = await_family(family);
	}
	sentence[0] = '\0';
	return err == -ENOENT ? -ENOPKG : err;
}

void nl_load_quic(void)
{
	resolve(NL_QUIC, true);
}

bool nl_has_quic(void)
{
	return module_is_loaded(families[NL_QUIC].module);
}

void nl_begin(struct nl_request *request, enum nl_family family, uint8_t cmd,
	      uint16_t flags, size_t room)
{
	request->family = family;
	request->size = MNL_NLMSG_HDRLEN + GENL_HDRLEN + room;
	request->nlh = put_header(xcalloc(1, request->size), 0, cmd,
				  families[family].version, flags);
}

void nl_free(struct nl_request *request)
{
	if (request->nlh)
		explicit_bzero(request->nlh, request->size);
	free(request->nlh);
	request->nlh = NULL;
}

int nl_talk(struct nl_request *request, mnl_cb_t cb, void *data)
{
	/* as ipvsadm: the first command of a boot finds IPVS not loaded */
	int err = resolve(request->family, request->family == NL_IPVS);

	if (err)
		return err;
	request->nlh->nlmsg_type = family_ids[request->family];
	return exchange_message(request->nlh, cb, data);
}

/* The groups are joined before anything is heard, and only what is of use then. */
static int join(struct nl_listener *listener, uint32_t group)
{
	static const uint32_t control_group = GENL_ID_CTRL;
	uint32_t groups[] = { control_group, group };
	int fd;
	size_t i;

	listener->sock = mnl_socket_open2(NETLINK_GENERIC,
					  SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!listener->sock ||
	    mnl_socket_bind(listener->sock, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	fd = mnl_socket_get_fd(listener->sock);
	enlarge(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (mnl_socket_setsockopt(listener->sock, NETLINK_ADD_MEMBERSHIP,
					  &groups[i], sizeof(groups[i])) < 0)
			return -errno;
	return 0;
}

int nl_listen(struct nl_listener *listener, const char *group)
{
	struct family_query query = { .group = group };
	int err = resolve(NL_QUIC, true);

	memset(listener, 0, sizeof(*listener));
	if (!err)
		err = look_up(NL_QUIC, &query);
	if (!err && !query.group_id)
		err = -ENOENT;
	if (err)
		return err;
	listener->family = query.id;
	err = join(listener, query.group_id);
	if (err)
		nl_listener_close(listener);
	return err;
}

/* Does generic netlink say that our family goes? */
static bool is_end(const struct nl_listener *listener, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct family_query query = { 0 };

	if (nlh->nlmsg_type != GENL_ID_CTRL || genl->cmd != CTRL_CMD_DELFAMILY)
		return false;
	read_family(nlh, &query);
	return query.id == listener->family;
}

int nl_hear(const struct nl_listener *listener, mnl_cb_t cb, void *data)
{
	static _Alignas(struct nlmsghdr) char buf[RECEIVE_BUFFER];
	const struct nlmsghdr *nlh = (void *)buf;
	ssize_t got = mnl_socket_recvfrom(listener->sock, buf, sizeof(buf));
	int len = (int)got;

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (mnl_nlmsg_get_payload_len(nlh) < GENL_HDRLEN)
			continue;
		if (is_end(listener, nlh))
			return -ENODEV;
		if (nlh->nlmsg_type == listener->family)
			cb(nlh, data);
	}
	return 1;
}

void nl_listener_close(struct nl_listener *listener)
{
	if (listener->sock)
		mnl_socket_close(listener->sock);
	listener->sock = NULL;
}
