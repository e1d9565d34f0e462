// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <sys/mman.h>
#include <unistd.h>

#include "test.h"

size_t from_hex(uint8_t *out, const char *hex)
{
	unsigned int octet;
	size_t n;

	for (n = 0; hex[2 * n]; n++) {
		if (sscanf(hex + 2 * n, "%2x", &octet) != 1)
			abort();
		out[n] = octet;
	}
	return n;
}

uint64_t random_u64(void)
{
	static uint64_t state = 20261122;
	uint64_t x;

	state += 0x9e3779b97f4a7c15;
	x = state;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

void random_fill(void *out, size_t len)
{
	uint8_t *p = out;

	while (len--)
		*p++ = random_u64() >> 56;
}

static uint8_t *guarded_end(void)
{
	static uint8_t *end;
	size_t page = sysconf(_SC_PAGESIZE);
	size_t room = (GUARDED_MAX + page - 1) / page * page;
	uint8_t *map;

	if (end)
		return end;
	map = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED || mprotect(map + room, page, PROT_NONE))
		abort();
	end = map + room;
	return end;
}

const uint8_t *guarded(const void *data, size_t len)
{
	uint8_t *copy = guarded_end() - len;

	if (len > GUARDED_MAX)
		abort();
	if (len)
		memmove(copy, data, len);
	return copy;
}
