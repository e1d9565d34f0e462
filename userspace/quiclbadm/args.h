/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line, and each line that -R reads: one command with its options.
 * What an option is and takes is one table, which options a command must and
 * may have another (commands.c).
 */
#ifndef _QUICLBADM_ARGS_H
#define _QUICLBADM_ARGS_H

#include "model.h"

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
	CMD_SET,
	CMD_CONFIG_ADD,
	CMD_CONFIG_REPLACE,
	CMD_CONFIG_DEL,
	CMD_CONFIG_LIST,
	CMD_SERVER_ID_ADD,
	CMD_SERVER_ID_DEL,
	CMD_SERVER_ID_LIST,
	CMD_EXPRESS_ADD,
	CMD_EXPRESS_DEL,
	CMD_EXPRESS_LIST,
	CMD_DECODE,
	CMD_ENCODE,
	CMD_EXPLAIN,
	CMD_DOCTOR,
	CMD_TRACE,
	CMD_GENKEY,
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
	OPT_KEY,
	OPT_KEYS,
	OPT_NONCE,
	OPT_SELF_LEN,
	OPT_TENANT,
	OPT_CHECK_LENGTH,
	OPT_FORCE,
	OPT_SEEN_WITHIN,
#define X(symbol, option, json, min, max, value) OPT_##symbol,
	SETTINGS(X)
#undef X
#define X(symbol, option, family, octets, min) OPT_##symbol,
	SOURCES(X)
#undef X
	OPT_NUMERIC,
	OPT_VIEW,		/* --stats, --rate, --thresholds, --tun-info */
	OPT_EXACT,
	OPT_JSON,
	OPT_SAVED,
	OPT_ROLE,
	OPT_CLIENT,
	OPT_FROM,
	OPT_CID,
	OPT_COUNT_EVENTS,
	OPT_SECONDS,
	OPT_OPERAND,		/* decode's CID, explain's capture */
	OPT_COUNT,
};

#define O(opt) (UINT64_C(1) << OPT_##opt)

enum view {
	VIEW_DEFAULT,
	VIEW_STATS,
	VIEW_RATE,
	VIEW_THRESHOLDS,
	VIEW_TUN_INFO,
};

enum role {
	ROLE_ANY,
	ROLE_DIRECTOR,
	ROLE_SERVER,
};

struct args {
	enum cmd cmd;
	bool help;
	bool from_input;		/* a line that -R reads */
	char **argv;			/* all of it, as the program was called */
	uint64_t seen;			/* O() of the options given */

	struct service_id service;
	const char *sched;
	const char *pe;
	uint32_t timeout;
	const char *netmask;
	uint32_t sched_flags;

	const char *server_text;
	struct endpoint server;		/* its port defaults to the service's */
	uint32_t forward;
	uint32_t weight;
	uint32_t u_threshold;
	uint32_t l_threshold;
	uint32_t tun_type;
	uint32_t tun_port;
	uint32_t tun_flags;
	struct mapping *sids;		/* server not filled in */
	size_t sid_count;

	uint32_t id;
	uint32_t tenant;
	uint32_t seen_within;		/* s */
	uint32_t settings[SETTING_COUNT];
	struct prefix sources[SOURCE_COUNT];
	uint32_t server_id_len;
	uint32_t nonce_len;
	const char *key_file;
	const char *key;		/* hex: only in what -R reads */
	uint8_t nonce[QLB_NONCE_LEN_MAX];
	size_t nonce_octets;
	const char *saved;
	enum role role;
	struct endpoint client;		/* port 0 */
	struct endpoint from;		/* port 0 */
	uint8_t cid[QLB_CID_LEN_MAX];
	size_t cid_len;
	uint32_t count;
	uint32_t seconds;
	const char *operands[2];
	unsigned int operand_count;

	enum view view;
};

/* All that "set" sets. */
#define O_SETTING(symbol, option, json, min, max, value) O(symbol) |
#define O_SOURCE(symbol, option, family, octets, min) O(symbol) |
#define O_SETTINGS (SETTINGS(O_SETTING) SOURCES(O_SOURCE) UINT64_C(0))

static inline bool given(const struct args *args, uint64_t opts)
{
	return args->seen & opts;
}

/*
 * Reads @argv, without the program's name; @args keeps pointers into it.
 * @from_input: a line of -R's input, where --key may be and letters that
 * do not describe a state may not.
 * Return: 0 or EXIT_USAGE, then the sentence is said.  @args wants
 * args_destroy() in both cases.
 */
int args_parse(int argc, char **argv, bool from_input, struct args *args);
void args_destroy(struct args *args);

/* As the user knows it, "-A" or "config add". */
const char *cmd_name(enum cmd cmd);

#endif /* _QUICLBADM_ARGS_H */
