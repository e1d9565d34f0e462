// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "create.h"
#include "group.h"
#include "options.h"

static char error[STEER_ERROR_LEN];

static void open_group(struct steer_group *group, const char *name)
{
	if (steer_open(group, name, error))
		refuse(EXIT_REFUSED, name, "%s", error);
}

/* --- join --- */

/* Return: a descriptor for the socket that is @fd in the process. */
static int take_socket(int process, int fd, enum steer_family *family)
{
	char what[32];
	int copy, domain, protocol;
	socklen_t len = sizeof(int);

	snprintf(what, sizeof(what), "FD %d", fd);
	copy = syscall(SYS_pidfd_getfd, process, fd, 0);
	if (copy < 0 || getsockopt(copy, SOL_SOCKET, SO_DOMAIN, &domain, &len) ||
	    getsockopt(copy, SOL_SOCKET, SO_PROTOCOL, &protocol, &len))
		refuse(EXIT_REFUSED, what, "%s", strerror(errno));
	if ((domain != AF_INET && domain != AF_INET6) || protocol != IPPROTO_UDP)
		refuse(EXIT_REFUSED, what, "this is no bound UDP socket with SO_REUSEPORT");
	*family = domain == AF_INET6 ? STEER_IPV6 : STEER_IPV4;
	return copy;
}

static void join(const struct steer_group *group, const struct options *options)
{
	int fds[STEER_FAMILIES] = { -1, -1 };
	int process = syscall(SYS_pidfd_open, options->pid, 0);

	if (process < 0)
		refuse(EXIT_REFUSED, "PID", "%s", strerror(errno));
	for (unsigned int i = 0; i < options->n_fds; i++) {
		enum steer_family family;
		int fd = take_socket(process, options->fds[i], &family);

		if (fds[family] >= 0)
			refuse(EXIT_REFUSED, "FD", "both sockets are of one family");
		fds[family] = fd;
	}
	if (steer_join(group, options->number, options->pid, fds, error))
		refuse(EXIT_REFUSED, options->name, "%s", error);
}

/* --- list --- */

static const char *program_of(uint32_t pid, char *text, size_t size)
{
	char path[32];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	file = pid ? fopen(path, "re") : NULL;
	if (!file || !fgets(text, size, file))
		snprintf(text, size, "-");
	if (file)
		fclose(file);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static void print_worker(unsigned int number, const struct steer_worker *worker)
{
	char state[32] = "open", pid[16] = "-", program[32];

	if (worker->holder != number)
		snprintf(state, sizeof(state), "given to %u", worker->holder);
	else if (worker->draining)
		snprintf(state, sizeof(state), "draining");
	if (worker->is_known && worker->pid)
		snprintf(pid, sizeof(pid), "%u", worker->pid);
	printf("%-7u %-8s %-13s %-5s %-5s %s\n", number, pid, state,
	       worker->has[STEER_IPV4] ? "yes" : "no", worker->has[STEER_IPV6] ? "yes" : "no",
	       program_of(worker->is_known ? worker->pid : 0, program, sizeof(program)));
}

static unsigned long long read_count(const struct steer_group *group, __u32 which)
{
	int n = libbpf_num_possible_cpus();
	unsigned long long sum = 0;
	__u64 *values;

	values = n > 0 ? calloc(n, sizeof(*values)) : NULL;
	if (values && !bpf_map_lookup_elem(group->object[STEER_COUNTERS], &which, values))
		for (int i = 0; i < n; i++)
			sum += values[i];
	free(values);
	return sum;
}

static void list(const char *name)
{
	struct steer_worker worker, holder;
	struct steer_group group;

	open_group(&group, name);
	printf("Group %s: %llu datagrams by worker, %llu of absent workers, %llu others\n", name,
	       read_count(&group, STEER_BY_WORKER), read_count(&group, STEER_NO_WORKER),
	       read_count(&group, STEER_NEW));
	printf("Number  Process  State         IPv4  IPv6  Program\n");
	for (unsigned int i = 0; i < STEER_WORKERS; i++) {
		if (steer_look(&group, i, &worker))
			refuse(EXIT_REFUSED, name, "%s", strerror(errno));
		if (worker.live || (worker.holder != i && !steer_look(&group, worker.holder, &holder) &&
				    holder.live))
			print_worker(i, &worker);
	}
	steer_close(&group);
}

static int is_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* No directory: no group was ever made. */
static void list_all(void)
{
	struct dirent **entries;
	int n = scandir(STEER_ROOT, &entries, is_name, alphasort);

	if (n < 0 && errno != ENOENT)
		refuse(EXIT_REFUSED, STEER_ROOT, "%s", strerror(errno));
	for (int i = 0; i < n; i++)
		list(entries[i]->d_name);
}

/* --- the others --- */

static void create(const struct options *options)
{
	char path[STEER_PATH_MAX];

	if (steer_path(path, options->name, error) ||
	    group_create(path, &options->settings, error))
		refuse(EXIT_REFUSED, options->name, "%s", error);
}

static void delete(const struct options *options)
{
	struct steer_group group;
	char path[STEER_PATH_MAX];

	/* so that nothing is removed that is no group */
	open_group(&group, options->name);
	steer_close(&group);
	if (steer_path(path, options->name, error) || group_delete(path, error))
		refuse(EXIT_REFUSED, options->name, "%s", error);
}

static void change(const struct options *options)
{
	struct steer_group group;
	int err = 0;

	open_group(&group, options->name);
	switch (options->command) {
	case JOIN:
		join(&group, options);
		break;
	case LEAVE:
		err = steer_leave(&group, options->number, error);
		break;
	case DRAIN:
		err = steer_drain(&group, options->number, error);
		break;
	default:
		err = steer_give(&group, options->number, options->to, error);
	}
	if (err)
		refuse(EXIT_REFUSED, options->name, "%s", error);
	steer_close(&group);
}

int main(int argc, char **argv)
{
	struct options options;

	options_parse(&options, argc, argv);
	switch (options.command) {
	case CREATE:
		create(&options);
		break;
	case DELETE:
		delete(&options);
		break;
	case LIST:
		if (options.name)
			list(options.name);
		else
			list_all();
		break;
	default:
		change(&options);
	}
	if (fflush(stdout))
		refuse(EXIT_REFUSED, "standard output", "%s", strerror(errno));
	return 0;
}
