/* SPDX-License-Identifier: GPL-2.0-only */
/* Sockets, the event loop, and what becomes of a datagram. */
#ifndef H3SERVER_SERVER_H
#define H3SERVER_SERVER_H

#include "options.h"

struct server;

/* Listens.  Refuses on failure; @options must outlive it.  Once per process. */
struct server *server_new(const struct options *options);

/* Prints the addresses it listens on, one a line. */
void server_print_addresses(const struct server *server);

/*
 * Serves until SIGTERM or SIGINT, which it must find blocked; then says goodbye.  After SIGQUIT,
 * until the connections of then have ended.
 */
void server_run(struct server *server);
void server_free(struct server *server);

#endif
