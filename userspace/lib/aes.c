// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * AES-128 by the instructions of x86 CPUs where there are any, else by nettle.
 * nettle is opened when the first key needs it: a program that gets libquiclb
 * preloaded gets no library of ours with it that it does not need.
 */
#include "qlb_aes.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>

#include <nettle/version.h>

/* --- by the CPU --- */

#ifdef __x86_64__
#include <immintrin.h>

#define HAS_AES		__attribute__((__target__("aes,sse2")))

/* Tests set it; the CPU is asked once. */
static _Atomic int cpu_aes = -1;

static bool by_cpu(void)
{
	int has = atomic_load_explicit(&cpu_aes, memory_order_relaxed);

	if (has < 0) {
		__builtin_cpu_init();
		has = __builtin_cpu_supports("aes") != 0;
		atomic_store_explicit(&cpu_aes, has, memory_order_relaxed);
	}
	return has;
}

static inline HAS_AES __m128i load(const u8 *octets)
{
	return _mm_loadu_si128((const __m128i *)octets);
}

static inline HAS_AES void store(u8 *octets, __m128i block)
{
	_mm_storeu_si128((__m128i *)octets, block);
}

/* FIPS 197, section 5.2: @assisted has the rotated and substituted last word. */
static inline HAS_AES __m128i next_round_key(__m128i key, __m128i assisted)
{
	key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
	key = _mm_xor_si128(key, _mm_slli_si128(key, 8));
	return _mm_xor_si128(key, _mm_shuffle_epi32(assisted, 0xff));
}

static HAS_AES void expand_by_cpu(struct qlb_aes *aes, const u8 key[16])
{
	u8 (*encrypt)[16] = aes->cpu.encrypt, (*decrypt)[16] = aes->cpu.decrypt;
	__m128i round = load(key);
	int i;

	store(encrypt[0], round);
	/* the round constant is part of the instruction */
#define ROUND(n, constant)							\
	round = next_round_key(round, _mm_aeskeygenassist_si128(round, constant)); \
	store(encrypt[n], round)
	ROUND(1, 0x01);
	ROUND(2, 0x02);
	ROUND(3, 0x04);
	ROUND(4, 0x08);
	ROUND(5, 0x10);
	ROUND(6, 0x20);
	ROUND(7, 0x40);
	ROUND(8, 0x80);
	ROUND(9, 0x1b);
	ROUND(10, 0x36);
#undef ROUND
	memcpy(decrypt[0], encrypt[10], 16);
	for (i = 1; i < 10; i++)
		store(decrypt[i], _mm_aesimc_si128(load(encrypt[10 - i])));
	memcpy(decrypt[10], encrypt[0], 16);
}

static HAS_AES void encrypt_by_cpu(const struct qlb_aes *aes, u8 out[16],
				   const u8 in[16])
{
	__m128i block = _mm_xor_si128(load(in), load(aes->cpu.encrypt[0]));
	int i;

	for (i = 1; i < 10; i++)
		block = _mm_aesenc_si128(block, load(aes->cpu.encrypt[i]));
	store(out, _mm_aesenclast_si128(block, load(aes->cpu.encrypt[10])));
}

static HAS_AES void decrypt_by_cpu(const struct qlb_aes *aes, u8 out[16],
				   const u8 in[16])
{
	__m128i block = _mm_xor_si128(load(in), load(aes->cpu.decrypt[0]));
	int i;

	for (i = 1; i < 10; i++)
		block = _mm_aesdec_si128(block, load(aes->cpu.decrypt[i]));
	store(out, _mm_aesdeclast_si128(block, load(aes->cpu.decrypt[10])));
}
#else
static bool by_cpu(void)
{
	return false;
}

static void expand_by_cpu(struct qlb_aes *aes, const u8 key[16])
{
	(void)aes;
	(void)key;
}

static void encrypt_by_cpu(const struct qlb_aes *aes, u8 out[16],
			   const u8 in[16])
{
	(void)aes;
	(void)out;
	(void)in;
}

static void decrypt_by_cpu(const struct qlb_aes *aes, u8 out[16],
			   const u8 in[16])
{
	(void)aes;
	(void)out;
	(void)in;
}
#endif

/* --- by nettle --- */

#if NETTLE_VERSION_MAJOR == 3
#define NETTLE_LIBRARY	"libnettle.so.8"
#else
#define NETTLE_LIBRARY	"libnettle.so"
#endif

/* Each is written before "ready", and never again; the library stays open. */
static struct {
	void *library;
	__typeof__(aes128_set_encrypt_key) *set_encrypt_key;
	__typeof__(aes128_invert_key) *invert_key;
	__typeof__(aes128_encrypt) *encrypt;
	__typeof__(aes128_decrypt) *decrypt;
	_Atomic bool ready;
} nettle;

#define TEXT(name)	TEXT_OF(name)
#define TEXT_OF(name)	#name

/* The header may give a function another name. */
#define FIND(library, field, function)					\
	(*(void **)&nettle.field = dlsym(library, TEXT(function)))

/* Two threads at once store the same values. */
static int open_nettle(void)
{
	void *library;

	if (atomic_load_explicit(&nettle.ready, memory_order_acquire))
		return 0;
	library = dlopen(NETTLE_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!library || !FIND(library, set_encrypt_key, aes128_set_encrypt_key) ||
	    !FIND(library, invert_key, aes128_invert_key) ||
	    !FIND(library, encrypt, aes128_encrypt) ||
	    !FIND(library, decrypt, aes128_decrypt))
		return -ENOTSUP;
	nettle.library = library;
	atomic_store_explicit(&nettle.ready, true, memory_order_release);
	return 0;
}

/* --- either --- */

int qlb_aes_init(struct qlb_aes *aes, const u8 key[16])
{
	int err;

	if (by_cpu()) {
		expand_by_cpu(aes, key);
		return 0;
	}
	err = open_nettle();
	if (err)
		return err;
	nettle.set_encrypt_key(&aes->nettle.encrypt, key);
	nettle.invert_key(&aes->nettle.decrypt, &aes->nettle.encrypt);
	return 0;
}

/* explicit_bzero() is not optimised away although @aes may be dead after it. */
void qlb_aes_destroy(struct qlb_aes *aes)
{
	explicit_bzero(aes, sizeof(*aes));
}

void qlb_aes_encrypt(const struct qlb_aes *aes, u8 out[16], const u8 in[16])
{
	if (by_cpu())
		encrypt_by_cpu(aes, out, in);
	else
		nettle.encrypt(&aes->nettle.encrypt, AES_BLOCK_SIZE, out, in);
}

void qlb_aes_decrypt(const struct qlb_aes *aes, u8 out[16], const u8 in[16])
{
	if (by_cpu())
		decrypt_by_cpu(aes, out, in);
	else
		nettle.decrypt(&aes->nettle.decrypt, AES_BLOCK_SIZE, out, in);
}
