// SPDX-License-Identifier: GPL-2.0-only
#include "create.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "group.h"
#include "steer.skel.h"

/* libbpf's own sentences would come before ours. */
static int be_silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int fail(char *error, const char *what)
{
	snprintf(error, STEER_ERROR_LEN, "%s: %s", what, strerror(errno));
	return -1;
}

static void unpin(const char *path)
{
	char name[STEER_PATH_MAX + 16];

	for (unsigned int i = 0; i < STEER_OBJECTS; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, steer_object_names[i]);
		unlink(name);
	}
	rmdir(path);
}

static int pin(const char *path, const struct steer_bpf *skeleton, char *error)
{
	const int fds[STEER_OBJECTS] = {
		[STEER_SOCKETS] = bpf_map__fd(skeleton->maps.sockets),
		[STEER_SETTINGS] = bpf_map__fd(skeleton->maps.settings),
		[STEER_RECORDS] = bpf_map__fd(skeleton->maps.records),
		[STEER_COUNTERS] = bpf_map__fd(skeleton->maps.counts),
		[STEER_PROGRAM] = bpf_program__fd(skeleton->progs.steer),
	};
	char name[STEER_PATH_MAX + 16];

	for (unsigned int i = 0; i < STEER_OBJECTS; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, steer_object_names[i]);
		if (bpf_obj_pin(fds[i], name))
			return fail(error, "cannot be pinned");
	}
	return 0;
}

/* Above @path; bpffs itself has to be mounted. */
static void make_root(const char *path)
{
	if (!strncmp(path, STEER_ROOT "/", sizeof(STEER_ROOT)))
		mkdir(STEER_ROOT, 0700);
}

static int load(const char *path, struct steer_bpf *skeleton, const struct steer_settings *settings,
		char *error)
{
	__u32 zero = 0;

	if (steer_bpf__load(skeleton))
		return fail(error, "the kernel does not take the program");
	if (bpf_map_update_elem(bpf_map__fd(skeleton->maps.settings), &zero, settings, BPF_ANY))
		return fail(error, "settings");
	make_root(path);
	if (mkdir(path, 0700)) {
		if (errno == EEXIST)
			snprintf(error, STEER_ERROR_LEN, "there is such a group");
		else
			snprintf(error, STEER_ERROR_LEN, "%s (is bpffs mounted there?)", strerror(errno));
		return -1;
	}
	if (!pin(path, skeleton, error))
		return 0;
	unpin(path);
	return -1;
}

int group_create(const char *path, const struct steer_settings *settings, char *error)
{
	struct steer_bpf *skeleton;
	int err;

	libbpf_set_print(be_silent);
	skeleton = steer_bpf__open();
	if (!skeleton)
		return fail(error, "the program cannot be read");
	err = load(path, skeleton, settings, error);
	steer_bpf__destroy(skeleton);
	return err;
}

int group_delete(const char *path, char *error)
{
	struct stat st;

	if (stat(path, &st))
		return fail(error, "cannot be deleted");
	unpin(path);
	if (!stat(path, &st)) {
		snprintf(error, STEER_ERROR_LEN, "cannot be deleted: there is something else in it, or this is not root");
		return -1;
	}
	return 0;
}
