/* SPDX-License-Identifier: GPL-2.0-only */
/* From options to the model, for the commands themselves and for -R's lines. */
#ifndef _QUICLBADM_CLI_BUILD_H
#define _QUICLBADM_CLI_BUILD_H

#include "cli/args.h"

/* Each returns 0 or an exit code after an error message. */
int build_service(const struct args *args, struct service *svc);

/* Sets what was given; the rest of @dest stays. */
void build_dest(const struct args *args, struct dest *dest);

/* Sets what was given; the rest of @values stays.  Return: a bit for each. */
unsigned int build_settings(const struct args *args, uint32_t *values);

/* The same for prefixes. */
unsigned int build_sources(const struct args *args, struct prefix *values);

/*
 * Reads the key in the file @path, "-" is standard input.  With @check, one that this user
 * may not read is passed over with a warning.
 */
int build_key_file(const char *path, bool check, struct config *config);

/* Of a config whose key has been read. */
void build_have_key(struct config *config);

/* Reads the key file; @config wants config_destroy() in any case. */
int build_config(const struct args *args, struct config *config);

#endif /* _QUICLBADM_CLI_BUILD_H */
