/* SPDX-License-Identifier: GPL-2.0-only */
/* What each option is and takes, one table; and what was given, one struct. */
#ifndef _QUICLBADM_CLI_OPTIONS_H
#define _QUICLBADM_CLI_OPTIONS_H

#include "cli/commands.h"

enum view {
	VIEW_DEFAULT,
	VIEW_STATS,
	VIEW_RATE,
	VIEW_THRESHOLDS,
	VIEW_TUN_INFO,
	VIEW_PERSISTENT,
	VIEW_CONNECTIONS,
	VIEW_TIMEOUT,
	VIEW_DAEMON,
};

enum role {
	ROLE_ANY,
	ROLE_DIRECTOR,
	ROLE_SERVER,
};

enum expose {
	EXPOSE_DEFAULT,
	EXPOSE_OPENMETRICS,
	EXPOSE_PROMETHEUS,
	EXPOSE_BY_HTTP,			/* in the format that the client chooses */
};

enum {
	OPERANDS_MAX = 8,
};

struct option_desc;

struct args {
	enum cmd cmd;
	bool help;
	bool from_state_file;		/* a line that -R reads */
	bool check_only;		/* ... to be checked, not done */
	bool rekey;			/* ... whatever key its file held before */
	char **argv;			/* all of it, as the program was called */
	unsigned __int128 seen;			/* O() of the options given */
	const struct option_desc *by[OPT_COUNT];	/* which of its rows gave each */

	const char *netns;

	struct service_id service;
	const char *sched;
	const char *pe;
	uint32_t timeout;
	const char *netmask;
	const char *sched_flags_text;	/* -b: without a command it is a batch file */
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
	const char **seen_by;		/* files and URLs */
	size_t seen_by_count;
	uint32_t step;			/* of a rotation; 0: none */
	uint32_t old_id;
	uint32_t unseen;		/* s */
	uint32_t settings[SETTING_COUNT];
	struct prefix sources[SOURCE_COUNT];
	uint32_t server_id_len;
	uint32_t nonce_len;
	struct qlb_layout layout;
	const char *key_file;
	uint32_t key_fingerprint;
	const char *key_path;		/* a server's */
	const char *key;		/* hex: only in what -R reads */
	uint8_t nonce[QLB_NONCE_LEN_MAX];
	size_t nonce_octets;
	const char *saved;
	enum role role;
	struct endpoint client;		/* port 0 */
	struct endpoint from;		/* port 0 */
	uint8_t cid[QLB_CID_LEN_MAX];
	size_t cid_len;
	bool follow;			/* the connection of which that is a CID */
	uint32_t count;
	uint32_t seconds;
	uint32_t await_seconds;
	const char *output;
	enum expose exposition;
	uint32_t wait_ms;
	uint32_t size;			/* octets of UDP payload */
	enum express_mode mode;
	const char *operands[OPERANDS_MAX];
	unsigned int operand_count;

	enum view view;
};

static inline bool given(const struct args *args, unsigned __int128 opts)
{
	return args->seen & opts;
}

enum takes {
	TAKES_NOTHING,
	TAKES_VALUE,
	MAY_TAKE_VALUE,		/* the next word, unless it is an option */
};

/*
 * @read gets the value; @what is the option as it was written.  The readers of
 * numbers and strings store at the offset @at.
 */
struct option_desc {
	char letter;
	const char *name;
	enum opt opt;
	enum takes takes;
	int (*read)(struct args *args, const struct option_desc *desc,
		    const char *what, const char *value);
	size_t at;
	uint32_t min;
	uint32_t max;
	enum cmd only;		/* the name means this with that command; CMD_NONE: with others */
};

/*
 * By letter or, if @name is not NULL, by long name; NULL when there is none.  --timeout
 * is -L's without a value, and another one with @cmd "probe".
 */
const struct option_desc *option_find(char letter, const char *name, enum cmd cmd);

/* By letter; where options share one, the one that @cmd takes. */
const struct option_desc *option_of(char letter, enum cmd cmd);

/* The rows one by one; NULL behind the last. */
const struct option_desc *option_at(size_t i);

/* "-u" or "--stats"; good until the next call but one. */
const char *option_spelling(const struct option_desc *desc);

/* The option as the table's first row for it spells it. */
const char *option_name(enum opt opt, enum cmd cmd);

#endif /* _QUICLBADM_CLI_OPTIONS_H */
