/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * UDP sockets that know which of the machine's addresses a datagram was sent to.
 * Behind a tunnelling director that address is the service's (the VIP on lo), and
 * the reply, which goes straight to the client, must carry it as its source.
 */
#ifndef H3SERVER_NET_H
#define H3SERVER_NET_H

#include <stdbool.h>

#include "ngtcp2_compat.h"

/* Largest UDP datagram: what we offer is less, but a peer may send anything. */
#define DATAGRAM_MAX	65535

struct endpoint {
	int fd;
	ngtcp2_sockaddr_union bound;
	socklen_t bound_len;
	int send_buffer;		/* octets, as the kernel counts them */
};

/*
 * @spec is ADDR:PORT or [ADDR]:PORT, numeric.  @shared: with other processes of this user.
 * Refuses on failure.
 */
void endpoint_open(struct endpoint *endpoint, const char *spec, bool shared);
void endpoint_close(struct endpoint *endpoint);

/*
 * Takes one datagram without waiting and stores both its addresses in @path,
 * whose user_data becomes @endpoint, and its ECN mark in @info.
 * Return: its length, or -1 when there is none.
 */
ssize_t endpoint_receive(struct endpoint *endpoint, ngtcp2_path_storage *path,
			 ngtcp2_pkt_info *info, uint8_t *data, size_t size);

/*
 * Sends from @path's local address on the endpoint in its user_data, with the ECN mark @ecn.
 * Never waits.  @validated: the client has shown that it receives what is sent to this
 * address; answers to others are dropped when they would take too much of the buffer.
 * A datagram the kernel does not take is a lost datagram, which QUIC copes with.
 * Return: false only for a validated address, when the buffer is full.
 */
bool path_send(const ngtcp2_path *path, bool validated, uint8_t ecn,
	       const uint8_t *data, size_t len);

#endif
