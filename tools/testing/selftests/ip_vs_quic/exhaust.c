// SPDX-License-Identifier: GPL-2.0-only
/*
 * exhaust - has commands run out of memory at every place where they can.
 *
 *	exhaust commands|namespace|percpu CLIENT VIP SERVER
 *	exhaust key CLIENT VIP SERVER INVERTED...
 *	exhaust nth CLIENT VIP SERVER N
 *
 * Each command is repeated with its first allocation failing, then with its second, and so on until
 * nothing is left to fail.  After each failure either nothing has changed, or the command is done
 * and can be undone.  A datagram for the second SERVER, sent from namespace CLIENT, is answered.
 * Prints for each command how many failures there were and how many it reported; and for each
 * failure the place in the module.
 *
 *	commands	of the netlink family and those of IPVS that reach the scheduler
 *	namespace	the creation of a network namespace; some of its failures
 *	percpu		commands that allocate memory for each CPU, while the per-CPU allocator has
 *			next to nothing left (module ivq_lab)
 *	key		a config with a key that fails in the module and nowhere else; prints which
 *			of the keys that was.  INVERTED is a key in hex, with each octet inverted
 *	nth		the N-th allocation alone, when the weight of SERVER is set to 7 at the
 *			service VIP:444, which the caller has made.  Status 3 if there are not as
 *			many.  What the command returned is not looked at
 *
 * VIP:443 has to be a service that routes the_cid to the second SERVER.  exhaust itself makes a
 * service at port 444 and the express path at eth0.  There must be no others.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exhaust.h"
#include "failing.h"
#include "genl.h"
#include "ivq_lab.h"
#include "tool.h"

enum {
	FAILURES_MAX	= 100000,
	TRIES		= 8,
	NAMESPACES	= 16,
	PAGES_ORDER	= 2,	/* more than any kmalloc() cache has */
	/* services, past and present, that a namespace's first table has room for */
	SERVICES_TABLE	= 7,
};

static int lab = -1;

/* Left for IPVS's statistics of a service, which come before the module's and are smaller. */
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

/* Returns whether an allocation has failed. */
static bool disarm(void)
{
	bool failed = !left_to_fail();

	fail_nth(0);
	mnl_socket_close(asker);
	asker = NULL;
	return failed;
}

/* Called in a child: the namespace ends with it. */
static int new_namespace(void)
{
	return unshare(CLONE_NEWNET) ? -errno : 0;
}

/* Runs a command in which nothing is to fail. Dies when it does. */
static void must(const char *what, int (*run)(void))
{
	int err = run();

	if (err)
		die("%s: %s", what, strerror(-err));
}

/* Calls @run in a process of its own, which may enter another namespace.  Returns what @run did. */
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
 * A command is either done, or nothing has changed.  An error does not tell which: the kernel may
 * have had no memory for the acknowledgement of a command that is done.
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

/*
 * Returns whether an allocation has failed; adds 1 to @reported when the command returned an
 * error.
 */
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

/*
 * The kernel makes some allocations only now and then.  When one of these was the @n-th, the next
 * run has another @n-th; on a busy machine it may be one of these again.
 */
static void try_all(const struct command *c)
{
	static struct state before;
	unsigned int n, tries, reported = 0;
	bool failed = true;

	read_state(&before);
	for (n = 1; failed; n++) {
		if (n > FAILURES_MAX)
			die("%s: there is no end of failures", c->name);
		tries = TRIES;
		do
			failed = try_nth(c, n, &before, &reported);
		while (failed && failed_in_passing() && --tries);
	}
	printf("%s: %u failures, %u reported\n", c->name, n - 2, reported);
	fflush(stdout);
}

/*
 * A large allocation falls back to vmalloc when there are not as many pages in a row.  Only vmalloc
 * can refuse it.
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
/* called before, in the same namespace, or NULL */
static void (*first_prepare)(void);

static bool try_in_new_namespace(void)
{
	static struct state before;
	unsigned int reported = 0;

	must("new namespace", new_namespace);
	open_ipvs();
	if (first_prepare)
		first_prepare();
	read_state(&before);
	return try_nth(&first, first_n, &before, &reported);
}

/* Again as in try_all(), in another namespace. */
static bool try_first(void)
{
	unsigned int tries = TRIES;
	bool failed;

	do
		failed = try_in_new_namespace();
	while (failed && failed_in_passing() && --tries);
	return failed;
}

/* One service stays: the table is freed with the last one. */
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

/*
 * A failure that comes late leaves some of the namespace's data behind, so each has a namespace of
 * its own.
 */
static void try_in_namespaces(const char *name, void (*prepare)(void))
{
	bool failed = true;

	first_prepare = prepare;
	for (first_n = 1; failed; first_n++)
		failed = in_child(try_first);
	printf("%s: %u failures\n", name, first_n - 2);
}

/* All subsystems allocate for a new namespace, some thousands of times; the module does not. */
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

static void try_each(const struct command *commands, size_t count)
{
	while (count--)
		try_all(commands++);
}

#define TRY(table) try_each(table, sizeof(table) / sizeof((table)[0]))

static void try_without_service(void)
{
	static const struct command commands[] = {
		{ "add service", add_service, del_service },
		{ "get", get, NULL },
		{ "express add", express_add, express_del },
	};

	/* this one also makes the module's data of the namespace, and the hooks */
	try_in_namespaces("first service", NULL);
	/* and this one a larger table of services */
	try_in_namespaces("service too many", use_up_services_table);
	TRY(commands);
}

static void try_with_stock_service(void)
{
	static const struct command commands[] = {
		{ "edit service", edit_to_quic, edit_to_stock },
	};

	TRY(commands);
}

static void try_with_service(void)
{
	static const struct command commands[] = {
		{ "add server", add_server, del_server },
		{ "set config", set_config, del_config },
		{ "set server ID", set_sid, del_sid },
		{ "set table of CIDs", set_table, unset_table },
		{ "replace", replace, replace_by_nothing },
		{ "decode", decode, NULL },
	}, large[] = {
		{ "add server", add_server, del_server },
		{ "set table of CIDs", set_table, unset_table },
	};
	size_t i;

	TRY(commands);
	for (i = 0; i < sizeof(large) / sizeof(large[0]); i++)
		try_without_pages(&large[i]);
}

static void try_with_everything(void)
{
	static const struct command commands[] = {
		{ "express del", express_del, express_add },
		{ "express get", express_get, NULL },
		{ "begin batch", begin_batch, commit_batch },
		{ "commit batch", commit_batch, NULL },
		{ "edit server", edit_server, edit_server_back },
		{ "del server ID", del_sid, set_sid },
		{ "del config", del_config, set_config },
		{ "del server", del_server, add_server },
	};

	TRY(commands);
}

/* Events have allocations, too.  No command fails for want of one. */
static void try_commands(void)
{
	genl_listen();
	try_without_service();
	must("add service", add_stock_service);
	try_with_stock_service();
	must("edit service", edit_to_quic);
	try_with_service();
	must("add server", add_server);
	must("set config", set_config);
	must("set server ID", set_sid);
	must("express add", express_add);
	try_with_everything();
	must("express del", express_del);
	must("del service", del_service);
}

/*
 * Nothing returns pages to the allocator between their being used up and the command, unless this
 * task sleeps.
 */
static void go_first(void)
{
	const struct sched_param first = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO, &first))
		die("sched_setscheduler: %s", strerror(errno));
}

static void try_percpu(void)
{
	static const struct command without_service[] = {
		{ "add service, per CPU", add_service, del_service },
		{ "express add, per CPU", express_add, express_del },
	}, with_service[] = {
		{ "set config, per CPU", set_config, del_config },
	};

	lab = open("/dev/" IVQ_LAB_DEVICE, O_RDWR | O_CLOEXEC);
	if (lab < 0 || mlockall(MCL_CURRENT | MCL_FUTURE))
		die("%s: %s", IVQ_LAB_DEVICE, strerror(errno));
	go_first();
	holes = 8;
	TRY(without_service);
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
	/* without memory for the notification only, the command is done */
	return log_sites(NULL) && err;
}

/*
 * A request that fails before it reaches the module is not wiped by it.  So each failure is tried
 * with another key first, to see whether it is in the module.  The kernel makes some allocations
 * only now and then, so the second try may fail elsewhere: then this returns false.
 */
static bool try_key(const uint8_t *inverted)
{
	static const uint8_t other[KEY_LEN] = "inverted";
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

/* Prints the first of the keys that has failed in the module alone. */
static void try_keys(char **hex)
{
	uint8_t inverted[KEY_LEN];

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

/* Returns the status. */
static int fail_one(unsigned int n)
{
	bool failed;

	arm(n);
	edit_server();
	failed = disarm();
	log_sites(NULL);
	return failed ? 0 : 3;
}

static int try_what(const char *what, char **more)
{
	if (!strcmp(what, "nth"))
		return fail_one(number(*more, 10, FAILURES_MAX));
	if (!strcmp(what, "key"))
		try_keys(more);
	else if (!strcmp(what, "namespace"))
		try_namespace();
	else if (!strcmp(what, "percpu"))
		try_percpu();
	else
		try_commands();
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	bool has_more = !strcmp(what, "key") || !strcmp(what, "nth");
	int status;

	if (argc < 5 + has_more || inet_pton(AF_INET, argv[3], &vip) != 1 || inet_pton(AF_INET, argv[4], &server) != 1)
		die("usage: exhaust commands|namespace|percpu CLIENT VIP SERVER; exhaust key CLIENT VIP SERVER INVERTED...; exhaust nth CLIENT VIP SERVER N");
	log_open();
	trace_open();
	fail_own();
	open_client(argv[2]);
	open_ipvs();
	family = genl_family(genl_open());
	check_routed("nothing", 0);
	status = try_what(what, argv + 5);
	trace_close();
	return status;
}
