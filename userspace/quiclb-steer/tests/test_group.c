// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* group.c, with maps of this file in place of the kernel's.  TAP. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/bpf.h>

static long fake_syscall(long number, int command, union bpf_attr *attr, size_t size);
static int fake_getsockopt(int fd, int level, int option, void *value, socklen_t *len);
static int fake_setsockopt(int fd, int level, int option, const void *value, socklen_t len);

/* The headers that group.c includes are there by now. */
#define syscall(...)	fake_syscall(__VA_ARGS__)
#define getsockopt(...)	fake_getsockopt(__VA_ARGS__)
#define setsockopt(...)	fake_setsockopt(__VA_ARGS__)
#include "../group.c"

enum { MAP = 1000, PROGRAM = MAP + STEER_PROGRAM };

static uint64_t the_sockets[STEER_FAMILIES * STEER_WORKERS];	/* cookies */
static struct steer_settings the_settings;
static struct steer_record the_records[STEER_WORKERS];
static int refused_fd;		/* a socket that the map does not take */
static unsigned int attached;
static char error[STEER_ERROR_LEN];
static struct steer_group group;

/* --- the kernel --- */

static int fake_getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	uint64_t cookie = 5000 + fd;

	assert_int_equal(level, SOL_SOCKET);
	assert_int_equal(option, SO_COOKIE);
	assert_int_equal(*len, sizeof(cookie));
	memcpy(value, &cookie, sizeof(cookie));
	return 0;
}

static int fake_setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	(void)fd;
	assert_int_equal(level, SOL_SOCKET);
	assert_int_equal(option, SO_ATTACH_REUSEPORT_EBPF);
	assert_int_equal(len, sizeof(int));
	assert_int_equal(*(const int *)value, PROGRAM);
	attached++;
	return 0;
}

static long fail_with(int err)
{
	errno = err;
	return -1;
}

static long change_sockets(int command, uint32_t slot, uint64_t *value, uint64_t flags)
{
	assert_in_range(slot, 0, STEER_FAMILIES * STEER_WORKERS - 1);
	if (command != BPF_MAP_UPDATE_ELEM && !the_sockets[slot])
		return fail_with(ENOENT);
	if (command == BPF_MAP_LOOKUP_ELEM) {
		*value = the_sockets[slot];
	} else if (command == BPF_MAP_DELETE_ELEM) {
		the_sockets[slot] = 0;
	} else {
		assert_int_equal(flags, BPF_NOEXIST);
		if (the_sockets[slot])
			return fail_with(EEXIST);
		if ((int)*value == refused_fd)
			return fail_with(EINVAL);
		the_sockets[slot] = 5000 + *value;
	}
	return 0;
}

static long fake_syscall(long number, int command, union bpf_attr *attr, size_t size)
{
	uint32_t key = *(uint32_t *)(uintptr_t)attr->key;
	void *value = (void *)(uintptr_t)attr->value, *element;
	size_t len;

	assert_int_equal(number, SYS_bpf);
	assert_int_equal(size, sizeof(*attr));
	switch (attr->map_fd - MAP) {
	case STEER_SOCKETS:
		return change_sockets(command, key, value, attr->flags);
	case STEER_SETTINGS:
		assert_int_equal(key, 0);
		element = &the_settings;
		len = sizeof(the_settings);
		break;
	default:
		assert_int_equal(attr->map_fd, MAP + STEER_RECORDS);
		element = &the_records[key];
		len = sizeof(the_records[key]);
	}
	if (command == BPF_MAP_LOOKUP_ELEM)
		memcpy(value, element, len);
	else
		memcpy(element, value, len);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	memset(the_sockets, 0, sizeof(the_sockets));
	memset(&the_settings, 0, sizeof(the_settings));
	memset(the_records, 0, sizeof(the_records));
	for (unsigned int i = 0; i < STEER_WORKERS; i++)
		the_settings.holder[i] = i;
	refused_fd = -1;
	attached = 0;
	group.directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (unsigned int i = 0; i < STEER_OBJECTS; i++)
		group.object[i] = MAP + i;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(group.directory);
	return 0;
}

/* --- tests --- */

static void join_as(unsigned int number, int ipv4, int ipv6)
{
	const int fds[] = { ipv4, ipv6 };

	assert_int_equal(steer_join(&group, number, 100 + number, fds, error), 0);
}

static void refused_join(unsigned int number, int ipv4, int ipv6, const char *why)
{
	const int fds[] = { ipv4, ipv6 };

	assert_int_equal(steer_join(&group, number, 1, fds, error), -1);
	assert_string_equal(error, why);
}

static void joining(void **state)
{
	struct steer_worker worker;

	(void)state;
	join_as(3, 11, 12);
	assert_int_equal(the_sockets[3], 5011);
	assert_int_equal(the_sockets[STEER_WORKERS + 3], 5012);
	assert_int_equal(attached, 2);
	assert_int_equal(steer_look(&group, 3, &worker), 0);
	assert_true(worker.live && worker.is_known && worker.has[STEER_IPV4] && worker.has[STEER_IPV6]);
	assert_int_equal(worker.pid, 103);
	refused_join(3, 13, -1, "process 103 has the number 3");
	/* what is half done is undone */
	refused_fd = 14;
	refused_join(4, 13, 14, "this is no bound UDP socket with SO_REUSEPORT");
	assert_int_equal(the_sockets[4], 0);
	/* the kernel takes out what is closed; another one's sockets are not of the record */
	the_sockets[3] = 0;
	the_sockets[STEER_WORKERS + 3] = 0;
	assert_int_equal(steer_look(&group, 3, &worker), 0);
	assert_false(worker.live || worker.is_known);
	the_sockets[3] = 77;
	assert_int_equal(steer_look(&group, 3, &worker), 0);
	assert_true(worker.live && !worker.is_known && !worker.pid);
	refused_join(3, 13, -1, "another process has the number 3");
	assert_int_equal(steer_leave(&group, 3, error), 0);
	join_as(3, -1, 15);
	assert_int_equal(the_settings.n_open, 0);
}

static void draining(void **state)
{
	struct steer_worker worker;

	(void)state;
	assert_int_equal(steer_drain(&group, 0, error), -1);
	assert_string_equal(error, "no process has the number 0");
	join_as(0, 11, -1);
	join_as(1, 12, -1);
	join_as(200, 13, -1);
	assert_int_equal(steer_drain(&group, 1, error), 0);
	assert_int_equal(the_settings.n_open, 2);
	assert_memory_equal(the_settings.open, "\x00\xc8", 2);
	join_as(7, 14, -1);
	assert_int_equal(the_settings.n_open, 3);
	assert_memory_equal(the_settings.open, "\x00\x07\xc8", 3);
	/* one that is not in the records, which have an earlier one */
	the_sockets[9] = 78;
	the_records[9].pid = 55;
	assert_int_equal(steer_drain(&group, 9, error), 0);
	assert_int_equal(steer_look(&group, 9, &worker), 0);
	assert_true(worker.is_known && worker.draining && !worker.pid);
	assert_int_equal(the_settings.n_open, 3);
	assert_int_equal(steer_leave(&group, 9, error), 0);
	assert_int_equal(the_settings.n_open, 3);
	assert_int_equal(steer_leave(&group, 1, error), 0);
	assert_int_equal(the_settings.n_open, 0);
	/* who comes again does not drain */
	join_as(1, 12, -1);
	assert_int_equal(the_settings.n_open, 0);
}

static void giving(void **state)
{
	(void)state;
	join_as(0, 11, -1);
	join_as(1, 12, -1);
	assert_int_equal(steer_give(&group, 0, 5, error), -1);
	assert_string_equal(error, "no process has the number 5");
	assert_int_equal(steer_give(&group, 0, 1, error), -1);
	assert_string_equal(error, "the process with the number 0 takes new connections; have it drain first");
	assert_int_equal(the_settings.holder[0], 0);
	assert_int_equal(steer_drain(&group, 0, error), 0);
	assert_int_equal(steer_give(&group, 0, 1, error), 0);
	assert_int_equal(the_settings.holder[0], 1);
	/* the heir gives all that it has; who has gone need not drain */
	join_as(2, 13, -1);
	assert_int_equal(steer_leave(&group, 1, error), 0);
	assert_int_equal(steer_give(&group, 1, 2, error), 0);
	assert_int_equal(the_settings.holder[0], 2);
	assert_int_equal(the_settings.holder[1], 2);
	assert_int_equal(the_settings.holder[2], 2);
	/* a number is its process's again */
	assert_int_equal(steer_leave(&group, 0, error), 0);
	join_as(0, 11, -1);
	assert_int_equal(the_settings.holder[0], 0);
	assert_int_equal(the_settings.holder[1], 2);
}

static void successors(void **state)
{
	(void)state;
	join_as(5, 11, -1);
	assert_int_equal(steer_successor(&group, 5), -1);
	join_as(9, 12, -1);
	join_as(2, 13, -1);
	join_as(7, 14, -1);
	assert_int_equal(steer_successor(&group, 5), 7);
	assert_int_equal(steer_successor(&group, 7), -1);
	assert_int_equal(steer_drain(&group, 7, error), 0);
	assert_int_equal(steer_successor(&group, 5), 2);
	assert_int_equal(steer_leave(&group, 2, error), 0);
	assert_int_equal(steer_successor(&group, 5), 9);
	/* of one that has gone */
	assert_int_equal(steer_successor(&group, 2), 9);
}

static void lengths(void **state)
{
	const uint8_t first[STEER_CONFIGS] = { 12, 0, 17, [STEER_UNROUTABLE] = 1 };
	const uint8_t other[STEER_CONFIGS] = { 0, 9, 18 };

	(void)state;
	assert_int_equal(steer_set_lengths(&group, 0, first, error), 0);
	assert_memory_equal(the_settings.cid_len, "\x0c\0\x11\0\0\0\0\0", STEER_CONFIGS);
	join_as(0, 11, -1);
	assert_int_equal(steer_set_lengths(&group, 1, other, error), -1);
	assert_string_equal(error, "connection IDs of config 2 have 18 octets here, and 17 in the group's other processes");
	assert_memory_equal(the_settings.cid_len, "\x0c\0\x11\0\0\0\0\0", STEER_CONFIGS);
	/* the only process may change its mind; of what it leaves out, clients still have CIDs */
	assert_int_equal(steer_set_lengths(&group, 0, other, error), 0);
	assert_memory_equal(the_settings.cid_len, "\x0c\x09\x12\0\0\0\0\0", STEER_CONFIGS);
}

static void keys(void **state)
{
	uint8_t key[STEER_KEY_LEN];

	(void)state;
	the_settings.key[0] = 0x0706050403020100;
	the_settings.key[1] = 0x0f0e0d0c0b0a0908;
	assert_int_equal(steer_key(&group, key, error), 0);
	for (unsigned int i = 0; i < STEER_KEY_LEN; i++)
		assert_int_equal(key[i], i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(joining, set_up, tear_down),
		cmocka_unit_test_setup_teardown(draining, set_up, tear_down),
		cmocka_unit_test_setup_teardown(giving, set_up, tear_down),
		cmocka_unit_test_setup_teardown(successors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lengths, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keys, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
