// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names and ownership
 *
 * Instance NAME = quiclbadm-PID-N goes with the group quiclbadm_PID_N of dynamic
 * events.  Its owner holds a lock on the instance's directory, which the kernel lets
 * go however the owner ends; who can take the lock may remove the instance and its
 * events.  Making, removing and looking for leftovers happen under a lock on the
 * directory of instances, so no other run sees half of either.  What a killed run leaves, its
 * guard removes at once, or, if that was killed as well, the next run.
 *
 * Where a packet comes from
 *
 * skb:kfree_skb says why and where, but only by address what.  A dynamic event on top
 * of it (an "event probe") reads the packet's device and WINDOW_LEN octets around
 * skb->data at the moment of the event, when the packet is still whole.  That is
 * the plainest thing that kernels from 5.15 on have in common; offsets come from
 * the kernel's own type information.  The other steps have their tracepoints as well, but
 * for the queue of a UDP socket, which needs a kprobe.
 */
#include "tracing/tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <tracefs.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/xalloc.h"
#include "tracing/guard.h"
#include "tracing/skblayout.h"

#define PREFIX "quiclbadm"

enum {
	NAMES_MAX = 100,		/* tries to find a free name */
	BUFFER_KIB = 2048,		/* per processor */
	READ_FOR = 1000,		/* ms by one tracer_read(), if there is more to read */
	READ_AT_LEAST = 1000,		/* events, however long that takes */
};

struct tracer {
	struct tracer_ops ops;
	struct tracefs_instance *instance;
	struct tracefs_dynevent *probes[STEP_COUNT];	/* NULL: that step has no packet */
	struct tep_handle *tep;
	struct tep_event *kfree_skb;	/* knows the names of reasons */
	char name[64];
	char group[64];
	bool knows_types;
	int lock;			/* on the instance's directory */
	pid_t guard;			/* 0 or less: none */
	int64_t offset;			/* CLOCK_REALTIME - CLOCK_MONOTONIC */
	/* of one tracer_read(): */
	uint64_t until;			/* by clock_ms() */
	unsigned int events;
	bool stopped;
};

/* --- locks ---------------------------------------------------------------- */

static int open_dir(const char *instance)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/instances/%s", tracefs_tracing_dir(),
		 instance);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int lock_instances(void)
{
	int fd = open_dir("");

	if (fd >= 0 && flock(fd, LOCK_EX)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* --- leftovers -------------------------------------------------------------- */

static void group_of(const char *name, char *group, size_t size)
{
	char *c;

	snprintf(group, size, "%s", name);
	for (c = group; *c; c++)
		if (*c == '-')
			*c = '_';
}

/* All dynamic events of a group, or of those that no instance owns any more. */
static void remove_probes(const char *only)
{
	struct tracefs_dynevent **all, **each;
	char *system, dir[64];
	int fd;

	all = tracefs_dynevent_get_all(TRACEFS_DYNEVENT_EPROBE |
				       TRACEFS_DYNEVENT_KPROBE, NULL);
	for (each = all; each && *each; each++) {
		if (tracefs_dynevent_info(*each, &system, NULL, NULL, NULL,
					  NULL) == TRACEFS_DYNEVENT_UNKNOWN)
			continue;
		if (only ? !strcmp(system, only) :
			   !strncmp(system, PREFIX "_", strlen(PREFIX "_"))) {
			char *c;

			snprintf(dir, sizeof(dir), "%s", system);
			for (c = dir; *c; c++)
				if (*c == '_')
					*c = '-';
			fd = only ? -1 : open_dir(dir);
			if (fd < 0)
				tracefs_dynevent_destroy(*each, false);
			else
				close(fd);
		}
		free(system);
	}
	if (all)
		tracefs_dynevent_list_free(all);
}

static int remove_if_left(const char *name, void *arg)
{
	struct tracefs_instance *instance;
	int fd;

	(void)arg;
	if (strncmp(name, PREFIX "-", strlen(PREFIX "-")))
		return 0;
	fd = open_dir(name);
	if (fd < 0)
		return 0;
	if (!flock(fd, LOCK_EX | LOCK_NB)) {
		instance = tracefs_instance_alloc(NULL, name);
		tracefs_event_disable(instance, NULL, NULL);
		tracefs_instance_destroy(instance);
		tracefs_instance_free(instance);
	}
	close(fd);
	return 0;
}

/* --- set-up ----------------------------------------------------------------- */

static int make_instance(struct tracer *t)
{
	unsigned int n;

	for (n = 0; n < NAMES_MAX; n++) {
		snprintf(t->name, sizeof(t->name), PREFIX "-%d-%u", getpid(), n);
		t->instance = tracefs_instance_create(t->name);
		if (!t->instance)
			return refuse("tracefs: no instance can be made: %s",
				      strerror(errno));
		if (tracefs_instance_is_new(t->instance))
			break;
		tracefs_instance_free(t->instance);
		t->instance = NULL;
	}
	if (!t->instance)
		return refuse("tracefs: no instance can be made: all names are taken");
	group_of(t->name, t->group, sizeof(t->group));
	t->lock = open_dir(t->name);
	if (t->lock >= 0 && !flock(t->lock, LOCK_EX | LOCK_NB))
		return 0;
	return refuse("tracefs: the instance %s cannot be locked: %s", t->name,
		      strerror(errno));
}

/* Where a step is seen: a tracepoint, or a function of the kernel. */
static const struct step_source {
	const char *name;
	const char *system;		/* NULL: @event is a function */
	const char *event;
	const char *skb;		/* its argument that is the packet */
	const char *more;		/* further arguments */
} step_sources[STEP_COUNT] = {
	[STEP_DROPPED] = { "drop", "skb", "kfree_skb", "$skbaddr",
		"reason=$reason:u32 location=$location:x64 protocol=$protocol:u16 " },
	[STEP_RECEIVED] = { "received", "net", "netif_receive_skb", "$skbaddr", "" },
	[STEP_SENT] = { "sent", "net", "net_dev_start_xmit", "$skbaddr", "" },
	[STEP_QUEUED] = { "queued", NULL, "__udp_enqueue_schedule_skb", "$arg2", "" },
};

const char *tracer_step_name(enum step step)
{
	return step_sources[step].name;
}

static void window_of(enum step step, unsigned int *before, unsigned int *len)
{
	*before = step == STEP_DROPPED ? WINDOW_BEFORE : STEP_BEFORE;
	*len = step == STEP_DROPPED ? WINDOW_LEN : STEP_LEN;
}

static void write_args(const struct skb_layout *at, enum step step, char *args,
		       size_t size)
{
	const struct step_source *source = &step_sources[step];
	const char *skb = source->skb;
	unsigned int before, len;
	char socket[64] = "";

	window_of(step, &before, &len);
	if (step == STEP_QUEUED)
		snprintf(socket, sizeof(socket), "socket=%+d(+%u($arg1)):u64 ",
			 at->socket_inode, at->sk_socket);
	snprintf(args, size,
		 "%s%shead=+%u(%s):x64 data=+%u(%s):x64 network=+%u(%s):u16 "
		 "device=+%u(%s):x64 name=+%u(+%u(%s)):string "
		 "netns=+%u(+%u(+%u(%s))):u32 window=-%u(+%u(%s)):x64[%u]",
		 source->more, socket, at->head, skb, at->data, skb,
		 at->network_header, skb, at->dev, skb, at->dev_name, at->dev, skb,
		 at->net_inum, at->dev_net, at->dev, skb, before, at->data, skb,
		 len / 8);
}

/* NULL when the kernel cannot show it. */
static struct tracefs_dynevent *make_probe(const struct tracer *t,
					   const struct skb_layout *at,
					   enum step step)
{
	const struct step_source *source = &step_sources[step];
	struct tracefs_dynevent *probe;
	char args[1024];

	write_args(at, step, args, sizeof(args));
	probe = source->system ?
		tracefs_eprobe_alloc(t->group, source->name, source->system,
				     source->event, args) :
		tracefs_kprobe_alloc(t->group, source->name, source->event, args);
	if (probe && !tracefs_dynevent_create(probe))
		return probe;
	tracefs_dynevent_free(probe);
	return NULL;
}

static void make_probes(struct tracer *t)
{
	struct skb_layout at;
	enum step step;

	/* who asks for steps is told by tracer_shows() */
	t->knows_types = skb_layout_read(&at);
	if (!t->knows_types) {
		if (!t->ops.step)
			caution("kernel: it has no type information (BTF), so all drops are shown, without their packets");
		return;
	}
	for (step = 0; step < STEP_COUNT; step++)
		if (step == STEP_DROPPED || t->ops.step)
			t->probes[step] = make_probe(t, &at, step);
	if (!t->probes[STEP_DROPPED] && !t->ops.step)
		caution("kernel: it has no event probes, so all drops are shown, without their packets");
}

/*
 * On a busy host events come faster than they are handed out, and there is always one more.  A
 * host that lets this process wait has the same time passed, and few events.
 */
static void stop_in_time(struct tracer *t)
{
	if (++t->events < READ_AT_LEAST || clock_ms() < t->until)
		return;
	t->stopped = true;
	tracefs_iterate_stop(t->instance);
}

static int on_module_event(struct tep_event *event, struct tep_record *record,
			   int cpu, void *arg)
{
	struct tracer *t = arg;

	(void)cpu;
	t->ops.event(event, record, record->ts + (uint64_t)t->offset,
		     t->ops.arg);
	stop_in_time(t);
	return 0;
}

static int on_missed(struct tep_event *event, struct tep_record *record,
		     int cpu, void *arg)
{
	struct tracer *t = arg;

	(void)event;
	(void)cpu;
	t->ops.missed(record->missed_events > 0 ?
		      (unsigned long)record->missed_events : 0, t->ops.arg);
	return 0;
}

/* --- drops ------------------------------------------------------------------ */

static uint64_t number(struct tep_event *event, struct tep_record *record,
		       const char *field)
{
	unsigned long long value = 0;

	tep_get_field_val(NULL, event, field, record, &value, 0);
	return value;
}

/* The list within __print_symbolic() of the event's own format. */
static const struct tep_print_flag_sym *find_symbols(const struct tep_print_arg *arg)
{
	for (; arg; arg = arg->next)
		if (arg->type == TEP_PRINT_SYMBOL)
			return arg->symbol.symbols;
	return NULL;
}

static const char *reason_name(const struct tracer *t, uint64_t reason)
{
	static char text[32];
	const struct tep_print_flag_sym *symbol;

	symbol = find_symbols(t->kfree_skb ? t->kfree_skb->print_fmt.args : NULL);
	for (; symbol; symbol = symbol->next)
		if (strtoull(symbol->value, NULL, 0) == reason)
			return symbol->str;
	snprintf(text, sizeof(text), "%#llx", (unsigned long long)reason);
	return text;
}

static void read_device(struct tep_event *event, struct tep_record *record,
			struct packet_event *seen)
{
	const char *name;
	int len;

	seen->has_netns = number(event, record, "device");
	seen->netns = (uint32_t)number(event, record, "netns");
	name = tep_get_field_raw(NULL, event, "name", record, &len, 0);
	/* what could not be read is "(fault)" */
	seen->device = seen->has_netns && name && len > 0 && *name != '(' ?
		       name : "";
}

static void read_packet(struct tep_event *event, struct tep_record *record,
			struct packet_event *seen)
{
	uint64_t head = number(event, record, "head");
	uint64_t data = number(event, record, "data");
	uint64_t network = number(event, record, "network");
	unsigned int before;
	void *window;
	int len;

	seen->has_packet = true;
	read_device(event, record, seen);
	window_of(seen->step, &before, &seen->len);
	window = tep_get_field_raw(NULL, event, "window", record, &len, 0);
	if (!window || len < (int)seen->len)
		return;
	memcpy(seen->window, window, seen->len);
	/* in front of skb->head is other memory */
	seen->begin = data - head < before ?
		      before - (unsigned int)(data - head) : 0;
	seen->data = before;
	/* the header's place is noted after the tracepoint of what is received */
	seen->ip = (int)before;
	if (seen->step != STEP_RECEIVED)
		seen->ip += (int)(int64_t)(head + network - data);
}

static int on_drop(struct tep_event *event, struct tep_record *record, int cpu,
		   void *arg)
{
	struct tracer *t = arg;
	struct packet_event drop = {
		.time = record->ts + (uint64_t)t->offset,
		.reason = reason_name(t, number(event, record, "reason")),
		.location = number(event, record, "location"),
		.device = "",
		.ip = -1,
	};

	(void)cpu;
	if (t->probes[STEP_DROPPED])
		read_packet(event, record, &drop);
	t->ops.drop(&drop, t->ops.arg);
	stop_in_time(t);
	return 0;
}

static int on_step(struct tep_event *event, struct tep_record *record, int cpu,
		   void *arg)
{
	struct tracer *t = arg;
	struct packet_event seen = {
		.time = record->ts + (uint64_t)t->offset,
		.reason = "",
		.device = "",
		.ip = -1,
	};

	(void)cpu;
	for (seen.step = STEP_RECEIVED; seen.step < STEP_COUNT - 1; seen.step++)
		if (!strcmp(event->name, step_sources[seen.step].name))
			break;
	if (seen.step == STEP_QUEUED)
		seen.socket = number(event, record, "socket");
	read_packet(event, record, &seen);
	t->ops.step(&seen, t->ops.arg);
	stop_in_time(t);
	return 0;
}

bool packet_event_parse(const struct packet_event *event, struct packet *p)
{
	const uint8_t *window = event->window;

	if (!event->has_packet || event->ip < (int)event->begin ||
	    event->ip >= (int)event->len)
		return false;
	if (!packet_parse(window + event->ip, event->len - (size_t)event->ip, p))
		return false;
	p->at += (size_t)event->ip - event->begin;
	packet_find_outer(window + event->begin, event->len - event->begin, p);
	return true;
}

/* --- all of it ---------------------------------------------------------------- */

/* tracefs_event_enable() would look through all systems of events. */
static int enable(struct tracer *t, const char *system, const char *event)
{
	if (tracefs_event_file_write(t->instance, system, event, "enable", "1") > 0)
		return 0;
	return refuse("tracefs: %s:%s cannot be enabled: %s", system, event,
		      strerror(errno));
}

static bool read_format(struct tracer *t, const char *system, const char *event)
{
	enum tep_errno err;
	char *text;
	int len;

	text = tracefs_event_file_read(NULL, system, event, "format", &len);
	if (!text)
		return false;
	err = tep_parse_event(t->tep, text, (unsigned long)len, system);
	free(text);
	return !err;
}

static int follow_drops(struct tracer *t)
{
	const char *system = t->probes[STEP_DROPPED] ? t->group : "skb";
	const char *event = t->probes[STEP_DROPPED] ? "drop" : "kfree_skb";

	tracefs_event_file_write(t->instance, system, event, "filter",
				 "protocol == 2048 || protocol == 34525");
	if (tracefs_follow_event(t->tep, t->instance, system, event, on_drop, t))
		return refuse("tracefs: %s:%s is not understood", system, event);
	return enable(t, system, event);
}

/* Those of this namespace's devices: other namespaces' traffic is none of its business. */
static int follow_steps(struct tracer *t)
{
	char filter[64] = "";
	struct stat st;
	enum step step;
	int err = 0;

	if (!stat("/proc/self/ns/net", &st))
		snprintf(filter, sizeof(filter), "netns == %u", (unsigned int)st.st_ino);
	for (step = STEP_RECEIVED; !err && step < STEP_COUNT; step++) {
		const char *name = step_sources[step].name;

		if (!t->probes[step])
			continue;
		tracefs_event_file_write(t->instance, t->group, name, "filter", filter);
		if (tracefs_follow_event(t->tep, t->instance, t->group, name,
					 on_step, t))
			err = refuse("tracefs: %s:%s is not understood", t->group,
				     name);
		else
			err = enable(t, t->group, name);
	}
	return err;
}

static int follow_module_event(struct tracer *t, const char *event)
{
	if (!read_format(t, "ip_vs_quic", event) ||
	    tracefs_follow_event(t->tep, t->instance, "ip_vs_quic", event,
				 on_module_event, t))
		return refuse("tracefs: ip_vs_quic:%s is not understood", event);
	return enable(t, "ip_vs_quic", event);
}

/* A real server has no such events.  Of the module's drops the kernel tells more. */
static int follow_module(struct tracer *t)
{
	char **events, **event;
	int err = 0;

	if (!t->ops.event)
		return 0;
	events = tracefs_system_events(NULL, "ip_vs_quic");
	for (event = events; !err && event && *event; event++)
		if (strcmp(*event, "ip_vs_quic_drop"))
			err = follow_module_event(t, *event);
	tracefs_list_free(events);
	return err;
}

/*
 * tracefs_local_events_system() would read the kernel's symbols, too, which takes
 * longer than all the rest of the start.
 */
static bool read_formats(struct tracer *t)
{
	enum step step;
	char *text;
	int len;

	t->tep = tep_alloc();
	text = tracefs_instance_file_read(NULL, "events/header_page", &len);
	if (!t->tep || !text)
		return false;
	tep_set_long_size(t->tep, sizeof(long));
	tep_parse_header_page(t->tep, text, (unsigned long)len, sizeof(long));
	free(text);
	if (!read_format(t, "skb", "kfree_skb"))
		return false;
	for (step = 0; step < STEP_COUNT; step++)
		if (t->probes[step] &&
		    !read_format(t, t->group, step_sources[step].name))
			return false;
	return true;
}

/* The caller holds the lock on the directory of instances. */
static void remove_leftovers(void)
{
	tracefs_instances_walk(remove_if_left, NULL);
	remove_probes(NULL);
}

static void tidy(void)
{
	int instances = lock_instances();

	if (instances < 0)
		return;
	remove_leftovers();
	close(instances);
}

static int set_up(struct tracer *t)
{
	int instances, err;

	instances = lock_instances();
	if (instances < 0)
		return refuse("tracefs: it is not mounted, or this is not root");
	if (!tracer_may()) {
		close(instances);
		return refuse(tracer_is_locked_down() ?
			      "tracefs: the kernel is locked down (lockdown=confidentiality)" :
			      "tracefs: it is not mounted, or this is not root");
	}
	remove_leftovers();
	t->guard = guard_start(tidy);
	err = make_instance(t);
	if (!err)
		make_probes(t);
	close(instances);
	if (err)
		return err;
	if (!read_formats(t))
		return refuse("tracefs: its events cannot be read");
	t->kfree_skb = tep_find_event_by_name(t->tep, "skb", "kfree_skb");
	tracefs_instance_file_write(t->instance, "trace_clock", "mono");
	/* names of processes are not needed, and recording them hooks into the scheduler */
	tracefs_option_disable(t->instance, TRACEFS_OPTION_RECORD_CMD);
	tracefs_instance_set_buffer_size(t->instance, BUFFER_KIB, -1);
	t->offset = (int64_t)(clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC));
	tracefs_follow_missed_events(t->instance, on_missed, t);
	err = follow_drops(t);
	if (!err)
		err = follow_steps(t);
	return err ? err : follow_module(t);
}

/* "none integrity [confidentiality]" */
bool tracer_is_locked_down(void)
{
	FILE *file = fopen("/sys/kernel/security/lockdown", "re");
	char line[128] = "";

	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file))
		*line = '\0';
	fclose(file);
	return strstr(line, "[confidentiality]");
}

bool tracer_may(void)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/instances", tracefs_tracing_dir());
	if (access(path, W_OK))
		return false;
	/* lockdown only shows when a file is opened */
	snprintf(path, sizeof(path), "%s/README", tracefs_tracing_dir());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

struct tracer *tracer_open(const struct tracer_ops *ops)
{
	struct tracer *t = xcalloc(1, sizeof(*t));

	t->ops = *ops;
	t->lock = -1;
	if (!set_up(t))
		return t;
	tracer_close(t);
	return NULL;
}

int tracer_read(struct tracer *t)
{
	t->until = clock_ms() + READ_FOR;
	t->events = 0;
	t->stopped = false;
	/* all that was waiting has been handed out, even when one buffer failed */
	tracefs_iterate_raw_events(t->tep, t->instance, NULL, 0, NULL, NULL);
	/* what else had been read from the buffers is lost */
	if (t->stopped)
		t->ops.missed(0, t->ops.arg);
	return 0;
}

bool tracer_knows_types(const struct tracer *t)
{
	return t->knows_types;
}

bool tracer_shows(const struct tracer *t, enum step step)
{
	return t->probes[step];
}

void tracer_close(struct tracer *t)
{
	int instances = lock_instances();
	enum step step;

	if (t->instance) {
		tracefs_event_disable(t->instance, NULL, NULL);
		tracefs_instance_destroy(t->instance);
		tracefs_instance_free(t->instance);
	}
	for (step = 0; step < STEP_COUNT; step++)
		if (t->probes[step]) {
			tracefs_dynevent_destroy(t->probes[step], false);
			tracefs_dynevent_free(t->probes[step]);
		}
	if (t->lock >= 0)
		close(t->lock);
	if (instances >= 0)
		close(instances);
	if (t->tep)
		tep_free(t->tep);
	guard_end(t->guard);
	free(t);
}
