// SPDX-License-Identifier: GPL-2.0-only
/* fingerprint: of a key, or of all that decides where a service's datagrams go. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "common/err.h"
#include "kernel/kernel.h"
#include "model/fingerprint.h"
#include "model/secret.h"
#include "output/json.h"

/* As "config list" shows it: a server and a director may compare theirs. */
static int of_key(const struct args *args)
{
	uint8_t key[QLB_KEY_LEN];
	char text[9];
	int err;

	err = secret_read_key(args->operand_count ? args->operands[0] : "-", key);
	if (err)
		return err;
	snprintf(text, sizeof(text), "%08x", secret_fingerprint(key));
	explicit_bzero(key, sizeof(key));
	if (given(args, O(JSON)))
		print_key_fingerprint_json(text);
	else
		puts(text);
	return 0;
}

static int of_service(const struct args *args)
{
	char name[SERVICE_STRLEN], text[FINGERPRINT_STRLEN];
	struct state state;
	int err = kernel_load_quic(&state, &args->service);

	if (!err && !state.services[0]->contract)
		err = refuse("service %s: the module is older than this program, and does not tell by which rules it hashes",
			     service_str(&args->service, name));
	if (!err && given(args, O(JSON)))
		print_service_fingerprint_json(state.services[0]);
	else if (!err)
		puts(fingerprint_str(service_fingerprint(state.services[0]), text));
	state_destroy(&state);
	return err;
}

int cmd_fingerprint(const struct args *args)
{
	if (!given(args, O(SERVICE)))
		return of_key(args);
	if (args->operand_count)
		return bad_usage("fingerprint: either a key file or a service");
	return of_service(args);
}
