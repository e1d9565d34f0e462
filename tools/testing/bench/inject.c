// SPDX-License-Identifier: GPL-2.0-only
/*
 * inject - makes QUIC datagrams, injects them by the bench's module, and checks
 * that they left.
 *
 *	inject -t VIP:PORT -p PACKETS [-L PROGRAM [-K FD]] [OPTION...]
 *	inject calibrate
 *	inject mark
 *
 * With -n FD, writes "injecting" there when the timed part begins.  With -j N, N processes
 * inject at once, each bound to a processor of its own, with a part of the packets.  Then
 * nothing is timed, but each processor must have received its part, and packets are marked
 * for lines.c.  Then it prints "shared", in how many seconds of the kernel's clock all this
 * has happened, and the number of packets.
 * With -L, the timed packets do not arrive by the bench's module but as frames of an XDP
 * program's test run, see live.h; FD is another program's.  With -j as well, the module's
 * function is asked about them as that program would, "driver" or "asked", and they go no
 * further.
 * Prints nanoseconds per packet - median, mean of the middle half, minimum and maximum of
 * the batches - and the number of all injected packets.  The first two are not affected by
 * the timer ticks that hit some batches.  Before that it checks, by the kernel's own
 * counters, that every packet arrived, left by the right device in the right size, and
 * whether the IP layer saw it.
 *
 * Datagram number i has source address and port FIRST plus i modulo FLOWS, goes to port PORT plus
 * i modulo PORTS, and has CID number i modulo CIDS, of server ID i modulo SERVERS.  Nonces
 * come from a generator with a fixed seed: two runs are the same to the bit.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ivq_bench.h"
#include "live.h"
#include "qlb.h"
#include "tool.h"

enum {
	BATCH		= 32,
	BATCH_SHARED	= 8,	/* few enough that their memory stays with the processor */
	PRIME		= 64,
	CPUS_MAX	= 64,
	QUIC_MAX	= IVQ_BENCH_HEAD_LEN - sizeof(struct ip6_hdr) -
			  sizeof(struct udphdr),
	CALIBRATED_NS	= 1000000,
	NONCE_SEED	= 0x5eed,
	LIVE_TRIES	= 100,
};

enum form { FORM_SHORT, FORM_LONG, FORM_INITIAL, FORM_ICMP };

/* The devices that packets arrive and leave by, and their destination. */
struct setup {
	const char *in;
	const char *out;
	bool v6;
	union {
		struct in_addr v4;
		struct in6_addr v6;
	} vip;
	u16 port;
	unsigned int ports;		/* from port on, a service each */
	enum form form;
	unsigned int size;		/* of the UDP payload */
	unsigned int first_flow;
	unsigned int flows;
	unsigned int cids;
	unsigned int servers;
	unsigned int packets;
	bool warm;
	bool express;
	unsigned int overhead;		/* of the tunnel, octets */
	int notify;			/* descriptor, or -1 */
	unsigned int cpus;		/* that inject at once */
	const char *live;		/* XDP program, or NULL */
	int other;			/* descriptor of another, or -1 */
	bool have_config;
	struct qlb_config config;
};

struct counters {
	uint64_t sent_packets;
	uint64_t sent_octets;
	uint64_t ip_received;
};

static uint64_t random_state = NONCE_SEED;

/* splitmix64 */
static uint64_t random_next(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static void random_fill(u8 *p, size_t len)
{
	while (len--)
		*p++ = random_next() >> 56;
}

/* --- datagrams ----------------------------------------------------------- */

/* The server's own ID is its number from 1 on, big endian. */
static size_t make_cid(const struct setup *s, unsigned int n, u8 *cid)
{
	struct qlb_server_id sid = { .len = s->config.server_id_len };
	unsigned int id = n % s->servers + 1;
	u8 nonce[QLB_NONCE_LEN_MAX];

	sid.octets[sid.len - 1] = id;
	if (sid.len > 1)
		sid.octets[sid.len - 2] = id >> 8;
	random_fill(nonce, sizeof(nonce));
	return qlb_encode(&s->config, &sid, nonce, random_next(), cid);
}

static size_t put_long(u8 *quic, u8 type, const u8 *dcid, size_t dcid_len)
{
	static const u8 version[4] = { 0, 0, 0, 1 };
	u8 *p = quic;

	*p++ = 0xc0 | type << 4 | 3;
	memcpy(p, version, sizeof(version));
	p += sizeof(version);
	*p++ = dcid_len;
	memcpy(p, dcid, dcid_len);
	p += dcid_len;
	*p++ = 8;
	random_fill(p, 8);
	p += 8;
	return p - quic;
}

/*
 * A client's first CID is random.  Here it has config ID 0b110, which no service of the
 * bench has; otherwise one in eight would have the ID of a config by chance.
 */
static size_t make_quic(const struct setup *s, const u8 *cid, size_t cid_len,
			u8 *quic)
{
	u8 random_cid[8];

	switch (s->form) {
	case FORM_INITIAL:
		random_fill(random_cid, sizeof(random_cid));
		random_cid[0] = 6 << 5 | (random_cid[0] & 0x1f);
		return put_long(quic, 0, random_cid, sizeof(random_cid));
	case FORM_LONG:
		return put_long(quic, 2, cid, cid_len);
	case FORM_SHORT:
	case FORM_ICMP:
		break;
	}
	quic[0] = 0x40 | (random_next() & 0x3f);
	memcpy(quic + 1, cid, cid_len);
	random_fill(quic + 1 + cid_len, 20);
	return 1 + cid_len + 20;
}

/* What follows the head is zero, and does not change the sum. */
static u16 udp_sum(const void *addrs, size_t addrs_len, const void *udp,
		   size_t head_len, unsigned int udp_len)
{
	uint32_t sum = add_up(IPPROTO_UDP + udp_len, addrs, addrs_len);
	u16 folded = fold(add_up(sum, udp, head_len));

	return htons(folded ? folded : 0xffff);
}

static void put_v4(const struct setup *s, struct ivq_bench_packet *p,
		   unsigned int flow, const u8 *udp, size_t udp_head_len)
{
	struct iphdr *ip = (struct iphdr *)p->head;
	struct udphdr *uh = (struct udphdr *)(ip + 1);

	memcpy(uh, udp, udp_head_len);
	p->head_len = sizeof(*ip) + udp_head_len;
	p->len = sizeof(*ip) + sizeof(*uh) + s->size;
	memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = htons(p->len);
	ip->frag_off = htons(IP_DF);
	ip->ttl = 64;
	ip->protocol = IPPROTO_UDP;
	ip->saddr = htonl(0xc6120000 + flow);	/* 198.18.0.0/15 */
	ip->daddr = s->vip.v4.s_addr;
	ip->check = htons(fold(add_up(0, ip, sizeof(*ip))));
	uh->check = udp_sum(&ip->saddr, 8, uh, udp_head_len,
			    sizeof(*uh) + s->size);
}

static void put_v6(const struct setup *s, struct ivq_bench_packet *p,
		   unsigned int flow, const u8 *udp, size_t udp_head_len)
{
	struct ip6_hdr *ip = (struct ip6_hdr *)p->head;
	struct udphdr *uh = (struct udphdr *)(ip + 1);

	memcpy(uh, udp, udp_head_len);
	p->head_len = sizeof(*ip) + udp_head_len;
	p->len = sizeof(*ip) + sizeof(*uh) + s->size;
	memset(ip, 0, sizeof(*ip));
	ip->ip6_flow = htonl(6 << 28);
	ip->ip6_plen = htons(sizeof(*uh) + s->size);
	ip->ip6_nxt = IPPROTO_UDP;
	ip->ip6_hlim = 64;
	inet_pton(AF_INET6, "2001:db8:c::", &ip->ip6_src);
	ip->ip6_src.s6_addr32[3] = htonl(flow + 1);
	ip->ip6_dst = s->vip.v6;
	uh->check = udp_sum(&ip->ip6_src, 32, uh, udp_head_len,
			    sizeof(*uh) + s->size);
}

/*
 * A router's error about a datagram from the VIP to the client, with a datagram's length;
 * @udp is that datagram with addresses exchanged.
 */
static void put_icmp(const struct setup *s, struct ivq_bench_packet *p,
		     unsigned int flow, struct udphdr *udp, size_t udp_head_len)
{
	struct iphdr *ip = (struct iphdr *)p->head, *quoted;
	struct icmphdr *icmp = (struct icmphdr *)(ip + 1);
	u16 port = udp->source;

	udp->source = udp->dest;
	udp->dest = port;
	put_v4(s, p, flow, (const u8 *)udp, udp_head_len);
	memmove(icmp + 1, ip, p->head_len);
	quoted = (struct iphdr *)(icmp + 1);
	quoted->saddr = ip->daddr;
	quoted->daddr = ip->saddr;
	p->head_len += sizeof(*ip) + sizeof(*icmp);
	memset(icmp, 0, sizeof(*icmp));
	icmp->type = ICMP_DEST_UNREACH;
	icmp->code = ICMP_HOST_UNREACH;
	icmp->checksum =
		htons(fold(add_up(0, icmp, p->head_len - sizeof(*ip))));
	ip->protocol = IPPROTO_ICMP;
	ip->check = 0;
	ip->check = htons(fold(add_up(0, ip, sizeof(*ip))));
}

static void make_packet(const struct setup *s, struct ivq_bench_packet *p,
			unsigned int number, const u8 *cid, size_t cid_len)
{
	unsigned int flow = s->first_flow + number % s->flows;
	u8 buf[sizeof(struct udphdr) + QUIC_MAX] = {};
	struct udphdr *uh = (struct udphdr *)buf;
	size_t len;

	len = make_quic(s, cid, cid_len, buf + sizeof(*uh));
	if (len > s->size)
		die("%u octets are too few for the header", s->size);
	uh->source = htons(1024 + flow % 60000);
	uh->dest = htons(s->port + number % s->ports);
	uh->len = htons(sizeof(*uh) + s->size);
	if (s->form == FORM_ICMP) {
		put_icmp(s, p, flow, uh, sizeof(*uh) + len);
		return;
	}
	(s->v6 ? put_v6 : put_v4)(s, p, flow, buf, sizeof(*uh) + len);
}

static struct ivq_bench_packet *make_set(const struct setup *s,
					 unsigned int count)
{
	struct ivq_bench_packet *set = calloc(count, sizeof(*set));
	u8 (*cids)[QLB_CID_LEN_MAX] = calloc(s->cids, sizeof(*cids));
	size_t cid_len = 0;
	unsigned int i;

	if (!set || !cids)
		die("out of memory");
	for (i = 0; i < s->cids; i++)
		cid_len = make_cid(s, i, cids[i]);
	for (i = 0; i < count; i++)
		make_packet(s, &set[i], i, cids[i % s->cids], cid_len);
	free(cids);
	return set;
}

/* --- counters ------------------------------------------------------------- */

static void read_sent(const char *device, struct counters *c)
{
	char line[512], name[IFNAMSIZ + 1];
	FILE *f = fopen("/proc/net/dev", "r");
	bool found = false;

	if (!f)
		die("/proc/net/dev: %s", strerror(errno));
	while (!found && fgets(line, sizeof(line), f))
		found = sscanf(line, " %16[^:]: %*u %*u %*u %*u %*u %*u %*u %*u %"
			       SCNu64 " %" SCNu64, name, &c->sent_octets,
			       &c->sent_packets) == 3 && !strcmp(name, device);
	fclose(f);
	if (!found)
		die("there is no device %s", device);
}

static uint64_t read_received_v4(void)
{
	FILE *f = fopen("/proc/net/snmp", "r");
	char line[1024];
	uint64_t n;

	if (!f)
		die("/proc/net/snmp: %s", strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Ip: %*u %*u %" SCNu64, &n) != 1)
			continue;
		fclose(f);
		return n;
	}
	die("/proc/net/snmp does not count received packets");
}

static uint64_t read_received_v6(void)
{
	FILE *f = fopen("/proc/net/snmp6", "r");
	char line[256];
	uint64_t n;

	if (!f)
		die("/proc/net/snmp6: %s", strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Ip6InReceives %" SCNu64, &n) != 1)
			continue;
		fclose(f);
		return n;
	}
	die("/proc/net/snmp6 does not count received packets");
}

/* Packets that each processor has received since boot, by all devices. */
static void read_shares(unsigned int cpus, uint64_t *shares)
{
	FILE *f = fopen("/proc/net/softnet_stat", "r");
	char line[512];
	unsigned int n;

	if (!f)
		die("/proc/net/softnet_stat: %s", strerror(errno));
	for (n = 0; n < cpus; n++)
		if (!fgets(line, sizeof(line), f) ||
		    sscanf(line, "%" SCNx64, &shares[n]) != 1)
			die("there are only %u processors", n);
	fclose(f);
}

static struct counters read_counters(const struct setup *s)
{
	struct counters c;

	read_sent(s->out, &c);
	c.ip_received = s->v6 ? read_received_v6() : read_received_v4();
	return c;
}

static void same(const char *what, uint64_t got, uint64_t want)
{
	if (got != want)
		die("%s: %" PRIu64 ", not %" PRIu64, what, got, want);
}

/* The first packet to a server may have to find a route; later ones may not. */
static void check_counters(const struct setup *s, const struct counters *before,
			   unsigned int packets, bool timed)
{
	struct counters after = read_counters(s);
	uint64_t octets;

	octets = 14 + (s->v6 ? 40 : 20) + 8 + s->size + s->overhead;
	same("packets that left", after.sent_packets - before->sent_packets,
	     packets);
	/* a veth device counts what is not a frame of XDP without its Ethernet header */
	if (timed || !s->live)
		same("octets that left",
		     after.sent_octets - before->sent_octets, packets * octets);
	if (timed || !s->express)
		same("packets that the IP layer saw",
		     after.ip_received - before->ip_received,
		     s->express ? 0 : packets);
}

/* --- running --------------------------------------------------------------- */

static int open_bench(void)
{
	int fd = open("/dev/" IVQ_BENCH_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("/dev/" IVQ_BENCH_DEVICE ": %s", strerror(errno));
	return fd;
}

/* Only reading the clock twice and the loop's first turn may be added. */
static void calibrate(void)
{
	uint64_t ns;

	if (ioctl(open_bench(), IVQ_BENCH_CALIBRATE, &ns))
		die("calibration: %s", strerror(errno));
	if (ns < CALIBRATED_NS * 0.995 || ns > CALIBRATED_NS * 1.005)
		die("a million instructions take %" PRIu64 " ns, not a million: this machine does not count instructions",
		    ns);
}

/* For lines.c: marks from here on belong to one path. */
static void mark(void)
{
	if (ioctl(open_bench(), IVQ_BENCH_MARK))
		die("mark: %s", strerror(errno));
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void let_arrive(const struct ivq_bench_run *run)
{
	int fd = open_bench();

	if (ioctl(fd, IVQ_BENCH_RUN, run))
		die("%s", strerror(errno));
	close(fd);
}

/* What the programs of live.bpf.c ask; each answer is checked. */
static void ask_instead(const struct setup *s, struct ivq_bench_run *run)
{
	run->taken = !strcmp(s->live, "driver");
	if (!run->taken && strcmp(s->live, "asked"))
		die("the program \"%s\" asks nothing", s->live);
	run->function = kernel_function("ip_vs_quic_xdp");
}

/* Waits for the other processes: until all have closed the pipe's other end. */
static noreturn void inject_on(unsigned int cpu, const int *gate,
			       const struct ivq_bench_run *run)
{
	cpu_set_t set;
	char never;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("processor %u: %s", cpu, strerror(errno));
	close(gate[1]);
	if (read(gate[0], &never, 1))
		die("processor %u: %s", cpu, strerror(errno));
	let_arrive(run);
	exit(0);
}

static void inject_in_parallel(const struct setup *s, unsigned int packets,
			       struct ivq_bench_run run)
{
	const unsigned int cpus = s->cpus;
	uint64_t before[CPUS_MAX], after[CPUS_MAX];
	int gate[2], status;
	unsigned int cpu;
	uint64_t *times;

	run.batch = BATCH_SHARED;
	run.batches = packets / cpus / run.batch;
	run.marked = 1;
	if (s->live)
		ask_instead(s, &run);
	times = calloc(run.batches, sizeof(*times));
	if (!times)
		die("out of memory");
	run.times = (uintptr_t)times;
	read_shares(cpus, before);
	if (pipe(gate))
		die("pipe: %s", strerror(errno));
	for (cpu = 0; cpu < cpus; cpu++) {
		run.first = cpu * (packets / cpus);
		switch (fork()) {
		case -1: die("fork: %s", strerror(errno));
		case 0: inject_on(cpu, gate, &run);
		}
	}
	close(gate[0]);
	close(gate[1]);
	for (cpu = 0; cpu < cpus; cpu++)
		if (wait(&status) < 0 || status)
			die("an injector failed");
	read_shares(cpus, after);
	for (cpu = 0; cpu < cpus; cpu++)
		if (!s->live && after[cpu] - before[cpu] < packets / cpus)
			die("processor %u received %" PRIu64 " packets only",
			    cpu, after[cpu] - before[cpu]);
	free(times);
}

/* Injects @set as often as needed.  @times is NULL if it is not timed. */
static void inject(const struct setup *s, const struct ivq_bench_packet *set,
		   unsigned int set_len, unsigned int packets, uint64_t *times)
{
	uint64_t *ignored = calloc(packets / BATCH, sizeof(*ignored));
	struct ivq_bench_run run = {
		.ifindex = if_nametoindex(s->in),
		.batch = BATCH,
		.batches = packets / BATCH,
		.set_len = set_len,
		.set = (uintptr_t)set,
		.times = (uintptr_t)(times ? times : ignored),
	};
	struct counters before = read_counters(s);

	if (!ignored)
		die("out of memory");
	if (times && s->cpus > 1)
		inject_in_parallel(s, packets, run);
	else
		let_arrive(&run);
	/* what is asked goes no further, and a peer's queue may have lost what went first */
	if (s->cpus == 1 || !s->live)
		check_counters(s, &before, packets, times);
	free(ignored);
}

static void print(uint64_t *times, unsigned int batches, unsigned int batch,
		  unsigned int packets)
{
	unsigned int i, begin = batches / 4, end = batches - begin;
	uint64_t sum = 0;

	qsort(times, batches, sizeof(*times), compare);
	for (i = begin; i < end; i++)
		sum += times[i];
	printf("%.0f %.0f %.0f %.0f %u\n", (double)times[batches / 2] / batch,
	       (double)sum / (end - begin) / batch, (double)times[0] / batch,
	       (double)times[batches - 1] / batch, packets);
}

/* Frames that have been sent may still be on their way through the peer's poll function. */
static void wait_for_sent(const struct setup *s, const struct counters *before,
			  unsigned int frames)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	struct counters now;
	unsigned int tries;

	for (tries = 0; tries < LIVE_TRIES; tries++) {
		read_sent(s->out, &now);
		if (now.sent_packets - before->sent_packets >= frames)
			return;
		nanosleep(&pause, NULL);
	}
}

/* Setting up devices makes the kernel forget what it has found out about routes. */
static struct live *prepare_live(const struct setup *s,
				 const struct ivq_bench_packet *model)
{
	struct live *live = live_open(s->live, s->other, s->in, model);

	live_drop(live, "in1");
	live_drop(live, "out1");
	return live;
}

/* @before packets have been injected. */
static void time_live(const struct setup *s, struct live *live,
		      const struct ivq_bench_packet *set, unsigned int set_len,
		      uint64_t *times, unsigned int before)
{
	unsigned int frames = s->packets - s->packets % LIVE_BATCH, count;
	struct counters then = read_counters(s);

	live_fill(live, set, set_len);
	count = live_run(live, frames, times);
	if (strcmp(s->live, "drop")) {
		wait_for_sent(s, &then, frames);
		check_counters(s, &then, frames, true);
	}
	print(times, count, LIVE_BATCH, frames + before);
}

/* Without routes to the servers, our program passes frames on to the stack. */
static bool needs_routes(const struct setup *s)
{
	return !s->live || !strcmp(s->live, "driver");
}

/* The clock of the table of 4-tuples, which writes an entry once a second at most. */
static unsigned int second(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/*
 * Warm: the whole set is injected once before it is timed.  Otherwise a few other packets
 * are, with flows and CIDs that are not used again, so that routes to all servers are
 * found.
 */
static void run(struct setup *s)
{
	unsigned int most = s->flows > s->cids ? s->flows : s->cids;
	unsigned int first = s->warm ? 0 : PRIME;
	uint64_t *times = calloc(s->packets / BATCH, sizeof(*times));
	struct ivq_bench_packet *set;
	struct live *live = NULL;
	unsigned int all = 0, since;

	if (s->flows == most)
		s->flows += first;
	if (s->cids == most)
		s->cids += first;
	set = make_set(s, first + most);
	if (!times)
		die("out of memory");
	if (s->live)
		live = prepare_live(s, set);
	since = second();
	if (needs_routes(s)) {
		all = s->warm ? most : first;
		inject(s, set, first + most, all, NULL);
	}
	if (s->notify >= 0)
		dprintf(s->notify, "injecting\n");
	if (s->live && s->cpus == 1) {
		time_live(s, live, set + first, most, times, all);
	} else {
		inject(s, set + first, most, s->packets, times);
		all += s->packets;
		if (s->cpus > 1)
			printf("shared %u %u\n", second() - since, all);
		else
			print(times, s->packets / BATCH, BATCH, all);
	}
	free(times);
	free(set);
}

/* --- arguments -------------------------------------------------------------- */

static unsigned int positive(const char *arg, unsigned int max)
{
	unsigned int n = number(arg, 10, max);

	if (!n)
		die("0 is too few");
	return n;
}

static void parse_vip(struct setup *s, char *arg)
{
	char *colon = strrchr(arg, ':');
	int good;

	if (!colon)
		die("-t wants ADDRESS:PORT");
	*colon = '\0';
	s->port = positive(colon + 1, 65535);
	s->v6 = *arg == '[';
	if (s->v6) {
		arg[strcspn(arg, "]")] = '\0';
		good = inet_pton(AF_INET6, arg + 1, &s->vip.v6);
	} else {
		good = inet_pton(AF_INET, arg, &s->vip.v4);
	}
	if (good != 1)
		die("\"%s\" is not an address", arg);
}

/* ID:SERVER_ID_LEN:NONCE_LEN[:KEYHEX] */
static void parse_config(struct setup *s, const char *arg)
{
	unsigned int id, sid_len, nonce_len, i;
	u8 key[QLB_KEY_LEN];
	int at = 0;

	if (sscanf(arg, "%u:%u:%u%n", &id, &sid_len, &nonce_len, &at) != 3 ||
	    qlb_config_check(id, sid_len, nonce_len) != QLB_OK)
		die("\"%s\" is not a config", arg);
	for (i = 0; arg[at] && i < QLB_KEY_LEN; i++)
		if (sscanf(arg + at + 1 + 2 * i, "%2hhx", &key[i]) != 1)
			die("\"%s\" has no good key", arg);
	if (qlb_config_init(&s->config, id, sid_len, nonce_len, false,
			    arg[at] ? key : NULL))
		die("\"%s\" makes no config", arg);
	s->have_config = true;
}

static enum form parse_form(const char *arg)
{
	static const char * const names[] = { "short", "long", "initial", "icmp" };
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(arg, names[i]))
			return i;
	die("there is no form \"%s\"", arg);
}

static void parse(struct setup *s, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "t:P:p:i:o:H:l:f:F:c:C:s:O:n:j:L:K:wx")) != -1) {
		switch (option) {
		case 't': parse_vip(s, optarg); break;
		case 'P': s->ports = positive(optarg, 10000); break;
		case 'p': s->packets = positive(optarg, 1 << 20); break;
		case 'i': s->in = optarg; break;
		case 'o': s->out = optarg; break;
		case 'H': s->form = parse_form(optarg); break;
		case 'l': s->size = positive(optarg, 1400); break;
		case 'f': s->flows = positive(optarg, 1 << 17); break;
		case 'F': s->first_flow = positive(optarg, 1 << 16); break;
		case 'c': parse_config(s, optarg); break;
		case 'C': s->cids = positive(optarg, 1 << 17); break;
		case 's': s->servers = positive(optarg, 65535); break;
		case 'O': s->overhead = positive(optarg, 200); break;
		case 'n': s->notify = positive(optarg, 255); break;
		case 'j': s->cpus = positive(optarg, CPUS_MAX); break;
		case 'L': s->live = optarg; break;
		case 'K': s->other = positive(optarg, 255); break;
		case 'w': s->warm = true; break;
		case 'x': s->express = true; break;
		default: exit(2);
		}
	}
	if (!s->port || s->packets < BATCH ||
	    s->packets % (BATCH * s->cpus) || s->flows % BATCH ||
	    s->cids % BATCH)
		die("-t and -p are needed, and numbers of packets of a processor, flows and CIDs are multiples of %d",
		    BATCH);
}

int main(int argc, char **argv)
{
	struct setup s = {
		.in = "in0", .out = "out0", .size = 1200, .flows = 64,
		.ports = 1, .cids = 64, .servers = 8, .notify = -1,
		.cpus = 1, .other = -1,
	};

	if (argc == 2 && !strcmp(argv[1], "calibrate")) {
		calibrate();
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "mark")) {
		mark();
		return 0;
	}
	parse(&s, argc, argv);
	if (!s.have_config)
		parse_config(&s, "0:2:6");
	run(&s);
	return 0;
}
