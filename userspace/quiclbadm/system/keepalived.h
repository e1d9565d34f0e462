/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * keepalived(8) on this host: how it was started, and which services of IPVS its
 * configuration says are its own.  Only reads.
 */
#ifndef _QUICLBADM_SYSTEM_KEEPALIVED_H
#define _QUICLBADM_SYSTEM_KEEPALIVED_H

#include <sys/types.h>

#include "model/model.h"

/* A virtual_server, or one address of a virtual_server_group that has one. */
struct keepalived_service {
	bool udp;
	uint32_t fwmark;		/* 0: it has an address */
	struct endpoint first;		/* af 0: as long as only its group is known */
	unsigned int more;		/* addresses after the first one, of a range */
	char *file;
	unsigned int line;
	char *group;			/* NULL: of no group */
	bool alpha;			/* servers are down until a check succeeds */
	size_t servers;
	size_t alphas;			/* of these, with an alpha of their own */
	size_t removed;			/* of these, without inhibit_on_failure */
	size_t silent;			/* with it, and without notify_down */
	size_t elsewhere;		/* with a check that asks the server's own address */
	const char *check;		/* of the first of these */
};

struct keepalived {
	pid_t pid;			/* 0: it does not run in this network namespace */
	char *file;			/* its configuration; NULL: there is none */
	bool keeps;			/* it leaves services alone when it stops */
	bool vrrp_only;			/* it has no services */
	bool flushes;			/* it deletes all of IPVS's when it starts or stops */
	struct keepalived_service *services;
	size_t count;
};

/* The one that runs or, when none does, the one that would be started. */
void keepalived_read(struct keepalived *k);
void keepalived_destroy(struct keepalived *k);

/* The parts of it. */
void keepalived_parse(struct keepalived *k, const char *path);
/* @argv: @argc words after the program's name.  Return: -f's value, or NULL. */
const char *keepalived_arguments(struct keepalived *k, int argc, char **argv);

/* Is the service that @id names one of its own? */
bool keepalived_has(const struct keepalived_service *service,
		    const struct service_id *id);

#endif /* _QUICLBADM_SYSTEM_KEEPALIVED_H */
