// SPDX-License-Identifier: GPL-2.0-only
#include "cli/options.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/parse.h"
#include "common/color.h"
#include "common/err.h"
#include "common/xalloc.h"
#include "model/layout.h"
#include "model/rotation.h"

static int read_number(struct args *args, const struct option_desc *desc,
		       const char *what, const char *value)
{
	uint32_t *number = (void *)((char *)args + desc->at);

	return parse_number(what, value, desc->min, desc->max, number);
}

static int read_string(struct args *args, const struct option_desc *desc,
		       const char *what, const char *value)
{
	const char **string = (void *)((char *)args + desc->at);

	if (!*value)
		return bad_usage("%s: the value is empty", what);
	if (desc->max && strlen(value) > desc->max)
		return bad_usage("%s %s: longer than %u characters", what, value,
				 desc->max);
	*string = value;
	return 0;
}

/* An option that means one value of a field: -i, --stats. */
static int read_choice(struct args *args, const struct option_desc *desc,
		       const char *what, const char *value)
{
	uint32_t *number = (void *)((char *)args + desc->at);

	(void)what;
	(void)value;
	*number = desc->min;
	return 0;
}

static int read_udp(struct args *args, const struct option_desc *desc,
		    const char *what, const char *value)
{
	char text[ENDPOINT_STRLEN];
	bool has_port;
	int err;

	(void)desc;
	args->service.protocol = IPPROTO_UDP;
	err = parse_endpoint(what, value, &args->service.vip, &has_port);
	if (err || has_port)
		return err;
	args->service.vip.port = 443;
	/* this asks a server, and makes no service */
	if (args->cmd == CMD_PROBE)
		return 0;
	if (args->service.vip.af == AF_INET6)
		return bad_usage("%s %s: the port is missing, and before a port an IPv6 address is in brackets (%s)",
				 what, value, endpoint_str(&args->service.vip, text));
	return bad_usage("%s %s: the port is missing (%s)", what, value,
			 endpoint_str(&args->service.vip, text));
}

static int read_fwmark(struct args *args, const struct option_desc *desc,
		       const char *what, const char *value)
{
	(void)desc;
	return parse_number(what, value, 1, UINT32_MAX, &args->service.fwmark);
}

static int read_not_udp(struct args *args, const struct option_desc *desc,
			const char *what, const char *value)
{
	(void)args;
	(void)desc;
	(void)value;
	return bad_usage("%s: QUIC runs over UDP (-u); ipvsadm manages the other services",
			 what);
}

static int read_persistent(struct args *args, const struct option_desc *desc,
			   const char *what, const char *value)
{
	args->timeout = 300;
	return value ? read_number(args, desc, what, value) : 0;
}

static int read_tun_type(struct args *args, const struct option_desc *desc,
			 const char *what, const char *value)
{
	static const char *const types[] = {
		[IP_VS_CONN_F_TUNNEL_TYPE_IPIP] = "ipip",
		[IP_VS_CONN_F_TUNNEL_TYPE_GUE] = "gue",
		[IP_VS_CONN_F_TUNNEL_TYPE_GRE] = "gre",
	};
	uint32_t type;

	(void)desc;
	for (type = 0; type < IP_VS_CONN_F_TUNNEL_TYPE_MAX; type++)
		if (!strcmp(value, types[type]))
			break;
	args->tun_type = type;
	if (type < IP_VS_CONN_F_TUNNEL_TYPE_MAX)
		return 0;
	return bad_usage("%s %s: not one of ipip, gue and gre", what, value);
}

static int read_server_id(struct args *args, const struct option_desc *desc,
			  const char *what, const char *value)
{
	struct mapping map = { 0 };
	int err;

	(void)desc;
	/* without a prefix: config 0, or what encode's --id says */
	map.config_id = QLB_CONFIG_ID_RESERVED;
	err = parse_server_id(what, value, &map);
	if (err)
		return err;
	args->sids = xreallocarray(args->sids, args->sid_count + 1,
				   sizeof(map));
	args->sids[args->sid_count++] = map;
	return 0;
}

static int read_seen_by(struct args *args, const struct option_desc *desc,
			const char *what, const char *value)
{
	(void)desc;
	if (!*value)
		return bad_usage("%s: the value is empty", what);
	args->seen_by = xreallocarray(args->seen_by, args->seen_by_count + 1,
				      sizeof(*args->seen_by));
	args->seen_by[args->seen_by_count++] = value;
	return 0;
}

static int read_role(struct args *args, const struct option_desc *desc,
		     const char *what, const char *value)
{
	(void)desc;
	if (!strcmp(value, "director"))
		args->role = ROLE_DIRECTOR;
	else if (!strcmp(value, "server"))
		args->role = ROLE_SERVER;
	else
		return bad_usage("%s %s: neither director nor server", what,
				 value);
	return 0;
}

static int read_color(struct args *args, const struct option_desc *desc,
		      const char *what, const char *value)
{
	static const char *const names[] = {
		[COLOR_AUTO] = "auto",
		[COLOR_ALWAYS] = "always",
		[COLOR_NEVER] = "never",
	};
	unsigned int i;

	(void)args;
	(void)desc;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(value, names[i]))
			continue;
		/* at once: an error in what follows is coloured, too */
		color_set(i);
		return 0;
	}
	return bad_usage("%s %s: not one of auto, always and never", what, value);
}

static int read_address(struct args *args, const struct option_desc *desc,
			const char *what, const char *value)
{
	struct endpoint *ep = (void *)((char *)args + desc->at);
	bool has_port;
	int err;

	err = parse_endpoint(what, value, ep, &has_port);
	if (!err && has_port)
		return bad_usage("%s %s: an address without a port", what,
				 value);
	return err;
}

static int read_cid(struct args *args, const struct option_desc *desc,
		    const char *what, const char *value)
{
	(void)desc;
	return parse_hex(what, value, args->cid, 1, sizeof(args->cid),
			 &args->cid_len);
}

static int read_follow(struct args *args, const struct option_desc *desc,
		       const char *what, const char *value)
{
	args->follow = true;
	return read_cid(args, desc, what, value);
}

static int read_nonce(struct args *args, const struct option_desc *desc,
		      const char *what, const char *value)
{
	(void)desc;
	return parse_hex(what, value, args->nonce, QLB_NONCE_LEN_MIN,
			 QLB_NONCE_LEN_MAX, &args->nonce_octets);
}

/* As it is printed: 8 hex digits. */
static int read_fingerprint(struct args *args, const struct option_desc *desc,
			    const char *what, const char *value)
{
	uint8_t octets[4];
	size_t len;
	int err = parse_hex(what, value, octets, sizeof(octets), sizeof(octets), &len);

	(void)desc;
	if (err)
		return err;
	args->key_fingerprint = (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 |
				(uint32_t)octets[2] << 8 | octets[3];
	return 0;
}

static int read_layout(struct args *args, const struct option_desc *desc,
		       const char *what, const char *value)
{
	const char *why = layout_read(value, &args->layout);

	(void)desc;
	return why ? bad_usage("%s %s: %s", what, value, why) : 0;
}

static int read_source(struct args *args, const struct option_desc *desc,
		       const char *what, const char *value)
{
	return parse_prefix(what, value, &sources[desc->at],
			    &args->sources[desc->at]);
}

static int read_mode(struct args *args, const struct option_desc *desc,
		     const char *what, const char *value)
{
	(void)desc;
	if (express_mode_read(value, &args->mode))
		return 0;
	return bad_usage("%s %s: not one of auto, driver and ingress", what, value);
}

#define NUMBER(field, low, high) TAKES_VALUE, read_number, \
	offsetof(struct args, field), low, high, CMD_NONE
#define STRING(field, length) TAKES_VALUE, read_string, \
	offsetof(struct args, field), 0, length, CMD_NONE
#define CHOICE(field, value) TAKES_NOTHING, read_choice, \
	offsetof(struct args, field), value, 0, CMD_NONE
#define FLAG TAKES_NOTHING, NULL, 0, 0, 0, CMD_NONE
#define READ(reader) TAKES_VALUE, reader, 0, 0, 0, CMD_NONE

static const struct option_desc options[] = {
	{ 'u', "udp-service", OPT_SERVICE, READ(read_udp) },
	{ 'f', "fwmark-service", OPT_SERVICE, READ(read_fwmark) },
	{ 't', "tcp-service", OPT_SERVICE, READ(read_not_udp) },
	{ 0, "sctp-service", OPT_SERVICE, READ(read_not_udp) },
	{ '6', "ipv6", OPT_IPV6, FLAG },
	{ 's', "scheduler", OPT_SCHEDULER,
	  STRING(sched, IP_VS_SCHEDNAME_MAXLEN - 1) },
	{ 'o', "ops", OPT_OPS, FLAG },
	{ 'p', "persistent", OPT_PERSISTENT, MAY_TAKE_VALUE, read_persistent,
	  offsetof(struct args, timeout), 1, 31 * 24 * 3600, CMD_NONE },
	{ 'M', "netmask", OPT_NETMASK, STRING(netmask, 15) },
	{ 0, "pe", OPT_PE, STRING(pe, IP_VS_PENAME_MAXLEN - 1) },
	{ 'b', "sched-flags", OPT_SCHED_FLAGS, STRING(sched_flags_text, 0) },
	{ 'r', "real-server", OPT_SERVER, STRING(server_text, 63) },
	{ 'g', "gatewaying", OPT_FORWARD, CHOICE(forward, IP_VS_CONN_F_DROUTE) },
	{ 'i', "ipip", OPT_FORWARD, CHOICE(forward, IP_VS_CONN_F_TUNNEL) },
	{ 'm', "masquerading", OPT_FORWARD, CHOICE(forward, IP_VS_CONN_F_MASQ) },
	{ 'w', "weight", OPT_WEIGHT, NUMBER(weight, 0, INT32_MAX) },
	{ 'x', "u-threshold", OPT_U_THRESHOLD, NUMBER(u_threshold, 0, INT32_MAX) },
	{ 'y', "l-threshold", OPT_L_THRESHOLD, NUMBER(l_threshold, 0, INT32_MAX) },
	{ 0, "tun-type", OPT_TUN_TYPE, READ(read_tun_type) },
	{ 0, "tun-port", OPT_TUN_PORT, NUMBER(tun_port, 1, 65535) },
	{ 0, "tun-nocsum", OPT_TUN_CSUM,
	  CHOICE(tun_flags, IP_VS_TUNNEL_ENCAP_FLAG_NOCSUM) },
	{ 0, "tun-csum", OPT_TUN_CSUM,
	  CHOICE(tun_flags, IP_VS_TUNNEL_ENCAP_FLAG_CSUM) },
	{ 0, "tun-remcsum", OPT_TUN_CSUM,
	  CHOICE(tun_flags, IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM) },
	{ 0, "server-id", OPT_SERVER_ID, READ(read_server_id) },
	{ 0, "keep-server-ids", OPT_KEEP_SERVER_IDS, FLAG },
	{ 0, "absent", OPT_ABSENT, FLAG },
	{ 0, "id", OPT_ID, NUMBER(id, 0, QLB_CONFIG_ID_MAX) },
	{ 0, "server-id-len", OPT_SERVER_ID_LEN,
	  NUMBER(server_id_len, QLB_SERVER_ID_LEN_MIN, QLB_SERVER_ID_LEN_MAX) },
	{ 0, "nonce-len", OPT_NONCE_LEN,
	  NUMBER(nonce_len, QLB_NONCE_LEN_MIN, QLB_NONCE_LEN_MAX) },
	{ 0, "key-file", OPT_KEY_FILE, STRING(key_file, 0) },
	{ 0, "key-fingerprint", OPT_KEY_FINGERPRINT, READ(read_fingerprint) },
	{ 0, "key", OPT_KEY, STRING(key, 0) },
	{ 0, "keys", OPT_KEYS, FLAG },
	{ 0, "nonce", OPT_NONCE, READ(read_nonce) },
	{ 0, "self-len", OPT_SELF_LEN, FLAG },
	{ 0, "tenant", OPT_TENANT, NUMBER(tenant, 0, TENANTS_MAX - 1) },
	{ 0, "check-length", OPT_CHECK_LENGTH, FLAG },
	{ 0, "layout", OPT_LAYOUT, READ(read_layout) },
	{ 0, "check", OPT_CHECK, FLAG },
	{ 0, "weights", OPT_WEIGHTS, FLAG },
	{ 0, "rekey", OPT_REKEY, FLAG },
	{ 0, "force", OPT_FORCE, FLAG },
	{ 0, "step", OPT_STEP, NUMBER(step, ROTATION_ADD, ROTATION_STEPS) },
	{ 0, "old", OPT_OLD, NUMBER(old_id, 0, QLB_CONFIG_ID_MAX) },
	{ 0, "unseen", OPT_UNSEEN, NUMBER(unseen, 0, 365 * 24 * 3600) },
	{ 0, "seen-by", OPT_SEEN_BY, READ(read_seen_by) },
	{ 0, "seen-within", OPT_SEEN_WITHIN,
	  NUMBER(seen_within, 0, 365 * 24 * 3600) },
	{ 0, "yang", OPT_YANG, FLAG },
	{ 0, "key-path", OPT_KEY_PATH, STRING(key_path, KEY_SOURCE_MAX) },
#define X(symbol, option, json, min, max, value) \
	{ 0, option, OPT_##symbol, NUMBER(settings[SETTING_##symbol], min, max) },
	SETTINGS(X)
#undef X
#define X(symbol, option, family, octets, min) \
	{ 0, option, OPT_##symbol, TAKES_VALUE, read_source, SOURCE_##symbol, 0, 0, CMD_NONE },
	SOURCES(X)
#undef X
	{ 'n', "numeric", OPT_NUMERIC, FLAG },
	{ 0, "stats", OPT_VIEW, CHOICE(view, VIEW_STATS) },
	{ 0, "rate", OPT_VIEW, CHOICE(view, VIEW_RATE) },
	{ 0, "thresholds", OPT_VIEW, CHOICE(view, VIEW_THRESHOLDS) },
	{ 0, "tun-info", OPT_VIEW, CHOICE(view, VIEW_TUN_INFO) },
	{ 0, "persistent-conn", OPT_VIEW, CHOICE(view, VIEW_PERSISTENT) },
	{ 'c', "connection", OPT_VIEW, CHOICE(view, VIEW_CONNECTIONS) },
	{ 0, "timeout", OPT_VIEW, CHOICE(view, VIEW_TIMEOUT) },
	{ 0, "daemon", OPT_VIEW, CHOICE(view, VIEW_DAEMON) },
	{ 0, "exact", OPT_EXACT, FLAG },
	{ 0, "sort", OPT_SORT, FLAG },
	{ 0, "all", OPT_ALL, FLAG },
	{ 'j', "json", OPT_JSON, FLAG },
	{ 'N', "netns", OPT_NETNS, STRING(netns, 255) },
	{ 0, "color", OPT_COLOR, READ(read_color) },
	{ 0, "saved", OPT_SAVED, STRING(saved, 0) },
	{ 0, "role", OPT_ROLE, READ(read_role) },
	{ 0, "client", OPT_CLIENT, TAKES_VALUE, read_address,
	  offsetof(struct args, client), 0, 0, CMD_NONE },
	{ 0, "from", OPT_FROM, TAKES_VALUE, read_address,
	  offsetof(struct args, from), 0, 0, CMD_NONE },
	{ 0, "cid", OPT_CID, READ(read_cid) },
	{ 0, "follow", OPT_CID, READ(read_follow) },
	{ 0, "count", OPT_COUNT_EVENTS, NUMBER(count, 1, UINT32_MAX) },
	{ 0, "seconds", OPT_SECONDS, NUMBER(seconds, 1, 31 * 24 * 3600) },
	{ 0, "await", OPT_AWAIT, NUMBER(await_seconds, 1, 24 * 3600) },
	{ 0, "output", OPT_OUTPUT, STRING(output, 0) },
	{ 0, "openmetrics", OPT_EXPOSITION, CHOICE(exposition, EXPOSE_OPENMETRICS) },
	{ 0, "prometheus", OPT_EXPOSITION, CHOICE(exposition, EXPOSE_PROMETHEUS) },
	{ 0, "http", OPT_EXPOSITION, CHOICE(exposition, EXPOSE_BY_HTTP) },
	{ 't', "timestamp", OPT_TIMESTAMP, FLAG },
	{ 0, "timeout", OPT_WAIT, TAKES_VALUE, read_number,
	  offsetof(struct args, wait_ms), 1, 60000, CMD_PROBE },
	{ 0, "timeout", OPT_WAIT, TAKES_VALUE, read_number,
	  offsetof(struct args, wait_ms), 1, 60000, CMD_CHECK_DIRECTOR },
	{ 'v', "verbose", OPT_VERBOSE, TAKES_NOTHING, NULL, 0, 0, 0, CMD_DOCTOR },
	{ 'v', "verbose", OPT_VERBOSE, TAKES_NOTHING, NULL, 0, 0, 0, CMD_TRACE },
	{ 0, "size", OPT_SIZE, NUMBER(size, 23, 9000) },
	{ 0, "mode", OPT_MODE, READ(read_mode) },
};

static const size_t option_count = sizeof(options) / sizeof(options[0]);

/* For each character the first row that has it as its letter, or begins with it. */
struct first_rows {
	unsigned char by_letter[UCHAR_MAX + 1];
	unsigned char by_initial[UCHAR_MAX + 1];
};

_Static_assert(sizeof(options) / sizeof(options[0]) <= UCHAR_MAX, "a row's number fits");

/*
 * A saved file has the same few options in each of 100,000 lines: most are found without
 * going through the table.
 */
static const struct first_rows *first_rows(void)
{
	static struct first_rows rows;
	static bool made;
	size_t i;

	if (made)
		return &rows;
	memset(&rows, (int)option_count, sizeof(rows));
	for (i = option_count; i--;) {
		rows.by_letter[(unsigned char)options[i].letter] = (unsigned char)i;
		rows.by_initial[(unsigned char)*options[i].name] = (unsigned char)i;
	}
	made = true;
	return &rows;
}

static bool is_called(const struct option_desc *desc, char letter, const char *name)
{
	if (!name)
		return desc->letter == letter;
	return *desc->name == *name && !strcmp(desc->name, name);
}

const struct option_desc *option_find(char letter, const char *name, enum cmd cmd)
{
	const struct option_desc *found = NULL;
	size_t i = name ? first_rows()->by_initial[(unsigned char)*name] :
			  first_rows()->by_letter[(unsigned char)letter];

	for (; i < option_count; i++) {
		if (!is_called(&options[i], letter, name))
			continue;
		if (options[i].only != CMD_NONE && options[i].only == cmd)
			return &options[i];
		if (options[i].only == CMD_NONE && !found)
			found = &options[i];
	}
	return found;
}

const struct option_desc *option_of(char letter, enum cmd cmd)
{
	unsigned __int128 takes = commands[cmd].must | commands[cmd].may;
	size_t i;

	for (i = first_rows()->by_letter[(unsigned char)letter]; i < option_count; i++)
		if (options[i].letter == letter &&
		    takes & opt_bit(options[i].opt))
			return &options[i];
	return option_find(letter, NULL, cmd);
}

const struct option_desc *option_at(size_t i)
{
	return i < option_count ? &options[i] : NULL;
}

const char *option_spelling(const struct option_desc *desc)
{
	static char names[2][32];
	static unsigned int next;
	char *name = names[next++ % 2];

	if (desc->letter)
		snprintf(name, sizeof(names[0]), "-%c", desc->letter);
	else
		snprintf(name, sizeof(names[0]), "--%s", desc->name);
	return name;
}

const char *option_name(enum opt opt, enum cmd cmd)
{
	size_t i;

	if (opt == OPT_OPERAND)
		return commands[cmd].operand;
	for (i = 0; i < option_count - 1 && options[i].opt != opt; i++)
		;
	return option_spelling(&options[i]);
}
