// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "net.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "number.h"

/*
 * What answers to addresses that are not validated may take of the send buffer: half of it
 * all together; above a quarter, those of one network a sixteenth in the time that a packet
 * waits for a neighbour.
 */
enum { ALL_PART = 2, CROWDED_PART = 4, NETWORK_PART = 16 };
#define NEIGHBOUR_WAIT	4	/* s */
#define BUCKETS		64
#define TRUESIZE	1024	/* what the kernel counts beside the octets, about */

/* Space for the larger of the two packet infos, and an ECN mark. */
union control {
	struct cmsghdr align;
	uint8_t octets[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
};

static void parse_spec(const char *spec, struct addrinfo **found)
{
	static const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_DGRAM,
	};
	const char *colon = strrchr(spec, ':');
	size_t len = colon ? colon - spec : 0;
	char host[64];
	int err;

	if (len >= 2 && spec[0] == '[' && colon[-1] == ']') {
		spec++;
		len -= 2;
	} else if (memchr(spec, ':', len)) {
		len = 0;	/* an IPv6 address needs its brackets */
	}
	if (!len || len >= sizeof(host) || !colon[1])
		refuse(EXIT_USAGE, "--listen", "wants ADDR:PORT or [ADDR]:PORT");
	/* getaddrinfo() takes 65536 for 0. */
	number_parse("--listen", "port", colon + 1, strlen(colon + 1), 0, UINT16_MAX);
	memcpy(host, spec, len);
	host[len] = '\0';
	err = getaddrinfo(host, colon + 1, &hints, found);
	if (err)
		refuse(EXIT_USAGE, "--listen", "%s: %s", host,
		       gai_strerror(err));
}

static int set_flag(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/*
 * IP_PMTUDISC_PROBE: packets are never fragmented, and the path MTU is found by
 * QUIC's own probes, not by ICMP messages, which anyone may forge.
 */
static int set_options(int fd, int family)
{
	if (family == AF_INET)
		return set_flag(fd, IPPROTO_IP, IP_PKTINFO, 1) ||
		       set_flag(fd, IPPROTO_IP, IP_RECVTOS, 1) ||
		       set_flag(fd, IPPROTO_IP, IP_MTU_DISCOVER,
				IP_PMTUDISC_PROBE);
	return set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) ||
	       set_flag(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) ||
	       set_flag(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1) ||
	       set_flag(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
			IPV6_PMTUDISC_PROBE);
}

void endpoint_open(struct endpoint *endpoint, const char *spec, bool shared)
{
	struct addrinfo *found;
	socklen_t optlen;
	int fd;

	parse_spec(spec, &found);
	fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || set_options(fd, found->ai_family) ||
	    (shared && set_flag(fd, SOL_SOCKET, SO_REUSEPORT, 1)) ||
	    bind(fd, found->ai_addr, found->ai_addrlen))
		refuse(EXIT_REFUSED, spec, "%s", strerror(errno));
	freeaddrinfo(found);
	/*
	 * A burst of new clients fits, and 2 ms of sending at 1 Gbit/s; failing leaves the
	 * system's default.
	 */
	set_flag(fd, SOL_SOCKET, SO_RCVBUF, 4 << 20);
	set_flag(fd, SOL_SOCKET, SO_SNDBUF, 256 << 10);
	optlen = sizeof(endpoint->send_buffer);
	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &endpoint->send_buffer, &optlen))
		refuse(EXIT_REFUSED, spec, "%s", strerror(errno));
	endpoint->fd = fd;
	endpoint->bound_len = sizeof(endpoint->bound);
	if (getsockname(fd, &endpoint->bound.sa, &endpoint->bound_len))
		refuse(EXIT_REFUSED, spec, "%s", strerror(errno));
}

void endpoint_close(struct endpoint *endpoint)
{
	close(endpoint->fd);
}

static bool is_kind(const struct cmsghdr *cmsg, int level, int type)
{
	return cmsg->cmsg_level == level && cmsg->cmsg_type == type;
}

/*
 * Reads the destination and the ECN mark: an octet from IPv4, an int from IPv6.
 * Return: false for a datagram without packet info, which cannot be answered.
 */
static bool read_control(struct msghdr *msg, ngtcp2_sockaddr_union *local, uint8_t *ecn)
{
	struct in6_pktinfo info6;
	struct in_pktinfo info4;
	struct cmsghdr *cmsg;
	bool found = false;
	int class;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (is_kind(cmsg, IPPROTO_IP, IP_PKTINFO)) {
			memcpy(&info4, CMSG_DATA(cmsg), sizeof(info4));
			local->in.sin_addr = info4.ipi_addr;
			found = true;
		} else if (is_kind(cmsg, IPPROTO_IPV6, IPV6_PKTINFO)) {
			memcpy(&info6, CMSG_DATA(cmsg), sizeof(info6));
			local->in6.sin6_addr = info6.ipi6_addr;
			if (IN6_IS_ADDR_LINKLOCAL(&info6.ipi6_addr))
				local->in6.sin6_scope_id = info6.ipi6_ifindex;
			found = true;
		} else if (is_kind(cmsg, IPPROTO_IP, IP_TOS)) {
			*ecn = *CMSG_DATA(cmsg) & NGTCP2_ECN_MASK;
		} else if (is_kind(cmsg, IPPROTO_IPV6, IPV6_TCLASS)) {
			memcpy(&class, CMSG_DATA(cmsg), sizeof(class));
			*ecn = class & NGTCP2_ECN_MASK;
		}
	}
	return found;
}

ssize_t endpoint_receive(struct endpoint *endpoint, ngtcp2_path_storage *path,
			 ngtcp2_pkt_info *info, uint8_t *data, size_t size)
{
	struct iovec iov = { .iov_base = data, .iov_len = size };
	union control control;
	struct msghdr msg = {
		.msg_name = &path->remote_addrbuf,
		.msg_namelen = sizeof(path->remote_addrbuf),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	uint8_t ecn = NGTCP2_ECN_NOT_ECT;
	ssize_t len;

	ngtcp2_path_storage_zero(path);
	do {
		len = recvmsg(endpoint->fd, &msg, MSG_DONTWAIT);
	} while (len < 0 && errno == EINTR);
	if (len < 0)
		return -1;
	path->local_addrbuf = endpoint->bound;
	path->path.local.addrlen = endpoint->bound_len;
	path->path.remote.addrlen = msg.msg_namelen;
	path->path.user_data = endpoint;
	/* Length 0: the caller ignores the datagram. */
	if (!read_control(&msg, &path->local_addrbuf, &ecn))
		len = 0;
	info->ecn = ecn;
	return len;
}

static void put(struct msghdr *msg, int level, int type, const void *value, size_t len)
{
	struct cmsghdr *cmsg;

	cmsg = (struct cmsghdr *)((uint8_t *)msg->msg_control + msg->msg_controllen);
	cmsg->cmsg_level = level;
	cmsg->cmsg_type = type;
	cmsg->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(cmsg), value, len);
	msg->msg_controllen += CMSG_SPACE(len);
}

/*
 * The source address and the ECN mark.  The interface stays 0 except for link-local
 * addresses: the datagram came in through the tunnel's device, the answer leaves through
 * another.
 */
static void write_control(struct msghdr *msg, union control *control,
			  const struct sockaddr *local, uint8_t ecn)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)local;
	const struct sockaddr_in *in4 = (const struct sockaddr_in *)local;
	struct in6_pktinfo info6 = { 0 };
	struct in_pktinfo info4 = { 0 };
	int mark = ecn;

	memset(control, 0, sizeof(*control));
	msg->msg_control = control;
	msg->msg_controllen = 0;
	if (local->sa_family == AF_INET) {
		info4.ipi_spec_dst = in4->sin_addr;
		put(msg, IPPROTO_IP, IP_PKTINFO, &info4, sizeof(info4));
		put(msg, IPPROTO_IP, IP_TOS, &mark, sizeof(mark));
	} else {
		info6.ipi6_addr = in6->sin6_addr;
		info6.ipi6_ifindex = in6->sin6_scope_id;
		put(msg, IPPROTO_IPV6, IPV6_PKTINFO, &info6, sizeof(info6));
		put(msg, IPPROTO_IPV6, IPV6_TCLASS, &mark, sizeof(mark));
	}
}

/* What was sent to some networks; a secret number decides which ones share a bucket. */
static struct bucket {
	time_t since;
	size_t sent;
} buckets[BUCKETS];

/* By an IPv4 address's first 16 bits, an IPv6 address's first 48: no link's network is larger. */
static struct bucket *find_bucket(const struct sockaddr *address)
{
	static uint64_t seed;
	uint64_t network = 0;

	while (!seed)
		if (getrandom(&seed, sizeof(seed), 0) < 0)
			seed = 1;
	if (address->sa_family == AF_INET)
		memcpy(&network, &((const struct sockaddr_in *)address)->sin_addr, 2);
	else
		memcpy(&network, &((const struct sockaddr_in6 *)address)->sin6_addr, 6);
	return &buckets[((network ^ seed) * (seed | 1)) >> 58];
}

/*
 * What waits for a neighbour to answer is in the buffer, too, for seconds, and who sends with
 * addresses of the server's own links can have it wait.  Such packets must not keep out those
 * to clients that are there.
 */
static bool is_crowded_out(const struct endpoint *endpoint, const struct sockaddr *to,
			   size_t len)
{
	struct bucket *bucket = find_bucket(to);
	struct timespec now;
	int used;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec - bucket->since >= NEIGHBOUR_WAIT) {
		bucket->since = now.tv_sec;
		bucket->sent = 0;
	}
	bucket->sent += len + TRUESIZE;
	if (ioctl(endpoint->fd, SIOCOUTQ, &used))
		return false;
	return used > endpoint->send_buffer / ALL_PART ||
	       (used > endpoint->send_buffer / CROWDED_PART &&
		bucket->sent > (size_t)endpoint->send_buffer / NETWORK_PART);
}

bool path_send(const ngtcp2_path *path, bool validated, uint8_t ecn,
	       const uint8_t *data, size_t len)
{
	const struct endpoint *endpoint = path->user_data;
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	union control control;
	struct msghdr msg = {
		.msg_name = path->remote.addr,
		.msg_namelen = path->remote.addrlen,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	ssize_t sent;

	if (!validated && is_crowded_out(endpoint, path->remote.addr, len))
		return true;
	write_control(&msg, &control, path->local.addr, ecn);
	do {
		sent = sendmsg(endpoint->fd, &msg, MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	return sent >= 0 || errno != EAGAIN || !validated;
}
