/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of quicgen:
 *
 *	quicgen.c		its commands
 *	quicgen_words.c		from WORDs to a spec
 *	quicgen_datagram.c	from a spec to a datagram
 *	quicgen_socket.c	sockets
 *	quicgen_send.c		sends, and matches answers to datagrams
 *	quicgen_serve.c		answers, as the real servers
 */
#ifndef QUICGEN_H
#define QUICGEN_H

#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "qlb.h"

enum {
	DATAGRAM_MAX	= 9216,
	SOCKETS_MAX	= 512,
	NAME_MAX_LEN	= 31,
	CID_ROOM	= 255,
};

union addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

enum walk { WALK_NONE, WALK_ADDR, WALK_PORT };

/* One line of WORDs. */
struct spec {
	char name[NAME_MAX_LEN + 1];
	union addr from;
	union addr to;
	bool long_form;
	u32 version;
	u8 type;
	bool fixed_bit;
	u8 dcid[CID_ROOM];
	size_t dcid_len;
	u8 scid[CID_ROOM];
	size_t scid_len;
	int dcid_len_octet;		/* -1: the real length */
	int scid_len_octet;
	size_t size;			/* pad up to this */
	size_t cut;			/* and cut down to this */
	bool raw;
	u8 octets[DATAGRAM_MAX];
	size_t octets_len;
	unsigned int count;
	enum walk walk;
};

/* Set by SIGTERM: send no more. */
extern volatile sig_atomic_t stop;
void stop_on_sigterm(void);

/* A config for mint=: ID:SERVER_ID_LEN:NONCE_LEN[:KEYHEX]. Dies when it is not legal. */
void add_config(char *arg);

void spec_default(struct spec *spec);

/* WORD is NAME=VALUE. Dies when it is not known or the value is bad. */
void apply_word(struct spec *spec, char *word);

/* ADDR:PORT or [ADDR]:PORT */
void set_address(union addr *addr, const char *s);
socklen_t addr_len(const union addr *addr);

/* Repeatable from run to run, so that a failure can be repeated. */
u64 next_random(void);
void fill_random(u8 *to, size_t len);

/* FNV-1a: only has to tell the datagrams of one run apart. */
u64 digest(const u8 *data, size_t len);

/* Returns the length of the datagram, at most DATAGRAM_MAX + 512 octets. */
size_t build(const struct spec *spec, u8 *to);

/* Moves the source of the next datagram of a line. */
void walk(struct spec *spec);

struct sock {
	int fd;
	union addr from;
	union addr to;
	unsigned int pending;		/* datagrams not answered yet */
	unsigned long used;		/* for eviction */
};

/* @only_ipv6: a wildcard of IPv6 does not take IPv4. */
int bound_socket(const union addr *addr, bool only_ipv6);

/* The connected socket for the spec's addresses, a new one if there is none. */
struct sock *get_sock(const struct spec *spec);

/*
 * Waits, at most @timeout ms, until sockets with pending datagrams are readable, and calls
 * @readable for each.
 */
void poll_socks(int timeout, void (*readable)(struct sock *sock));

/**
 * struct sending - options of the commands "send" and "flood"
 * @window: datagrams that may be without an answer at a time
 * @segments: datagrams that go to the kernel in one piece
 * @timeout_ms: after which a datagram counts as not answered
 */
struct sending {
	unsigned int window;
	unsigned int segments;
	unsigned int timeout_ms;
};

/* Sends the lines once, or until SIGTERM; prints what answered. Returns the exit status. */
int run_lines(const struct sending *options, const struct spec *defaults, char **lines, size_t count, bool flood);

/* The command "serve". */
int cmd_serve(int argc, char **argv);

#endif
