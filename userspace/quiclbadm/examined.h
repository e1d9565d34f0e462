/* SPDX-License-Identifier: GPL-2.0-only */
/* A director's service in the doctor's hands. */
#ifndef _QUICLBADM_EXAMINED_H
#define _QUICLBADM_EXAMINED_H

#include "doctor.h"

struct examined {
	const struct host *host;
	const struct firewall *fw;
	struct report *report;
	const struct service *svc;
	char name[SERVICE_STRLEN];
	char option[sizeof("-u ") + SERVICE_STRLEN];	/* "-u 192.0.2.1:443" */
	struct endpoint client;
};

/* Whether its configs and server IDs fit what clients send, and its pool. */
void examine_configs(const struct examined *e);

/* An address that the service takes outer sources from; af 0 when it takes none. */
void examined_source(const struct service *svc, enum source which,
		     struct endpoint *ep);

/*
 * Whether its real servers answer through their tunnels, to @from.
 * Return: 0 or EXIT_REFUSED, then the sentence is said.
 */
int examine_probes(const struct examined *e, const struct endpoint *from);

#endif /* _QUICLBADM_EXAMINED_H */
