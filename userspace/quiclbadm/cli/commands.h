/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commands and the names of their options: how each command is called, which
 * options it must and may have, and its help.  What an option takes is in options.h;
 * what a command does is in cmd/.
 */
#ifndef _QUICLBADM_CLI_COMMANDS_H
#define _QUICLBADM_CLI_COMMANDS_H

#include "model/model.h"

enum cmd {
	CMD_NONE,
	CMD_ADD_SERVICE,
	CMD_EDIT_SERVICE,
	CMD_DELETE_SERVICE,
	CMD_CLEAR,
	CMD_RESTORE,
	CMD_SAVE,
	CMD_ADD_SERVER,
	CMD_EDIT_SERVER,
	CMD_DELETE_SERVER,
	CMD_LIST,
	CMD_ZERO,
	CMD_SYNC,
	CMD_DIFF,
	CMD_BATCH,
	CMD_SET,
	CMD_CONFIG_ADD,
	CMD_CONFIG_REPLACE,
	CMD_CONFIG_DEL,
	CMD_CONFIG_LIST,
	CMD_SERVER_ID_ADD,
	CMD_SERVER_ID_DEL,
	CMD_SERVER_ID_MOVE,
	CMD_SERVER_ID_LIST,
	CMD_ROTATE,
	CMD_EXPRESS_ADD,
	CMD_EXPRESS_DEL,
	CMD_EXPRESS_TAKE,
	CMD_EXPRESS_LIST,
	CMD_DECODE,
	CMD_ENCODE,
	CMD_EXPLAIN,
	CMD_DOCTOR,
	CMD_MONITOR,
	CMD_PROBE,
	CMD_CHECK_DIRECTOR,
	CMD_TRACE,
	CMD_GENKEY,
	CMD_FINGERPRINT,
	CMD_SERVER_CONFIG,
	CMD_METRICS,
	CMD_HELP,
	CMD_VERSION,
	CMD_COUNT,
};

enum opt {
	OPT_SERVICE,		/* -u, -f */
	OPT_IPV6,
	OPT_SCHEDULER,
	OPT_OPS,
	OPT_PERSISTENT,
	OPT_NETMASK,
	OPT_PE,
	OPT_SCHED_FLAGS,
	OPT_SERVER,
	OPT_FORWARD,		/* -g, -i, -m */
	OPT_WEIGHT,
	OPT_U_THRESHOLD,
	OPT_L_THRESHOLD,
	OPT_TUN_TYPE,
	OPT_TUN_PORT,
	OPT_TUN_CSUM,		/* --tun-nocsum, --tun-csum, --tun-remcsum */
	OPT_SERVER_ID,
	OPT_KEEP_SERVER_IDS,
	OPT_ABSENT,
	OPT_ID,
	OPT_SERVER_ID_LEN,
	OPT_NONCE_LEN,
	OPT_KEY_FILE,
	OPT_KEY_FINGERPRINT,
	OPT_KEY,
	OPT_KEYS,
	OPT_NONCE,
	OPT_SELF_LEN,
	OPT_TENANT,
	OPT_CHECK_LENGTH,
	OPT_LAYOUT,
	OPT_CHECK,
	OPT_WEIGHTS,
	OPT_REKEY,
	OPT_FORCE,
	OPT_SEEN_WITHIN,
	OPT_SEEN_BY,
	OPT_YANG,
	OPT_KEY_PATH,
	OPT_STEP,
	OPT_OLD,
	OPT_UNSEEN,
#define X(symbol, option, json, min, max, value) OPT_##symbol,
	SETTINGS(X)
#undef X
#define X(symbol, option, family, octets, min) OPT_##symbol,
	SOURCES(X)
#undef X
	OPT_NUMERIC,
	OPT_VIEW,		/* -c, --stats, --rate, ... */
	OPT_EXACT,
	OPT_SORT,
	OPT_ALL,
	OPT_JSON,
	OPT_SAVED,
	OPT_ROLE,
	OPT_CLIENT,
	OPT_FROM,
	OPT_CID,		/* --cid, --follow */
	OPT_COUNT_EVENTS,
	OPT_SECONDS,
	OPT_NETNS,
	OPT_OUTPUT,
	OPT_EXPOSITION,		/* --openmetrics, --prometheus, --http */
	OPT_COLOR,
	OPT_TIMESTAMP,
	OPT_WAIT,		/* --timeout of probe and check-director */
	OPT_AWAIT,
	OPT_VERBOSE,		/* -v of doctor and trace */
	OPT_SIZE,
	OPT_MODE,
	OPT_OPERAND,		/* decode's CID, explain's capture */
	OPT_COUNT,
};

/* A set of options is an unsigned __int128, a bit for each: there are more than 64. */
static inline unsigned __int128 opt_bit(enum opt opt)
{
	return (unsigned __int128)1 << opt;
}

#define O(opt) ((unsigned __int128)1 << OPT_##opt)
_Static_assert(OPT_COUNT <= 128, "O() has a bit for each option");

/* Those that stand with any command, also in front of it, and on no line that -R reads. */
#define O_GLOBAL (O(NETNS) | O(COLOR))

/* All that "set" sets. */
#define O_SETTING(symbol, option, json, min, max, value) O(symbol) |
#define O_SOURCE(symbol, option, family, octets, min) O(symbol) |
#define O_SETTINGS (SETTINGS(O_SETTING) SOURCES(O_SOURCE) (unsigned __int128)0)

struct command {
	char letter;			/* 0: it is a word */
	const char *name;		/* long option, or first word */
	const char *sub;		/* second word, or NULL */
	unsigned __int128 must;			/* O() of the options it cannot do without */
	unsigned __int128 may;			/* and those it understands besides */
	unsigned int operands;		/* how many at most */
	bool restorable;		/* -R takes it: it describes a state */
	const char *usage;		/* what follows the name */
	const char *purpose;		/* one sentence */
	const char *operand;		/* what a missing one is called */
};

/* By enum cmd. */
extern const struct command commands[CMD_COUNT];

/* As the user knows it, "-A" or "config add". */
const char *cmd_name(enum cmd cmd);

#endif /* _QUICLBADM_CLI_COMMANDS_H */
