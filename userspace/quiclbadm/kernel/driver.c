// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "common/err.h"
#include "common/tool.h"
#include "common/xalloc.h"

#define HELPER "quiclbadm-driver"

enum driver_sizes {
	/* 32 devices can have the express path in a namespace */
	ANSWER_MAX = 1024,
	REPLY_MAX = 16384,
};

enum driver_status {
	STATUS_ABSENT = 127,
};

static void run_helper(const char *const *argv, int answer)
{
	int null = open("/dev/null", O_RDWR);
	char path[PATH_MAX];

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDERR_FILENO);
	}
	dup2(answer >= 0 ? answer : null, STDOUT_FILENO);
	tool_find_own(HELPER, path, sizeof(path));
	execve(path, (char *const *)argv, tool_environment);
	_exit(STATUS_ABSENT);
}

/*
 * What it printed is in @answer, of ANSWER_MAX octets.  Return: its exit status; -1 when
 * it was killed.
 */
static int ask_helper(const char *const *argv, char *answer)
{
	int fd = memfd_create(HELPER, MFD_CLOEXEC), status = -1;
	pid_t pid = fork();
	ssize_t len;

	if (!pid)
		run_helper(argv, fd);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	len = fd < 0 ? 0 : pread(fd, answer, ANSWER_MAX - 1, 0);
	answer[len < 0 ? 0 : len] = '\0';
	if (fd >= 0)
		close(fd);
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Return: why not, in @answer, or NULL. */
static const char *change(const char *verb, const char *device, char *answer)
{
	const char *const argv[] = { HELPER, verb, device, NULL };
	int status = ask_helper(argv, answer);

	answer[strcspn(answer, "\n")] = '\0';
	if (!status)
		return NULL;
	if (status == STATUS_ABSENT)
		return "quiclbadm was built without it, it needs clang, bpftool and libxdp";
	return *answer ? answer : HELPER " was killed";
}

/* --- is there any XDP program? ------------------------------------------------- */

static int on_xdp(const struct nlattr *attr, void *data)
{
	bool *any = data;

	if (mnl_attr_get_type(attr) == IFLA_XDP_ATTACHED)
		*any = mnl_attr_get_u8(attr) != XDP_ATTACHED_NONE;
	return MNL_CB_OK;
}

static int on_attr(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == (IFLA_XDP & NLA_TYPE_MASK))
		return mnl_attr_parse_nested(attr, on_xdp, data);
	return MNL_CB_OK;
}

static int on_link(const struct nlmsghdr *nlh, void *data)
{
	return mnl_attr_parse(nlh, sizeof(struct ifinfomsg), on_attr, data);
}

static void ask_link(struct mnl_socket *socket, unsigned int ifindex, bool *any)
{
	char buf[REPLY_MAX];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *link;
	ssize_t len;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	link = mnl_nlmsg_put_extra_header(nlh, sizeof(*link));
	link->ifi_index = (int)ifindex;
	if (mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0)
		return;
	len = mnl_socket_recvfrom(socket, buf, sizeof(buf));
	if (len > 0)
		mnl_cb_run(buf, (size_t)len, 0, 0, on_link, any);
}

/* One request: for those that have none the helper need not be run. */
static bool has_xdp(const char *device)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	unsigned int ifindex = if_nametoindex(device);
	bool any = false;

	if (!socket)
		return false;
	if (ifindex)
		ask_link(socket, ifindex, &any);
	mnl_socket_close(socket);
	return any;
}

/* --- for others ------------------------------------------------------------------ */

int driver_on(const char *device, enum express_mode mode)
{
	char answer[ANSWER_MAX];
	const char *why = change("on", device, answer);

	if (!why)
		return 0;
	if (mode == EXPRESS_DRIVER)
		return refuse("driver path of %s: %s", device, why);
	caution("driver path of %s: %s, so its express path is at the ingress",
		device, why);
	return 0;
}

int driver_off(const char *device)
{
	char answer[ANSWER_MAX];
	const char *why = has_xdp(device) ? change("off", device, answer) : NULL;

	return why ? refuse("driver path of %s: %s", device, why) : 0;
}

void driver_load(struct state *state)
{
	const char **argv = xreallocarray(NULL, state->device_count + 3,
					  sizeof(*argv));
	char answer[ANSWER_MAX], *name, *rest = answer;
	struct device *device;
	size_t i, count = 0;

	argv[count++] = HELPER;
	argv[count++] = "list";
	for (i = 0; i < state->device_count; i++)
		if (!state->devices[i].awaited && has_xdp(state->devices[i].name))
			argv[count++] = state->devices[i].name;
	argv[count] = NULL;
	if (count > 2 && !ask_helper(argv, answer))
		while ((name = strsep(&rest, "\n"))) {
			device = state_find_device(state, name);
			if (device)
				device->mode = EXPRESS_DRIVER;
		}
	free(argv);
}

bool driver_is_on(const char *device)
{
	struct state state = { 0 };
	struct device one = { 0 };
	bool on;

	strcpy(one.name, device);
	state_add_device(&state, &one);
	driver_load(&state);
	on = state.devices[0].mode == EXPRESS_DRIVER;
	state_destroy(&state);
	return on;
}

/* Without a description of the module's types there has been no program. */
void driver_sweep(void)
{
	static const char *const argv[] = { HELPER, "sweep", NULL };
	char answer[ANSWER_MAX];

	if (!access("/sys/kernel/btf/ip_vs_quic", F_OK))
		ask_helper(argv, answer);
}
