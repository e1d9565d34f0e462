/* SPDX-License-Identifier: GPL-2.0-only */
/* A director's service in the doctor's hands. */
#ifndef _QUICLBADM_DOCTOR_SERVICE_SUBJECT_H
#define _QUICLBADM_DOCTOR_SERVICE_SUBJECT_H

#include "doctor/forwarding.h"
#include "doctor/report.h"
#include "firewall/firewall.h"
#include "system/host.h"
#include "system/keepalived.h"

struct follower;

struct service_subject {
	const struct host *host;
	struct firewall *fw;
	struct report *report;
	const struct keepalived *keepalived;
	struct follower *follower;	/* NULL: nothing can be followed */
	const struct service *svc;
	char name[SERVICE_STRLEN];
	char option[sizeof("-u ") + SERVICE_STRLEN];	/* "-u 192.0.2.1:443" */
	struct endpoint client;
	int vrf;			/* in which clients are reached; 0: in none */
};

/* An address that the service takes outer sources from; af 0 when it takes none. */
void service_outer_source(const struct service *svc, enum source which,
			  struct endpoint *ep);

/*
 * The one whose method all servers on other hosts have; NULL if they differ or there is
 * none: a server of last resort on this host says nothing about the others.
 */
const struct dest *service_typical_dest(const struct service_subject *s);

/* Its method as options: " -i --tun-type gre"; to be freed. */
char *service_method_str(const struct dest *dest);

#endif /* _QUICLBADM_DOCTOR_SERVICE_SUBJECT_H */
