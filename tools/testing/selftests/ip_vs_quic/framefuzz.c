// SPDX-License-Identifier: GPL-2.0-only
/*
 * framefuzz - asks the driver path about frames, most of them damaged.
 *
 *	framefuzz [-r] [-v VID] DEVICE FRAMES SEED SERVICE...
 *
 * SERVICE is VIP,PORT,QUIC: QUIC is a datagram's payload in hex, so the driver path takes
 * it, by its CID or by its 4-tuple.  FRAMES are random ones, after each octet at which the
 * frame of each service can be cut off, each length of its datagram, and each amount of
 * headroom.  With -v, frames arrive with the tag of that VLAN of DEVICE; with -r there are
 * only the random ones, because services may come and go meanwhile.
 *
 * A frame that is not taken must be the same afterwards.  One that is taken must have been
 * plain, and what leaves must be that datagram, one hop on, behind good headers, by DEVICE.
 * Neither check uses code of the module.  Prints how many were taken and how many were not.
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
	ETHERTYPE_QINQ	= 0x88a8,
	GUE_LEN		= sizeof(struct udphdr) + 4,
	CID_LEN_MAX	= 20,
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
static unsigned int vid;	/* 0: no VLAN */
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

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

/* Where the IP packet begins, behind any tags; 0 if the frame has none. */
static unsigned int ip_offset(const struct frame *f)
{
	unsigned int at = ETHER_HDR_LEN;

	while (f->len >= at && (get16(f->data + at - 2) == ETHERTYPE_VLAN ||
				get16(f->data + at - 2) == ETHERTYPE_QINQ))
		at += TAG_LEN;
	if (f->len < at)
		return 0;
	return get16(f->data + at - 2) == ETHERTYPE_IP ||
	       get16(f->data + at - 2) == ETHERTYPE_IPV6 ? at : 0;
}

/* A tag takes it to another device, and there is none for two. */
static bool is_for_device(const struct frame *f)
{
	const uint8_t *tag = f->data + 12;

	switch (ip_offset(f)) {
	case ETHER_HDR_LEN:
		return !memcmp(f->data, mac, sizeof(mac));
	case ETHER_HDR_LEN + TAG_LEN:
		return vid && !memcmp(f->data, mac, sizeof(mac)) &&
		       get16(tag) == ETHERTYPE_VLAN &&
		       (get16(tag + 2) & 0xfff) == vid;
	default:
		return false;
	}
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

	if (!is_for_device(f) || f->flags || !have)
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

static void check_taken(const struct frame *before, const struct frame *after,
			unsigned int out)
{
	unsigned int inner = check_outer(after), at = ip_offset(before);

	if (may_be_taken(before) && inner && out == ifindex &&
	    after->len - inner == packet_len(before->data + at) &&
	    is_one_hop_on(before->data + at, after->data + inner))
		return;
	dump("the frame that arrived", before);
	dump("the frame that leaves", after);
	die(inner ? "the datagram that leaves is another one, or may not leave there" :
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
		check_taken(f, &after, request.out);
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
	unsigned int at = ip_offset(f), len;
	uint8_t *ip = f->data + at;

	if (!at || f->len < at + sizeof(struct iphdr) || *ip >> 4 == 6)
		return;
	len = (*ip & 15) * 4;
	if (len < sizeof(struct iphdr) || f->len < at + len)
		len = sizeof(struct iphdr);
	put16(ip + 10, 0);
	put16(ip + 10, fold(add_up(0, ip, len)));
}

/* Makes room for @len octets at @at.  Return: are they there? */
static bool insert(struct frame *f, unsigned int at, unsigned int len)
{
	if (f->len < at || f->len + len > sizeof(f->data))
		return false;
	memmove(f->data + at + len, f->data + at, f->len - at);
	f->len += len;
	return true;
}

static void insert_tag(struct frame *f, unsigned int type, unsigned int tci)
{
	if (!insert(f, 12, TAG_LEN))
		return;
	put16(f->data + 12, type);
	put16(f->data + 14, tci);
}

/* The IP packet, if the frame has one with all of its header and UDP's; or NULL. */
static uint8_t *whole_packet(struct frame *f)
{
	unsigned int at = ip_offset(f);
	uint8_t *ip = f->data + at;

	return at && f->len > at &&
	       f->len - at >= (*ip >> 4 == 6 ? 40 : 20) + sizeof(struct udphdr) ?
	       ip : NULL;
}

static uint8_t *udp_of(uint8_t *ip)
{
	return ip + (*ip >> 4 == 6 ? 40 : 20);
}

/* The octets of a whole packet, from the IP header on. */
static void set_lengths(uint8_t *ip, unsigned int len)
{
	uint8_t *udp = udp_of(ip);

	if (*ip >> 4 == 6)
		put16(ip + 4, len - 40);
	else
		put16(ip + 2, len);
	put16(udp + 4, len - (udp - ip));
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
	if (vid)
		insert_tag(f, ETHERTYPE_VLAN, vid);
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

/* --- damage ------------------------------------------------------------------- */

static void cut(struct frame *f)
{
	f->len = below(f->len + 1);
}

/* The lengths in the headers are right. */
static void shorten(struct frame *f)
{
	uint8_t *ip = whole_packet(f);
	unsigned int head;

	if (!ip)
		return;
	head = udp_of(ip) + sizeof(struct udphdr) - f->data;
	f->len = head + below(f->len - head + 1);
	set_lengths(ip, f->data + f->len - ip);
}

static void pad(struct frame *f)
{
	unsigned int len = below(64);

	if (f->len + len > sizeof(f->data))
		return;
	memset(f->data + f->len, 0, len);
	f->len += len;
}

/* Of the headers, and of what follows of them. */
static unsigned int near(const struct frame *f)
{
	return f->len < 90 ? f->len : 90;
}

static void flip_bit(struct frame *f)
{
	if (f->len)
		f->data[below(near(f))] ^= 1 << below(8);
}

static void set_octet(struct frame *f)
{
	if (f->len)
		f->data[below(near(f))] = below(256);
}

static void set_word(struct frame *f)
{
	if (f->len > 20)
		put16(f->data + 14 + below(near(f) - 16), below(65536));
}

static void tag(struct frame *f)
{
	insert_tag(f, below(4) ? ETHERTYPE_VLAN : ETHERTYPE_QINQ,
		   vid && below(2) ? below(16) << 12 | vid : below(65536));
}

static void move_data(struct frame *f)
{
	f->headroom = below(HEADROOM_MAX);
}

static void set_flags(struct frame *f)
{
	f->flags = below(4);
}

static void age(struct frame *f)
{
	uint8_t *ip = whole_packet(f);

	if (ip)
		ip[*ip >> 4 == 6 ? 7 : 8] = below(3);
}

/* Options of IPv4, or an extension header of IPv6; the packet is right otherwise. */
static void insert_options(struct frame *f)
{
	uint8_t *ip = whole_packet(f);
	unsigned int words = 1 + below(10);

	if (!ip)
		return;
	if (*ip >> 4 == 6 && insert(f, ip + 40 - f->data, 8)) {
		memcpy(ip + 40, (uint8_t []) { ip[6], 0, 1, 4, 0, 0, 0, 0 }, 8);
		ip[6] = below(2) ? IPPROTO_HOPOPTS : IPPROTO_DSTOPTS;
		put16(ip + 4, get16(ip + 4) + 8);
	} else if (*ip == 0x45 && insert(f, ip + 20 - f->data, 4 * words)) {
		memset(ip + 20, 1, 4 * words);
		*ip += words;
		put16(ip + 2, get16(ip + 2) + 4 * words);
	}
}

static void fragment(struct frame *f)
{
	uint8_t *ip = whole_packet(f);

	if (!ip)
		return;
	if (*ip >> 4 != 6) {
		put16(ip + 6, below(2) ? 0x2000 : below(65536));
	} else if (insert(f, ip + 40 - f->data, 8)) {
		memcpy(ip + 40, (uint8_t []) { ip[6], 0, 0, 1, 0, 0, 0, 7 }, 8);
		ip[6] = IPPROTO_FRAGMENT;
		put16(ip + 4, get16(ip + 4) + 8);
	}
}

/* UDP's length or checksum, the second of which nobody on the way looks at. */
static void set_udp(struct frame *f)
{
	uint8_t *ip = whole_packet(f);

	if (ip)
		put16(udp_of(ip) + (below(2) ? 4 : 6), below(2) ? below(64) : below(65536));
}

/* Another client's, or of another flow of the same. */
static void change_flow(struct frame *f)
{
	uint8_t *ip = whole_packet(f);

	if (!ip)
		return;
	if (below(2))
		put16(udp_of(ip), below(65536));
	else
		udp_of(ip)[*ip >> 4 == 6 ? -17 : -5] = below(256);
}

static void (* const damages[])(struct frame *f) = {
	cut, shorten, shorten, pad, flip_bit, flip_bit, set_octet, set_word, tag, move_data, set_flags, age, insert_options, fragment,
	set_udp, change_flow, change_flow,
};

static void run_random(unsigned long frames)
{
	struct frame f;
	unsigned int n;

	while (frames--) {
		f = services[below(service_count)].frame;
		for (n = below(4); n; n--)
			damages[below(sizeof(damages) / sizeof(damages[0]))](&f);
		if (below(2))
			set_sum(&f);
		ask(&f);
	}
}

/* Frames that end with their datagram, whatever its length. */
static void run_all_payloads(const struct service *s)
{
	struct frame f = s->frame;
	uint8_t *ip = whole_packet(&f);
	const uint8_t *payload = udp_of(ip) + sizeof(struct udphdr);

	for (; f.data + f.len >= payload; f.len--) {
		set_lengths(ip, f.data + f.len - ip);
		set_sum(&f);
		if (!ask(&f) && f.data + f.len > payload + 1 + CID_LEN_MAX)
			die("a plain frame of %u octets was not taken", f.len);
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
	bool only_random = false;
	unsigned long frames;
	unsigned int i;
	int c;

	while ((c = getopt(argc, argv, "rv:")) != -1) {
		switch (c) {
		case 'r': only_random = true; break;
		case 'v': vid = number(optarg, 10, 4094); break;
		default: return 2;
		}
	}
	argv += optind;
	argc -= optind;
	if (argc < 4)
		die("usage: framefuzz [-r] [-v VID] DEVICE FRAMES SEED SERVICE...");
	read_mac(argv[0]);
	frames = number(argv[1], 10, 1000000000);
	random_state = number(argv[2], 10, UINT32_MAX);
	for (i = 3; i < (unsigned int)argc; i++)
		parse_service(argv[i]);
	function = kernel_function("ip_vs_quic_xdp");
	lab = open("/dev/" IVQ_LAB_DEVICE, O_RDWR | O_CLOEXEC);
	if (lab < 0)
		die("/dev/" IVQ_LAB_DEVICE ": %s", strerror(errno));
	for (i = 0; i < service_count && !only_random; i++) {
		run_all_lengths(&services[i]);
		run_all_payloads(&services[i]);
	}
	run_random(frames);
	printf("%lu taken, %lu left\n", taken, left);
	return 0;
}
