// SPDX-License-Identifier: GPL-2.0-only
/*
 * exhaust - commands that run out of memory at every place where they could.
 *
 *	exhaust commands|namespace|percpu CLIENT VIP SERVER
 *	exhaust key CLIENT VIP SERVER INVERTED...
 *
 * Each command is repeated with its first allocation failing, then with its second, and so on until
 * nothing is left to fail.  After each failure either nothing has changed, or the command is done,
 * and can be undone; and a datagram for the second SERVER, sent from namespace CLIENT, is answered.
 * Prints for each command how many failures it took and how many it reported; and where the module
 * was.
 *
 *	commands	of the netlink family and those of IPVS that reach the scheduler
 *	namespace	the creation of one, of whose failures only some are tried
 *	percpu		those that have memory for each CPU, while the per-CPU allocator has next to
 *			nothing left (module ivq_lab)
 *	key		a config with a key, in hex with each octet inverted, that fails in the
 *			module, but nowhere else: prints with which of the keys that was
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
#include <sys/wait.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/ip_vs_quic.h>

#include "failing.h"
#include "genl.h"
#include "ivq_lab.h"
#include "tool.h"

enum {
	FAILURES_MAX	= 100000,
	NAMESPACES	= 16,
	PAGES_ORDER	= 2,	/* more than any kmalloc() cache has */
	STATE_MAX	= 1 << 16,
	PORT		= 443,
	OTHER_PORT	= 444,
	/* services, past and present, that a namespace's first table has room for */
	SERVICES_TABLE	= 7,
};

/* Each octet inverted: what is searched for in memory is not to be found here. */
static uint8_t inverted_key[16];
/* Config 0, server ID 5a0f02 as lib.sh's sid 3 2 makes it, and a nonce. */
static const uint8_t the_cid[] = "\x07\x5a\x0f\x02\x01\x02\x03\x04";

static uint32_t vip, server;
static uint16_t family;
static int client = -1, ipvs = -1, lab = -1;

/* --- injection ------------------------------------------------------------- */

/* What a command asks with: opened while nothing fails. */
static struct mnl_socket *asker;

/* In which IPVS has its statistics of a service, before the module, whose are larger. */
static unsigned int holes;

static void use_up_percpu(void)
{
	if (lab >= 0 && ioctl(lab, IVQ_LAB_FILL_PERCPU, holes))
		die("%s: %s", IVQ_LAB_DEVICE, strerror(errno));
}

static void arm(unsigned int n)
{
	asker = genl_open();
	use_up_percpu();
	fail_nth(n);
}

/* Returns whether it came to the failure. */
static bool disarm(void)
{
	bool failed = !left_to_fail();

	fail_nth(0);
	mnl_socket_close(asker);
	asker = NULL;
	return failed;
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

static void put_table_on(struct nlmsghdr *nlh)
{
	put_table(nlh, 4096);
}

static void put_table_off(struct nlmsghdr *nlh)
{
	put_table(nlh, 0);
}

static int set_config(void)
{
	return ask(IP_VS_QUIC_CMD_SET, false, put_service, put_whole_config, 0);
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

static unsigned int port = OTHER_PORT;

static int tell_ipvs(int option, const char *scheduler, unsigned int weight, bool with_server)
{
	struct service_and_server arg = {
		.svc = { .protocol = IPPROTO_UDP, .addr = vip, .port = htons(port), .netmask = ~0U },
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

/* --- trying --------------------------------------------------------------------- */

/**
 * struct command - what is to fail
 * @run: returns 0 or a negative error number
 * @undo: brings back what was before; NULL: there is nothing to bring back
 */
struct command {
	const char *name;
	int (*run)(void);
	int (*undo)(void);
};

/* Without failure, or it makes no sense to go on. */
static void must(const char *what, int (*run)(void))
{
	int err = run();

	if (err)
		die("%s: %s", what, strerror(-err));
}

/* In a process that has namespaces of its own.  Returns what @run did. */
static bool in_child(bool (*run)(void))
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		bool result;

		forget_task();
		result = run();
		fflush(stdout);
		_exit(result ? 1 : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("child: %s", strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
		exit(2);
	return WEXITSTATUS(status);
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
	if (!c->undo || (err && same))
		return;
	must("undo", c->undo);
	if (!same_state(before))
		die("%s, failure %u: what is done cannot be undone", c->name, n);
}

/* Returns whether it came to the failure; counts in @reported whether it was told of. */
static bool try_nth(const struct command *c, unsigned int n, const struct state *before, unsigned int *reported)
{
	bool failed;
	int err;

	arm(n);
	err = c->run();
	failed = disarm();
	log_sites(NULL);
	if (!failed && err)
		die("%s: %s", c->name, strerror(-err));
	*reported += err < 0;
	check(c, n, before, err);
	return failed;
}

/* What is not asked for each time moves the others: without it another one is the @n-th. */
static void try_all(const struct command *c)
{
	static struct state before;
	unsigned int n, reported = 0;
	bool failed = true;

	read_state(&before);
	for (n = 1; failed; n++) {
		if (n > FAILURES_MAX)
			die("%s: there is no end of failures", c->name);
		failed = try_nth(c, n, &before, &reported);
		if (failed && failed_in_passing())
			failed = try_nth(c, n, &before, &reported);
	}
	printf("%s: %u failures, %u reported\n", c->name, n - 2, reported);
	fflush(stdout);
}

/*
 * What is large comes from vmalloc when there are not as many pages in a row, and only there can it
 * be refused.
 */
static void try_without_pages(const struct command *c)
{
	unsigned int at = EVERYTHING, failures = 0, reported = 0;
	static struct state before;

	read_state(&before);
	deny_pages(PAGES_ORDER);
	while (at) {
		unsigned int octets = at;
		int err;

		asker = genl_open();
		fail_after(octets);
		err = c->run();
		failures += stop_failing(octets, &at);
		mnl_socket_close(asker);
		asker = NULL;
		log_sites(NULL);
		reported += err < 0;
		check(c, failures, &before, err);
	}
	allow_pages();
	printf("%s, no pages in a row: %u failures, %u reported\n", c->name, failures, reported);
}

static const struct command first = { "first service", add_service, del_service };
static unsigned int first_n;

static bool try_in_new_namespace(void)
{
	static struct state before;
	unsigned int reported = 0;

	read_state(&before);
	return try_nth(&first, first_n, &before, &reported);
}

/* It makes what the module has for a namespace, and the hooks. */
static bool try_first_service(void)
{
	must("new namespace", new_namespace);
	open_ipvs();
	return try_in_new_namespace();
}

/* One service stays, or the table goes with the last one. */
static void use_up_services_table(void)
{
	unsigned int used;

	port = PORT;
	must("add service", add_service);
	port = OTHER_PORT;
	for (used = 1; used < SERVICES_TABLE; used++) {
		must("add service", add_service);
		must("del service", del_service);
	}
}

/* It makes one more table of services. */
static bool try_service_too_many(void)
{
	must("new namespace", new_namespace);
	open_ipvs();
	use_up_services_table();
	return try_in_new_namespace();
}

/* One that fails late leaves something behind, so each has a namespace of its own. */
static void try_in_namespaces(const char *name, bool (*run)(void))
{
	bool failed = true;

	for (first_n = 1; failed; first_n++)
		failed = in_child(run);
	printf("%s: %u failures\n", name, first_n - 2);
}

/* Everybody allocates for a new namespace, some thousands of times, the module nothing. */
static bool try_new_namespaces(void)
{
	unsigned int i, last, reported = 0;

	fail_nth(FAILURES_MAX);
	must("new namespace", new_namespace);
	last = FAILURES_MAX - left_to_fail();
	for (i = 1; i <= NAMESPACES; i++) {
		fail_nth(last * i / NAMESPACES);
		reported += new_namespace() < 0;
		fail_nth(0);
		log_sites(NULL);
	}
	printf("new namespace: %d of %u failures, %u reported\n", NAMESPACES, last, reported);
	return true;
}

static void try_namespace(void)
{
	static struct state before;

	read_state(&before);
	in_child(try_new_namespaces);
	if (!same_state(&before))
		die("new namespace: the state of another is not what it was");
	check_routed("new namespace", 0);
}

static void try_commands(void)
{
	static const struct command without_service[] = {
		{ "add service", add_service, del_service },
		{ "get", get, NULL },
		{ "express add", express_add, express_del },
	}, with_stock_service[] = {
		{ "edit service", edit_to_quic, edit_to_stock },
	}, with_service[] = {
		{ "add server", add_server, del_server },
		{ "set config", set_config, del_config },
		{ "set server ID", set_sid, del_sid },
		{ "set table of CIDs", set_table, unset_table },
		{ "replace", replace, replace_by_nothing },
		{ "decode", decode, NULL },
	}, large[] = {
		{ "add server", add_server, del_server },
		{ "set table of CIDs", set_table, unset_table },
	}, with_everything[] = {
		{ "express del", express_del, express_add },
		{ "express get", express_get, NULL },
		{ "edit server", edit_server, edit_server_back },
		{ "del server ID", del_sid, set_sid },
		{ "del config", del_config, set_config },
		{ "del server", del_server, add_server },
	};
	size_t i;

#define TRY(table) for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) try_all(&(table)[i])
	try_in_namespaces("first service", try_first_service);
	try_in_namespaces("service too many", try_service_too_many);
	TRY(without_service);
	must("add service", add_stock_service);
	TRY(with_stock_service);
	must("edit service", edit_to_quic);
	TRY(with_service);
	for (i = 0; i < sizeof(large) / sizeof(large[0]); i++)
		try_without_pages(&large[i]);
	must("add server", add_server);
	must("set config", set_config);
	must("set server ID", set_sid);
	must("express add", express_add);
	TRY(with_everything);
	must("express del", express_del);
	must("del service", del_service);
}

/* Nobody gives the allocator pages between their being used up and the command, unless it waits. */
static void go_first(void)
{
	const struct sched_param first = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO, &first))
		die("sched_setscheduler: %s", strerror(errno));
}

static void try_percpu(void)
{
	static const struct command commands[] = {
		{ "add service, per CPU", add_service, del_service },
		{ "express add, per CPU", express_add, express_del },
	}, with_service[] = {
		{ "set config, per CPU", set_config, del_config },
	};
	size_t i;

	lab = open("/dev/" IVQ_LAB_DEVICE, O_RDWR | O_CLOEXEC);
	if (lab < 0 || mlockall(MCL_CURRENT | MCL_FUTURE))
		die("%s: %s", IVQ_LAB_DEVICE, strerror(errno));
	go_first();
	holes = 8;
	TRY(commands);
	holes = 0;
	must("add service", add_service);
	TRY(with_service);
	must("del service", del_service);
}

static bool fails_in_module(unsigned int n, bool *failed, bool *done)
{
	int err;

	arm(n);
	err = set_config();
	*failed = disarm();
	*done = !err;
	/* one that is only for want of memory to tell others is done */
	return log_sites(NULL) && err;
}

/*
 * A request that does not come so far is not the module's to wipe: where it fails is tried with
 * another key first.  Returns whether all that failed with the key did so in the module; the kernel
 * has allocations that do not come each time.
 */
static bool try_key(const uint8_t *inverted)
{
	static const uint8_t other[sizeof(inverted_key)] = "inverted";
	unsigned int n, keys = 0;
	bool failed = true, ours, done;

	for (n = 1; failed; n++) {
		memcpy(inverted_key, other, sizeof(other));
		ours = fails_in_module(n, &failed, &done);
		if (ours) {
			memcpy(inverted_key, inverted, sizeof(inverted_key));
			ours = fails_in_module(n, &failed, &done);
			if (!ours && !done)
				return false;
			keys += ours;
		}
		del_config();
	}
	printf("%u keys of configs that were not made\n", keys);
	return keys;
}

/* Prints which of the keys has failed in the module alone. */
static void try_keys(char **hex)
{
	uint8_t inverted[sizeof(inverted_key)];

	must("add service", add_service);
	for (; *hex; hex++) {
		unhex(inverted, sizeof(inverted), *hex);
		if (try_key(inverted))
			break;
	}
	if (!*hex)
		die("a key has failed outside of the module each time");
	printf("key %s\n", *hex);
	must("del service", del_service);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (argc < 5 + !strcmp(what, "key") || inet_pton(AF_INET, argv[3], &vip) != 1 || inet_pton(AF_INET, argv[4], &server) != 1)
		die("usage: exhaust commands|namespace|percpu CLIENT VIP SERVER; exhaust key CLIENT VIP SERVER INVERTED...");
	log_open();
	fail_own();
	open_client(argv[2]);
	open_ipvs();
	family = genl_family(genl_open());
	check_routed("nothing", 0);
	if (!strcmp(what, "key"))
		try_keys(argv + 5);
	else if (!strcmp(what, "namespace"))
		try_namespace();
	else if (!strcmp(what, "percpu"))
		try_percpu();
	else
		try_commands();
	return 0;
}
