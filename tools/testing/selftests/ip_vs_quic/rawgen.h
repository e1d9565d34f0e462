/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of rawgen:
 *
 *	rawgen.c	its commands, and sending
 *	rawgen_words.c	from LAYERs and FIELDs to a packet's description
 *	rawgen_build.c	from the description to octets
 *	rawgen_watch.c	from octets back to words
 */
#ifndef RAWGEN_H
#define RAWGEN_H

#include <stddef.h>
#include <stdint.h>

enum {
	PACKET_MAX	= 65536,
	LAYERS_MAX	= 8,
	NOT_GIVEN	= -1,
	GRE_IP4		= 0x0800,
	GRE_IP6		= 0x86dd,
	PROTO_IP4	= 4,
	PROTO_IP6	= 41,
};

enum kind { IP4, IP6, FRAG, OPTS, UDP, ICMP, ICMP6, GRE, GUE, KINDS };

struct kind_info {
	const char *name;
	size_t len;
	int proto;			/* as IP calls it */
};

extern const struct kind_info kinds[KINDS];

struct layer {
	enum kind kind;
	uint8_t src[16];
	uint8_t dst[16];
	uint8_t options[40];		/* IPv4 */
	size_t options_len;
	long ttl, tos, id, df, mf, offset, proto;
	long sport, dport, len, sum;
	long type, code, mtu;
	size_t at;			/* in the packet */
};

struct packet {
	struct layer layers[LAYERS_MAX];
	int count;
	uint8_t data[PACKET_MAX];
	size_t data_len;
	size_t claim;
	uint8_t octets[PACKET_MAX];
	size_t len;
};

/*
 * A word is a LAYER, or FIELD=VALUE for the last layer. Dies when it is not known or the value is
 * bad.
 */
void add_word(struct packet *p, char *word);

/* The value of a field, or @otherwise when no word gave one. */
long given(long value, long otherwise);

/* Fills in p->octets and p->len. */
void build(struct packet *p);

/* The command "watch". */
int cmd_watch(int argc, char **argv);

#endif
