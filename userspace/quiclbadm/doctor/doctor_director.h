/* SPDX-License-Identifier: GPL-2.0-only */
/* "doctor" on a director. */
#ifndef _QUICLBADM_DOCTOR_DOCTOR_DIRECTOR_H
#define _QUICLBADM_DOCTOR_DOCTOR_DIRECTOR_H

#include "cli/args.h"
#include "doctor/report.h"
#include "firewall/firewall.h"
#include "system/host.h"

/* Adds checks.  Return: 0 or an exit code after an error message. */
int doctor_director(const struct args *args, const struct host *host,
		    struct firewall *fw, struct report *report);

#endif /* _QUICLBADM_DOCTOR_DOCTOR_DIRECTOR_H */
