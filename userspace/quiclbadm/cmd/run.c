// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/cmd.h"
#include "kernel/lock.h"

/*
 * Those that change something, but for config add and replace, rotate, -R and sync: these read a
 * file first, perhaps from a terminal, and take the lock when they have it.
 */
static bool is_locked(enum cmd cmd)
{
	switch (cmd) {
	case CMD_ADD_SERVICE:
	case CMD_EDIT_SERVICE:
	case CMD_DELETE_SERVICE:
	case CMD_CLEAR:
	case CMD_SET:
	case CMD_ADD_SERVER:
	case CMD_EDIT_SERVER:
	case CMD_DELETE_SERVER:
	case CMD_CONFIG_DEL:
	case CMD_SERVER_ID_ADD:
	case CMD_SERVER_ID_DEL:
	case CMD_SERVER_ID_MOVE:
	case CMD_EXPRESS_ADD:
	case CMD_EXPRESS_DEL:
	case CMD_EXPRESS_TAKE:
		return true;
	default:
		return false;
	}
}

int cmd_run(const struct args *args)
{
	static int (*const commands_run[CMD_COUNT])(const struct args *args) = {
		[CMD_ADD_SERVICE] = cmd_add_service,
		[CMD_EDIT_SERVICE] = cmd_edit_service,
		[CMD_DELETE_SERVICE] = cmd_delete_service,
		[CMD_CLEAR] = cmd_clear,
		[CMD_ZERO] = cmd_zero,
		[CMD_SET] = cmd_set,
		[CMD_ADD_SERVER] = cmd_add_server,
		[CMD_EDIT_SERVER] = cmd_edit_server,
		[CMD_DELETE_SERVER] = cmd_delete_server,
		[CMD_LIST] = cmd_list,
		[CMD_SAVE] = cmd_save,
		[CMD_RESTORE] = cmd_restore,
		[CMD_SYNC] = cmd_sync,
		[CMD_DIFF] = cmd_diff,
		[CMD_BATCH] = cmd_batch,
		[CMD_CONFIG_ADD] = cmd_config_add,
		[CMD_CONFIG_REPLACE] = cmd_config_replace,
		[CMD_CONFIG_DEL] = cmd_config_del,
		[CMD_CONFIG_LIST] = cmd_config_list,
		[CMD_SERVER_ID_ADD] = cmd_server_id_add,
		[CMD_SERVER_ID_DEL] = cmd_server_id_del,
		[CMD_SERVER_ID_MOVE] = cmd_server_id_move,
		[CMD_SERVER_ID_LIST] = cmd_server_id_list,
		[CMD_ROTATE] = cmd_rotate,
		[CMD_EXPRESS_ADD] = cmd_express_add,
		[CMD_EXPRESS_DEL] = cmd_express_del,
		[CMD_EXPRESS_TAKE] = cmd_express_take,
		[CMD_EXPRESS_LIST] = cmd_express_list,
		[CMD_DECODE] = cmd_decode,
		[CMD_ENCODE] = cmd_encode,
		[CMD_EXPLAIN] = cmd_explain,
		[CMD_DOCTOR] = cmd_doctor,
		[CMD_MONITOR] = cmd_monitor,
		[CMD_PROBE] = cmd_probe,
		[CMD_CHECK_DIRECTOR] = cmd_check_director,
		[CMD_TRACE] = cmd_trace,
		[CMD_GENKEY] = cmd_genkey,
		[CMD_FINGERPRINT] = cmd_fingerprint,
		[CMD_SERVER_CONFIG] = cmd_server_config,
		[CMD_METRICS] = cmd_metrics,
		[CMD_HELP] = cmd_help,
		[CMD_VERSION] = cmd_version,
	};

	int err = is_locked(args->cmd) ? lock_take(true, cmd_name(args->cmd)) : 0;

	if (!err)
		err = commands_run[args->cmd](args);
	lock_release();
	return err;
}
