// SPDX-License-Identifier: GPL-2.0-only
#include "cli/args.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/foreign.h"
#include "cli/parse.h"
#include "common/err.h"
#include "common/suggest.h"
#include "model/layout.h"

/* One word of the command line after the other. */
struct words {
	int argc;
	char **argv;
};

static const char *next_word(struct words *words)
{
	if (!words->argc)
		return NULL;
	words->argc--;
	return *words->argv++;
}

static int set_command(struct args *args, enum cmd cmd, const char *what)
{
	/* "-A --help" explains -A */
	if (cmd == CMD_HELP) {
		args->help = true;
		return 0;
	}
	/* and so does "help -A" */
	if (args->cmd == CMD_HELP)
		args->help = true;
	else if (args->cmd != CMD_NONE)
		return bad_usage("%s: there is a command already, %s", what,
				 cmd_name(args->cmd));
	args->cmd = cmd;
	return 0;
}

/* As often as there are letters in a saved file: not by going through the commands. */
static enum cmd command_of_letter(char letter)
{
	static unsigned char commands_of[UCHAR_MAX + 1];
	enum cmd cmd;

	if (!commands_of['l']) {
		for (cmd = CMD_COUNT - 1; cmd > CMD_NONE; cmd--)
			commands_of[(unsigned char)commands[cmd].letter] = (unsigned char)cmd;
		commands_of[0] = CMD_NONE;
		commands_of['l'] = CMD_LIST;
		commands_of['V'] = CMD_VERSION;
	}
	return commands_of[(unsigned char)letter];
}

static enum cmd find_command(char letter, const char *name)
{
	enum cmd cmd;

	if (!name)
		return command_of_letter(letter);
	for (cmd = CMD_NONE + 1; cmd < CMD_COUNT; cmd++)
		if (commands[cmd].letter && !strcmp(commands[cmd].name, name))
			return cmd;
	return CMD_NONE;
}

/*
 * @attached: what stands behind "=" or, for a letter, in the same word; NULL if
 * nothing does.
 */
static int read_option(struct args *args, struct words *words,
		       const struct option_desc *desc, const char *what,
		       const char *attached)
{
	const char *value = attached;
	int err;

	if (desc->opt == OPT_KEY && !args->from_state_file)
		return bad_usage("%s: a key on the command line is seen by every user; --key-file",
				 what);
	if (desc->opt != OPT_SERVER_ID && desc->opt != OPT_SEEN_BY &&
	    args->seen & opt_bit(desc->opt)) {
		if (args->by[desc->opt] == desc)
			return bad_usage("%s: given twice", what);
		return bad_usage("%s: not together with %s", what,
				 option_spelling(args->by[desc->opt]));
	}
	args->by[desc->opt] = desc;
	if (desc->takes == TAKES_NOTHING && value)
		return bad_usage("%s: takes no value", what);
	/* no value begins like that, and it might be --key=... */
	if (desc->takes == TAKES_VALUE && !value && words->argc &&
	    strncmp(words->argv[0], "--", 2))
		value = next_word(words);
	if (desc->takes == TAKES_VALUE && !value)
		return bad_usage("%s: the value is missing", what);
	if (desc->takes == MAY_TAKE_VALUE && !value && words->argc &&
	    *words->argv[0] != '-')
		value = next_word(words);
	err = desc->read ? desc->read(args, desc, what, value) : 0;
	/* one that cannot be read is none, for those who look at what there is */
	if (!err)
		args->seen |= opt_bit(desc->opt);
	return err;
}

/* A long name that is neither a command's nor an option's. */
static int unknown_name(const char *what, const char *name)
{
	const char *sentence = foreign_option(name);
	struct suggestion suggestion = { .typed = name };
	enum cmd cmd;
	size_t i;

	if (sentence)
		return bad_usage("%s: %s", what, sentence);
	/* without the space between, the rest may be a key */
	if (!strncmp(name, "key", 3))
		return bad_usage("--key...: no such option (--key-file)");
	for (i = 0; option_at(i); i++)
		if (option_at(i)->opt != OPT_KEY)
			suggest_offer(&suggestion, option_at(i)->name);
	for (cmd = CMD_NONE + 1; cmd < CMD_COUNT; cmd++)
		if (commands[cmd].letter)
			suggest_offer(&suggestion, commands[cmd].name);
	if (suggestion.best)
		return bad_usage("%s: no such option (--%s?)", what,
				 suggestion.best);
	return bad_usage("%s: no such option", what);
}

static int read_long(struct args *args, struct words *words, const char *word)
{
	const char *equals = strchr(word, '=');
	const struct option_desc *desc;
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	char what[64];
	enum cmd cmd;

	if (len >= sizeof(what))
		len = sizeof(what) - 1;
	memcpy(what, word, len);
	what[len] = '\0';
	desc = option_find(0, what + 2, args->cmd);
	if (desc)
		return read_option(args, words, desc, what,
				   equals ? equals + 1 : NULL);
	cmd = find_command(0, what + 2);
	if (cmd != CMD_NONE && equals)
		return bad_usage("%s: takes no value", what);
	if (cmd != CMD_NONE)
		return set_command(args, cmd, what);
	return unknown_name(what, what + 2);
}

/* "-stats": the letters would be options, and their sentences about those. */
static const char *long_name_of(const char *letters)
{
	const struct option_desc *desc;
	char name[32];
	enum cmd cmd;

	/* most have one letter */
	if (!letters[0] || !letters[1])
		return NULL;
	if (strcspn(letters, "=") < 3 ||
	    strcspn(letters, "=") >= sizeof(name))
		return NULL;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(letters, "="),
		 letters);
	desc = option_find(0, name, CMD_NONE);
	if (desc)
		return desc->name;
	cmd = find_command(0, name);
	return cmd == CMD_NONE ? NULL : commands[cmd].name;
}

static int read_letter_with_value(struct args *args, struct words *words,
				  const struct option_desc *desc,
				  const char *what, const char *rest)
{
	if (*rest == '=')
		return bad_usage("%s: behind a letter, the value has no equals sign (%s %s)",
				 what, what, rest[1] ? rest + 1 : "VALUE");
	return read_option(args, words, desc, what, *rest ? rest : NULL);
}

static int read_letters(struct args *args, struct words *words,
			const char *letters)
{
	const char *name = long_name_of(letters);
	const struct option_desc *desc;
	char what[3] = "-";
	enum cmd cmd;
	int err = 0;

	if (name)
		return bad_usage("-%s: a long name has two hyphens (--%s)",
				 name, name);
	for (; !err && *letters; letters++) {
		if (*letters == '=')
			return bad_usage("%s: takes no value", what);
		what[1] = *letters;
		cmd = find_command(*letters, NULL);
		desc = option_of(*letters, args->cmd);
		/* -v is a command, and doctor's option */
		if (cmd != CMD_NONE && !(desc && desc->only))
			err = set_command(args, cmd, what);
		else if (!desc)
			return bad_usage("%s: no such option", what);
		else if (desc->takes != TAKES_NOTHING)
			return read_letter_with_value(args, words, desc, what,
						      letters + 1);
		else
			err = read_option(args, words, desc, what, NULL);
	}
	return err;
}

static int unknown_command(const char *word)
{
	struct suggestion suggestion = { .typed = word };
	enum cmd cmd;

	if (!strncmp(word, "\xef\xbb\xbf", 3))
		return bad_usage("the text begins with a byte order mark: save it as UTF-8 without one");
	for (cmd = CMD_NONE + 1; cmd < CMD_COUNT; cmd++)
		if (!commands[cmd].letter || cmd >= CMD_HELP)
			suggest_offer(&suggestion, commands[cmd].name);
	if (suggestion.best)
		return bad_usage("%s: no such command (%s?)", word,
				 suggestion.best);
	/* long names of letters are words to those who know nft or ip */
	for (cmd = CMD_NONE + 1; cmd < CMD_HELP; cmd++)
		if (commands[cmd].letter && !strcmp(commands[cmd].name, word))
			return bad_usage("%s: no such command (--%s)", word, word);
	return bad_usage("%s: no such command (quiclbadm help)", word);
}

/* "config add", "decode": the command is in front. */
static int read_command_words(struct args *args, struct words *words)
{
	const char *word = next_word(words);
	bool known = false;
	enum cmd cmd;

	for (cmd = CMD_NONE + 1; cmd < CMD_COUNT; cmd++) {
		const struct command *command = &commands[cmd];

		/* of what has a letter, only help and version are words too */
		if (strcmp(command->name, word) ||
		    (command->letter && cmd < CMD_HELP))
			continue;
		known = true;
		if (!command->sub)
			break;
		if (words->argc && !strcmp(command->sub, words->argv[0])) {
			next_word(words);
			break;
		}
	}
	if (cmd < CMD_COUNT) {
		args->cmd = cmd;
		return 0;
	}
	if (known && words->argc &&
	    (!strcmp(words->argv[0], "-h") || !strcmp(words->argv[0], "--help"))) {
		args->help = true;
		args->operands[args->operand_count++] = word;
		next_word(words);
		return 0;
	}
	if (known && words->argc)
		return bad_usage("%s %s: no such command (quiclbadm help %s)",
				 word, words->argv[0], word);
	if (known)
		return bad_usage("%s: what to do with it is missing (quiclbadm help %s)",
				 word, word);
	return unknown_command(word);
}

static int not_an_option(const char *word)
{
	size_t len = strlen(word);

	/* part of a key, torn off by white space */
	if (len >= 8 && strspn(word, "0123456789abcdefABCDEF") == len)
		return bad_usage("a word of %zu hex digits is not an option", len);
	return bad_usage("%s: not an option", word);
}

static int read_operand(struct args *args, const char *word)
{
	/* with white space in a key, this is a part of it */
	if (given(args, O(KEY)))
		return bad_usage("--key: the word behind the key is not an option");
	if (args->cmd == CMD_NONE ||
	    args->operand_count >= commands[args->cmd].operands)
		return not_an_option(word);
	args->operands[args->operand_count++] = word;
	args->seen |= O(OPERAND);
	return 0;
}

static int read_words(struct args *args, struct words *words)
{
	const char *word;
	int err = 0;

	while (!err && words->argc) {
		word = words->argv[0];
		/* the command, with at most a global option in front of it */
		if (*word != '-' && args->cmd == CMD_NONE && !args->help &&
		    !(args->seen & ~O_GLOBAL)) {
			err = read_command_words(args, words);
			continue;
		}
		next_word(words);
		if (!strncmp(word, "--", 2) && word[2])
			err = read_long(args, words, word);
		else if (*word == '-' && word[1] && word[1] != '-')
			err = read_letters(args, words, word + 1);
		else
			err = read_operand(args, word);
	}
	return err;
}

/* The command's row of the table against what was given. */
static int check_options(const struct args *args)
{
	const struct command *command = &commands[args->cmd];
	unsigned __int128 may = command->must | command->may | O_GLOBAL;
	enum opt opt;

	if (command->operands)
		may |= O(OPERAND);
	if (!(args->seen & ~may) && !(command->must & ~args->seen))
		return 0;
	for (opt = 0; opt < OPT_COUNT; opt++) {
		unsigned __int128 bit = opt_bit(opt);

		if (args->seen & ~may & bit)
			return bad_usage("%s: %s does not take it",
					 args->by[opt] ? option_spelling(args->by[opt]) :
					 option_name(opt, args->cmd),
					 cmd_name(args->cmd));
	}
	for (opt = 0; opt < OPT_COUNT; opt++)
		if (command->must & ~args->seen & opt_bit(opt))
			return bad_usage("%s: %s is missing",
					 cmd_name(args->cmd),
					 option_name(opt, args->cmd));
	return 0;
}

static int finish_service(struct args *args)
{
	struct service_id *id = &args->service;
	char text[ENDPOINT_STRLEN];

	if (id->fwmark)
		id->vip.af = given(args, O(IPV6)) ? AF_INET6 : AF_INET;
	else if (given(args, O(IPV6)))
		return bad_usage("-6: only with -f; an address tells its family");
	/* what is saved was made, maybe by ipvsadm, and must be restorable */
	if (args->cmd != CMD_ADD_SERVICE || id->fwmark || args->from_state_file)
		return 0;
	return parse_check_unicast("-u", endpoint_str(&id->vip, text), &id->vip);
}

static const char *family_name(uint16_t af)
{
	return af == AF_INET6 ? "IPv6" : "IPv4";
}

static int check_server(const struct args *args)
{
	const bool adds = args->cmd == CMD_ADD_SERVER ||
			  args->cmd == CMD_SERVER_ID_ADD ||
			  args->cmd == CMD_PROBE;
	const uint16_t af = args->service.vip.af;

	if (args->cmd != CMD_SERVER_ID_ADD && args->server.af != af &&
	    args->forward != IP_VS_CONN_F_TUNNEL &&
	    (args->cmd == CMD_ADD_SERVER || given(args, O(FORWARD))))
		return bad_usage("-r %s: an %s server of an %s service is reached by a tunnel only (-i)",
				 args->server_text,
				 family_name(args->server.af), family_name(af));
	if (!adds || args->from_state_file)
		return 0;
	return parse_check_unicast("-r", args->server_text, &args->server);
}

static int finish_server(struct args *args)
{
	bool has_port;
	int err;

	if (!given(args, O(SERVER)))
		return 0;
	if (!given(args, O(SERVICE)))
		return bad_usage("-r %s: only with -u or -f", args->server_text);
	err = parse_endpoint("-r", args->server_text, &args->server, &has_port);
	if (err)
		return err;
	if (!has_port && !args->service.fwmark)
		args->server.port = args->service.vip.port;
	if (given(args, O(FORWARD)) && args->forward != IP_VS_CONN_F_MASQ &&
	    !args->service.fwmark && args->server.port != args->service.vip.port)
		caution("-r %s: port %u stays unused, -g and -i leave the service's in the datagram",
			args->server_text, args->server.port);
	return check_server(args);
}

static int finish_persistence(struct args *args)
{
	/* -E without -s leaves the scheduler, which is not known here */
	bool quic = args->sched ? !strcmp(args->sched, SCHED_QUIC) :
				  args->cmd == CMD_ADD_SERVICE;

	if (given(args, O(NETMASK) | O(PE)) && !given(args, O(PERSISTENT)))
		return bad_usage("-M and --pe: only with -p");
	if (given(args, O(PERSISTENT)) && quic)
		return bad_usage("-p: scheduler quic keeps a client on its server by connection ID, and persistence would override that");
	if (given(args, O(SCHED_FLAGS)) && quic)
		return bad_usage("-b: scheduler quic has no flags");
	if (args->cmd == CMD_ADD_SERVICE && !args->service.fwmark &&
	    !args->service.vip.port && !given(args, O(PERSISTENT)))
		return bad_usage("-u: port 0 is for persistent services");
	return given(args, O(SCHED_FLAGS)) ?
	       parse_sched_flags("-b", args->sched_flags_text,
				 &args->sched_flags) : 0;
}

static int finish_tunnel(const struct args *args)
{
	unsigned __int128 tunnel = O(TUN_TYPE) | O(TUN_PORT) | O(TUN_CSUM);
	bool gue = args->tun_type == IP_VS_CONN_F_TUNNEL_TYPE_GUE;

	if (given(args, tunnel) && (!given(args, O(FORWARD)) ||
				    args->forward != IP_VS_CONN_F_TUNNEL))
		return bad_usage("--tun-type, --tun-port and --tun-*csum: only with -i");
	if (given(args, O(TUN_PORT)) != gue)
		return bad_usage("--tun-port: %s", gue ?
				 "missing, --tun-type gue needs it" :
				 "only with --tun-type gue");
	if (given(args, O(TUN_CSUM)) &&
	    args->tun_type == IP_VS_CONN_F_TUNNEL_TYPE_IPIP)
		return bad_usage("--tun-*csum: only with --tun-type gue or gre");
	if (args->tun_flags == IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM && !gue)
		return bad_usage("--tun-remcsum: only with --tun-type gue");
	return 0;
}

static int finish_server_ids(struct args *args)
{
	char text[SID_STRLEN];
	size_t i;

	for (i = 0; i < args->sid_count; i++) {
		struct mapping *map = &args->sids[i];

		if (map->config_id == QLB_CONFIG_ID_RESERVED)
			map->config_id = (uint8_t)(args->cmd == CMD_ENCODE ?
						   args->id : 0);
		map->server = args->server;
	}
	if (args->cmd == CMD_ENCODE && args->sid_count > 1)
		return bad_usage("--server-id: given twice");
	if (args->cmd == CMD_ENCODE && args->sids[0].prefix)
		return bad_usage("--server-id: a prefix is no server ID to put into a connection ID");
	if (args->cmd == CMD_ENCODE && args->sids[0].config_id != args->id)
		return bad_usage("--server-id: config %u is not the one of --id %u",
				 args->sids[0].config_id, args->id);
	if (args->sid_count > 1)
		qsort(args->sids, args->sid_count, sizeof(*args->sids),
		      mapping_cmp_by_sid);
	for (i = 1; i < args->sid_count; i++)
		if (!mapping_cmp_by_sid(&args->sids[i - 1], &args->sids[i]))
			return bad_usage("--server-id %s: given twice",
					 sid_str(&args->sids[i], text));
	return 0;
}

static int finish_settings(const struct args *args)
{
	if (args->cmd != CMD_SET)
		return 0;
	if (!given(args, O_SETTINGS))
		return bad_usage("set: nothing to set is given (quiclbadm help set)");
	/* what a line of -R does not give is off; else the kernel knows */
	if (given(args, O(DCID_TIMEOUT)) && !args->settings[SETTING_DCID_MAX] &&
	    (given(args, O(DCID_MAX)) || args->from_state_file))
		return bad_usage("--dcid-timeout: only with a --dcid-max above 0");
	return 0;
}

static int finish_express(const struct args *args)
{
	const char *name = args->operands[0];

	if (args->cmd != CMD_EXPRESS_ADD && args->cmd != CMD_EXPRESS_DEL)
		return 0;
	if (!*name || strlen(name) > DEVICE_NAME_MAX)
		return bad_usage("%s %s: a device has a name of 1 to %d characters",
				 cmd_name(args->cmd), name, DEVICE_NAME_MAX);
	return 0;
}

/* What a layout does not say, and what must be there without one. */
static int finish_layout(struct args *args)
{
	static const enum opt others[] = {
		OPT_SERVER_ID_LEN, OPT_NONCE_LEN, OPT_KEY_FILE, OPT_KEY_FINGERPRINT, OPT_KEY,
		OPT_TENANT, OPT_CHECK_LENGTH, OPT_NONCE, OPT_SELF_LEN, OPT_SERVICE,
	};
	bool of_service = args->cmd == CMD_CONFIG_ADD || args->cmd == CMD_CONFIG_REPLACE;
	size_t i;

	if (!given(args, O(LAYOUT)))
		return 0;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (given(args, opt_bit(others[i])) &&
		    (others[i] != OPT_SERVICE || !of_service))
			return bad_usage("%s: not with --layout, which says all there is to say",
					 option_name(others[i], args->cmd));
	if (!given(args, O(ID)))
		args->id = qlb_layout_id(&args->layout);
	args->server_id_len = qlb_layout_sid_len(&args->layout);
	if (args->id > QLB_CONFIG_ID_MAX)
		return bad_usage("--layout: all its connection IDs begin with 0b111, and no config has that as its ID");
	if (!qlb_layout_takes(&args->layout, args->id))
		return bad_usage("--id %u: no connection ID of the layout begins with these three bits; the lowest of its own is %u",
				 args->id, qlb_layout_id(&args->layout));
	return 0;
}

/* Of the commands that take a layout, which says it. */
static int check_config_given(const struct args *args)
{
	static const enum opt lengths[] = {
		OPT_ID, OPT_SERVER_ID_LEN, OPT_NONCE_LEN,
	};
	size_t i, count = 0;

	if (args->cmd == CMD_CONFIG_ADD || args->cmd == CMD_CONFIG_REPLACE)
		count = sizeof(lengths) / sizeof(lengths[0]);
	else if (args->cmd == CMD_ENCODE)
		count = 1;
	for (i = 0; i < count && !given(args, O(LAYOUT)); i++)
		if (!given(args, opt_bit(lengths[i])))
			return bad_usage("%s: %s is missing", cmd_name(args->cmd),
					 option_name(lengths[i], args->cmd));
	return 0;
}

static int finish_config(const struct args *args)
{
	unsigned __int128 lengths = O(SERVER_ID_LEN) | O(NONCE_LEN);

	/* alone it stands for a key that the kernel has: in a file that was saved */
	if (given(args, O(KEY_FINGERPRINT)) && !given(args, O(KEY_FILE)) &&
	    !args->from_state_file)
		return bad_usage("--key-fingerprint: only with --key-file, whose key it has to be");
	if ((args->seen & lengths) != lengths)
		return 0;
	return parse_check_config(cmd_name(args->cmd), args->id,
				  args->server_id_len, args->nonce_len);
}

static int finish_probe(const struct args *args)
{
	char text[ENDPOINT_STRLEN];

	if (args->cmd != CMD_PROBE)
		return 0;
	if (args->service.fwmark)
		return bad_usage("-f: a probe goes to one address and port of the service (-u VIP:PORT)");
	return parse_check_unicast("-u", endpoint_str(&args->service.vip, text),
				   &args->service.vip);
}

/* The first of the options that no list has. */
static enum opt first_unlisted(const struct args *args)
{
	const unsigned __int128 unlisted = args->seen & ~(commands[CMD_LIST].may | O_GLOBAL);
	enum opt opt;

	for (opt = 0; opt < OPT_COUNT - 1 && !(unlisted & opt_bit(opt)); opt++)
		;
	return opt;
}

/* ipvsadm's -b is for -A and -E, that of ip(8) stands alone. */
static void take_batch_file(struct args *args)
{
	if (args->cmd != CMD_NONE || !given(args, O(SCHED_FLAGS)))
		return;
	args->cmd = CMD_BATCH;
	args->operands[args->operand_count++] = args->sched_flags_text;
	args->seen = (args->seen & ~O(SCHED_FLAGS)) | O(OPERAND);
}

/* What is there without any command. */
static int default_command(struct args *args)
{
	take_batch_file(args);
	if (args->cmd != CMD_NONE)
		return 0;
	/* as ipvsadm: nothing asked for is a list, also one with options */
	if (args->seen & ~(commands[CMD_LIST].may | O_GLOBAL))
		return bad_usage("%s: the command is missing (quiclbadm help)",
				 option_name(first_unlisted(args), CMD_NONE));
	args->cmd = CMD_LIST;
	return 0;
}

/* Whether the line may be one that -R reads. */
static int check_state_line(const struct args *args)
{
	if (args->help || !commands[args->cmd].restorable)
		return bad_usage("%s: only -A, -a, set, config add, server-id add and express add describe a state",
				 cmd_name(args->help ? CMD_HELP : args->cmd));
	if (given(args, O_GLOBAL))
		return bad_usage("%s: it is for a whole command, not for a line of a file",
				 given(args, O(NETNS)) ? "-N" : "--color");
	return 0;
}

int args_parse(int argc, char **argv, bool from_state_file, struct args *args)
{
	struct words words = { argc, argv };
	int err;

	memset(args, 0, sizeof(*args));
	args->from_state_file = from_state_file;
	args->weight = 1;
	args->seen_within = CONFIG_IN_USE_S;
	args->wait_ms = 1000;
	args->size = 1200;
	args->forward = IP_VS_CONN_F_DROUTE;
	err = read_words(args, &words);
	if (err || (args->help && !from_state_file))
		return err;
	err = default_command(args);
	if (!err && from_state_file)
		err = check_state_line(args);
	if (!err)
		err = check_options(args);
	if (!err)
		err = check_config_given(args);
	if (!err)
		err = finish_layout(args);
	if (!err)
		err = finish_service(args);
	if (!err)
		err = finish_server(args);
	if (!err && (args->cmd == CMD_ADD_SERVICE || args->cmd == CMD_EDIT_SERVICE))
		err = finish_persistence(args);
	if (!err)
		err = finish_tunnel(args);
	if (!err)
		err = finish_server_ids(args);
	if (!err)
		err = finish_settings(args);
	if (!err)
		err = finish_config(args);
	if (!err)
		err = finish_express(args);
	if (!err)
		err = finish_probe(args);
	return err;
}

void args_destroy(struct args *args)
{
	free(args->sids);
	args->sids = NULL;
	args->sid_count = 0;
	free(args->seen_by);
	args->seen_by = NULL;
	args->seen_by_count = 0;
}
