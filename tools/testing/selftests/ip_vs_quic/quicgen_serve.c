// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plays the real servers: answers each datagram with the server's name and the datagram's digest.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "quicgen.h"
#include "tool.h"

enum { LISTENERS_MAX = 128 };

static void answer(int fd, const char *name)
{
	static u8 datagram[65536];
	union addr peer;
	socklen_t peer_len;
	char text[128];
	ssize_t n;
	int len;

	for (;;) {
		peer_len = sizeof(peer);
		n = recvfrom(fd, datagram, sizeof(datagram), 0, &peer.sa, &peer_len);
		if (n < 0)
			return;
		len = snprintf(text, sizeof(text), "quicgen %s %llx %zd", name,
			       (unsigned long long)digest(datagram, n), n);
		sendto(fd, text, len, 0, &peer.sa, peer_len);
	}
}

static void serve(struct pollfd *fds, const char **names, nfds_t n)
{
	nfds_t i;

	while (!stop)
		if (poll(fds, n, -1) > 0)
			for (i = 0; i < n; i++)
				if (fds[i].revents)
					answer(fds[i].fd, names[i]);
}

int cmd_serve(int argc, char **argv)
{
	static struct pollfd fds[LISTENERS_MAX];
	static const char *names[LISTENERS_MAX];
	union addr addr;
	nfds_t n = 0;
	int i, j, first;
	char *netns;

	for (first = 1; first < argc && strcmp(argv[first], "--"); first++)
		;
	for (i = 1; i < first; i++) {
		netns = strchr(argv[i], '=');
		if (!netns || netns - argv[i] > NAME_MAX_LEN)
			die("not NAME=NETNS: %s", argv[i]);
		*netns++ = '\0';
		enter_netns(netns);
		for (j = first + 1; j < argc; j++, n++) {
			if (n == LISTENERS_MAX)
				die("too many sockets");
			set_address(&addr, argv[j]);
			fds[n].fd = bound_socket(&addr);
			fds[n].events = POLLIN;
			names[n] = argv[i];
		}
	}
	if (!n)
		die("nothing to serve");
	/* all are bound: the caller, which waits for the pid, may send now */
	go_to_background();
	stop_on_sigterm();
	serve(fds, names, n);
	return 0;
}
