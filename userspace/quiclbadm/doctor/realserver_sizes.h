/* SPDX-License-Identifier: GPL-2.0-only */
/* Does a real server get datagrams of every size? */
#ifndef _QUICLBADM_DOCTOR_REALSERVER_SIZES_H
#define _QUICLBADM_DOCTOR_REALSERVER_SIZES_H

#include "doctor/realserver.h"

struct journey;

/*
 * Has two more datagrams arrive: one as small as an acknowledgement, and one that fills the
 * tunnel's packets.
 * @first: one of QUIC_MIN octets, which was followed
 */
void realserver_check_sizes(const struct realserver *rs, const struct journey *first);

#endif /* _QUICLBADM_DOCTOR_REALSERVER_SIZES_H */
