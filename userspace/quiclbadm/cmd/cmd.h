/* SPDX-License-Identifier: GPL-2.0-only */
/* What each command does.  All return an exit code; errors are printed as messages. */
#ifndef _QUICLBADM_CMD_CMD_H
#define _QUICLBADM_CMD_CMD_H

#include "cli/args.h"

/* Runs the one that @args name. */
int cmd_run(const struct args *args);

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
/* -S and -R with --yang */
int cmd_save_yang(const struct args *args);
int cmd_restore_yang(const struct args *args);
int cmd_sync(const struct args *args);
int cmd_batch(const struct args *args);
int cmd_config_add(const struct args *args);
int cmd_config_replace(const struct args *args);
int cmd_config_del(const struct args *args);
int cmd_config_list(const struct args *args);
int cmd_server_id_add(const struct args *args);
int cmd_server_id_del(const struct args *args);
int cmd_server_id_move(const struct args *args);
int cmd_server_id_list(const struct args *args);
int cmd_rotate(const struct args *args);
int cmd_express_add(const struct args *args);
int cmd_express_del(const struct args *args);
int cmd_express_take(const struct args *args);
int cmd_express_list(const struct args *args);
int cmd_decode(const struct args *args);
int cmd_encode(const struct args *args);
int cmd_explain(const struct args *args);
int cmd_doctor(const struct args *args);
int cmd_monitor(const struct args *args);
int cmd_probe(const struct args *args);
int cmd_trace(const struct args *args);
int cmd_genkey(const struct args *args);
int cmd_check_director(const struct args *args);
int cmd_diff(const struct args *args);
int cmd_fingerprint(const struct args *args);
int cmd_server_config(const struct args *args);
int cmd_metrics(const struct args *args);
int cmd_help(const struct args *args);
int cmd_version(const struct args *args);

/* The help of one command, or of all for CMD_NONE, on stdout. */
void help_print(enum cmd cmd);

#endif /* _QUICLBADM_CMD_CMD_H */
