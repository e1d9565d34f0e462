/* SPDX-License-Identifier: GPL-2.0-only */
/* Probes of a service's real servers, by the ways that IPVS has to them. */
#ifndef _QUICLBADM_DOCTOR_SERVICE_PROBES_H
#define _QUICLBADM_DOCTOR_SERVICE_PROBES_H

#include "doctor/service_subject.h"

/*
 * Whether its real servers answer to @from: those of the pool, whatever their weight, and those
 * that have server IDs and are not in it.
 * Return: 0 or EXIT_REFUSED after an error message.
 */
int service_check_probes(const struct service_subject *s, const struct endpoint *from);

#endif /* _QUICLBADM_DOCTOR_SERVICE_PROBES_H */
