// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode, encode: with -u or -f about a service in the kernel; else about a
 * config on the command line, with neither module nor privilege.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "cli/build.h"
#include "cli/parse.h"
#include "cmd/cmd.h"
#include "kernel/kernel.h"
#include "kernel/quic.h"
#include "model/layout.h"
#include "model/secret.h"
#include "output/json.h"
#include "output/text.h"

enum {
	CID_MAX = 255,			/* octets, RFC 8999 */
	LAYOUT_CID_LEN = 8,		/* octets, where the layout leaves them open */
};

static int check_mode(const struct args *args, unsigned __int128 offline)
{
	if (given(args, O(SERVICE)) && given(args, offline))
		return bad_usage("%s: the service in the kernel has the config's lengths and key",
				 cmd_name(args->cmd));
	if (!given(args, O(SERVICE) | O(LAYOUT)) && (args->seen & offline) != offline)
		return bad_usage("%s: either -u or -f, or a config by --id, --server-id-len and --nonce-len, or --layout",
				 cmd_name(args->cmd));
	return 0;
}

static int init_codec(const struct config *config, bool self_len,
		      struct qlb_config *cfg)
{
	if (config_codec(config, self_len, cfg))
		return 0;
	return refuse("key: AES does not work on this machine");
}

/* Of a CID whose first octet is the config's. */
static void decode_by(const struct qlb_config *cfg, unsigned int id,
		      const uint8_t *cid, size_t len,
		      struct quic_decoded *decoded)
{
	bool decodes = qlb_decode(cfg, cid, len, &decoded->map.sid, decoded->nonce);

	if (!decodes && len > cfg->plaintext_len) {
		decoded->outcome = IP_VS_QUIC_NO_CONFIG;
		return;
	}
	decoded->has_config = true;
	decoded->config_id = (uint8_t)id;
	decoded->outcome = IP_VS_QUIC_TOO_SHORT;
	if (!decodes)
		return;
	/* only the director knows which server has it */
	decoded->has_outcome = false;
	decoded->nonce_len = cfg->nonce_len;
	if (cfg->algorithm == QLB_LAYOUT &&
	    !qlb_layout_len_can_be_right(&cfg->layout, true, len)) {
		decoded->has_outcome = true;
		decoded->outcome = IP_VS_QUIC_BAD_LENGTH;
	}
}

static int decode_here(const struct args *args, const uint8_t *cid, size_t len,
		       struct quic_decoded *decoded)
{
	unsigned int id = qlb_config_id(cid[0]);
	struct qlb_config cfg;
	struct config config;
	int err;

	memset(decoded, 0, sizeof(*decoded));
	err = build_config(args, &config);
	if (!err)
		err = init_codec(&config, false, &cfg);
	/* wipes the key; the rest stays */
	config_destroy(&config);
	if (err)
		return err;
	decoded->has_outcome = true;
	if (config_takes(&config, id))
		decode_by(&cfg, args->id, cid, len, decoded);
	else
		decoded->outcome = id == QLB_CONFIG_ID_RESERVED ?
				   IP_VS_QUIC_RESERVED : IP_VS_QUIC_NO_CONFIG;
	qlb_config_destroy(&cfg);
	return 0;
}

int cmd_decode(const struct args *args)
{
	struct quic_decoded decoded;
	uint8_t cid[CID_MAX];
	size_t len;
	int err;

	err = parse_hex("decode", args->operands[0], cid, 1, sizeof(cid), &len);
	if (!err)
		err = check_mode(args, O(ID) | O(SERVER_ID_LEN) | O(NONCE_LEN));
	if (!err && given(args, O(SERVICE)) && given(args, O(KEY_FILE)))
		err = bad_usage("--key-file: not with -u or -f");
	if (err)
		return err;
	err = given(args, O(SERVICE)) ?
	      kernel_decode(&args->service, cid, len, &decoded) :
	      decode_here(args, cid, len, &decoded);
	if (err)
		return err;
	if (given(args, O(JSON)))
		print_decoded_json(&decoded);
	else
		print_decoded(&decoded);
	if (!decoded.has_outcome || decoded.outcome == IP_VS_QUIC_ROUTED ||
	    decoded.outcome == IP_VS_QUIC_DEFERRED)
		return EXIT_DONE;
	return EXIT_REFUSED;
}

/* The key of a config in the kernel, from --key-file or the file it came from. */
static int find_key(const struct args *args, struct config *config)
{
	const char *path = given(args, O(KEY_FILE)) ? args->key_file :
						      config->key_source;
	char name[CONFIG_STRLEN];
	int err;

	config_str(config->id, config->tenant, name);
	if (!path)
		return refuse("%s: the kernel gives no key back and knows no file; --key-file",
			      name);
	err = secret_read_key(path, config->key);
	if (err)
		return err;
	config->have_key = true;
	if (secret_fingerprint(config->key) == config->fingerprint)
		return 0;
	return refuse("%s: %s holds another key than the kernel", name, path);
}

/* Takes the service's config out of @state, for the caller to destroy. */
static int config_in_kernel(const struct args *args, struct config *config)
{
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN];
	struct config *found;
	struct state state;
	int err;

	memset(config, 0, sizeof(*config));
	config_str(args->id, args->tenant, config_name);
	service_str(&args->service, name);
	err = kernel_load_quic(&state, &args->service);
	if (err)
		goto out;
	found = service_find_config(state.services[0], args->id, args->tenant);
	if (!found) {
		err = refuse("%s of %s: not found", config_name, name);
		goto out;
	}
	*config = *found;
	found->key_source = NULL;
	if (config->keyed)
		err = find_key(args, config);
	else if (given(args, O(KEY_FILE)))
		err = refuse("%s of %s: it has no key", config_name, name);
out:
	state_destroy(&state);
	return err;
}

static int config_here(const struct args *args, struct config *config)
{
	struct args complete = *args;
	int err;

	if (!given(args, O(SERVER_ID_LEN)))
		complete.server_id_len = args->sids[0].sid.len;
	if (!given(args, O(NONCE_LEN)))
		complete.nonce_len = (uint32_t)args->nonce_octets;
	memset(config, 0, sizeof(*config));
	if (given(args, O(LAYOUT)))
		return build_config(args, config);
	err = parse_check_config("encode", complete.id, complete.server_id_len,
				 complete.nonce_len);
	return err ? err : build_config(&complete, config);
}

static int check_lengths(const struct args *args, const struct config *config)
{
	if (args->sids[0].sid.len != config->server_id_len)
		return bad_usage("--server-id: %u octets, config %u has server IDs of %u",
				 args->sids[0].sid.len, config->id,
				 config->server_id_len);
	if (given(args, O(NONCE)) && !config_is_layout(config) &&
	    args->nonce_octets != config->nonce_len)
		return bad_usage("--nonce: %zu octets, config %u has nonces of %u",
				 args->nonce_octets, config->id,
				 config->nonce_len);
	return 0;
}

static int fill_random(void *buf, size_t len)
{
	if (getrandom(buf, len, 0) == (ssize_t)len)
		return 0;
	return refuse("random number: %s", strerror(errno));
}

static void print_cid(const struct args *args, const uint8_t *cid, size_t len)
{
	char text[2 * QLB_CID_LEN_MAX + 1];

	hex_str(cid, len, text);
	if (given(args, O(JSON)))
		print_cid_json(text);
	else
		puts(text);
}

static int encode_layout(const struct args *args, const struct config *config)
{
	struct qlb_config cfg;
	uint8_t cid[QLB_CID_LEN_MAX];
	size_t len;
	int err;

	if (given(args, O(NONCE) | O(SELF_LEN)))
		return bad_usage("%s: not for a layout, which has neither a nonce nor a length",
				 given(args, O(NONCE)) ? "--nonce" : "--self-len");
	if (!qlb_layout_holds(&config->layout, args->sids[0].sid.octets[0]))
		return bad_usage("--server-id: more than the %u bits that the layout has",
				 config->layout.bits);
	config_codec(config, false, &cfg);
	err = fill_random(cid, sizeof(cid));
	if (err)
		return err;
	qlb_layout_encode(&config->layout, &args->sids[0].sid, cid);
	/* where the length is open, what mvfst makes, or more if it has to be */
	len = 1u + cfg.plaintext_len;
	if (!config->layout.cid_len && len < LAYOUT_CID_LEN)
		len = LAYOUT_CID_LEN;
	print_cid(args, cid, len);
	return 0;
}

static int encode(const struct args *args, const struct config *config)
{
	uint8_t nonce[QLB_NONCE_LEN_MAX], random_bits = 0;
	uint8_t cid[QLB_CID_LEN_MAX];
	struct qlb_config cfg;
	size_t len;
	int err = 0;

	memcpy(nonce, args->nonce, sizeof(nonce));
	if (!given(args, O(NONCE)))
		err = fill_random(nonce, config->nonce_len);
	if (!err)
		err = fill_random(&random_bits, sizeof(random_bits));
	if (!err)
		err = init_codec(config, config->check_length ||
				 given(args, O(SELF_LEN)), &cfg);
	if (err)
		return err;
	len = qlb_encode(&cfg, &args->sids[0].sid, nonce, random_bits & 0x1f,
			 cid);
	qlb_config_destroy(&cfg);
	print_cid(args, cid, len);
	return 0;
}

static int check_encode_mode(const struct args *args)
{
	if (given(args, O(SERVICE)) && given(args, O(SERVER_ID_LEN) | O(NONCE_LEN)))
		return bad_usage("encode: the service in the kernel has the config's lengths");
	if (!given(args, O(SERVICE)) && given(args, O(TENANT)))
		return bad_usage("--tenant: only with -u or -f");
	if (!given(args, O(SERVICE) | O(NONCE_LEN) | O(NONCE) | O(LAYOUT)))
		return bad_usage("encode: -u, -f, --nonce-len or --layout is missing");
	return 0;
}

int cmd_encode(const struct args *args)
{
	struct config config;
	int err = check_encode_mode(args);

	if (err)
		return err;
	err = given(args, O(SERVICE)) ? config_in_kernel(args, &config) :
					config_here(args, &config);
	if (!err)
		err = check_lengths(args, &config);
	if (!err)
		err = config_is_layout(&config) ? encode_layout(args, &config) :
						  encode(args, &config);
	config_destroy(&config);
	return err;
}
