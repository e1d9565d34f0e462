/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line, and each line that -R reads: one command with its options. */
#ifndef _QUICLBADM_CLI_ARGS_H
#define _QUICLBADM_CLI_ARGS_H

#include "cli/options.h"

/*
 * Reads @argv, without the program's name; @args keeps pointers into it.
 * @from_state_file: a line of -R's input, where --key may be and letters that
 * do not describe a state may not.
 * Return: 0 or EXIT_USAGE after an error message.  @args wants
 * args_destroy() in both cases.
 */
int args_parse(int argc, char **argv, bool from_state_file, struct args *args);
void args_destroy(struct args *args);

#endif /* _QUICLBADM_CLI_ARGS_H */
