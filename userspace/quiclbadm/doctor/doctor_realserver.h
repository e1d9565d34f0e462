/* SPDX-License-Identifier: GPL-2.0-only */
/* "doctor" on a real server. */
#ifndef _QUICLBADM_DOCTOR_DOCTOR_REALSERVER_H
#define _QUICLBADM_DOCTOR_DOCTOR_REALSERVER_H

#include "cli/args.h"
#include "doctor/report.h"
#include "firewall/firewall.h"
#include "system/host.h"

/* Adds checks.  Return: 0 or an exit code after an error message. */
int doctor_realserver(const struct args *args, const struct host *host,
		      struct firewall *fw, struct report *report);

#endif /* _QUICLBADM_DOCTOR_DOCTOR_REALSERVER_H */
