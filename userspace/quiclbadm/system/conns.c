// SPDX-License-Identifier: GPL-2.0-only
#include "system/conns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel/quic.h"

/* "0A000001", IPv6 as eight groups; ports are hex as well. */
static bool read_endpoint(const char *addr, unsigned int port,
			  struct endpoint *ep)
{
	unsigned int word, i;

	memset(ep, 0, sizeof(*ep));
	ep->port = (uint16_t)port;
	if (strchr(addr, ':')) {
		ep->af = AF_INET6;
		return inet_pton(AF_INET6, addr, ep->addr) == 1;
	}
	ep->af = AF_INET;
	if (strlen(addr) != 8 || sscanf(addr, "%8x", &word) != 1)
		return false;
	for (i = 0; i < 4; i++)
		ep->addr[i] = (uint8_t)(word >> (24 - 8 * i));
	return true;
}

bool conn_read(const char *line, struct conn *conn)
{
	char client[40], vip[40], server[40];
	unsigned int ports[3];

	if (sscanf(line, "%3s %39s %4x %39s %4x %39s %4x %15s %u",
		   conn->protocol, client, &ports[0], vip, &ports[1], server,
		   &ports[2], conn->state, &conn->expires) != 9)
		return false;
	return read_endpoint(client, ports[0], &conn->client) &&
	       read_endpoint(vip, ports[1], &conn->vip) &&
	       read_endpoint(server, ports[2], &conn->server);
}

static bool belongs(const struct conn *conn, const struct service *svc)
{
	if (!svc->id.fwmark)
		return endpoint_eq(&conn->vip, &svc->id.vip);
	return conn->vip.af == svc->id.vip.af &&
	       service_find_dest(svc, &conn->server);
}

static bool is_listed(const struct conn *conn, const struct state *state)
{
	size_t i;

	if (strcmp(conn->protocol, "UDP"))
		return false;
	for (i = 0; i < state->count; i++)
		if (belongs(conn, state->services[i]))
			return true;
	return false;
}

struct reader {
	const struct state *state;
	conn_fn each;
	void *data;
};

static void on_flow(const struct quic_flow *flow, void *data)
{
	const struct reader *reader = data;
	struct conn conn = {
		.protocol = "UDP", .client = flow->client, .vip = flow->vip,
		.server = flow->server, .expires = flow->expires,
	};

	if (!state_find(reader->state, &flow->service))
		return;
	strcpy(conn.state, flow->routed ? "ROUTED" : "TUPLE");
	reader->each(&conn, reader->data);
}

static bool has_quic(const struct state *state)
{
	size_t i;

	for (i = 0; i < state->count; i++)
		if (service_is_quic(state->services[i]))
			return true;
	return false;
}

static int each_of_ipvs(const struct reader *reader)
{
	FILE *file = fopen("/proc/net/ip_vs_conn", "re");
	struct conn conn;
	char line[512];

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		if (conn_read(line, &conn) && is_listed(&conn, reader->state))
			reader->each(&conn, reader->data);
	fclose(file);
	return 0;
}

int conns_each(const struct state *state, conn_fn each, void *data)
{
	struct reader reader = { state, each, data };
	int err = 0;

	if (has_quic(state))
		err = quic_each_flow(on_flow, &reader);
	return err ? err : each_of_ipvs(&reader);
}
