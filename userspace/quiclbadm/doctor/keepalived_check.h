/* SPDX-License-Identifier: GPL-2.0-only */
/* A service of ours that keepalived takes for its own. */
#ifndef _QUICLBADM_DOCTOR_KEEPALIVED_CHECK_H
#define _QUICLBADM_DOCTOR_KEEPALIVED_CHECK_H

#include "doctor/service_subject.h"
#include "system/keepalived.h"

/* Says nothing about a service that keepalived's configuration does not have. */
void doctor_keepalived(const struct service_subject *s, const struct keepalived *k);

#endif /* _QUICLBADM_DOCTOR_KEEPALIVED_CHECK_H */
