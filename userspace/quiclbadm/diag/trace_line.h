/* SPDX-License-Identifier: GPL-2.0-only */
/* A line of "trace", as text or JSON. */
#ifndef _QUICLBADM_DIAG_TRACE_LINE_H
#define _QUICLBADM_DIAG_TRACE_LINE_H

#include <net/if.h>

#include "model/model.h"
#include "model/packet.h"

enum {
	TRACE_OUTCOMES_MAX = 4,
	TRACE_REASON_LEN = 48,
};

struct reason;

/* From an event of the module's, a drop, or another step; or of all events of a datagram. */
struct trace_line {
	uint64_t time;			/* ns, of the first event */
	const char *what;		/* "decision", "drop": the first event */
	struct endpoint client;
	struct endpoint vip;
	uint32_t fwmark;
	uint32_t outcomes[TRACE_OUTCOMES_MAX];	/* as they came */
	unsigned int outcome_count;
	bool has_form;
	bool long_form;
	bool has_version;
	uint32_t version;
	int config;			/* -1: none */
	struct qlb_server_id sid;	/* len 0: none */
	uint8_t dcid[QLB_CID_LEN_MAX];	/* the beginning of a longer one */
	size_t dcid_len;
	struct endpoint server;		/* af 0: none */
	uint32_t mtu;			/* from an ICMP error; 0: none */
	bool has_pool;			/* what follows, of a rebuild */
	uint32_t servers;
	uint32_t slots;
	int error;
	/* of the kernel's steps, a drop included: */
	char device[IF_NAMESIZE];
	enum tunnel tunnel;		/* that the packet is in, */
	struct endpoint outer_src;	/* with these addresses */
	struct endpoint outer_dst;
	char owner[64];			/* of the socket that got it */
	/* of a drop: */
	char drop[TRACE_REASON_LEN];	/* the kernel's name of the reason; "": none */
	const char *function;		/* that dropped it, or "" */
	const struct reason *reason;
};

/* The beginning of a long one. */
void trace_line_set_dcid(struct trace_line *line, const uint8_t *dcid, size_t len);

void trace_line_print(const struct trace_line *line);
void trace_line_print_json(const struct trace_line *line);

#endif /* _QUICLBADM_DIAG_TRACE_LINE_H */
