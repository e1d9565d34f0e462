// SPDX-License-Identifier: GPL-2.0-only
/* A limited number of connected sockets; the longest unused one is closed to make room. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "quicgen.h"
#include "tool.h"

static struct sock socks[SOCKETS_MAX];
static unsigned int sock_count;

int bound_socket(const union addr *addr, bool only_ipv6)
{
	int fd, one = 1;

	fd = socket(addr->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0)
		die("socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* a lab address may be routed to the namespace without being on a device */
	if (addr->sa.sa_family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one));
	else
		setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof(one));
	if (only_ipv6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, &addr->sa, addr_len(addr)))
		die("bind: %s", strerror(errno));
	return fd;
}

/* Makes room by closing the longest unused socket without pending datagrams. */
static struct sock *evict_sock(void)
{
	struct sock *oldest = NULL;
	unsigned int i;

	for (i = 0; i < sock_count; i++)
		if (!socks[i].pending && (!oldest || socks[i].used < oldest->used))
			oldest = &socks[i];
	if (!oldest)
		die("window too large");
	close(oldest->fd);
	return oldest;
}

struct sock *get_sock(const struct spec *spec)
{
	static unsigned long clock;
	struct sock *sock;
	unsigned int i;

	for (i = 0; i < sock_count; i++) {
		sock = &socks[i];
		if (!memcmp(&sock->from, &spec->from, sizeof(sock->from)) &&
		    !memcmp(&sock->to, &spec->to, sizeof(sock->to))) {
			sock->used = ++clock;
			return sock;
		}
	}
	sock = sock_count < SOCKETS_MAX ? &socks[sock_count++] : evict_sock();
	sock->from = spec->from;
	sock->to = spec->to;
	sock->pending = 0;
	sock->used = ++clock;
	sock->fd = bound_socket(&spec->from, false);
	if (connect(sock->fd, &spec->to.sa, addr_len(&spec->to)))
		die("connect: %s", strerror(errno));
	return sock;
}

void poll_socks(int timeout, void (*readable)(struct sock *sock))
{
	static struct pollfd fds[SOCKETS_MAX];
	static struct sock *owner[SOCKETS_MAX];
	nfds_t n = 0, i;

	for (i = 0; i < sock_count; i++) {
		if (!socks[i].pending)
			continue;
		fds[n].fd = socks[i].fd;
		fds[n].events = POLLIN;
		owner[n++] = &socks[i];
	}
	if (poll(fds, n, timeout) > 0)
		for (i = 0; i < n; i++)
			if (fds[i].revents)
				readable(owner[i]);
}
