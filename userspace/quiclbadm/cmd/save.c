// SPDX-License-Identifier: GPL-2.0-only
/* -S: the state in the lines that -R reads, sorted, the same every time. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "kernel/kernel.h"
#include "model/secret.h"
#include "restore/state_file_write.h"

/* The kernel gives no key back: it is read where it came from. */
static int fetch_key(const struct service *svc, struct config *config)
{
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN];
	int err;

	err = secret_read_key(config->key_source, config->key);
	if (err)
		return err;
	if (secret_fingerprint(config->key) != config->fingerprint)
		return refuse("%s of %s: %s holds another key now",
			      config_str(config->id, config->tenant, config_name),
			      service_str(&svc->id, name), config->key_source);
	config->have_key = true;
	return 0;
}

static int check_config(const struct service *svc, struct config *config,
			bool keys)
{
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN];
	const char *c;

	if (!config->keyed)
		return 0;
	service_str(&svc->id, name);
	config_str(config->id, config->tenant, config_name);
	if (!config->key_source)
		return refuse("%s of %s: its key came from standard input, and there is no file to name",
			      config_name, name);
	for (c = config->key_source; *c; c++)
		if ((unsigned char)*c < ' ')
			return refuse("%s of %s: a control character in the path of its key",
				      config_name, name);
	return keys ? fetch_key(svc, config) : 0;
}

/* All that can be refused is refused before the first line is out. */
static int check_state(const struct state *state, bool keys)
{
	size_t i, j;
	int err = 0;

	for (i = 0; !err && i < state->count; i++) {
		struct service *svc = state->services[i];

		for (j = 0; !err && j < svc->config_count; j++)
			err = check_config(svc, &svc->configs[j], keys);
	}
	return err;
}

int cmd_save(const struct args *args)
{
	const bool keys = given(args, O(KEYS));
	static char buf[BUFSIZ];
	struct state state;
	int err;

	if (keys && isatty(STDOUT_FILENO))
		return refuse("--keys: standard output is a terminal");
	if (keys && secret_is_world_readable(STDOUT_FILENO))
		return refuse("--keys: any user may read the file that standard output is (umask 077)");
	err = kernel_load(&state, NULL);
	if (!err)
		err = check_state(&state, keys);
	if (!err) {
		setvbuf(stdout, buf, _IOFBF, sizeof(buf));
		state_file_write(&state, keys);
		if (fflush(stdout))
			err = refuse("standard output: %m");
		explicit_bzero(buf, sizeof(buf));
	}
	state_destroy(&state);
	return err;
}
