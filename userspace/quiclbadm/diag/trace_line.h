/* SPDX-License-Identifier: GPL-2.0-only */
/* A line of "trace", as text or JSON. */
#ifndef _QUICLBADM_DIAG_TRACE_LINE_H
#define _QUICLBADM_DIAG_TRACE_LINE_H

#include "model/model.h"

struct packet_event;
struct packet;
struct reason;

/* From an event of the module's or from a drop. */
struct trace_line {
	uint64_t time;			/* ns */
	const char *what;		/* "decision", "drop" */
	struct endpoint client;
	struct endpoint vip;
	uint32_t fwmark;
	bool has_outcome;
	uint32_t outcome;
	bool has_form;
	bool long_form;
	bool has_version;
	uint32_t version;
	int config;			/* -1: none */
	struct qlb_server_id sid;	/* len 0: none */
	const uint8_t *dcid;
	size_t dcid_len;
	struct endpoint server;		/* af 0: none */
	uint32_t mtu;			/* from an ICMP error; 0: none */
	bool has_pool;			/* what follows, of a rebuild */
	uint32_t servers;
	uint32_t slots;
	int error;
	/* of a drop: */
	const struct packet_event *drop;
	const char *function;		/* that dropped it, or "" */
	const struct reason *reason;
	const struct packet *packet;
};

void trace_line_print(const struct trace_line *line);
void trace_line_print_json(const struct trace_line *line);

#endif /* _QUICLBADM_DIAG_TRACE_LINE_H */
