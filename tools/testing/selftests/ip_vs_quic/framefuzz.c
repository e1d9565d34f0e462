// SPDX-License-Identifier: GPL-2.0-only
/*
 * framefuzz - asks the driver path about frames, most of them damaged.
 *
 *	framefuzz DEVICE FRAMES SEED SERVICE...
 *
 * SERVICE is VIP,PORT,QUIC: QUIC is a datagram's payload in hex, whose CID names a server,
 * so the driver path takes it.  FRAMES are random ones, after each octet at which the whole
 * frame of each service can be cut off, and each amount of headroom.
 *
 * A frame that is not taken must be the same afterwards.  One that is taken must have been
 * plain, and what leaves must be that datagram, one hop on, behind good headers.  Neither
 * check uses code of the module.  Prints how many were taken and how many were not.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ivq_lab.h"
#include "random.h"
#include "tool.h"

enum {
	SERVICES_MAX	= 16,
	HEADROOM	= 256,
	HEADROOM_MAX	= 300,
	TAG_LEN		= 4,
	GUE_LEN		= sizeof(struct udphdr) + 4,
};

struct frame {
	uint8_t data[IVQ_LAB_FRAME_LEN];
	unsigned int len;
	unsigned int headroom;
	unsigned int flags;
};

struct service {
	bool v6;
	uint8_t vip[16];
	uint16_t port;
	struct frame frame;
};

static struct service services[SERVICES_MAX];
static unsigned int service_count;
static uint8_t mac[ETHER_ADDR_LEN];
static unsigned int ifindex;
static uint64_t function;
static int lab;
static unsigned long taken, left;

static void dump(const char *what, const struct frame *f)
{
	unsigned int i;

	fprintf(stderr, "%s (%u octets, headroom %u, flags %u): ", what, f->len,
		f->headroom, f->flags);
	for (i = 0; i < f->len; i++)
		fprintf(stderr, "%02x", f->data[i]);
	fputc('\n', stderr);
}

static bool good_sum(const uint8_t *ip)
{
	return fold(add_up(0, ip, sizeof(struct iphdr))) == 0;
}

/* --- what may be taken ------------------------------------------------------ */

/* Where the IP packet begins; 0 if the frame has none. */
static unsigned int ip_offset(const struct frame *f)
{
	unsigned int at = ETHER_HDR_LEN;
	uint16_t type;

	if (f->len < at)
		return 0;
	type = f->data[12] << 8 | f->data[13];
	if (type == ETHERTYPE_VLAN || type == 0x88a8) {
		at += TAG_LEN;
		if (f->len < at)
			return 0;
		type = f->data[16] << 8 | f->data[17];
	}
	return type == ETHERTYPE_IP || type == ETHERTYPE_IPV6 ? at : 0;
}

static unsigned int packet_len(const uint8_t *ip)
{
	return *ip >> 4 == 6 ? (ip[4] << 8 | ip[5]) + sizeof(struct ip6_hdr) :
			       (unsigned int)(ip[2] << 8 | ip[3]);
}

static bool is_plain_v4(const uint8_t *ip)
{
	return ip[0] == 0x45 && ip[9] == IPPROTO_UDP && ip[8] > 1 &&
	       !((ip[6] & 0x3f) | ip[7]) && good_sum(ip) && ip[12] &&
	       ip[12] != 127 && ip[12] < 224;
}

static bool is_plain_v6(const uint8_t *ip)
{
	return ip[6] == IPPROTO_UDP && ip[7] > 1 && ip[8] != 0xff;
}

static bool is_for_service(const uint8_t *ip)
{
	const bool v6 = *ip >> 4 == 6;
	const uint8_t *daddr = ip + (v6 ? 24 : 16), *udp = ip + (v6 ? 40 : 20);
	unsigned int i;

	for (i = 0; i < service_count; i++)
		if (services[i].v6 == v6 &&
		    !memcmp(daddr, services[i].vip, v6 ? 16 : 4) &&
		    (udp[2] << 8 | udp[3]) == services[i].port)
			return true;
	return false;
}

/* Is there any way in which the frame might be plain? */
static bool may_be_taken(const struct frame *f)
{
	unsigned int at = ip_offset(f), have = f->len - at, head;
	const uint8_t *ip = f->data + at;

	/* there is no VLAN */
	if (at != ETHER_HDR_LEN || f->flags || memcmp(f->data, mac, sizeof(mac)) || !have)
		return false;
	head = (*ip >> 4 == 6 ? 40 : 20) + sizeof(struct udphdr);
	return have >= head && packet_len(ip) <= have &&
	       packet_len(ip) >= head &&
	       (*ip >> 4 == 6 ? is_plain_v6(ip) : is_plain_v4(ip)) &&
	       is_for_service(ip);
}

/* --- what has to leave ------------------------------------------------------ */

/* Returns where the inner packet is, or 0: the outer headers are wrong. */
static unsigned int check_outer(const struct frame *f)
{
	unsigned int at = ETHER_HDR_LEN, len = f->len - at;
	const uint8_t *ip = f->data + at;
	uint8_t proto;

	if (f->len < at + sizeof(struct iphdr) || packet_len(ip) != len)
		return 0;
	if (*ip >> 4 == 6) {
		if ((f->data[12] << 8 | f->data[13]) != ETHERTYPE_IPV6)
			return 0;
		proto = ip[6];
		at += sizeof(struct ip6_hdr);
	} else {
		if ((f->data[12] << 8 | f->data[13]) != ETHERTYPE_IP ||
		    *ip != 0x45 || !good_sum(ip))
			return 0;
		proto = ip[9];
		at += sizeof(struct iphdr);
	}
	if (proto == IPPROTO_UDP) {
		const uint8_t *udp = f->data + at;

		if ((unsigned int)(udp[4] << 8 | udp[5]) != f->len - at)
			return 0;
		proto = udp[9];
		at += GUE_LEN;
	}
	return proto == (f->data[at] >> 4 == 6 ? IPPROTO_IPV6 : IPPROTO_IPIP) ?
	       at : 0;
}

/* One hop on, and else the same. */
static bool is_one_hop_on(const uint8_t *before, const uint8_t *after)
{
	unsigned int len = packet_len(before), ttl = *before >> 4 == 6 ? 7 : 8;
	uint8_t expected[IVQ_LAB_FRAME_LEN];

	memcpy(expected, before, len);
	expected[ttl]--;
	if (ttl == 8) {
		if (!good_sum(after))
			return false;
		memcpy(expected + 10, after + 10, 2);
	}
	return !memcmp(expected, after, len);
}

static void check_taken(const struct frame *before, const struct frame *after)
{
	unsigned int inner = check_outer(after), at = ip_offset(before);

	if (may_be_taken(before) && inner &&
	    after->len - inner == packet_len(before->data + at) &&
	    is_one_hop_on(before->data + at, after->data + inner))
		return;
	dump("the frame that arrived", before);
	dump("the frame that leaves", after);
	die(inner ? "the datagram that leaves is another one, or may not leave" :
		    "the outer headers are wrong");
}

/* Return: was it taken? */
static bool ask(const struct frame *f)
{
	struct frame after = *f;
	struct ivq_lab_frame request = {
		.function = function, .data = (uintptr_t)after.data,
		.len = f->len, .headroom = f->headroom, .ifindex = ifindex,
		.flags = f->flags,
	};

	if (ioctl(lab, IVQ_LAB_FRAME, &request)) {
		dump("the frame that arrived", f);
		die("/dev/" IVQ_LAB_DEVICE ": %s", strerror(errno));
	}
	after.len = request.len;
	if (!request.result) {
		check_taken(f, &after);
		taken++;
		return true;
	}
	if (request.result == -EFAULT || after.len != f->len ||
	    memcmp(after.data, f->data, f->len)) {
		dump("the frame that arrived", f);
		dump("and afterwards", &after);
		die("a frame that is not taken was changed, or its headroom");
	}
	left++;
	return false;
}

/* --- frames ----------------------------------------------------------------- */

static void put16(uint8_t *p, unsigned int n)
{
	p[0] = n >> 8;
	p[1] = n;
}

static void set_sum(struct frame *f)
{
	unsigned int at = ip_offset(f);
	uint8_t *ip = f->data + at;

	if (!at || f->len < at + sizeof(struct iphdr) || *ip >> 4 == 6)
		return;
	put16(ip + 10, 0);
	put16(ip + 10, fold(add_up(0, ip, sizeof(struct iphdr))));
}

static void build(struct service *s, const uint8_t *quic, unsigned int quic_len)
{
	unsigned int udp_len = sizeof(struct udphdr) + quic_len;
	struct frame *f = &s->frame;
	uint8_t *ip = f->data + ETHER_HDR_LEN, *udp;

	memcpy(f->data, mac, sizeof(mac));
	f->data[6] = 2;
	put16(f->data + 12, s->v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
	if (s->v6) {
		ip[0] = 0x60;
		put16(ip + 4, udp_len);
		ip[6] = IPPROTO_UDP;
		ip[7] = 64;
		inet_pton(AF_INET6, "2001:db8:c::21", ip + 8);
		memcpy(ip + 24, s->vip, 16);
		udp = ip + sizeof(struct ip6_hdr);
	} else {
		ip[0] = 0x45;
		put16(ip + 2, sizeof(struct iphdr) + udp_len);
		ip[6] = 0x40;
		ip[8] = 64;
		ip[9] = IPPROTO_UDP;
		inet_pton(AF_INET, "198.51.100.21", ip + 12);
		memcpy(ip + 16, s->vip, 4);
		udp = ip + sizeof(struct iphdr);
	}
	put16(udp, 5000);
	put16(udp + 2, s->port);
	put16(udp + 4, udp_len);
	memcpy(udp + sizeof(struct udphdr), quic, quic_len);
	f->len = udp + udp_len - f->data;
	f->headroom = HEADROOM;
	set_sum(f);
}

static void parse_service(char *arg)
{
	struct service *s = &services[service_count];
	char *vip = strsep(&arg, ","), *port = strsep(&arg, ",");
	uint8_t quic[1024];
	size_t len;

	if (!arg || service_count == SERVICES_MAX)
		die("SERVICE is VIP,PORT,QUIC, and there are at most %d",
		    SERVICES_MAX);
	s->v6 = strchr(vip, ':');
	if (inet_pton(s->v6 ? AF_INET6 : AF_INET, vip, s->vip) != 1)
		die("%s is not an address", vip);
	s->port = number(port, 10, 65535);
	len = unhex(quic, sizeof(quic), arg);
	build(s, quic, len);
	service_count++;
}

static void insert_tag(struct frame *f)
{
	if (f->len < 12 || f->len + TAG_LEN > sizeof(f->data))
		return;
	memmove(f->data + 16, f->data + 12, f->len - 12);
	put16(f->data + 12, below(4) ? ETHERTYPE_VLAN : 0x88a8);
	put16(f->data + 14, below(4096));
	f->len += TAG_LEN;
}

static void mutate(struct frame *f)
{
	unsigned int near = f->len < 90 ? f->len : 90;

	switch (below(10)) {
	case 0: f->len = below(f->len + 1); break;
	case 1:
		near = below(64);
		if (f->len + near <= sizeof(f->data)) {
			memset(f->data + f->len, 0, near);
			f->len += near;
		}
		break;
	case 2:
	case 3:
		if (near)
			f->data[below(near)] ^= 1 << below(8);
		break;
	case 4:
		if (near)
			f->data[below(near)] = below(256);
		break;
	case 5: insert_tag(f); break;
	case 6: f->headroom = below(HEADROOM_MAX); break;
	case 7: f->flags = below(4); break;
	case 8:
		if (f->len > 22)
			f->data[ETHER_HDR_LEN + (f->data[14] >> 4 == 6 ? 7 : 8)] =
				below(3);
		break;
	case 9:
		if (near > 20)
			put16(f->data + 14 + below(near - 16),
			      below(65536));
		break;
	}
}

static void run_random(unsigned long frames)
{
	struct frame f;
	unsigned int n;

	while (frames--) {
		f = services[below(service_count)].frame;
		for (n = below(4); n; n--)
			mutate(&f);
		if (below(2))
			set_sum(&f);
		ask(&f);
	}
}

/* Each octet at which the frame can be cut off, and each amount of headroom. */
static void run_all_lengths(const struct service *s)
{
	struct frame f;
	unsigned int n;

	for (n = 0; n < s->frame.len; n++) {
		f = s->frame;
		f.len = n;
		if (ask(&f))
			die("a frame cut off at octet %u was taken", n);
	}
	for (n = 0; n < HEADROOM_MAX; n++) {
		f = s->frame;
		f.headroom = n;
		ask(&f);
	}
	if (!ask(&s->frame))
		die("a plain frame was not taken");
	f = s->frame;
	f.flags = IVQ_LAB_FRAME_BH;
	if (ask(&f))
		die("a frame was taken with bottom halves enabled");
}

/* --- set-up ----------------------------------------------------------------- */

static void read_mac(const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq request = {};

	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	ifindex = if_nametoindex(name);
	if (fd < 0 || !ifindex || ioctl(fd, SIOCGIFHWADDR, &request))
		die("%s: %s", name, strerror(errno));
	memcpy(mac, request.ifr_hwaddr.sa_data, sizeof(mac));
	close(fd);
}

int main(int argc, char **argv)
{
	unsigned long frames;
	int i;

	if (argc < 5)
		die("usage: framefuzz DEVICE FRAMES SEED SERVICE...");
	read_mac(argv[1]);
	frames = number(argv[2], 10, 1000000000);
	random_state = number(argv[3], 10, UINT32_MAX);
	for (i = 4; i < argc; i++)
		parse_service(argv[i]);
	function = kernel_function("ip_vs_quic_xdp");
	lab = open("/dev/" IVQ_LAB_DEVICE, O_RDWR | O_CLOEXEC);
	if (lab < 0)
		die("/dev/" IVQ_LAB_DEVICE ": %s", strerror(errno));
	for (i = 0; i < (int)service_count; i++)
		run_all_lengths(&services[i]);
	run_random(frames);
	printf("%lu taken, %lu left\n", taken, left);
	return 0;
}
