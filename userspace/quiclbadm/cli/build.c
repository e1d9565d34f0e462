// SPDX-License-Identifier: GPL-2.0-only
#include "cli/build.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/parse.h"
#include "common/err.h"
#include "model/secret.h"

int build_service(const struct args *args, struct service *svc)
{
	service_init(svc, &args->service);
	if (args->sched)
		strcpy(svc->sched, args->sched);
	if (args->pe)
		strcpy(svc->pe, args->pe);
	svc->flags = args->sched_flags;
	if (given(args, O(OPS)))
		svc->flags |= IP_VS_SVC_F_ONEPACKET;
	if (given(args, O(PERSISTENT)))
		svc->flags |= IP_VS_SVC_F_PERSISTENT;
	svc->timeout = args->timeout;
	if (!args->netmask)
		return 0;
	return parse_netmask("-M", args->netmask, svc->id.vip.af, &svc->netmask);
}

void build_dest(const struct args *args, struct dest *dest)
{
	if (given(args, O(FORWARD))) {
		dest->forward = args->forward;
		dest->tun_type = (uint8_t)args->tun_type;
		dest->tun_port = (uint16_t)args->tun_port;
		dest->tun_flags = (uint16_t)args->tun_flags;
	}
	if (given(args, O(WEIGHT)))
		dest->weight = args->weight;
	if (given(args, O(U_THRESHOLD)))
		dest->u_threshold = args->u_threshold;
	if (given(args, O(L_THRESHOLD)))
		dest->l_threshold = args->l_threshold;
}

unsigned int build_settings(const struct args *args, uint32_t *values)
{
	static const unsigned __int128 opts[SETTING_COUNT] = {
#define X(symbol, option, json, min, max, value) O(symbol),
		SETTINGS(X)
#undef X
	};
	unsigned int i, mask = 0;

	for (i = 0; i < SETTING_COUNT; i++)
		if (given(args, opts[i])) {
			values[i] = args->settings[i];
			mask |= 1u << i;
		}
	return mask;
}

unsigned int build_sources(const struct args *args, struct prefix *values)
{
	static const unsigned __int128 opts[SOURCE_COUNT] = {
#define X(symbol, option, family, octets, min) O(symbol),
		SOURCES(X)
#undef X
	};
	unsigned int i, mask = 0;

	for (i = 0; i < SOURCE_COUNT; i++)
		if (given(args, opts[i])) {
			values[i] = args->sources[i];
			mask |= 1u << i;
		}
	return mask;
}

/* Who checks a file need not be who may read its keys. */
static bool is_unreadable(const char *path)
{
	if (!access(path, R_OK) || errno != EACCES)
		return false;
	caution("key file %s: %s, so the key in it is not checked", path,
		strerror(EACCES));
	return true;
}

void build_have_key(struct config *config)
{
	config->keyed = true;
	config->have_key = true;
	config->fingerprint = secret_fingerprint(config->key);
}

int build_key_file(const char *path, bool check, struct config *config)
{
	int err;

	if (strcmp(path, "-")) {
		config->key_source = secret_absolute_path(path);
		if (!config->key_source)
			return EXIT_REFUSED;
	}
	if (check && is_unreadable(path))
		return 0;
	err = secret_read_key(path, config->key);
	if (!err)
		build_have_key(config);
	return err;
}

/* With --key as well, the file's name is only kept. */
static int build_given_key(const struct args *args, struct config *config)
{
	int err;

	if (given(args, O(KEY_FILE)) && strcmp(args->key_file, "-")) {
		config->key_source = secret_absolute_path(args->key_file);
		if (!config->key_source)
			return EXIT_REFUSED;
	}
	err = secret_decode_key("--key", args->key, strlen(args->key),
				config->key);
	if (!err)
		build_have_key(config);
	return err;
}

static int read_key(const struct args *args, struct config *config)
{
	if (given(args, O(KEY_FILE)) && !strcmp(args->key_file, "-") &&
	    args->from_state_file)
		return refuse("--key-file -: standard input is the state file");
	if (given(args, O(KEY)))
		return build_given_key(args, config);
	return build_key_file(args->key_file, args->check_only, config);
}

/* Is the key the one that the line was saved with? */
static int check_fingerprint(const struct args *args, const struct config *config)
{
	const char *where = config->key_source ? config->key_source :
			    given(args, O(KEY)) ? "--key" : "standard input";

	if (!config->have_key || config->fingerprint == args->key_fingerprint)
		return 0;
	if (args->rekey) {
		caution("%s: it has the key %08x now, not %08x", where,
			config->fingerprint, args->key_fingerprint);
		return 0;
	}
	if (args->from_state_file)
		return refuse("%s: it has the key %08x, and the line was saved with %08x; put that one there, or take this one by --rekey (\"config list\" shows which is in use)",
			      where, config->fingerprint, args->key_fingerprint);
	return refuse("%s: it has the key %08x, not %08x", where,
		      config->fingerprint, args->key_fingerprint);
}

static int build_key(const struct args *args, struct config *config)
{
	int err;

	if (given(args, O(KEY_FILE) | O(KEY))) {
		err = read_key(args, config);
		if (!err && given(args, O(KEY_FINGERPRINT)))
			err = check_fingerprint(args, config);
		return err;
	}
	/* the key is where the fingerprint is from: in the kernel */
	config->keyed = given(args, O(KEY_FINGERPRINT));
	config->fingerprint = args->key_fingerprint;
	return 0;
}

#define BUILD_NUMBER(symbol, name) config->name = (uint8_t)args->name
#define BUILD_LENGTH(symbol, name) config->name = (uint8_t)args->name
#define BUILD_OPTIONAL(symbol, name) config->name = (uint8_t)args->name
#define BUILD_FLAG(symbol, name) config->name = given(args, O(symbol))
#define BUILD_LAYOUT(symbol, name) config->name = args->name
#define BUILD_KEY(symbol, name) err = build_##name(args, config)

int build_config(const struct args *args, struct config *config)
{
	int err = 0;

	memset(config, 0, sizeof(*config));
#define X(symbol, name, kind) BUILD_##kind(symbol, name)
	QLB_CONFIG_FIELDS(X, ;);
#undef X
	return err;
}
