// SPDX-License-Identifier: GPL-2.0-only
/*
 * exhaust - commands that run out of memory at every place where they could.
 *
 *	exhaust commands|percpu CLIENT VIP SERVER
 *	exhaust key CLIENT VIP SERVER INVERTED
 *	exhaust module FILE FIRST
 *	exhaust sites
 *
 * Each command is repeated with its first allocation failing, then with its second, and so on until
 * nothing is left to fail (/proc/self/fail-nth).  After each failure either nothing has changed, or
 * the command is done, and can be undone; and a datagram for the second SERVER, sent from namespace
 * CLIENT, is answered.  Prints for each command how many failures it took and how many it reported;
 * and "site FUNCTION+OFFSET" for each failure in the module.
 *
 *	commands	of the netlink family and those of IPVS that reach the scheduler, and a
 *			network namespace's creation
 *	percpu		those that have memory for each CPU, while the per-CPU allocator has no page
 *			left (module ivq_lab)
 *	key		a config with a key, in hex with each octet inverted, that fails in the
 *			module; the key's own memory is wiped
 *	module		loading FILE, from failure FIRST on
 *	sites		nothing: only what the kernel's log has is printed
 *
 * VIP:443 has to be a service with server IDs 0:SID for the second server, see the_cid, and nothing
 * else is there but what is made here: a service at port 444, the express path at eth0.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/ip_vs_quic.h>

#include "genl.h"
#include "ivq_lab.h"
#include "tool.h"

enum {
	FAILURES_MAX	= 4000,
	STATE_MAX	= 1 << 16,
	PORT		= 443,
	OTHER_PORT	= 444,
	CONFIGS		= 7,
	SERVICES_TABLE	= 8,	/* services, past and present, that it has room for at most */
};

/* Each octet inverted: what is searched for in memory is not to be found here. */
static uint8_t inverted_key[16] = "inverted";
/* Config 0, server ID 5a0f02 as lib.sh's sid 3 2 makes it, and a nonce. */
static const uint8_t the_cid[] = "\x07\x5a\x0f\x02\x01\x02\x03\x04";

static uint32_t vip, server;
static uint16_t family;
static int client = -1, ipvs = -1, lab = -1;

/* --- injection ------------------------------------------------------------- */

static int fail_nth = -1;
/* What a command asks with: opened while nothing fails. */
static struct mnl_socket *asker;

/* From here on the @n-th allocation fails; with 0, none. */
static void set_fail_nth(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	if (fail_nth < 0)
		fail_nth = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_nth < 0 || pwrite(fail_nth, text, len, 0) != len)
		die("/proc/self/fail-nth: %s", strerror(errno));
}

static void arm(unsigned int n)
{
	asker = genl_open();
	set_fail_nth(n);
}

/* Returns whether it came to the failure. */
static bool disarm(void)
{
	char text[16] = "";

	if (pread(fail_nth, text, sizeof(text) - 1, 0) < 0)
		die("/proc/self/fail-nth: %s", strerror(errno));
	set_fail_nth(0);
	mnl_socket_close(asker);
	asker = NULL;
	return !strtoul(text, NULL, 10);
}

/* --- where it failed --------------------------------------------------------- */

static int kmsg = -1;

/* From here on. */
static void open_kmsg(void)
{
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0)
		die("/dev/kmsg: %s", strerror(errno));
}

/*
 * Prints the innermost place in the module, FUNCTION+OFFSET, of each stack that the kernel has
 * shown since.
 */
static unsigned int print_sites(void)
{
	char record[8192], site[128];
	bool innermost = false;
	unsigned int sites = 0;
	const char *text;
	ssize_t n;

	while ((n = read(kmsg, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		if (n < 0)
			die("the kernel says more than there is room for");
		record[n] = '\0';
		text = strchr(record, ';');
		if (!text)
			continue;
		if (strstr(text, "FAULT_INJECTION: forcing"))
			innermost = true;
		if (!innermost || !strstr(text, " [ip_vs_quic") || strstr(text, "? "))
			continue;
		innermost = false;
		sites++;
		if (sscanf(text + 1, " %127[^/]", site) == 1)
			printf("site %s\n", site);
	}
	return sites;
}

/* --- state ------------------------------------------------------------------ */

struct state {
	size_t len;
	char text[STATE_MAX];
};

static void add(struct state *s, const void *data, size_t len)
{
	if (len > sizeof(s->text) - s->len)
		die("the state is too long");
	memcpy(s->text + s->len, data, len);
	s->len += len;
}

static bool counts_something(uint16_t type)
{
	return type == IP_VS_QUIC_A_CFG_DATAGRAMS || type == IP_VS_QUIC_A_CFG_LAST_SEEN || type == IP_VS_QUIC_A_CFG_MISSES;
}

/* All that is configured: no counters. */
static void add_message(const struct nlmsghdr *nlh, void *data)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr, *inner;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		uint16_t type = mnl_attr_get_type(attr);

		if (type == IP_VS_QUIC_A_STATS)
			continue;
		if (type != IP_VS_QUIC_A_CONFIG && genl->cmd != IP_VS_QUIC_CMD_EXPRESS_GET) {
			add(data, attr, attr->nla_len);
			continue;
		}
		mnl_attr_for_each_nested(inner, attr)
			if (genl->cmd == IP_VS_QUIC_CMD_EXPRESS_GET ?
			    mnl_attr_get_type(inner) == IP_VS_QUIC_A_EXP_DEVICE : !counts_something(mnl_attr_get_type(inner)))
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

static void read_state(struct state *s)
{
	s->len = 0;
	add_dump(s, IP_VS_QUIC_CMD_GET);
	add_dump(s, IP_VS_QUIC_CMD_EXPRESS_GET);
	add_ipvs(s);
}

static bool same_state(const struct state *a)
{
	static struct state b;

	read_state(&b);
	return a->len == b.len && !memcmp(a->text, b.text, a->len);
}

/* --- a datagram -------------------------------------------------------------- */

static void open_client(const char *netns)
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

static void check_routed(const char *what, unsigned int n)
{
	uint8_t datagram[64] = { 0x40 };
	char answer[256] = "";

	memcpy(datagram + 1, the_cid, sizeof(the_cid) - 1);
	memcpy(datagram + 32, &n, sizeof(n));
	if (send(client, datagram, sizeof(datagram), 0) < 0 || recv(client, answer, sizeof(answer) - 1, 0) < 2)
		die("%s, failure %u: a datagram is not answered: %s", what, n, strerror(errno));
	if (strncmp(answer, "quicgen s2 ", 11))
		die("%s, failure %u: a datagram of s2 is answered: %.16s", what, n, answer);
}

/* --- commands of the family --------------------------------------------------- */

static void put_service(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVICE);

	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_AF, AF_INET);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_SVC_ADDR, vip);
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_PORT, htons(OTHER_PORT));
	mnl_attr_nest_end(nlh, nest);
}

static void put_key(struct nlmsghdr *nlh)
{
	uint8_t *key = mnl_nlmsg_get_payload_tail(nlh);
	size_t i;

	mnl_attr_put(nlh, IP_VS_QUIC_A_CFG_KEY, sizeof(inverted_key), inverted_key);
	for (i = 0; i < sizeof(inverted_key); i++)
		key[MNL_ATTR_HDRLEN + i] = ~inverted_key[i];
}

static void put_config(struct nlmsghdr *nlh, unsigned int id, bool whole)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_CONFIG);

	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_ID, id);
	if (whole) {
		mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_SERVER_ID_LEN, 8);
		mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_NONCE_LEN, 8);
		put_key(nlh);
		mnl_attr_put_strz(nlh, IP_VS_QUIC_A_CFG_KEY_SOURCE, "/etc/key");
	}
	mnl_attr_nest_end(nlh, nest);
}

static void put_sid(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVER_ID);

	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_SID_CONFIG_ID, 1);
	mnl_attr_put(nlh, IP_VS_QUIC_A_SID_VALUE, 8, "12345678");
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SID_AF, AF_INET);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_SID_ADDR, server);
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SID_PORT, htons(OTHER_PORT));
	mnl_attr_nest_end(nlh, nest);
}

static void put_table(struct nlmsghdr *nlh, uint32_t max)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SETTINGS);

	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_SET_DCID_MAX, max);
	mnl_attr_nest_end(nlh, nest);
}

static void put_cid(struct nlmsghdr *nlh)
{
	mnl_attr_put(nlh, IP_VS_QUIC_A_CID, sizeof(the_cid) - 1, the_cid);
}

static void put_device(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_EXPRESS);

	mnl_attr_put_strz(nlh, IP_VS_QUIC_A_EXP_DEVICE, "eth0");
	mnl_attr_nest_end(nlh, nest);
}

/*
 * The socket is new: an answer that did not fit in memory is nothing that the next request should
 * get.
 */
static int ask(uint8_t cmd, bool dump, void (*one)(struct nlmsghdr *), void (*two)(struct nlmsghdr *), uint32_t flags)
{
	struct mnl_socket *nl = asker ? asker : genl_open();
	char buf[4096];
	struct nlmsghdr *nlh = genl_header(buf, family, cmd, dump ? NLM_F_DUMP : NLM_F_ACK);
	int err;

	if (one)
		one(nlh);
	if (two)
		two(nlh);
	if (flags)
		mnl_attr_put_u32(nlh, IP_VS_QUIC_A_FLAGS, flags);
	err = genl_talk(nl, nlh, NULL, NULL);
	explicit_bzero(buf, sizeof(buf));
	if (nl != asker)
		mnl_socket_close(nl);
	return err;
}

static void put_whole_config(struct nlmsghdr *nlh)
{
	put_config(nlh, 1, true);
}

static void put_config_id(struct nlmsghdr *nlh)
{
	put_config(nlh, 1, false);
}

static void put_configs(struct nlmsghdr *nlh)
{
	unsigned int id;

	for (id = 1; id < CONFIGS; id++)
		put_config(nlh, id, true);
}

static void put_table_on(struct nlmsghdr *nlh)
{
	put_table(nlh, 64);
}

static void put_table_off(struct nlmsghdr *nlh)
{
	put_table(nlh, 0);
}

static int set_config(void)
{
	return ask(IP_VS_QUIC_CMD_SET, false, put_service, put_whole_config, 0);
}

static int set_configs(void)
{
	return ask(IP_VS_QUIC_CMD_SET, false, put_service, put_configs, 0);
}

static int del_config(void)
{
	return ask(IP_VS_QUIC_CMD_DEL, false, put_service, put_config_id, 0);
}

static int set_sid(void)
{
	return ask(IP_VS_QUIC_CMD_SET, false, put_service, put_sid, IP_VS_QUIC_F_ABSENT);
}

static int del_sid(void)
{
	return ask(IP_VS_QUIC_CMD_DEL, false, put_service, put_sid, 0);
}

static int set_table(void)
{
	return ask(IP_VS_QUIC_CMD_SET, false, put_service, put_table_on, 0);
}

static int unset_table(void)
{
	return ask(IP_VS_QUIC_CMD_SET, false, put_service, put_table_off, 0);
}

static int replace(void)
{
	return ask(IP_VS_QUIC_CMD_SET, false, put_service, put_whole_config, IP_VS_QUIC_F_REPLACE);
}

static int replace_by_nothing(void)
{
	return ask(IP_VS_QUIC_CMD_SET, false, put_service, NULL, IP_VS_QUIC_F_REPLACE);
}

static int get(void)
{
	return ask(IP_VS_QUIC_CMD_GET, true, NULL, NULL, 0);
}

static int decode(void)
{
	return ask(IP_VS_QUIC_CMD_DECODE, false, put_service, put_cid, 0);
}

static int express_add(void)
{
	return ask(IP_VS_QUIC_CMD_EXPRESS_ADD, false, put_device, NULL, 0);
}

static int express_del(void)
{
	return ask(IP_VS_QUIC_CMD_EXPRESS_DEL, false, put_device, NULL, 0);
}

static int express_get(void)
{
	return ask(IP_VS_QUIC_CMD_EXPRESS_GET, true, NULL, NULL, 0);
}

/* --- commands of IPVS ----------------------------------------------------------- */

struct service_and_server {
	struct ip_vs_service_user svc;
	struct ip_vs_dest_user dest;
};

static int tell_ipvs(int option, const char *scheduler, unsigned int weight, bool with_server)
{
	struct service_and_server arg = {
		.svc = { .protocol = IPPROTO_UDP, .addr = vip, .port = htons(OTHER_PORT), .netmask = ~0U },
		.dest = { .addr = server, .port = htons(OTHER_PORT), .conn_flags = IP_VS_CONN_F_TUNNEL, .weight = weight },
	};

	strcpy(arg.svc.sched_name, scheduler);
	if (setsockopt(ipvs, IPPROTO_IP, option, &arg, with_server ? sizeof(arg) : sizeof(arg.svc)))
		return -errno;
	return 0;
}

static int add_service(void)
{
	return tell_ipvs(IP_VS_SO_SET_ADD, "quic", 0, false);
}

static int del_service(void)
{
	return tell_ipvs(IP_VS_SO_SET_DEL, "", 0, false);
}

static int add_stock_service(void)
{
	return tell_ipvs(IP_VS_SO_SET_ADD, "rr", 0, false);
}

static int edit_to_quic(void)
{
	return tell_ipvs(IP_VS_SO_SET_EDIT, "quic", 0, false);
}

static int edit_to_stock(void)
{
	return tell_ipvs(IP_VS_SO_SET_EDIT, "rr", 0, false);
}

static int add_server(void)
{
	return tell_ipvs(IP_VS_SO_SET_ADDDEST, "", 1, true);
}

static int edit_server(void)
{
	return tell_ipvs(IP_VS_SO_SET_EDITDEST, "", 7, true);
}

static int edit_server_back(void)
{
	return tell_ipvs(IP_VS_SO_SET_EDITDEST, "", 1, true);
}

static int del_server(void)
{
	return tell_ipvs(IP_VS_SO_SET_DELDEST, "", 0, true);
}

/* A child's, so that it is gone with it. */
static int new_namespace(void)
{
	return unshare(CLONE_NEWNET) ? -errno : 0;
}

static void open_ipvs(void)
{
	ipvs = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (ipvs < 0)
		die("socket: %s", strerror(errno));
}

static int enter_new_namespace(void)
{
	int err = new_namespace();

	close(ipvs);
	open_ipvs();
	return err;
}

/* --- trying --------------------------------------------------------------------- */

/**
 * struct command - what is to fail
 * @run: returns 0 or a negative error number
 * @undo: brings back what was before; NULL: there is nothing to bring back
 * @forked: it happens to a child
 * @prepare: what the child does before, without failure; may be NULL
 */
struct command {
	const char *name;
	int (*run)(void);
	int (*undo)(void);
	bool forked;
	int (*prepare)(void);
};

/* Without failure, or it makes no sense to go on. */
static void must(const char *what, int (*run)(void))
{
	int err = run();

	if (err)
		die("%s: %s", what, strerror(-err));
}

static void exhaust_percpu(void)
{
	if (lab >= 0 && ioctl(lab, IVQ_LAB_FILL_PERCPU))
		die("%s: %s", IVQ_LAB_DEVICE, strerror(errno));
}

/* In this process, or in one whose exit status tells both. */
static int run_failing(const struct command *c, unsigned int n, bool *failed)
{
	int status, err;
	pid_t pid;

	if (!c->forked) {
		exhaust_percpu();
		arm(n);
		err = c->run();
		*failed = disarm();
		return err;
	}
	pid = fork();
	if (!pid) {
		fail_nth = -1;
		if (c->prepare)
			must("prepare", c->prepare);
		arm(n);
		err = c->run();
		_exit(disarm() << 7 | (-err & 127));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		die("%s: child: %s", c->name, strerror(errno));
	*failed = WEXITSTATUS(status) >> 7;
	return -(WEXITSTATUS(status) & 127);
}

/*
 * The acknowledgement may be what there was no memory for: then the command is done although it
 * failed.  Half of it done is what must not be.
 */
static void check(const struct command *c, unsigned int n, const struct state *before, int err)
{
	bool same = same_state(before);

	if (err && err != -ENOBUFS && !same)
		die("%s, failure %u: error %s, and the state is another", c->name, n, strerror(-err));
	if (!same && !c->undo)
		die("%s, failure %u: the state is another", c->name, n);
	check_routed(c->name, n);
	if (c->undo && (!err || !same))
		must("undo", c->undo);
	if (!same_state(before))
		die("%s, failure %u: what is done cannot be undone", c->name, n);
}

static void try_all(const struct command *c)
{
	static struct state before;
	unsigned int n, reported = 0;
	bool failed = true;
	int err;

	read_state(&before);
	for (n = 1; failed; n++) {
		if (n > FAILURES_MAX)
			die("%s: there is no end of failures", c->name);
		err = run_failing(c, n, &failed);
		print_sites();
		reported += err < 0;
		if (!failed && err)
			die("%s: %s", c->name, strerror(-err));
		check(c, n, &before, err);
	}
	printf("%s: %u failures, %u reported\n", c->name, n - 2, reported);
	fflush(stdout);
}

static void try_commands(void)
{
	static const struct command without_service[] = {
		{ "add service", add_service, del_service, false, NULL },
		{ "get", get, NULL, false, NULL },
		{ "express add", express_add, express_del, false, NULL },
		{ "new namespace", new_namespace, NULL, true, NULL },
		{ "first service", add_service, NULL, true, enter_new_namespace },
	}, with_stock_service[] = {
		{ "edit service", edit_to_quic, edit_to_stock, false, NULL },
	}, with_service[] = {
		{ "add server", add_server, del_server, false, NULL },
		{ "set config", set_config, del_config, false, NULL },
		{ "set server ID", set_sid, del_sid, false, NULL },
		{ "set table of CIDs", set_table, unset_table, false, NULL },
		{ "replace", replace, replace_by_nothing, false, NULL },
		{ "decode", decode, NULL, false, NULL },
	}, with_everything[] = {
		{ "express del", express_del, express_add, false, NULL },
		{ "express get", express_get, NULL, false, NULL },
		{ "edit server", edit_server, edit_server_back, false, NULL },
		{ "del server ID", del_sid, set_sid, false, NULL },
		{ "del config", del_config, set_config, false, NULL },
		{ "del server", del_server, add_server, false, NULL },
	};
	size_t i, j;

	/* so that the table of services has to grow at least once */
	for (j = 0; j < SERVICES_TABLE; j++)
		try_all(&without_service[0]);
#define TRY(table) for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) try_all(&(table)[i])
	TRY(without_service);
	must("add service", add_stock_service);
	TRY(with_stock_service);
	must("edit service", edit_to_quic);
	TRY(with_service);
	must("add server", add_server);
	must("set config", set_config);
	must("set server ID", set_sid);
	must("express add", express_add);
	TRY(with_everything);
	must("express del", express_del);
	must("del service", del_service);
}

static void try_percpu(void)
{
	static const struct command commands[] = {
		{ "add service, per CPU", add_service, del_service, false, NULL },
		{ "express add, per CPU", express_add, express_del, false, NULL },
	}, with_service[] = {
		{ "set configs, per CPU", set_configs, replace_by_nothing, false, NULL },
	};
	size_t i;

	lab = open("/dev/" IVQ_LAB_DEVICE, O_RDWR | O_CLOEXEC);
	if (lab < 0 || mlockall(MCL_CURRENT | MCL_FUTURE))
		die("%s: %s", IVQ_LAB_DEVICE, strerror(errno));
	TRY(commands);
	must("add service", add_service);
	TRY(with_service);
	must("del service", del_service);
}

/*
 * The places in the module are learnt with another key: a request that does not come so far is not
 * the module's to wipe.
 */
static void try_key(const char *hex)
{
	static bool reached[FAILURES_MAX];
	unsigned int n, last, keys = 0;
	bool failed = true;

	must("add service", add_service);
	for (n = 1; failed && n < FAILURES_MAX; n++) {
		arm(n);
		set_config();
		failed = disarm();
		reached[n] = print_sites();
		if (!reached[n])
			del_config();
	}
	last = n;
	unhex(inverted_key, sizeof(inverted_key), hex);
	for (n = 1; n < last; n++) {
		if (!reached[n])
			continue;
		arm(n);
		if (!set_config())
			die("failure %u is none with another key", n);
		disarm();
		keys++;
	}
	del_service();
	printf("%u keys of configs that were not made\n", keys);
}

/* --- the module ------------------------------------------------------------------- */

static char *image;
static size_t image_len;

static void read_image(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		die("%s: %s", path, strerror(errno));
	image = malloc(st.st_size);
	while (image && image_len < (size_t)st.st_size) {
		ssize_t n = read(fd, image + image_len, st.st_size - image_len);

		if (n <= 0)
			die("%s: %s", path, strerror(errno));
		image_len += n;
	}
	close(fd);
}

/*
 * Until the kernel lets go of what has failed, there is nothing to see or to do: it does that
 * before it returns.
 */
static void try_module(const char *path, unsigned int first)
{
	unsigned int n, reported = 0;
	bool failed = true;

	read_image(path);
	for (n = first; failed; n++) {
		int err;

		arm(n);
		err = syscall(SYS_init_module, image, image_len, "") ? -errno : 0;
		failed = disarm();
		print_sites();
		reported += err < 0;
		if (err && !failed)
			die("init_module: %s", strerror(-err));
		if (!err && syscall(SYS_delete_module, "ip_vs_quic", 0))
			die("delete_module: %s", strerror(errno));
	}
	printf("load module: %u failures, %u reported\n", n - 1 - first, reported);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	open_kmsg();
	if (!strcmp(what, "sites")) {
		kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
		print_sites();
		return 0;
	}
	if (!strcmp(what, "module") && argc == 4) {
		try_module(argv[2], number(argv[3], 0, FAILURES_MAX));
		return 0;
	}
	if (argc != 5 + !strcmp(what, "key") || inet_pton(AF_INET, argv[3], &vip) != 1 || inet_pton(AF_INET, argv[4], &server) != 1)
		die("usage: exhaust commands|percpu CLIENT VIP SERVER; exhaust key CLIENT VIP SERVER INVERTED; exhaust module FILE FIRST; exhaust sites");
	open_client(argv[2]);
	open_ipvs();
	family = genl_family(genl_open());
	check_routed("nothing", 0);
	if (argc == 6)
		try_key(argv[5]);
	else if (!strcmp(what, "percpu"))
		try_percpu();
	else
		try_commands();
	return 0;
}
