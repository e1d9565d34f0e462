/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads the nests of our family that answers and events have in common. */
#ifndef _QUICLBADM_KERNEL_QUIC_READ_H
#define _QUICLBADM_KERNEL_QUIC_READ_H

#include <libmnl/libmnl.h>

#include "model/model.h"

void quic_read_service(const struct nlattr *nest, struct service_id *id);

/* To be ended by config_destroy(). */
void quic_read_config(const struct nlattr *nest, struct config *config);

/* Return: whether it names a server. */
bool quic_read_mapping(const struct nlattr *nest, struct mapping *map);

/* What is not there stays in @svc. */
void quic_read_settings(const struct nlattr *nest, struct service *svc);

/* A real server of the pool, as far as the module knows it. */
void quic_read_dest(const struct nlattr *nest, struct dest *dest);

#endif /* _QUICLBADM_KERNEL_QUIC_READ_H */
