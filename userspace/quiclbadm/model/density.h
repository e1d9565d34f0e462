/* SPDX-License-Identifier: GPL-2.0-only */
/* How well server IDs are chosen: how rare, and whether a key keeps them secret. */
#ifndef _QUICLBADM_MODEL_DENSITY_H
#define _QUICLBADM_MODEL_DENSITY_H

#include "model/model.h"

/* A share above this deserves a warning. */
#define DENSITY_HIGH 0.01

enum density_limits {
	DENSITY_STRLEN = sizeof("<0.001%"),
};

/*
 * Which share, 0 to 1, of random connection IDs with the config's ID names a real server,
 * draft section "Server ID Allocation": clients choose those of their first datagrams at
 * random.  Server IDs that a prefix covers are not counted twice.
 */
double config_density(const struct service *svc, const struct config *config);

/* The same for @maps, those of one real server: at most that share. */
double maps_density(const struct mapping *maps, size_t count,
		    const struct config *config);

/* As a percentage; writes at most DENSITY_STRLEN and returns @buf. */
char *density_str(double density, char *buf);

/*
 * A server ID of a config without a key that a config with a key has, too; draft section
 * "Distinguishing Attacks".  Return: the first one, with how many there are and the config
 * with the key, or NULL.
 */
const struct mapping *service_exposed_id(const struct service *svc, size_t *count,
					 const struct config **keyed);

#endif /* _QUICLBADM_MODEL_DENSITY_H */
