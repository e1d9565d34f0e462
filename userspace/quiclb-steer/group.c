// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#define _GNU_SOURCE
#include "group.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SO_ATTACH_REUSEPORT_EBPF
#define SO_ATTACH_REUSEPORT_EBPF	52
#endif

const char *const steer_object_names[STEER_OBJECTS] = {
	[STEER_SOCKETS] = "sockets", [STEER_SETTINGS] = "settings", [STEER_RECORDS] = "records",
	[STEER_COUNTERS] = "counts", [STEER_PROGRAM] = "program",
};

/* --- bpf(2) --- */

static long bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static uint64_t pointer(const void *p)
{
	return (uintptr_t)p;
}

static int get_object(const char *path)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = pointer(path);
	return bpf(BPF_OBJ_GET, &attr);
}

static int read_element(int map, uint32_t key, void *value)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = map;
	attr.key = pointer(&key);
	attr.value = pointer(value);
	return bpf(BPF_MAP_LOOKUP_ELEM, &attr);
}

static int write_element(int map, uint32_t key, const void *value, uint64_t flags)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = map;
	attr.key = pointer(&key);
	attr.value = pointer(value);
	attr.flags = flags;
	return bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

static int delete_element(int map, uint32_t key)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = map;
	attr.key = pointer(&key);
	return bpf(BPF_MAP_DELETE_ELEM, &attr);
}

static uint32_t slot_of(unsigned int family, unsigned int number)
{
	return family * STEER_WORKERS + number;
}

/* --- opening --- */

int steer_path(char *path, const char *name, char *error)
{
	const char *root = strchr(name, '/') ? "" : STEER_ROOT "/";

	/* bpffs has no names with a dot */
	if (!*name || strchr(name, '.')) {
		snprintf(error, STEER_ERROR_LEN, "wants a name without dots, or the path of a directory in bpffs");
		return -1;
	}
	if (snprintf(path, STEER_PATH_MAX, "%s%s", root, name) >= STEER_PATH_MAX - 16) {
		snprintf(error, STEER_ERROR_LEN, "%s", strerror(ENAMETOOLONG));
		return -1;
	}
	return 0;
}

static int open_object(const char *directory, enum steer_object which)
{
	char path[STEER_PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/%s", directory, steer_object_names[which]);
	return get_object(path);
}

int steer_open(struct steer_group *group, const char *name, char *error)
{
	char path[STEER_PATH_MAX];
	unsigned int i;

	memset(group, -1, sizeof(*group));
	if (steer_path(path, name, error))
		return -1;
	group->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (group->directory < 0) {
		snprintf(error, STEER_ERROR_LEN, errno == ENOENT ?
			 "there is no such group; make it with quiclb-steer create" : "%s",
			 strerror(errno));
		return -1;
	}
	for (i = 0; i < STEER_OBJECTS; i++) {
		group->object[i] = open_object(path, i);
		if (group->object[i] < 0) {
			snprintf(error, STEER_ERROR_LEN, "%s of the group: %s",
				 steer_object_names[i], strerror(errno));
			steer_close(group);
			return -1;
		}
	}
	return 0;
}

void steer_close(struct steer_group *group)
{
	unsigned int i;

	for (i = 0; i < STEER_OBJECTS; i++)
		if (group->object[i] >= 0)
			close(group->object[i]);
	if (group->directory >= 0)
		close(group->directory);
	memset(group, -1, sizeof(*group));
}

/* --- settings --- */

static int lock(const struct steer_group *group, char *error)
{
	if (!flock(group->directory, LOCK_EX))
		return 0;
	snprintf(error, STEER_ERROR_LEN, "lock of the group: %s", strerror(errno));
	return -1;
}

static void unlock(const struct steer_group *group)
{
	flock(group->directory, LOCK_UN);
}

static int read_settings(const struct steer_group *group, struct steer_settings *set, char *error)
{
	if (!read_element(group->object[STEER_SETTINGS], 0, set))
		return 0;
	snprintf(error, STEER_ERROR_LEN, "settings of the group: %s", strerror(errno));
	return -1;
}

static int write_settings(const struct steer_group *group, const struct steer_settings *set,
			  char *error)
{
	if (!write_element(group->object[STEER_SETTINGS], 0, set, BPF_ANY))
		return 0;
	snprintf(error, STEER_ERROR_LEN, "settings of the group: %s", strerror(errno));
	return -1;
}

int steer_key(const struct steer_group *group, uint8_t key[STEER_KEY_LEN], char *error)
{
	struct steer_settings set;
	unsigned int i;

	if (read_settings(group, &set, error))
		return -1;
	for (i = 0; i < STEER_KEY_LEN; i++)
		key[i] = set.key[i / 8] >> 8 * (i % 8);
	return 0;
}

static bool is_live(const struct steer_group *group, unsigned int number)
{
	uint64_t cookie;

	for (unsigned int family = 0; family < STEER_FAMILIES; family++)
		if (!read_element(group->object[STEER_SOCKETS], slot_of(family, number), &cookie))
			return true;
	return false;
}

static bool has_others(const struct steer_group *group, unsigned int number)
{
	for (unsigned int i = 0; i < STEER_WORKERS; i++)
		if (i != number && is_live(group, i))
			return true;
	return false;
}

static int set_lengths(const struct steer_group *group, unsigned int number,
		       const uint8_t len[STEER_CONFIGS], char *error)
{
	struct steer_settings set;
	unsigned int i;

	if (read_settings(group, &set, error))
		return -1;
	for (i = 0; i < STEER_UNROUTABLE; i++) {
		if (!len[i] || len[i] == set.cid_len[i])
			continue;
		if (set.cid_len[i] && has_others(group, number)) {
			snprintf(error, STEER_ERROR_LEN,
				 "connection IDs of config %u have %u octets here, and %u in the group's other processes",
				 i, len[i], set.cid_len[i]);
			return -1;
		}
		set.cid_len[i] = len[i];
	}
	return write_settings(group, &set, error);
}

int steer_set_lengths(const struct steer_group *group, unsigned int number,
		      const uint8_t len[STEER_CONFIGS], char *error)
{
	int err;

	if (lock(group, error))
		return -1;
	err = set_lengths(group, number, len, error);
	unlock(group);
	return err;
}

/* --- workers --- */

int steer_look(const struct steer_group *group, unsigned int number, struct steer_worker *worker)
{
	struct steer_record record;
	struct steer_settings set;
	uint64_t cookie;

	memset(worker, 0, sizeof(*worker));
	if (read_element(group->object[STEER_RECORDS], number, &record) ||
	    read_element(group->object[STEER_SETTINGS], 0, &set))
		return -1;
	worker->holder = set.holder[number];
	for (unsigned int family = 0; family < STEER_FAMILIES; family++) {
		if (read_element(group->object[STEER_SOCKETS], slot_of(family, number), &cookie))
			continue;
		worker->live = true;
		worker->has[family] = true;
		worker->is_known |= cookie == record.cookie[family];
	}
	if (worker->is_known) {
		worker->pid = record.pid;
		worker->draining = record.draining;
		worker->joined = record.joined;
	}
	return 0;
}

/* Who takes new connections: says so only while a worker drains. */
static void set_open(const struct steer_group *group, struct steer_settings *set)
{
	struct steer_worker worker;
	bool drains = false;
	uint32_t n = 0;

	for (unsigned int i = 0; i < STEER_WORKERS; i++) {
		if (steer_look(group, i, &worker) || !worker.live)
			continue;
		if (worker.draining)
			drains = true;
		else
			set->open[n++] = i;
	}
	set->n_open = drains ? n : 0;
}

/* With the lock, after a change of sockets or records. */
static int renew_open(const struct steer_group *group, char *error)
{
	struct steer_settings set;

	if (read_settings(group, &set, error))
		return -1;
	set_open(group, &set);
	return write_settings(group, &set, error);
}

static void say_join(char *error, const struct steer_group *group, unsigned int number, int err)
{
	struct steer_worker worker;

	if (err == EEXIST && !steer_look(group, number, &worker) && worker.is_known)
		snprintf(error, STEER_ERROR_LEN, "process %u has the number %u", worker.pid, number);
	else if (err == EEXIST)
		snprintf(error, STEER_ERROR_LEN, "another process has the number %u", number);
	else if (err == EBUSY)
		snprintf(error, STEER_ERROR_LEN, "the socket has a number already");
	else if (err == EINVAL || err == ENOTSUP)
		snprintf(error, STEER_ERROR_LEN, "this is no bound UDP socket with SO_REUSEPORT");
	else
		snprintf(error, STEER_ERROR_LEN, "%s", strerror(err));
}

static void take_out(const struct steer_group *group, unsigned int number)
{
	for (unsigned int family = 0; family < STEER_FAMILIES; family++)
		delete_element(group->object[STEER_SOCKETS], slot_of(family, number));
}

/* Return: 0, or an errno. */
static int put_in(const struct steer_group *group, unsigned int family, unsigned int number, int fd,
		  struct steer_record *record)
{
	int program = group->object[STEER_PROGRAM];
	socklen_t len = sizeof(record->cookie[family]);
	uint64_t value = fd;

	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &record->cookie[family], &len) ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &program, sizeof(program)) ||
	    write_element(group->object[STEER_SOCKETS], slot_of(family, number), &value, BPF_NOEXIST))
		return errno;
	return 0;
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_BOOTTIME, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static int settle(const struct steer_group *group, unsigned int number,
		  const struct steer_record *record, char *error)
{
	struct steer_settings set;

	if (read_settings(group, &set, error))
		return -1;
	if (write_element(group->object[STEER_RECORDS], number, record, BPF_ANY)) {
		snprintf(error, STEER_ERROR_LEN, "records of the group: %s", strerror(errno));
		return -1;
	}
	set.holder[number] = number;
	set_open(group, &set);
	return write_settings(group, &set, error);
}

/* With the lock. */
static int join(const struct steer_group *group, unsigned int number, struct steer_record *record,
		const int fds[STEER_FAMILIES], char *error)
{
	int err = is_live(group, number) ? EEXIST : 0;

	if (err) {
		say_join(error, group, number, err);
		return -1;
	}
	for (unsigned int family = 0; family < STEER_FAMILIES && !err; family++)
		if (fds[family] >= 0)
			err = put_in(group, family, number, fds[family], record);
	if (!err && !settle(group, number, record, error))
		return 0;
	if (err)
		say_join(error, group, number, err);
	take_out(group, number);
	return -1;
}

int steer_join(const struct steer_group *group, unsigned int number, uint32_t pid,
	       const int fds[STEER_FAMILIES], char *error)
{
	struct steer_record record = { .pid = pid, .joined = now() };
	int err;

	if (lock(group, error))
		return -1;
	err = join(group, number, &record, fds, error);
	unlock(group);
	return err;
}

int steer_leave(const struct steer_group *group, unsigned int number, char *error)
{
	int err;

	if (lock(group, error))
		return -1;
	take_out(group, number);
	err = renew_open(group, error);
	unlock(group);
	return err;
}

/* --- hot restarts --- */

static int say_absent(char *error, unsigned int number)
{
	snprintf(error, STEER_ERROR_LEN, "no process has the number %u", number);
	return -1;
}

/* With the lock.  One that joined by bpf(2) alone has no record yet. */
static int drain(const struct steer_group *group, unsigned int number, char *error)
{
	struct steer_record record;

	if (!is_live(group, number))
		return say_absent(error, number);
	if (read_element(group->object[STEER_RECORDS], number, &record)) {
		snprintf(error, STEER_ERROR_LEN, "records of the group: %s", strerror(errno));
		return -1;
	}
	for (unsigned int family = 0; family < STEER_FAMILIES; family++) {
		uint64_t cookie = 0;

		read_element(group->object[STEER_SOCKETS], slot_of(family, number), &cookie);
		if (cookie && cookie != record.cookie[family]) {
			record.cookie[family] = cookie;
			record.pid = 0;
		}
	}
	record.draining = 1;
	if (write_element(group->object[STEER_RECORDS], number, &record, BPF_ANY)) {
		snprintf(error, STEER_ERROR_LEN, "records of the group: %s", strerror(errno));
		return -1;
	}
	return renew_open(group, error);
}

int steer_drain(const struct steer_group *group, unsigned int number, char *error)
{
	int err;

	if (lock(group, error))
		return -1;
	err = drain(group, number, error);
	unlock(group);
	return err;
}

static int give(const struct steer_group *group, unsigned int number, unsigned int to, char *error)
{
	struct steer_worker worker;
	struct steer_settings set;

	if (!is_live(group, to))
		return say_absent(error, to);
	if (!steer_look(group, number, &worker) && worker.live && !worker.draining) {
		snprintf(error, STEER_ERROR_LEN, "the process with the number %u takes new connections; have it drain first",
			 number);
		return -1;
	}
	if (read_settings(group, &set, error))
		return -1;
	for (unsigned int i = 0; i < STEER_WORKERS; i++)
		if (i == number || set.holder[i] == number)
			set.holder[i] = to;
	return write_settings(group, &set, error);
}

int steer_give(const struct steer_group *group, unsigned int number, unsigned int to, char *error)
{
	int err;

	if (lock(group, error))
		return -1;
	err = give(group, number, to, error);
	unlock(group);
	return err;
}

int steer_successor(const struct steer_group *group, unsigned int number)
{
	struct steer_worker own, other;
	uint64_t last = 0;
	int found = -1;

	if (steer_look(group, number, &own))
		return -1;
	for (unsigned int i = 0; i < STEER_WORKERS; i++) {
		if (i == number || steer_look(group, i, &other) || !other.is_known ||
		    other.draining || other.joined <= own.joined || other.joined <= last)
			continue;
		last = other.joined;
		found = i;
	}
	return found;
}
