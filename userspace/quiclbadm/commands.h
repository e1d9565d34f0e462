/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of commands: how each is called, checked, explained and run. */
#ifndef _QUICLBADM_COMMANDS_H
#define _QUICLBADM_COMMANDS_H

#include "args.h"

struct command {
	char letter;			/* 0: it is a word */
	const char *name;		/* long option, or first word */
	const char *sub;		/* second word, or NULL */
	uint64_t must;			/* O() of the options it cannot do without */
	uint64_t may;			/* and those it understands besides */
	unsigned int operands;		/* how many at most */
	bool restorable;		/* -R takes it: it describes a state */
	int (*run)(const struct args *args);
	const char *usage;		/* what follows the name */
	const char *purpose;		/* one sentence */
	const char *operand;		/* what a missing one is called */
};

/* By enum cmd. */
extern const struct command commands[CMD_COUNT];

int cmd_add_service(const struct args *args);
int cmd_edit_service(const struct args *args);
int cmd_delete_service(const struct args *args);
int cmd_clear(const struct args *args);
int cmd_zero(const struct args *args);
int cmd_set(const struct args *args);
int cmd_add_server(const struct args *args);
int cmd_edit_server(const struct args *args);
int cmd_delete_server(const struct args *args);
int cmd_list(const struct args *args);
int cmd_save(const struct args *args);
int cmd_restore(const struct args *args);
int cmd_config_add(const struct args *args);
int cmd_config_replace(const struct args *args);
int cmd_config_del(const struct args *args);
int cmd_config_list(const struct args *args);
int cmd_server_id_add(const struct args *args);
int cmd_server_id_del(const struct args *args);
int cmd_server_id_list(const struct args *args);
int cmd_express_add(const struct args *args);
int cmd_express_del(const struct args *args);
int cmd_express_list(const struct args *args);
int cmd_decode(const struct args *args);
int cmd_encode(const struct args *args);
int cmd_explain(const struct args *args);
int cmd_doctor(const struct args *args);
int cmd_trace(const struct args *args);
int cmd_genkey(const struct args *args);
int cmd_help(const struct args *args);
int cmd_version(const struct args *args);

/* The help of one command, or of all for CMD_NONE, on stdout. */
void help_print(enum cmd cmd);

#endif /* _QUICLBADM_COMMANDS_H */
