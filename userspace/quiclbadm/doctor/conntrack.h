/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _QUICLBADM_DOCTOR_CONNTRACK_H
#define _QUICLBADM_DOCTOR_CONNTRACK_H

#include "doctor/report.h"

/*
 * How many flows conntrack follows; -1 when it is not there.  That its table is full is a
 * fault, which is added, and *@full is set.
 */
int doctor_conntrack(struct report *report, bool *full);

#endif /* _QUICLBADM_DOCTOR_CONNTRACK_H */
