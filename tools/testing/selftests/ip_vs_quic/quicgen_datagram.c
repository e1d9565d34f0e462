// SPDX-License-Identifier: GPL-2.0-only
/* From a spec to a datagram. */
#include <string.h>

#include "quicgen.h"

u64 digest(const u8 *data, size_t len)
{
	u64 h = 0xcbf29ce484222325ULL;

	while (len--)
		h = (h ^ *data++) * 0x100000001b3ULL;
	return h;
}

/* xorshift64* */
u64 next_random(void)
{
	static u64 state = 0x9e3779b97f4a7c15ULL;

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL;
}

void fill_random(u8 *to, size_t len)
{
	while (len--)
		*to++ = next_random() >> 56;
}

static size_t put_long_header(const struct spec *spec, u8 *to)
{
	u8 *p = to;

	*p++ = 0x80 | (spec->fixed_bit << 6) | (spec->type << 4);
	*p++ = spec->version >> 24;
	*p++ = spec->version >> 16;
	*p++ = spec->version >> 8;
	*p++ = spec->version;
	*p++ = spec->dcid_len_octet < 0 ? (int)spec->dcid_len :
					  spec->dcid_len_octet;
	memcpy(p, spec->dcid, spec->dcid_len);
	p += spec->dcid_len;
	*p++ = spec->scid_len_octet < 0 ? (int)spec->scid_len :
					  spec->scid_len_octet;
	memcpy(p, spec->scid, spec->scid_len);
	p += spec->scid_len;
	return p - to;
}

size_t build(const struct spec *spec, u8 *to)
{
	size_t len;

	if (spec->raw) {
		memcpy(to, spec->octets, spec->octets_len);
		return spec->octets_len;
	}
	if (spec->long_form) {
		len = put_long_header(spec, to);
	} else {
		to[0] = spec->fixed_bit << 6 | (next_random() >> 59);
		memcpy(to + 1, spec->dcid, spec->dcid_len);
		len = 1 + spec->dcid_len;
	}
	if (len < spec->size) {
		fill_random(to + len, spec->size - len);
		len = spec->size;
	}
	return len < spec->cut ? len : spec->cut;
}

void walk(struct spec *spec)
{
	union addr *from = &spec->from;
	u8 *low;

	if (spec->walk == WALK_PORT) {
		/* sin_port and sin6_port share their place */
		from->in.sin_port = htons(ntohs(from->in.sin_port) + 1);
	} else if (spec->walk == WALK_ADDR && from->sa.sa_family == AF_INET) {
		from->in.sin_addr.s_addr =
			htonl(ntohl(from->in.sin_addr.s_addr) + 1);
	} else if (spec->walk == WALK_ADDR) {
		for (low = &from->in6.sin6_addr.s6_addr[15]; !++*low; low--)
			;
	}
}
