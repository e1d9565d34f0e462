/* SPDX-License-Identifier: GPL-2.0-only */
/* A rotation: its plan and how far it is. */
#ifndef _QUICLBADM_OUTPUT_ROTATION_H
#define _QUICLBADM_OUTPUT_ROTATION_H

#include "model/rotation.h"

void print_rotation(const struct rotation *rotation);
void print_rotation_json(const struct rotation *rotation);

/* What the real servers need of the new config. */
void print_rotation_servers(const struct rotation *rotation);

#endif /* _QUICLBADM_OUTPUT_ROTATION_H */
