// SPDX-License-Identifier: GPL-2.0-only
/*
 * libxdp_clean_references() looks at the devices of this network namespace only, and
 * takes the programs of all others away.  So this is done here, by the names that libxdp
 * documents: dispatch-IFINDEX-ID is a directory with a dispatcher's programs.
 */
#include "driver/sweep.h"

#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/magic.h>

#define BPFFS "/sys/fs/bpf"
#define PINS BPFFS "/xdp"

enum sweep_sizes {
	PIN_PATH_MAX = 512,
	NAMESPACES_MAX = 4096,		/* more are not looked into, and nothing is removed */
};

/* A namespace's inode. */
struct places {
	ino_t seen[NAMESPACES_MAX];
	unsigned int count;
};

static bool has_bpffs(void)
{
	struct statfs fs;

	return !statfs(BPFFS, &fs) && (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

/* "ip netns exec" has a /sys of its own, which ends with what it runs. */
void pins_reach(void)
{
	int fd;

	if (has_bpffs())
		return;
	fd = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		setns(fd, CLONE_NEWNS);
		close(fd);
	}
	if (!has_bpffs())
		mount("bpf", BPFFS, "bpf", 0, "mode=0700");
}

static bool is_on(int ifindex, __u32 id)
{
	__u32 now = 0;

	return !bpf_xdp_query_id(ifindex, 0, &now) && now == id;
}

/* Return: false for a namespace that was looked into already. */
static bool is_new(struct places *places, int fd)
{
	struct stat st;
	unsigned int i;

	if (fstat(fd, &st))
		return false;
	for (i = 0; i < places->count; i++)
		if (places->seen[i] == st.st_ino)
			return false;
	if (places->count < NAMESPACES_MAX)
		places->seen[places->count++] = st.st_ino;
	return true;
}

static bool is_on_there(struct places *places, const char *path, int ifindex,
			__u32 id)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool on = false;

	/* a process may have ended meanwhile, and others be no namespaces */
	if (fd < 0)
		return false;
	if (is_new(places, fd) && !setns(fd, CLONE_NEWNET))
		on = is_on(ifindex, id);
	close(fd);
	return on;
}

static bool is_on_anywhere(int ifindex, __u32 id)
{
	static struct places places;
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	bool on = is_on(ifindex, id);
	glob_t paths;
	size_t i;

	places.count = 0;
	if (here < 0)
		return true;
	if (glob("/proc/[0-9]*/ns/net", 0, NULL, &paths)) {
		close(here);
		return true;
	}
	glob("/run/netns/*", GLOB_APPEND, NULL, &paths);
	for (i = 0; !on && i < paths.gl_pathc; i++)
		on = is_on_there(&places, paths.gl_pathv[i], ifindex, id);
	globfree(&paths);
	if (setns(here, CLONE_NEWNET))
		on = true;
	close(here);
	return on || places.count == NAMESPACES_MAX;
}

static bool is_ours(const char *path)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	int fd = bpf_obj_get(path);
	bool ours;

	if (fd < 0)
		return false;
	/* of a link it is another struct, which has no such name */
	ours = !bpf_obj_get_info_by_fd(fd, &info, &len) &&
	       !strcmp(info.name, PROGRAM);
	close(fd);
	return ours;
}

/* Return: does a file of the directory satisfy @test? */
static bool any_file(const char *directory, bool (*test)(const char *path))
{
	char pattern[PIN_PATH_MAX];
	bool found = false;
	glob_t paths;
	size_t i;

	snprintf(pattern, sizeof(pattern), "%s/*", directory);
	if (glob(pattern, 0, NULL, &paths))
		return false;
	for (i = 0; !found && i < paths.gl_pathc; i++)
		found = test(paths.gl_pathv[i]);
	globfree(&paths);
	return found;
}

static bool remove_it(const char *path)
{
	unlink(path);
	return false;
}

static bool sweep_one(const char *path)
{
	int ifindex;
	__u32 id;

	if (sscanf(path, PINS "/dispatch-%d-%u", &ifindex, &id) != 2 ||
	    !any_file(path, is_ours) || is_on_anywhere(ifindex, id))
		return false;
	any_file(path, remove_it);
	rmdir(path);
	return false;
}

void pins_sweep(void)
{
	any_file(PINS, sweep_one);
}
