/* SPDX-License-Identifier: GPL-2.0-only */
/* A service's configs, server IDs and keys. */
#ifndef _QUICLBADM_DOCTOR_SERVICE_CONFIGS_H
#define _QUICLBADM_DOCTOR_SERVICE_CONFIGS_H

#include "doctor/service_subject.h"

/* Whether its configs and server IDs fit what clients send, and its pool. */
void service_check_configs(const struct service_subject *s);

#endif /* _QUICLBADM_DOCTOR_SERVICE_CONFIGS_H */
