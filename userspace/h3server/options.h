/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line. */
#ifndef H3SERVER_OPTIONS_H
#define H3SERVER_OPTIONS_H

#include <stdbool.h>

#include "cid.h"
#include "steering.h"

#define LISTEN_MAX	16

struct options {
	const char *listen[LISTEN_MAX];
	unsigned int n_listen;
	const char *tls_cert, *tls_key;
	const char *root;
	const char *name;
	const char *log;		/* NULL: standard output */
	const char *pid_file;		/* NULL: none */
	struct cid_options cid;
	struct steering_options steering;
	unsigned int max_connections;
	unsigned int stall_timeout;	/* seconds */
	bool retry;
	bool verbose;
};

/* Refuses, or prints help and exits, where the command line says so. */
void options_parse(struct options *options, int argc, char **argv);

#endif
