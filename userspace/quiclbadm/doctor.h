/* SPDX-License-Identifier: GPL-2.0-only */
/* What "doctor" finds: a verdict, the evidence, and the command that mends it. */
#ifndef _QUICLBADM_DOCTOR_H
#define _QUICLBADM_DOCTOR_H

#include "args.h"
#include "err.h"
#include "firewall.h"
#include "host.h"

enum {
	QUIC_MIN = 1200,	/* octets of UDP payload, RFC 9000 section 14 */
};

enum check_level {
	CHECK_OK,
	CHECK_ADVICE,		/* works, and could be better */
	CHECK_UNKNOWN,		/* cannot be told from here */
	CHECK_FAULT,
	CHECK_LEVELS,
};

struct check {
	enum check_level level;
	const char *name;	/* a word: "rp_filter" */
	char *evidence;
	char *fix;		/* for a shell; NULL: there is no such command */
};

struct report {
	struct check *checks;
	size_t count;
};

/* Each takes the formats of printf; "" is no fix. */
void report_add(struct report *report, enum check_level level, const char *name,
		const char *format, ...) __printf(4, 5);
/* Of the check that was added last. */
void report_fix(struct report *report, const char *format, ...) __printf(2, 3);
void report_destroy(struct report *report);

/* Return: EXIT_DONE, or EXIT_REFUSED when there is a fault. */
int report_print(const struct report *report, bool json);

/* How datagrams reach a real server. */
struct way {
	uint32_t forward;		/* IPVS_CONN_F_* */
	uint8_t tun_type;
	uint16_t tun_port;
	struct endpoint server;		/* its own address; af 0: not known */
};

/* An address as any client's; only looked up, nothing is sent there. */
void doctor_some_client(uint16_t af, struct endpoint *client);

/* The headers of a tunnel packet in octets. */
unsigned int doctor_tunnel_len(const struct way *way, uint16_t outer_af);

/* The address alone, in ENDPOINT_STRLEN. */
char *doctor_addr_str(const struct endpoint *ep, char *buf);

/* One kind of packet on its way through the firewall, and what lets it pass. */
struct passage {
	const char *what;
	const char *hooks[3];		/* the last is NULL */
	struct fw_packet packet;
	char rule[160];
};

/* The tunnel's packets for a VIP of @af; hooks and devices are the caller's. */
void doctor_tunnel_passage(const struct way *way, uint16_t af,
			   struct passage *passage);

/* Says what cannot be looked at.  Return: whether anything can. */
bool doctor_can_ask(struct report *report, const struct firewall *fw);

/* Adds a check unless the packet passes. */
void doctor_passage(struct report *report, const struct firewall *fw,
		    const struct passage *passage);

/*
 * How many flows conntrack follows; -1 when it is not there.  That its table is full is a
 * fault, which is added, and *@full is set.
 */
int doctor_conntrack(struct report *report, bool *full);

/* Each adds checks.  Return: 0 or an exit code, then the sentence is said. */
int doctor_server(const struct args *args, const struct host *host,
		  const struct firewall *fw, struct report *report);
int doctor_director(const struct args *args, const struct host *host,
		    const struct firewall *fw, struct report *report);

#endif /* _QUICLBADM_DOCTOR_H */
