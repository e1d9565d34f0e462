// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plays the real servers: answers each datagram with the server's name and the datagram's digest.
 * One of 1200 octets or more in a version that is reserved to be unknown is answered as servers of
 * QUIC do, with Version Negotiation (RFC 9000 section 6.1).
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "quicgen.h"
#include "tool.h"

enum { LISTENERS_MAX = 128, INITIAL_MIN = 1200 };

/*
 * Version Negotiation has the two connection IDs of the datagram the other way round, and the
 * server's versions.  Returns its length, 0 when the datagram does not ask for it.
 */
static size_t negotiate(const u8 *datagram, size_t n, u8 *to)
{
	const u8 *dcid = datagram + 5, *scid;
	u8 *p = to;

	if (n < INITIAL_MIN || !(datagram[0] & 0x80) || (datagram[1] & 0x0f) != 0x0a || (datagram[2] & 0x0f) != 0x0a ||
	    (datagram[3] & 0x0f) != 0x0a || (datagram[4] & 0x0f) != 0x0a)
		return 0;
	scid = dcid + 1 + *dcid;
	*p++ = 0x80;
	memset(p, 0, 4);
	p += 4;
	memcpy(p, scid, 1 + *scid);
	p += 1 + *scid;
	memcpy(p, dcid, 1 + *dcid);
	p += 1 + *dcid;
	memcpy(p, "\0\0\0\1", 4);
	return p + 4 - to;
}

static void answer(int fd, const char *name)
{
	static u8 datagram[65536];
	union addr peer;
	socklen_t peer_len;
	u8 reply[1024];
	size_t len;
	ssize_t n;

	for (;;) {
		peer_len = sizeof(peer);
		n = recvfrom(fd, datagram, sizeof(datagram), 0, &peer.sa, &peer_len);
		if (n < 0)
			return;
		len = negotiate(datagram, n, reply);
		if (!len)
			len = snprintf((char *)reply, sizeof(reply), "quicgen %s %llx %zd", name,
				       (unsigned long long)digest(datagram, n), n);
		sendto(fd, reply, len, 0, &peer.sa, peer_len);
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

/* What a server may have set on its socket, so that it does not get what it should. */
static const char *only_device;
static bool only_ipv6;

static void read_options(int argc, char **argv)
{
	int option;

	/* the first "--" is not getopt's */
	while ((option = getopt(argc, argv, "+6d:")) != -1) {
		if (option == '6')
			only_ipv6 = true;
		else if (option == 'd')
			only_device = optarg;
		else
			exit(2);
	}
}

static int listen_at(const char *text)
{
	union addr addr;
	int fd;

	set_address(&addr, text);
	fd = bound_socket(&addr, only_ipv6);
	if (only_device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, only_device,
				      (socklen_t)strlen(only_device)))
		die("%s: %s", only_device, strerror(errno));
	return fd;
}

int cmd_serve(int argc, char **argv)
{
	static struct pollfd fds[LISTENERS_MAX];
	static const char *names[LISTENERS_MAX];
	nfds_t n = 0;
	int i, j, first;
	char *netns;

	read_options(argc, argv);
	for (first = optind; first < argc && strcmp(argv[first], "--"); first++)
		;
	for (i = optind; i < first; i++) {
		netns = strchr(argv[i], '=');
		if (!netns || netns - argv[i] > NAME_MAX_LEN)
			die("not NAME=NETNS: %s", argv[i]);
		*netns++ = '\0';
		enter_netns(netns);
		for (j = first + 1; j < argc; j++, n++) {
			if (n == LISTENERS_MAX)
				die("too many sockets");
			fds[n].fd = listen_at(argv[j]);
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
