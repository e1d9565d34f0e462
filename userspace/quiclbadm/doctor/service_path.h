/* SPDX-License-Identifier: GPL-2.0-only */
/* What becomes of a client's datagram on a director, by the kernel's own word. */
#ifndef _QUICLBADM_DOCTOR_SERVICE_PATH_H
#define _QUICLBADM_DOCTOR_SERVICE_PATH_H

#include "doctor/service_subject.h"

struct journey;

/*
 * Has a client's datagram arrive for each service and follows it to the device by which it
 * is sent to a real server.  Checks that say otherwise are taken back.
 */
void service_check_paths(const struct service_subject *subjects, size_t count);

/* What it says of one that has been followed. */
void service_judge_path(const struct service_subject *s, const struct journey *journey);

#endif /* _QUICLBADM_DOCTOR_SERVICE_PATH_H */
