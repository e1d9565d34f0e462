// SPDX-License-Identifier: GPL-2.0-only
/*
 * xdp - measures other balancers in the same way: runs a command while a device has an
 * XDP program, in generic mode, which gets inject's packets.
 *
 *	xdp tx DEVICE COMMAND [ARG...]
 *	xdp katran DEVICE OBJECT VIP:PORT SERVER,SERVER... COMMAND [ARG...]
 *	xdp katran-live OBJECT VIP:PORT SERVER,SERVER... COMMAND [ARG...]
 *
 * "tx" returns XDP_TX for every packet, which shows the cost of XDP itself.  "katran" is
 * the balancer of that name, from OBJECT, which bench --katran has compiled from the
 * user's copy of its sources.  It is set up here as its own control plane would, with
 * server N (from 1 on) having server ID N, and N in the ring.  After the command all
 * servers must have had the same number of packets.  With "katran-live" the command gets
 * the program's descriptor by -K, and gives it frames itself.
 * The exit status is the command's.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"

/* Katran's limits, as compiled by default. */
enum {
	RING_SIZE	= 65537,
	VIP_IS_QUIC	= 1 << 2,
	FLOWS_MAX	= 1 << 16,	/* that a processor remembers */
};

/* Keys and values of its maps. */
struct vip {
	uint32_t addr[4];
	uint16_t port;		/* both in network order */
	uint8_t proto;
};

struct vip_meta {
	uint32_t flags;
	uint32_t num;
};

struct real {
	uint32_t addr[4];
	uint8_t flags;
};

struct real_stats {
	uint64_t packets;
	uint64_t octets;
};

static int libbpf_print(enum libbpf_print_level level, const char *fmt,
			va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, fmt, args) : 0;
}

/* --- maps ----------------------------------------------------------------- */

static struct bpf_map *find_map(const struct bpf_object *object,
				const char *name, size_t key, size_t value)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);

	if (!map)
		die("there is no map \"%s\" in it", name);
	if (bpf_map__key_size(map) != key || bpf_map__value_size(map) != value)
		die("its map \"%s\" is not as it was in August 2026", name);
	return map;
}

static void set(const struct bpf_map *map, const void *key, const void *value)
{
	if (bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_ANY))
		die("map \"%s\": %s", bpf_map__name(map), strerror(errno));
}

static void set_vip(const struct bpf_object *object, char *arg)
{
	struct vip_meta meta = { .flags = VIP_IS_QUIC };
	struct vip vip = { .proto = IPPROTO_UDP };
	char *colon = strrchr(arg, ':');

	if (!colon)
		die("\"%s\" is not VIP:PORT", arg);
	*colon = '\0';
	vip.port = htons(number(colon + 1, 10, 65535));
	if (inet_pton(AF_INET, arg, vip.addr) != 1)
		die("\"%s\" is not an IPv4 address", arg);
	set(find_map(object, "vip_map", sizeof(vip), sizeof(meta)), &vip,
	    &meta);
}

/* Returns how many there are. */
static uint32_t set_servers(const struct bpf_object *object, char *arg)
{
	struct bpf_map *reals, *ids;
	char *word, *rest = arg;
	uint32_t n = 0;

	reals = find_map(object, "reals", sizeof(n), sizeof(struct real));
	ids = find_map(object, "server_id_map", sizeof(n), sizeof(n));
	while ((word = strsep(&rest, ","))) {
		struct real real = { .flags = 0 };

		if (inet_pton(AF_INET, word, real.addr) != 1)
			die("\"%s\" is not an IPv4 address", word);
		n++;
		set(reals, &n, &real);
		set(ids, &n, &n);
	}
	return n;
}

static void set_ring(const struct bpf_object *object, uint32_t servers)
{
	struct bpf_map *ring;
	uint32_t at;

	ring = find_map(object, "ch_rings", sizeof(at), sizeof(servers));
	for (at = 0; at < RING_SIZE; at++) {
		uint32_t n = at % servers + 1;

		set(ring, &at, &n);
	}
}

/* The kernel demands the types that Katran has declared for the inner maps. */
static int new_table(const struct bpf_object *object)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	const struct btf *btf = bpf_object__btf(object);
	int key, value, fd;

	key = btf__find_by_name_kind(btf, "flow_key", BTF_KIND_STRUCT);
	value = btf__find_by_name_kind(btf, "real_pos_lru", BTF_KIND_STRUCT);
	if (key < 0 || value < 0)
		die("its tables of flows are not as they were in August 2026");
	opts.btf_fd = bpf_object__btf_fd(object);
	opts.btf_key_type_id = key;
	opts.btf_value_type_id = value;
	fd = bpf_map_create(BPF_MAP_TYPE_LRU_HASH, "flows",
			    btf__resolve_size(btf, key),
			    btf__resolve_size(btf, value), FLOWS_MAX, &opts);
	if (fd < 0)
		die("a table of flows: %s", strerror(errno));
	return fd;
}

/* A table of flows for each processor, and where its packets go. */
static void set_processors(const struct bpf_object *object)
{
	static const uint8_t mac[8] = { 2, 0, 0, 0, 1, 0 };
	struct bpf_map *flows, *ctl;
	uint32_t cpu, zero = 0;

	ctl = find_map(object, "ctl_array", sizeof(zero), sizeof(mac));
	set(ctl, &zero, mac);
	flows = find_map(object, "lru_mapping", sizeof(cpu), sizeof(int));
	for (cpu = 0; cpu < (uint32_t)libbpf_num_possible_cpus(); cpu++) {
		int fd = new_table(object);

		set(flows, &cpu, &fd);
		close(fd);
	}
}

/* Of all processors. */
static uint64_t read_packets(const struct bpf_map *map, uint32_t n)
{
	int cpu, cpus = libbpf_num_possible_cpus();
	struct real_stats *stats = calloc(cpus, sizeof(*stats));
	uint64_t sum = 0;

	if (!stats)
		die("out of memory");
	if (bpf_map_lookup_elem(bpf_map__fd(map), &n, stats))
		die("map \"%s\": %s", bpf_map__name(map), strerror(errno));
	for (cpu = 0; cpu < cpus; cpu++)
		sum += stats[cpu].packets;
	free(stats);
	return sum;
}

/* --- programs --------------------------------------------------------------- */

static int load_tx(void)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_TX },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "tx", "GPL", insns,
			       sizeof(insns) / sizeof(*insns), NULL);

	if (fd < 0)
		die("the program could not be loaded: %s", strerror(errno));
	return fd;
}

static struct bpf_object *load_katran(const char *path, int *fd)
{
	struct bpf_object *object = bpf_object__open(path);
	struct bpf_program *prog;

	if (!object)
		die("%s: %s", path, strerror(errno));
	prog = bpf_object__find_program_by_name(object, "balancer_ingress");
	if (!prog)
		die("%s: there is no program \"balancer_ingress\"", path);
	if (bpf_object__load(object))
		die("%s could not be loaded: %s", path, strerror(errno));
	*fd = bpf_program__fd(prog);
	return object;
}

/*
 * inject checks that all packets have left.  This checks that server IDs were used: a hash would
 * not distribute as evenly.
 */
static void check_servers(const struct bpf_object *object, uint32_t servers)
{
	struct bpf_map *map = find_map(object, "reals_stats", sizeof(servers),
				       sizeof(struct real_stats));
	uint64_t first = read_packets(map, 1);
	uint32_t n;

	if (!first)
		die("no server had a packet");
	for (n = 2; n <= servers; n++) {
		uint64_t got = read_packets(map, n);

		if (got != first)
			die("server %u had %" PRIu64 " packets, server 1 %" PRIu64,
			    n, got, first);
	}
}

/* Returns its status. */
static int run_command(char **command)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		execvp(*command, command);
		die("%s: %s", *command, strerror(errno));
	}
	if (waitpid(pid, &status, 0) != pid)
		die("wait: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

static int run_attached(const char *device, int prog, char **command)
{
	int status, ifindex = if_nametoindex(device);

	if (bpf_xdp_attach(ifindex, prog, XDP_FLAGS_SKB_MODE, NULL))
		die("%s: %s", device, strerror(errno));
	status = run_command(command);
	bpf_xdp_detach(ifindex, XDP_FLAGS_SKB_MODE, NULL);
	return status;
}

/* The command inherits a descriptor, whose number is its last argument. */
static int run_with(int prog, char **command, int count)
{
	char **argv = calloc(count + 3, sizeof(*argv)), text[16];
	int fd = dup(prog);

	if (!argv || fd < 0)
		die("out of memory");
	memcpy(argv, command, count * sizeof(*argv));
	snprintf(text, sizeof(text), "%d", fd);
	argv[count] = "-K";
	argv[count + 1] = text;
	return run_command(argv);
}

/* DEVICE is NULL with frames that the command brings. */
static int katran(const char *device, char **argv, int count)
{
	struct bpf_object *object;
	uint32_t servers;
	int prog, status;

	object = load_katran(argv[0], &prog);
	set_processors(object);
	set_vip(object, argv[1]);
	servers = set_servers(object, argv[2]);
	set_ring(object, servers);
	status = device ? run_attached(device, prog, argv + 3) :
			  run_with(prog, argv + 3, count - 3);
	if (!status)
		check_servers(object, servers);
	bpf_object__close(object);
	return status;
}

int main(int argc, char **argv)
{
	libbpf_set_print(libbpf_print);
	if (argc >= 4 && !strcmp(argv[1], "tx"))
		return run_attached(argv[2], load_tx(), argv + 3);
	if (argc >= 7 && !strcmp(argv[1], "katran"))
		return katran(argv[2], argv + 3, argc - 3);
	if (argc >= 6 && !strcmp(argv[1], "katran-live"))
		return katran(NULL, argv + 2, argc - 2);
	die("there is tx DEVICE COMMAND, katran DEVICE OBJECT VIP:PORT SERVERS COMMAND and katran-live");
}
