// SPDX-License-Identifier: GPL-2.0-only
#include "restore/state_file.h"

#include <stdlib.h>
#include <string.h>

#include "cli/build.h"
#include "common/err.h"
#include "common/xalloc.h"
#include "model/layout.h"
#include "restore/input_file.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/*
 * Moves the word at *@from to *@to, without its quotes; both advance.
 * Return: false when a quotation does not end.
 */
static bool take_word(char **from, char **to)
{
	char quote = '\0';
	char *in = *from, *out = *to;

	for (; *in && (quote || !is_space(*in)); in++) {
		if (quote && *in == quote) {
			quote = '\0';
			continue;
		}
		if (!quote && (*in == '"' || *in == '\'')) {
			quote = *in;
			continue;
		}
		if (quote == '"' && *in == '\\' && in[1])
			in++;
		*out++ = *in;
	}
	*from = in;
	*to = out;
	return !quote;
}

int state_file_split(char *line, char ***words)
{
	char *in = line, *out = line, *start;
	int count = 0, room = 0;

	*words = NULL;
	for (;;) {
		while (is_space(*in))
			in++;
		if (!*in || *in == '#')
			return count;
		start = out;
		if (!take_word(&in, &out)) {
			refuse("a quotation does not end");
			return -1;
		}
		/* the terminator may land on the separator: step over that first */
		if (*in)
			in++;
		*out++ = '\0';
		if (count == room) {
			room = room ? 2 * room : 16;
			*words = xreallocarray(*words, (size_t)room,
					       sizeof(**words));
		}
		(*words)[count++] = start;
	}
}

static int read_service(const struct args *args, struct state *state)
{
	char name[SERVICE_STRLEN];

	if (state_find(state, &args->service))
		return refuse("-A: service %s is described above already",
			      service_str(&args->service, name));
	return build_service(args, state_add(state, &args->service));
}

static int read_config(const struct args *args, struct service *svc)
{
	char name[CONFIG_STRLEN];
	const struct config *rival;
	struct config config;
	int err;

	if (service_find_config(svc, args->id, args->tenant))
		return refuse("config add: %s is described above already",
			      config_str(args->id, args->tenant, name));
	if (args->tenant && !(svc->bad_configs & 1u << args->id) &&
	    !service_find_config(svc, args->id, args->tenant - 1))
		return refuse("config add: no config %u tenant %u above, and tenants are numbered from 0 without gaps",
			      args->id, args->tenant - 1);
	err = build_config(args, &config);
	rival = err ? NULL : service_rival(svc, &config);
	if (rival)
		err = refuse("config add: a layout and %s above would get connection IDs with the same first octet",
			     config_str(rival->id, rival->tenant, name));
	if (!err && !service_add_config(svc, &config))
		err = refuse("config add: more than %d configs", CONFIGS_MAX);
	if (err)
		config_destroy(&config);
	/* the service has the path now, and the only key */
	explicit_bzero(config.key, sizeof(config.key));
	return err;
}

static int read_settings(const struct args *args, struct service *svc)
{
	if (svc->set_line)
		return refuse("set: there is such a line above already");
	svc->set_line = true;
	build_settings(args, svc->settings);
	build_sources(args, svc->sources);
	return 0;
}

static int read_server(const struct args *args, struct service *svc)
{
	char server[ENDPOINT_STRLEN];
	struct dest dest;

	if (service_find_dest(svc, &args->server))
		return refuse("-a: real server %s is described above already",
			      endpoint_str(&args->server, server));
	dest_init(&dest, &args->server);
	build_dest(args, &dest);
	service_add_dest(svc, &dest);
	return 0;
}

static int read_express(const struct args *args, struct state *state)
{
	struct device device = { 0 };

	if (state_find_device(state, args->operands[0]))
		return refuse("express add: device %s is named above already",
			      args->operands[0]);
	strcpy(device.name, args->operands[0]);
	device.mode = args->mode;
	state_add_device(state, &device);
	return 0;
}

static int read_command(const struct args *args, struct state *state,
			unsigned int line)
{
	struct service *svc = state_find(state, &args->service);
	char name[SERVICE_STRLEN];
	int err = 0;
	size_t i;

	if (args->cmd == CMD_ADD_SERVICE)
		return read_service(args, state);
	if (args->cmd == CMD_EXPRESS_ADD)
		return read_express(args, state);
	if (!svc)
		return refuse("%s: no -A line for service %s above",
			      cmd_name(args->cmd),
			      service_str(&args->service, name));
	if ((args->cmd == CMD_CONFIG_ADD || args->cmd == CMD_SET ||
	     args->sid_count) && !service_is_quic(svc))
		return refuse("%s: service %s has scheduler %s, not quic",
			      cmd_name(args->cmd),
			      service_str(&args->service, name), svc->sched);
	if (args->cmd == CMD_CONFIG_ADD)
		err = read_config(args, svc);
	else if (args->cmd == CMD_SET)
		err = read_settings(args, svc);
	else if (args->cmd == CMD_ADD_SERVER)
		err = read_server(args, svc);
	for (i = 0; !err && i < args->sid_count; i++) {
		struct mapping map = args->sids[i];

		map.line = line;
		map.absent = given(args, O(ABSENT));
		service_add_mapping(svc, &map);
	}
	return err;
}

enum { ALL_CONFIGS = (1u << QLB_CONFIGS_MAX) - 1 };

/*
 * After a refused line, what it may have said about its service is not missed below:
 * one mistake is one sentence.  All else is looked at.
 */
static void note_bad_line(const struct args *args, bool understood, struct state *state)
{
	struct service_id id = args->service;
	struct service *svc;

	if (!id.fwmark && !id.vip.af)
		return;
	if (id.fwmark)
		id.vip.af = given(args, O(IPV6)) ? AF_INET6 : AF_INET;
	svc = state_find(state, &id);
	if (!svc && args->cmd == CMD_ADD_SERVICE)
		svc = state_add(state, &id);
	if (svc && args->cmd == CMD_CONFIG_ADD)
		svc->bad_configs |= understood || given(args, O(ID)) ? 1u << args->id :
								       ALL_CONFIGS;
	if (svc && args->cmd == CMD_ADD_SERVER && !understood)
		svc->bad_server = true;
}

/* Of -A and -a: ipvsadm -S prints such lines among those of UDP. */
static bool is_other_protocol(char *const *words, int count)
{
	static const char *const names[] = {
		"-t", "--tcp-service", "--sctp-service",
	};
	size_t i;

	if (count < 2 || (strcmp(words[0], "-A") && strcmp(words[0], "-a") &&
			  strcmp(words[0], "--add-service") &&
			  strcmp(words[0], "--add-server")))
		return false;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(words[1], names[i]))
			return true;
	return false;
}

/* Lines that are passed over. */
struct passed {
	unsigned int first;
	unsigned int count;
};

static void pass_over(struct passed *passed, unsigned int line)
{
	if (!passed->count++)
		passed->first = line;
}

/* One sentence, however many there are. */
static void say_passed(const struct passed *passed)
{
	if (!passed->count)
		return;
	err_set_line(passed->first);
	caution("%u %s of TCP or SCTP, which ipvsadm manages (ipvsadm -R): such services are left as they are",
		passed->count, passed->count == 1 ? "line is" : "lines are");
}

static int read_line(char *text, unsigned int flags, struct state *state,
		     unsigned int line, struct passed *passed)
{
	char **words, **first;
	struct args args;
	bool understood;
	int count, err;

	count = state_file_split(text, &words);
	first = words;
	if (count > 0 && !strcmp(*first, "quiclbadm")) {
		first++;
		count--;
	}
	if (is_other_protocol(first, count)) {
		pass_over(passed, line);
		err = 0;
	} else if (count > 0) {
		err = args_parse(count, first, true, &args);
		args.check_only = flags & STATE_FILE_CHECK;
		args.rekey = flags & STATE_FILE_REKEY;
		understood = !err;
		if (understood)
			err = read_command(&args, state, line);
		if (err)
			note_bad_line(&args, understood, state);
		args_destroy(&args);
	} else {
		err = count;
	}
	free(words);
	return err;
}

/* Checks of a mapping that need the whole file. */
static int check_mapping(struct service *svc, const struct mapping *map)
{
	char sid[SID_STRLEN], server[ENDPOINT_STRLEN];
	bool has_config = !(svc->bad_configs & 1u << map->config_id);

	sid_str(map, sid);
	if (has_config && service_lacks_bits(svc, map))
		return refuse("server ID %s: it has more bits than the layout of config %u",
			      sid, map->config_id);
	if (has_config && !service_length_fits(svc, map))
		return refuse("server ID %s: %u octets, config %u has server IDs of %u",
			      sid, map->sid.len, map->config_id,
			      service_find_config(svc, map->config_id, 0)->server_id_len);
	if (!svc->bad_server && !map->absent && !service_find_dest(svc, &map->server))
		return refuse("server ID %s: no -a line for real server %s, and no --absent",
			      sid, endpoint_str(&map->server, server));
	return 0;
}

/* Two servers cannot have one server ID; the later line is the bad one. */
static int check_repetition(const struct mapping *last, const struct mapping *map)
{
	char sid[SID_STRLEN], server[ENDPOINT_STRLEN];

	if (endpoint_eq(&last->server, &map->server))
		return 0;
	if (last->line > map->line)
		err_set_line(last->line);
	return refuse("server ID %s: %s has it already", sid_str(map, sid),
		      endpoint_str(last->line > map->line ? &map->server :
							    &last->server, server));
}

/* Drops repetitions.  Return: false after error messages. */
static bool check_mappings(struct service *svc)
{
	size_t from, to = 0;
	bool good = true;

	if (svc->map_count)
		qsort(svc->maps, svc->map_count, sizeof(*svc->maps),
		      mapping_cmp_by_sid);
	for (from = 0; from < svc->map_count; from++) {
		const struct mapping *map = &svc->maps[from];
		const struct mapping *last = to ? &svc->maps[to - 1] : NULL;

		err_set_line(map->line);
		if (check_mapping(svc, map))
			good = false;
		if (!last || mapping_cmp_by_sid(last, map))
			svc->maps[to++] = *map;
		else if (check_repetition(last, map))
			good = false;
	}
	svc->map_count = to;
	return good;
}

/* Each error is said.  Return: false after one. */
static bool read_lines(char *text, const char *end, unsigned int flags,
		       struct state *state)
{
	struct passed passed = { 0 };
	unsigned int line = 0;
	bool good = true;
	char *newline;

	for (; text < end; text = newline + 1) {
		newline = memchr(text, '\n', (size_t)(end - text));
		if (!newline)
			newline = text + (end - text);
		*newline = '\0';
		err_set_line(++line);
		if (strlen(text) != (size_t)(newline - text)) {
			/* no text: the rest would be errors without end */
			refuse("an octet 0 in the text");
			return false;
		}
		if (read_line(text, flags, state, line, &passed))
			good = false;
	}
	say_passed(&passed);
	return good;
}

int state_file_parse(char *text, size_t len, unsigned int flags, struct state *state)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	const char *end = text + len;
	bool good;
	size_t i;

	memset(state, 0, sizeof(*state));
	if (!strncmp(text, byte_order_mark, strlen(byte_order_mark)))
		text += strlen(byte_order_mark);
	good = read_lines(text, end, flags, state);
	for (i = 0; i < state->count; i++)
		if (!check_mappings(state->services[i]))
			good = false;
	err_set_line(0);
	state_sort(state);
	return good ? 0 : EXIT_REFUSED;
}

int state_file_read(const char *path, unsigned int flags, struct state *state)
{
	struct input_file file;
	int err;

	memset(state, 0, sizeof(*state));
	err = input_file_read(&file, path);
	if (!err)
		err = state_file_parse(file.text, file.len, flags, state);
	input_file_wipe(&file);
	return err;
}
