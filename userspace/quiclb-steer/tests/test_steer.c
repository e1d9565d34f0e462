// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The BPF program's own source, compiled for this machine: where it sends datagrams whose CIDs
 * the library has minted.  The kernel's part is played here.  TAP.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <quiclb.h>

#include "../steer.bpf.c"

#define CHOSEN_NONE	(-1)

static struct steer_settings the_settings;
static uint64_t the_counts[STEER_COUNTS];
static bool live[STEER_FAMILIES * STEER_WORKERS];
static int chosen;			/* a slot */
static const uint8_t *datagram;		/* without its UDP header */
static size_t datagram_len;

static const uint8_t key[STEER_KEY_LEN] = {
	0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
	0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
};

/* --- the kernel --- */

void *bpf_map_lookup_elem(void *map, const void *which)
{
	const uint32_t *index = which;

	if (map == &counts)
		return &the_counts[*index];
	assert_ptr_equal(map, &settings);
	assert_int_equal(*index, 0);
	return &the_settings;
}

long bpf_skb_load_bytes(const void *ctx, __u32 offset, void *to, __u32 len)
{
	(void)ctx;
	assert_in_range(len, 1, STEER_CID_MAX);
	if (offset < UDP_HEADER || offset - UDP_HEADER + len > datagram_len)
		return -EFAULT;
	memcpy(to, datagram + offset - UDP_HEADER, len);
	return 0;
}

long bpf_sk_select_reuseport(struct sk_reuseport_md *ctx, void *map, void *slot, __u64 flags)
{
	const uint32_t *index = slot;

	(void)ctx;
	assert_ptr_equal(map, &sockets);
	assert_int_equal(flags, 0);
	assert_in_range(*index, 0, STEER_FAMILIES * STEER_WORKERS - 1);
	if (!live[*index])
		return -ENOENT;
	chosen = *index;
	return 0;
}

/* Return: the slot, or CHOSEN_NONE: the kernel's hash decides. */
static int steered(const uint8_t *data, size_t len, unsigned int family, uint32_t hash)
{
	struct bpf_sock socket = { .family = family };
	struct sk_reuseport_md context = { .hash = hash, .sk = &socket };
	uint8_t *copy = malloc(len ? len : 1);

	/* so that the sanitizers see what is read beyond its end */
	memcpy(copy, data, len);
	datagram = copy;
	datagram_len = len;
	chosen = CHOSEN_NONE;
	assert_int_equal(steer(&context), SK_PASS);
	free(copy);
	return chosen;
}

/* --- datagrams --- */

static int set_up(void **state)
{
	(void)state;
	memset(&the_settings, 0, sizeof(the_settings));
	memset(the_counts, 0, sizeof(the_counts));
	memset(live, 0, sizeof(live));
	for (unsigned int i = 0; i < STEER_KEY_LEN; i++)
		the_settings.key[i / 8] |= (uint64_t)key[i] << 8 * (i % 8);
	for (unsigned int i = 0; i < STEER_WORKERS; i++)
		the_settings.holder[i] = i;
	return 0;
}

static size_t short_packet(uint8_t *packet, const uint8_t *cid, size_t len)
{
	memset(packet, 0xa5, 64);
	packet[0] = 0x40;
	memcpy(packet + 1, cid, len);
	return 64;
}

/* Type 0 is Initial. */
static size_t long_packet(uint8_t *packet, unsigned int type, const uint8_t *cid, size_t len)
{
	memset(packet, 0xa5, 64);
	packet[0] = 0xc0 | type << 4;
	memcpy(packet + 1, "\0\0\0\1", 4);
	packet[5] = len;
	memcpy(packet + 6, cid, len);
	return 64;
}

static int by_short(const uint8_t *cid, size_t len)
{
	uint8_t packet[64];

	return steered(packet, short_packet(packet, cid, len), 2, 0);
}

static int by_long(unsigned int type, const uint8_t *cid, size_t len)
{
	uint8_t packet[64];

	return steered(packet, long_packet(packet, type, cid, len), 2, 0);
}

static struct quiclb_source *open_source(const char *line, unsigned int worker)
{
	char error[QUICLB_ERROR_LEN] = "";
	struct quiclb_source *source = quiclb_source_open(line, error);

	assert_string_equal(error, "");
	assert_int_equal(quiclb_source_set_worker(source, key, worker), 0);
	return source;
}

/* Makes the CID's last octet the one that names @worker. */
static void set_worker(uint8_t *cid, size_t len, unsigned int worker)
{
	cid[len - 1] = 0;
	cid[len - 1] = worker ^ quiclb_worker_of(key, cid, len);
}

/* --- tests --- */

/* The example in the paper's appendix A, and two of the reference implementation's. */
static void vectors(void **state)
{
	const __u64 words[] = { 0x0706050403020100, 0x0e0d0c0b0a0908, 0 };
	const __u64 eight[] = { 0x0706050403020100, 0, 0 }, none[3] = { 0 };

	(void)state;
	assert_true(siphash(the_settings.key, words, 15) == 0xa129ca6149be45e5);
	assert_true(siphash(the_settings.key, eight, 8) == 0x93f5f5799a932462);
	assert_true(siphash(the_settings.key, none, 0) == 0x726fdb47dd0e0e31);
}

/* Of every length, the program reads what the library reads. */
static void masks(void **state)
{
	uint8_t cid[STEER_CID_MAX];

	(void)state;
	memset(live, 1, sizeof(live));
	srandom(17);
	for (unsigned int i = 0; i < 5000; i++) {
		size_t len = 7 + i % 14;

		for (size_t j = 0; j < len; j++)
			cid[j] = random();
		cid[0] &= 0x1f;
		the_settings.cid_len[0] = len;
		assert_int_equal(by_short(cid, len), quiclb_worker_of(key, cid, len));
		assert_int_equal(by_long(2, cid, len), quiclb_worker_of(key, cid, len));
	}
}

static void minted(void **state)
{
	static const char *const lines[] = { "0:0a01:8", "3:0a:4", "6:0a0102:15" };
	uint8_t cid[STEER_CID_MAX];
	size_t len;

	(void)state;
	memset(live, 1, sizeof(live));
	for (unsigned int i = 0; i < 3 * 256; i++) {
		struct quiclb_source *source = open_source(lines[i % 3], i / 3);

		for (unsigned int id = 0; id < STEER_UNROUTABLE; id++)
			the_settings.cid_len[id] = quiclb_source_len_of(source, id << 5);
		assert_int_equal(quiclb_source_mint(source, cid, &len), 0);
		assert_int_equal(by_short(cid, len), i / 3);
		/* a client's second Initial, 0-RTT after a Retry, and Handshake */
		for (unsigned int type = 0; type < 3; type++)
			assert_int_equal(by_long(type, cid, len), i / 3);
		quiclb_source_free(source);
	}
	assert_int_equal(the_counts[STEER_BY_WORKER], 3 * 256 * 4);
}

/* A source whose nonces are used up mints CIDs that tell their length. */
static void unroutable(void **state)
{
	uint8_t cid[STEER_CID_MAX] = { 0xe0 | 7, 1, 2, 3, 4, 5, 6 };

	(void)state;
	live[9] = true;
	set_worker(cid, 8, 9);
	assert_int_equal(by_short(cid, 8), 9);
	assert_int_equal(by_long(0, cid, 8), 9);
	cid[0] = 0xff;		/* 32 octets */
	assert_int_equal(by_short(cid, 8), CHOSEN_NONE);
	cid[0] = 0xe0;		/* one: no place for a number */
	assert_int_equal(by_short(cid, 8), CHOSEN_NONE);
}

/* What is none of ours, and what names a worker that is not there. */
static void by_the_kernel(void **state)
{
	uint8_t cid[STEER_CID_MAX] = { 0 };

	(void)state;
	the_settings.cid_len[0] = 12;
	live[5] = true;
	set_worker(cid, 12, 5);
	assert_int_equal(by_long(0, cid, 12), 5);
	assert_int_equal(by_long(0, cid, 11), CHOSEN_NONE);
	assert_int_equal(by_long(0, cid, 18), CHOSEN_NONE);
	assert_int_equal(the_counts[STEER_NEW], 2);
	cid[11] ^= 1;
	assert_int_equal(by_short(cid, 12), CHOSEN_NONE);
	assert_int_equal(the_counts[STEER_NO_WORKER], 1);
	cid[0] = 1 << 5;	/* a config that no worker has */
	assert_int_equal(by_short(cid, 12), CHOSEN_NONE);
	assert_int_equal(by_long(0, cid, 0), CHOSEN_NONE);
	assert_int_equal(the_counts[STEER_NEW], 4);
}

static void families(void **state)
{
	uint8_t cid[STEER_CID_MAX] = { 0 }, packet[64];
	size_t len;

	(void)state;
	the_settings.cid_len[0] = 12;
	live[5] = true;
	live[STEER_WORKERS + 6] = true;
	set_worker(cid, 12, 5);
	len = short_packet(packet, cid, 12);
	assert_int_equal(steered(packet, len, 2, 0), 5);
	assert_int_equal(steered(packet, len, 10, 0), CHOSEN_NONE);
	cid[11] ^= 5 ^ 6;
	len = short_packet(packet, cid, 12);
	assert_int_equal(steered(packet, len, 2, 0), CHOSEN_NONE);
	assert_int_equal(steered(packet, len, 10, 0), STEER_WORKERS + 6);
}

/* 1 drains: new connections go to 2 and 3, and those of 1 to 1 until it gives its number to 3. */
static void hot_restart(void **state)
{
	uint8_t cid[STEER_CID_MAX] = { 0 }, theirs[18] = { 0 }, packet[64];
	unsigned int seen[4] = { 0 };
	size_t len;

	(void)state;
	the_settings.cid_len[0] = 12;
	for (unsigned int i = 1; i <= 3; i++)
		live[i] = true;
	the_settings.n_open = 2;
	the_settings.open[0] = 2;
	the_settings.open[1] = 3;
	len = long_packet(packet, 0, theirs, sizeof(theirs));
	for (unsigned int i = 0; i < 100; i++)
		seen[steered(packet, len, 2, i * 0x028f5c28)]++;
	assert_int_equal(seen[1], 0);
	assert_in_range(seen[2], 45, 55);
	assert_int_equal(seen[2] + seen[3], 100);
	assert_in_range(steered(packet, len, 2, 0xffffffff), 2, 3);
	set_worker(cid, 12, 1);
	assert_int_equal(by_short(cid, 12), 1);
	the_settings.holder[1] = 3;
	assert_int_equal(by_short(cid, 12), 3);
	/* of one that is gone as well */
	live[3] = false;
	assert_int_equal(by_short(cid, 12), 2);
	the_settings.n_open = 0;
	assert_int_equal(by_short(cid, 12), CHOSEN_NONE);
}

/* Of every length, with every length in the header: the sanitizers look at what is read. */
static void truncated(void **state)
{
	uint8_t packet[64];

	(void)state;
	memset(live, 1, sizeof(live));
	for (unsigned int id = 0; id < STEER_CONFIGS; id++)
		the_settings.cid_len[id] = 20;
	the_settings.n_open = 1000;	/* half written */
	for (unsigned int len = 0; len <= 32; len++) {
		for (unsigned int octet = 0; octet < 256; octet++) {
			memset(packet, octet, sizeof(packet));
			steered(packet, len, 2, octet << 24);
			packet[0] |= 0x80;
			packet[5] = 20;
			chosen = steered(packet, len, 2, 0);
			assert_true(chosen == CHOSEN_NONE || len >= 26 || octet >> 5 == 7);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(vectors, set_up),
		cmocka_unit_test_setup(masks, set_up),
		cmocka_unit_test_setup(minted, set_up),
		cmocka_unit_test_setup(unroutable, set_up),
		cmocka_unit_test_setup(by_the_kernel, set_up),
		cmocka_unit_test_setup(families, set_up),
		cmocka_unit_test_setup(hot_restart, set_up),
		cmocka_unit_test_setup(truncated, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
