// SPDX-License-Identifier: GPL-2.0-only
#include "restore/state_file_write.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "model/secret.h"
#include "output/names.h"

static void save_service_id(const struct service_id *id)
{
	char vip[ENDPOINT_STRLEN];

	if (id->fwmark)
		printf("-f %u%s", id->fwmark,
		       id->vip.af == AF_INET6 ? " -6" : "");
	else
		printf("-u %s", endpoint_str(&id->vip, vip));
}

static void save_persistence(const struct service *svc)
{
	char mask[INET_ADDRSTRLEN];

	if (!(svc->flags & IP_VS_SVC_F_PERSISTENT))
		return;
	printf(" -p %u", svc->timeout);
	if (svc->id.vip.af == AF_INET6 && svc->netmask != 128)
		printf(" -M %u", svc->netmask);
	if (svc->id.vip.af == AF_INET && svc->netmask != 0xffffffff)
		printf(" -M %s", inet_ntop(AF_INET, &svc->netmask, mask,
					   sizeof(mask)));
	if (*svc->pe)
		printf(" --pe %s", svc->pe);
}

static void save_sched_flags(uint32_t flags)
{
	static const uint32_t bits[] = {
		IP_VS_SVC_F_SCHED1, IP_VS_SVC_F_SCHED2, IP_VS_SVC_F_SCHED3,
	};
	const char *between = " -b ";
	unsigned int i;

	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (flags & bits[i]) {
			printf("%sflag-%u", between, i + 1);
			between = ",";
		}
}

static void save_service(const struct service *svc)
{
	printf("-A ");
	save_service_id(&svc->id);
	printf(" -s %s", svc->sched);
	if (svc->flags & IP_VS_SVC_F_ONEPACKET)
		printf(" -o");
	save_persistence(svc);
	save_sched_flags(svc->flags);
	putchar('\n');
}

static void begin_set(const struct service *svc, bool *begun)
{
	if (*begun)
		return;
	printf("set ");
	save_service_id(&svc->id);
	*begun = true;
}

static void save_settings(const struct service *svc)
{
	char text[PREFIX_STRLEN];
	bool begun = false;
	unsigned int i;

	for (i = 0; i < SETTING_COUNT; i++) {
		if (svc->settings[i] == settings[i].value ||
		    !setting_matters(svc->settings, i))
			continue;
		begin_set(svc, &begun);
		printf(" --%s %u", settings[i].option, svc->settings[i]);
	}
	for (i = 0; i < SOURCE_COUNT; i++) {
		if (!svc->sources[i].len)
			continue;
		begin_set(svc, &begun);
		printf(" --%s %s", sources[i].option,
		       prefix_str(&svc->sources[i], sources[i].af, text));
	}
	if (begun)
		putchar('\n');
}

/* As a word of -R's grammar: quoted, what ends a quotation escaped. */
static void save_path(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@%=,";

	if (path[strspn(path, plain)] == '\0') {
		printf("%s", path);
		return;
	}
	putchar('"');
	for (; *path; path++) {
		if (*path == '"' || *path == '\\')
			putchar('\\');
		putchar(*path);
	}
	putchar('"');
}

/* The option that is called like the member @name. */
static void save_option(const char *name)
{
	printf(" --");
	for (; *name; name++)
		putchar(*name == '_' ? '-' : *name);
}

static void save_number(const char *name, unsigned int value)
{
	save_option(name);
	printf(" %u", value);
}

static void save_optional(const char *name, unsigned int value)
{
	if (value)
		save_number(name, value);
}

static void save_flag(const char *name, bool is_set)
{
	if (is_set)
		save_option(name);
}

static void save_key(const struct config *config, bool keys)
{
	char hex[KEY_HEX_LEN + 1];

	if (config->key_source) {
		printf(" --key-file ");
		save_path(config->key_source);
	}
	if (config->keyed && keys) {
		secret_encode_key(config->key, hex);
		printf(" --key %s", hex);
		explicit_bzero(hex, sizeof(hex));
	}
}

#define SAVE_NUMBER(name) save_number(#name, config->name)
#define SAVE_OPTIONAL(name) save_optional(#name, config->name)
#define SAVE_FLAG(name) save_flag(#name, config->name)
#define SAVE_KEY(name) save_##name(config, keys)

static void save_config(const struct service *svc, const struct config *config,
			bool keys)
{
	printf("config add ");
	save_service_id(&svc->id);
#define X(symbol, name, kind) SAVE_##kind(name)
	QLB_CONFIG_FIELDS(X, ;);
#undef X
	putchar('\n');
}

static void save_maps(const struct mapping *maps, size_t count)
{
	char text[SID_STRLEN];
	size_t i;

	for (i = 0; i < count; i++)
		printf(" --server-id %s",
		       sid_str(&maps[i], text));
	putchar('\n');
}

static void save_tunnel(const struct dest *dest)
{
	const char *type = tunnel_name(dest->tun_type);

	printf(" -i");
	if (!type || dest->tun_type == IP_VS_CONN_F_TUNNEL_TYPE_IPIP)
		return;
	printf(" --tun-type %s", type);
	if (dest->tun_type == IP_VS_CONN_F_TUNNEL_TYPE_GUE)
		printf(" --tun-port %u", dest->tun_port);
	if (dest->tun_flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM)
		printf(" --tun-csum");
	else if (dest->tun_flags & IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM)
		printf(" --tun-remcsum");
}

static void save_dest(const struct service *svc, const struct dest *dest)
{
	char server[ENDPOINT_STRLEN];
	const struct mapping *maps;
	size_t count;

	printf("-a ");
	save_service_id(&svc->id);
	printf(" -r %s", endpoint_str(&dest->server, server));
	if (dest->forward == IP_VS_CONN_F_TUNNEL)
		save_tunnel(dest);
	else
		/* "Local" is what IPVS makes of any method by itself */
		printf(dest->forward == IP_VS_CONN_F_MASQ ? " -m" : " -g");
	printf(" -w %u", dest->weight);
	if (dest->u_threshold)
		printf(" -x %u", dest->u_threshold);
	if (dest->l_threshold)
		printf(" -y %u", dest->l_threshold);
	maps = service_maps_of(svc, &dest->server, &count);
	save_maps(maps, count);
}

static void save_absent(const struct service *svc)
{
	char server[ENDPOINT_STRLEN];
	const struct mapping *maps;
	size_t at = 0, count;

	while ((maps = service_next_absent(svc, &at, &count))) {
		printf("server-id add ");
		save_service_id(&svc->id);
		printf(" -r %s --absent", endpoint_str(&maps->server, server));
		save_maps(maps, count);
	}
}

void state_file_write(const struct state *state, bool keys)
{
	size_t i, j;

	for (i = 0; i < state->count; i++) {
		const struct service *svc = state->services[i];

		save_service(svc);
		if (service_is_quic(svc))
			save_settings(svc);
		for (j = 0; j < svc->config_count; j++)
			save_config(svc, &svc->configs[j], keys);
		for (j = 0; j < svc->dest_count; j++)
			save_dest(svc, &svc->dests[j]);
		save_absent(svc);
	}
	for (i = 0; i < state->device_count; i++) {
		printf("express add ");
		save_path(state->devices[i].name);
		putchar('\n');
	}
}
