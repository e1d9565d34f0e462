// SPDX-License-Identifier: GPL-2.0-only
#include "restore/state_file_write.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "model/layout.h"
#include "model/secret.h"
#include "output/names.h"

static void save_service_id(FILE *out, const struct service_id *id)
{
	char vip[ENDPOINT_STRLEN];

	if (id->fwmark)
		fprintf(out, "-f %u%s", id->fwmark,
		       id->vip.af == AF_INET6 ? " -6" : "");
	else
		fprintf(out, "-u %s", endpoint_str(&id->vip, vip));
}

static void save_persistence(FILE *out, const struct service *svc)
{
	char mask[INET_ADDRSTRLEN];

	if (!(svc->flags & IP_VS_SVC_F_PERSISTENT))
		return;
	fprintf(out, " -p %u", svc->timeout);
	if (svc->id.vip.af == AF_INET6 && svc->netmask != 128)
		fprintf(out, " -M %u", svc->netmask);
	if (svc->id.vip.af == AF_INET && svc->netmask != 0xffffffff)
		fprintf(out, " -M %s", inet_ntop(AF_INET, &svc->netmask, mask,
					   sizeof(mask)));
	if (*svc->pe)
		fprintf(out, " --pe %s", svc->pe);
}

static void save_sched_flags(FILE *out, uint32_t flags)
{
	static const uint32_t bits[] = {
		IP_VS_SVC_F_SCHED1, IP_VS_SVC_F_SCHED2, IP_VS_SVC_F_SCHED3,
	};
	const char *between = " -b ";
	unsigned int i;

	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (flags & bits[i]) {
			fprintf(out, "%sflag-%u", between, i + 1);
			between = ",";
		}
}

static void save_service(FILE *out, const struct service *svc)
{
	fprintf(out, "-A ");
	save_service_id(out, &svc->id);
	fprintf(out, " -s %s", svc->sched);
	if (svc->flags & IP_VS_SVC_F_ONEPACKET)
		fprintf(out, " -o");
	save_persistence(out, svc);
	save_sched_flags(out, svc->flags);
	putc('\n', out);
}

static void begin_set(FILE *out, const struct service *svc, bool *begun)
{
	if (*begun)
		return;
	fprintf(out, "set ");
	save_service_id(out, &svc->id);
	*begun = true;
}

static void save_settings(FILE *out, const struct service *svc)
{
	char text[PREFIX_STRLEN];
	bool begun = false;
	unsigned int i;

	for (i = 0; i < SETTING_COUNT; i++) {
		if (svc->settings[i] == settings[i].value ||
		    !setting_matters(svc->settings, i))
			continue;
		begin_set(out, svc, &begun);
		fprintf(out, " --%s %u", settings[i].option, svc->settings[i]);
	}
	for (i = 0; i < SOURCE_COUNT; i++) {
		if (!svc->sources[i].len)
			continue;
		begin_set(out, svc, &begun);
		fprintf(out, " --%s %s", sources[i].option,
		       prefix_str(&svc->sources[i], sources[i].af, text));
	}
	if (begun)
		putc('\n', out);
}

/* As a word of -R's grammar: quoted, what ends a quotation escaped. */
static void save_path(FILE *out, const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@%=,";

	if (path[strspn(path, plain)] == '\0') {
		fprintf(out, "%s", path);
		return;
	}
	putc('"', out);
	for (; *path; path++) {
		if (*path == '"' || *path == '\\')
			putc('\\', out);
		putc(*path, out);
	}
	putc('"', out);
}

/* The option that is called like the member @name. */
static void save_option(FILE *out, const char *name)
{
	fprintf(out, " --");
	for (; *name; name++)
		putc(*name == '_' ? '-' : *name, out);
}

static void save_number(FILE *out, const char *name, unsigned int value)
{
	save_option(out, name);
	fprintf(out, " %u", value);
}

static void save_optional(FILE *out, const char *name, unsigned int value)
{
	if (value)
		save_number(out, name, value);
}

static void save_flag(FILE *out, const char *name, bool is_set)
{
	if (is_set)
		save_option(out, name);
}

static void save_length(FILE *out, const struct config *config,
			const char *name, unsigned int value)
{
	if (!config_is_layout(config))
		save_number(out, name, value);
}

/* Not by its name: the file means the same to every version. */
static void save_layout(FILE *out, const struct qlb_layout *layout)
{
	char text[LAYOUT_STRLEN];

	if (layout->bits)
		fprintf(out, " --layout %s", layout_str(layout, text));
}

static void save_key(FILE *out, const struct config *config, bool keys)
{
	char hex[KEY_HEX_LEN + 1];

	if (config->key_source) {
		fprintf(out, " --key-file ");
		save_path(out, config->key_source);
	}
	if (config->keyed)
		fprintf(out, " --key-fingerprint %08x", config->fingerprint);
	if (config->keyed && keys) {
		secret_encode_key(config->key, hex);
		fprintf(out, " --key %s", hex);
		explicit_bzero(hex, sizeof(hex));
	}
}

#define SAVE_NUMBER(name) save_number(out, #name, config->name)
#define SAVE_LENGTH(name) save_length(out, config, #name, config->name)
#define SAVE_OPTIONAL(name) save_optional(out, #name, config->name)
#define SAVE_FLAG(name) save_flag(out, #name, config->name)
#define SAVE_LAYOUT(name) save_##name(out, &config->name)
#define SAVE_KEY(name) save_##name(out, config, keys)

static void save_config(FILE *out, const struct service *svc,
			const struct config *config, bool keys)
{
	fprintf(out, "config add ");
	save_service_id(out, &svc->id);
#define X(symbol, name, kind) SAVE_##kind(name)
	QLB_CONFIG_FIELDS(X, ;);
#undef X
	putc('\n', out);
}

static void save_maps(FILE *out, const struct mapping *maps, size_t count)
{
	char text[SID_STRLEN];
	size_t i;

	for (i = 0; i < count; i++)
		fprintf(out, " --server-id %s",
		       sid_str(&maps[i], text));
	putc('\n', out);
}

static void save_tunnel(FILE *out, const struct dest *dest)
{
	const char *type = tunnel_name(dest->tun_type);

	fprintf(out, " -i");
	if (!type || dest->tun_type == IP_VS_CONN_F_TUNNEL_TYPE_IPIP)
		return;
	fprintf(out, " --tun-type %s", type);
	if (dest->tun_type == IP_VS_CONN_F_TUNNEL_TYPE_GUE)
		fprintf(out, " --tun-port %u", dest->tun_port);
	if (dest->tun_flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM)
		fprintf(out, " --tun-csum");
	else if (dest->tun_flags & IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM)
		fprintf(out, " --tun-remcsum");
}

void state_file_write_method(FILE *out, const struct dest *dest)
{
	if (dest->forward == IP_VS_CONN_F_TUNNEL)
		save_tunnel(out, dest);
	else
		/* "Local" is what IPVS makes of any method by itself */
		fprintf(out, dest->forward == IP_VS_CONN_F_MASQ ? " -m" : " -g");
}

static void save_dest(FILE *out, const struct service *svc,
		      const struct dest *dest)
{
	char server[ENDPOINT_STRLEN];
	const struct mapping *maps;
	size_t count;

	fprintf(out, "-a ");
	save_service_id(out, &svc->id);
	fprintf(out, " -r %s", endpoint_str(&dest->server, server));
	state_file_write_method(out, dest);
	fprintf(out, " -w %u", dest->weight);
	if (dest->u_threshold)
		fprintf(out, " -x %u", dest->u_threshold);
	if (dest->l_threshold)
		fprintf(out, " -y %u", dest->l_threshold);
	maps = service_maps_of(svc, &dest->server, &count);
	save_maps(out, maps, count);
}

static void save_absent(FILE *out, const struct service *svc)
{
	char server[ENDPOINT_STRLEN];
	const struct mapping *maps;
	size_t at = 0, count;

	while ((maps = service_next_absent(svc, &at, &count))) {
		fprintf(out, "server-id add ");
		save_service_id(out, &svc->id);
		fprintf(out, " -r %s --absent", endpoint_str(&maps->server, server));
		save_maps(out, maps, count);
	}
}

void state_file_write(FILE *out, const struct state *state, bool keys)
{
	size_t i, j;

	/* an empty file is one that was not written: -R refuses it */
	if (!state->count && !state->device_count)
		fprintf(out, "# no services\n");
	for (i = 0; i < state->count; i++) {
		const struct service *svc = state->services[i];

		save_service(out, svc);
		if (service_is_quic(svc))
			save_settings(out, svc);
		for (j = 0; j < svc->config_count; j++)
			save_config(out, svc, &svc->configs[j], keys);
		for (j = 0; j < svc->dest_count; j++)
			save_dest(out, svc, &svc->dests[j]);
		save_absent(out, svc);
	}
	for (i = 0; i < state->device_count; i++) {
		fprintf(out, "express add ");
		save_path(out, state->devices[i].name);
		if (state->devices[i].mode != EXPRESS_INGRESS)
			fprintf(out, " --mode %s",
				express_mode_name(state->devices[i].mode));
		putc('\n', out);
	}
}
