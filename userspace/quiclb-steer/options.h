/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line, and the one phrasing of every refusal. */
#ifndef STEER_OPTIONS_H
#define STEER_OPTIONS_H

#include <stdint.h>
#include <stdnoreturn.h>

#include "steer.h"

enum exit_status {
	EXIT_REFUSED	= 1,
	EXIT_USAGE	= 2,	/* the command line makes no sense */
};

enum command {
	CREATE, JOIN, LEAVE, DRAIN, GIVE, LIST, DELETE,
};

#define FDS_MAX	STEER_FAMILIES

struct options {
	enum command command;
	const char *name;		/* of the group; NULL: all */
	unsigned int number;
	unsigned int to;
	uint32_t pid;
	int fds[FDS_MAX];		/* of @pid */
	unsigned int n_fds;
	struct steer_settings settings;
};

/* Refuses, or prints help and exits, where the command line says so. */
void options_parse(struct options *options, int argc, char **argv);

/* Prints "Error: WHAT: WHY." and exits. */
noreturn void refuse(enum exit_status status, const char *what, const char *why, ...)
	__attribute__((format(printf, 3, 4)));

#endif
