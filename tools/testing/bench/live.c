// SPDX-License-Identifier: GPL-2.0-only
#include "live.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "live.skel.h"
#include "tool.h"

struct live {
	struct live_bpf *bpf;
	int prog;
	unsigned int ifindex;
	struct ether_header eth;
	unsigned int head_len;
	unsigned int len;
	uint8_t *frame;
};

static void read_mac(const char *name, uint8_t *mac)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {};

	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request))
		die("%s: %s", name, strerror(errno));
	memcpy(mac, request.ifr_hwaddr.sa_data, ETHER_ADDR_LEN);
	close(fd);
}

/* The function of ours is there if the module and its BTF are. */
static void load(struct live *live, const char *program, int other)
{
	struct bpf_program *prog = NULL;
	uint32_t zero = 0;

	while ((prog = bpf_object__next_program(live->bpf->obj, prog)))
		bpf_program__set_autoload(prog, prog == live->bpf->progs.sink ||
						!strcmp(bpf_program__name(prog),
							program));
	if (live_bpf__load(live->bpf))
		die("the program \"%s\" could not be loaded: %s", program,
		    strerror(errno));
	prog = bpf_object__find_program_by_name(live->bpf->obj, program);
	if (!prog)
		die("there is no program \"%s\"", program);
	live->prog = bpf_program__fd(prog);
	if (other >= 0 &&
	    bpf_map_update_elem(bpf_map__fd(live->bpf->maps.other), &zero,
				&other, BPF_ANY))
		die("the other program: %s", strerror(errno));
}

struct live *live_open(const char *program, int other, const char *in,
		       const struct ivq_bench_packet *model)
{
	struct live *live = calloc(1, sizeof(*live));
	bool v6 = model->head[0] >> 4 == 6;

	if (!live)
		die("out of memory");
	live->ifindex = if_nametoindex(in);
	read_mac(in, live->eth.ether_dhost);
	live->eth.ether_type = v6 ? htons(ETHERTYPE_IPV6) : htons(ETHERTYPE_IP);
	live->head_len = 8 * (v6 ? LIVE_WORDS_V6 : LIVE_WORDS_V4);
	live->len = sizeof(live->eth) + model->len;
	live->frame = calloc(1, live->len);
	live->bpf = live_bpf__open();
	if (!live->frame || !live->bpf)
		die("out of memory");
	live->bpf->rodata->words = live->head_len / 8;
	load(live, program, other);
	return live;
}

void live_drop(struct live *live, const char *device)
{
	int err = bpf_xdp_attach(if_nametoindex(device),
				 bpf_program__fd(live->bpf->progs.sink),
				 XDP_FLAGS_DRV_MODE, NULL);

	if (err)
		die("%s: it takes no program: %s", device, strerror(-err));
}

/* The heads that there are fill the whole array, again and again. */
void live_fill(struct live *live, const struct ivq_bench_packet *set,
	       unsigned int count)
{
	unsigned int i, len = live->head_len - sizeof(live->eth);

	if (!count || count > LIVE_HEADS_MAX)
		die("%u frames are not one to %d", count, LIVE_HEADS_MAX);
	for (i = 0; i < LIVE_HEADS_MAX; i++) {
		uint8_t *head = (uint8_t *)&live->bpf->bss->heads[i];

		memcpy(head, &live->eth, sizeof(live->eth));
		memcpy(head + sizeof(live->eth), set[i % count].head, len);
	}
	memcpy(live->frame, live->bpf->bss->heads, live->head_len);
}

unsigned int live_run(struct live *live, unsigned int frames, uint64_t *times)
{
	unsigned int i, batches = frames / LIVE_BATCH;
	struct xdp_md ctx = {
		.data_end = live->len,
		.ingress_ifindex = live->ifindex,
	};
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	if (batches > LIVE_BATCHES_MAX)
		die("%u frames are too many", frames);
	opts.data_in = live->frame;
	opts.data_size_in = live->len;
	opts.ctx_in = &ctx;
	opts.ctx_size_in = sizeof(ctx);
	opts.repeat = frames;
	opts.batch_size = LIVE_BATCH;
	opts.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
	live->bpf->bss->next = 0;
	if (bpf_prog_test_run_opts(live->prog, &opts))
		die("frames do not arrive: %s", strerror(errno));
	if (live->bpf->bss->next != frames)
		die("%u frames arrived, not %u", live->bpf->bss->next, frames);
	for (i = 1; i + 1 < batches; i++)
		times[i - 1] = live->bpf->bss->times[i + 1] -
			       live->bpf->bss->times[i];
	return batches > 2 ? batches - 2 : 0;
}
