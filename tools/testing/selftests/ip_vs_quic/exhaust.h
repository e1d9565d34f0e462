/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of exhaust:
 *
 *	exhaust.c		which command fails at which places
 *	exhaust_commands.c	the commands
 *	exhaust_state.c		what must be the same after a failure
 */
#ifndef EXHAUST_H
#define EXHAUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

enum {
	STATE_MAX	= 1 << 16,
	KEY_LEN		= 16,
	CID_LEN		= 8,
	PORT		= 443,
	OTHER_PORT	= 444,
};

/* All that is configured, without counters. */
struct state {
	size_t len;
	char text[STATE_MAX];
};

void read_state(struct state *s);
bool same_state(const struct state *a);

/* Opens the client's socket in @netns. */
void open_client(const char *netns);

/* Dies unless the second server answers a datagram. @what and @n are for the message. */
void check_routed(const char *what, unsigned int n);

/* Network order; and the id of the netlink family. */
extern uint32_t vip, server;
extern uint16_t family;

/* Config 0, server ID 5a0f02 as lib.sh's sid 3 2 makes it, and a nonce. */
extern const uint8_t the_cid[CID_LEN];

/* Each octet is inverted, so that a search of all memory for the key does not find this. */
extern uint8_t inverted_key[KEY_LEN];

/*
 * The socket that a request is sent by, opened while nothing fails; NULL: each request opens its
 * own.
 */
extern struct mnl_socket *asker;

/* The port of the service that commands of IPVS are about. */
extern unsigned int port;

/* The socket for commands of IPVS, in this network namespace. */
void open_ipvs(void);

/**
 * struct command - a command in which allocations are to fail
 * @run: returns 0 or a negative error number
 * @undo: restores the state before; NULL: @run changes nothing
 */
struct command {
	const char *name;
	int (*run)(void);
	int (*undo)(void);
};

/* Commands of the netlink family, about OTHER_PORT. */
int set_config(void);
int del_config(void);
int set_sid(void);
int del_sid(void);
int set_table(void);
int unset_table(void);
int replace(void);
int replace_by_nothing(void);
int begin_batch(void);
int commit_batch(void);
int get(void);
int decode(void);
int express_add(void);
int express_del(void);
int express_get(void);

/* Commands of IPVS. */
int add_service(void);
int del_service(void);
int add_stock_service(void);
int edit_to_quic(void);
int edit_to_stock(void);
int add_server(void);
int edit_server(void);
int edit_server_back(void);
int del_server(void);

#endif
