// SPDX-License-Identifier: GPL-2.0-only
#include "fake.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "common/err.h"
#include "kernel/driver.h"
#include "kernel/ipvs.h"
#include "kernel/nl.h"
#include "kernel/quic.h"
#include "model/layout.h"
#include "model/secret.h"

struct fake fake;

void fake_reset(void)
{
	state_destroy(&fake.state);
	memset(&fake, 0, sizeof(fake));
}

void nl_close(void)
{
}

void nl_load_quic(void)
{
}

bool nl_has_quic(void)
{
	return !fake.no_module;
}

const char *nl_sentence(void)
{
	return fake.sentence ? fake.sentence : "";
}

static int call(void)
{
	fake.calls++;
	return fake.not_root ? -EPERM : 0;
}

static int change(void)
{
	int err = call();

	if (err)
		return err;
	if (fake.terminate)
		raise(SIGTERM);
	return ++fake.changes == fake.fail_at ? -ENOMEM : 0;
}

static void forget_quic(struct service *svc)
{
	size_t i;

	for (i = 0; i < svc->config_count; i++)
		config_destroy(&svc->configs[i]);
	svc->config_count = 0;
	free(svc->maps);
	svc->maps = NULL;
	svc->map_count = 0;
	for (i = 0; i < SETTING_COUNT; i++)
		svc->settings[i] = settings[i].value;
	memset(svc->sources, 0, sizeof(svc->sources));
}

static void end_batch(const struct service_id *id)
{
	unsigned int i;

	for (i = 0; i < fake.batch_count; i++)
		if (service_id_eq(&fake.batches[i], id)) {
			fake.batches[i] = fake.batches[--fake.batch_count];
			return;
		}
}

static void copy_attributes(struct service *to, const struct service *from)
{
	memcpy(to->sched, from->sched, sizeof(to->sched));
	memcpy(to->pe, from->pe, sizeof(to->pe));
	to->flags = from->flags;
	to->timeout = from->timeout;
	to->netmask = from->netmask;
}

static bool known_scheduler(const char *name)
{
	return !strcmp(name, "quic") || !strcmp(name, "mh") ||
	       !strcmp(name, "rr");
}

int ipvs_put_service(uint8_t cmd, const struct service *svc)
{
	struct service *have = state_find(&fake.state, &svc->id);
	int err = change();

	if (err)
		return err;
	if (cmd == IPVS_CMD_NEW_SERVICE && have)
		return -EEXIST;
	if (cmd == IPVS_CMD_SET_SERVICE && !have)
		return -ESRCH;
	if (!known_scheduler(svc->sched))
		return -ENOENT;
	if (!have)
		have = state_add(&fake.state, &svc->id);
	if (service_is_quic(have) && !service_is_quic(svc)) {
		forget_quic(have);
		end_batch(&have->id);
	}
	copy_attributes(have, svc);
	return 0;
}

int ipvs_del_service(const struct service_id *id)
{
	struct service *have = state_find(&fake.state, id);
	int err = change();
	size_t i;

	if (err)
		return err;
	if (!have)
		return -ESRCH;
	for (i = 0; fake.state.services[i] != have; i++)
		;
	end_batch(id);
	service_destroy(have);
	free(have);
	fake.state.services[i] = fake.state.services[--fake.state.count];
	state_index(&fake.state);
	return 0;
}

int ipvs_put_dest(uint8_t cmd, const struct service_id *id,
		  const struct dest *dest)
{
	struct service *svc = state_find(&fake.state, id);
	struct dest *have;
	int err = change();

	if (err)
		return err;
	if (!svc)
		return -ESRCH;
	have = service_find_dest(svc, &dest->server);
	switch (cmd) {
	case IPVS_CMD_NEW_DEST:
		if (have)
			return -EEXIST;
		service_add_dest(svc, dest);
		return 0;
	case IPVS_CMD_SET_DEST:
		if (!have)
			return -ENOENT;
		*have = *dest;
		return 0;
	}
	if (!have)
		return -ENOENT;
	*have = svc->dests[--svc->dest_count];
	return 0;
}

int ipvs_flush(void)
{
	int err = change();
	size_t i;

	for (i = 0; !err && i < fake.state.count; i++) {
		service_destroy(fake.state.services[i]);
		free(fake.state.services[i]);
	}
	if (!err) {
		fake.state.count = 0;
		state_index(&fake.state);
	}
	return err;
}

int ipvs_zero(const struct service_id *id)
{
	int err = change();

	if (err)
		return err;
	return id && !state_find(&fake.state, id) ? -ESRCH : 0;
}

int ipvs_get_info(struct ipvs_info *info)
{
	info->version = 0x010201;
	info->conn_tab_size = 4096;
	return call();
}

int ipvs_get_timeouts(struct ipvs_timeouts *timeouts)
{
	*timeouts = (struct ipvs_timeouts){ 900, 120, 300 };
	return call();
}

int ipvs_get_daemons(struct ipvs_daemon daemons[IPVS_DAEMONS_MAX], size_t *count)
{
	memset(daemons, 0, IPVS_DAEMONS_MAX * sizeof(*daemons));
	daemons[0].state = IP_VS_STATE_MASTER;
	daemons[0].sync_id = 7;
	strcpy(daemons[0].device, "eth0");
	daemons[1].state = IP_VS_STATE_BACKUP;
	strcpy(daemons[1].device, "a\x1b");
	*count = 2;
	return call();
}

int ipvs_get(struct state *state, const struct service_id *id)
{
	int err = call();
	size_t i, j;

	if (err)
		return err;
	if (id && !state_find(&fake.state, id))
		return -ESRCH;
	for (i = 0; i < fake.state.count; i++) {
		const struct service *svc = fake.state.services[i];
		struct service *copy;

		if (id && !service_id_eq(id, &svc->id))
			continue;
		copy = state_add(state, &svc->id);
		copy_attributes(copy, svc);
		for (j = 0; j < svc->dest_count; j++)
			service_add_dest(copy, &svc->dests[j]);
	}
	return 0;
}

int quic_get(struct state *state, const struct service_id *id)
{
	int err = call();
	size_t i, j;

	(void)id;
	if (!err && fake.no_module)
		err = -ENOPKG;
	for (i = 0; !err && i < state->count; i++) {
		struct service *copy = state->services[i];
		struct service *svc = state_find(&fake.state, &copy->id);

		copy->outcome_count = IP_VS_QUIC_OUTCOME_COUNT + 1;
		copy->outcomes[IP_VS_QUIC_ROUTED] = 12;
		copy->rebuild_error = svc->rebuild_error;
		copy->contract = 2;
		copy->reserved_short = svc->reserved_short;
		copy->counts_servers = !fake.old_module;
		memcpy(copy->settings, svc->settings, sizeof(copy->settings));
		memcpy(copy->sources, svc->sources, sizeof(copy->sources));
		for (j = 0; j < svc->config_count; j++) {
			struct config config = svc->configs[j];

			/* never the key */
			memset(config.key, 0, sizeof(config.key));
			config.have_key = false;
			if (config.key_source)
				config.key_source = xstrdup(config.key_source);
			service_add_config(copy, &config);
		}
		for (j = 0; j < svc->map_count; j++)
			service_add_mapping(copy, &svc->maps[j]);
	}
	return err;
}

static int check_mapping(struct service *svc, const struct mapping *map,
			 uint32_t flags)
{
	const struct mapping *have;

	if (!service_length_fits(svc, map))
		return -EINVAL;
	if (!(flags & IP_VS_QUIC_F_ABSENT) &&
	    !service_find_dest(svc, &map->server))
		return -ENOENT;
	have = service_find_mapping(svc, map);
	return have && !endpoint_eq(&have->server, &map->server) ? -EEXIST : 0;
}

static void drop_config(struct service *svc, struct config *have)
{
	config_destroy(have);
	memmove(have, have + 1, (size_t)(svc->configs + svc->config_count -
		have - 1) * sizeof(*have));
	svc->config_count--;
}

static int check_tenants(struct service *svc)
{
	size_t i;

	for (i = 0; i < svc->config_count; i++) {
		const struct config *config = &svc->configs[i];

		if (config->tenant &&
		    !service_find_config(svc, config->id, config->tenant - 1u))
			return -EINVAL;
	}
	return 0;
}

static int take_settings(struct service *svc, const struct quic_change *asked)
{
	const unsigned int timeout = 1u << SETTING_DCID_TIMEOUT;
	unsigned int i;

	for (i = 0; i < SETTING_COUNT; i++)
		if (asked->setting_mask & 1u << i)
			svc->settings[i] = asked->settings[i];
	for (i = 0; i < SOURCE_COUNT; i++)
		if (asked->source_mask & 1u << i)
			svc->sources[i] = asked->sources[i];
	return asked->setting_mask & timeout &&
	       !svc->settings[SETTING_DCID_MAX] ? -EINVAL : 0;
}

static void take_config(struct service *svc, const struct config *config)
{
	struct config *have, copy = *config;

	have = service_find_config(svc, config->id, config->tenant);
	if (have)
		drop_config(svc, have);
	if (copy.key_source)
		copy.key_source = xstrdup(copy.key_source);
	/* what the kernel gets is a key, and it makes the fingerprint itself */
	if (copy.keyed)
		copy.fingerprint = secret_fingerprint(copy.key);
	service_add_config(svc, &copy);
}

static int take_batch(const struct quic_change *asked)
{
	const uint32_t flags = asked->flags & (IP_VS_QUIC_F_BEGIN | IP_VS_QUIC_F_COMMIT);

	if (flags && fake.old_module)
		return -EOPNOTSUPP;
	if (flags)
		end_batch(asked->service);
	if (!(flags & IP_VS_QUIC_F_BEGIN))
		return 0;
	if (fake.batch_count == FAKE_BATCHES)
		return -ENOMEM;
	fake.batches[fake.batch_count++] = *asked->service;
	return 0;
}

/* A fingerprint stands for the key of the same config, which stays. */
static int resolve(struct service *svc, const struct config *asked, struct config *config)
{
	const struct config *have = service_find_config(svc, asked->id, asked->tenant);

	*config = *asked;
	config->key_source = NULL;
	if (!asked->keyed || asked->have_key) {
		if (asked->key_source)
			config->key_source = xstrdup(asked->key_source);
		return 0;
	}
	if (!have || have->fingerprint != asked->fingerprint ||
	    have->server_id_len != asked->server_id_len ||
	    have->nonce_len != asked->nonce_len ||
	    have->check_length != asked->check_length)
		return -ENOKEY;
	memcpy(config->key, have->key, sizeof(config->key));
	if (have->key_source)
		config->key_source = xstrdup(have->key_source);
	return 0;
}

static int resolve_all(struct service *svc, const struct quic_change *asked,
		       struct config *configs)
{
	int err = 0;
	size_t i;

	for (i = 0; !err && i < asked->config_count; i++)
		err = resolve(svc, &asked->configs[i], &configs[i]);
	return err;
}

static void take_configs(struct service *svc, const struct config *configs, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		take_config(svc, &configs[i]);
}

int quic_set(const struct quic_change *asked)
{
	struct config configs[CONFIGS_MAX] = { 0 };
	struct service *svc = state_find(&fake.state, asked->service);
	int err = change();
	size_t i;

	if (!err && fake.no_module)
		err = -ENOPKG;
	if (!err && (!svc || !service_is_quic(svc)))
		err = -ESRCH;
	for (i = 0; !err && i < asked->config_count; i++)
		if (asked->flags & IP_VS_QUIC_F_EXCL &&
		    service_find_config(svc, asked->configs[i].id,
					asked->configs[i].tenant))
			err = -EEXIST;
	if (!err)
		err = take_batch(asked);
	if (!err)
		err = resolve_all(svc, asked, configs);
	if (!err) {
		if (asked->flags & IP_VS_QUIC_F_REPLACE)
			forget_quic(svc);
		take_configs(svc, configs, asked->config_count);
	}
	for (i = 0; i < asked->config_count; i++)
		config_destroy(&configs[i]);
	if (err)
		return err;
	err = check_tenants(svc);
	for (i = 0; !err && i < svc->config_count; i++)
		if (service_rival(svc, &svc->configs[i]))
			err = -EINVAL;
	for (i = 0; !err && i < asked->map_count; i++)
		err = check_mapping(svc, &asked->maps[i], asked->flags);
	for (i = 0; !err && i < asked->map_count; i++)
		if (!service_find_mapping(svc, &asked->maps[i]))
			service_add_mapping(svc, &asked->maps[i]);
	return err ? err : take_settings(svc, asked);
}

static bool wants(const struct quic_change *asked, const struct mapping *map)
{
	size_t i;

	if (asked->all_of && endpoint_eq(asked->all_of, &map->server))
		return true;
	for (i = 0; i < asked->map_count; i++)
		if (!mapping_cmp_by_sid(&asked->maps[i], map) &&
		    (!asked->maps[i].server.af ||
		     endpoint_eq(&asked->maps[i].server, &map->server)))
			return true;
	return false;
}

int quic_del(const struct quic_change *asked)
{
	struct service *svc = state_find(&fake.state, asked->service);
	size_t i, count;
	int err = change();

	if (!err && (!svc || !service_is_quic(svc)))
		err = -ESRCH;
	for (i = 0; !err && i < asked->config_count; i++) {
		const struct config *config = &asked->configs[i];
		struct config *have;

		have = service_find_config(svc, config->id, config->tenant);
		if (!have)
			return -ENOENT;
		if (service_find_config(svc, config->id, config->tenant + 1u))
			return -EINVAL;
		drop_config(svc, have);
	}
	if (err)
		return err;
	count = svc->map_count;
	svc->map_count = 0;
	/* those that stay move up in the same array */
	for (i = 0; i < count; i++)
		if (!wants(asked, &svc->maps[i]))
			svc->maps[svc->map_count++] = svc->maps[i];
	return count - svc->map_count < asked->map_count ? -ENOENT : 0;
}

int quic_each_flow(quic_flow_fn each, void *data)
{
	static const struct quic_flow flow = {
		.service = { .protocol = IPPROTO_UDP, .vip = { AF_INET, 443, { 192, 0, 2, 1 } } },
		.client = { AF_INET, 54321, { 198, 51, 100, 7 } },
		.vip = { AF_INET, 443, { 192, 0, 2, 1 } },
		.server = { AF_INET, 443, { 10, 0, 0, 11 } },
		.expires = 59,
	};
	struct quic_flow other = flow;
	int err = call();

	if (err)
		return err;
	each(&flow, data);
	other.client.port++;
	other.routed = true;
	each(&other, data);
	other.service.vip.port++;
	each(&other, data);
	return 0;
}

int quic_zero(const struct service_id *id)
{
	struct service *svc = id ? state_find(&fake.state, id) : NULL;
	int err = change();

	if (err)
		return err;
	return id && !(svc && service_is_quic(svc)) ? -ESRCH : 0;
}

/* Nothing is ever heard. */
int nl_listen(struct nl_listener *listener, const char *group)
{
	(void)group;
	memset(listener, 0, sizeof(*listener));
	return fake.no_module ? -ENOPKG : -EPERM;
}

int nl_hear(const struct nl_listener *listener, mnl_cb_t cb, void *data)
{
	(void)listener;
	(void)cb;
	(void)data;
	return -ENODEV;
}

void nl_listener_close(struct nl_listener *listener)
{
	(void)listener;
}

int quic_put_express(uint8_t cmd, const char *name)
{
	struct device *have = state_find_device(&fake.state, name);
	struct device device = { 0 };
	int err = change();

	if (!err && fake.no_module)
		err = -ENOPKG;
	if (err)
		return err;
	if (!strcmp(name, "nowhere") || (fake.absent && strstr(fake.absent, name)))
		return -ENODEV;
	if (cmd == IP_VS_QUIC_CMD_EXPRESS_ADD) {
		if (have)
			return -EEXIST;
		strcpy(device.name, name);
		state_add_device(&fake.state, &device);
		return 0;
	}
	if (!have)
		return -ENOENT;
	*have = fake.state.devices[--fake.state.device_count];
	return 0;
}

/* The program is on a device that the model has: a mode of it. */
int driver_on(const char *name, enum express_mode mode)
{
	struct device *have = state_find_device(&fake.state, name);

	if (have && !fake.no_driver) {
		have->mode = EXPRESS_DRIVER;
		return 0;
	}
	if (mode == EXPRESS_DRIVER)
		return refuse("driver path of %s: %s", name, fake.no_driver);
	caution("driver path of %s: %s", name, fake.no_driver);
	return 0;
}

int driver_off(const char *name)
{
	struct device *have = state_find_device(&fake.state, name);

	if (have)
		have->mode = EXPRESS_INGRESS;
	return 0;
}

bool driver_is_on(const char *name)
{
	struct device *have = state_find_device(&fake.state, name);

	return have && have->mode == EXPRESS_DRIVER;
}

/* quic_get_express() gives the modes, too. */
void driver_load(struct state *state)
{
	(void)state;
}

void driver_sweep(void)
{
}

int quic_get_express(struct state *state)
{
	int err = call();
	size_t i;

	for (i = 0; !err && i < fake.state.device_count; i++) {
		struct device device = fake.state.devices[i];

		/* one more than this program knows */
		device.outcome_count = IP_VS_QUIC_EXPRESS_OUTCOME_COUNT + 1;
		device.outcomes[IP_VS_QUIC_EXPRESS_TAKEN] = 34;
		device.asks = fake.asks;
		state_add_device(state, &device);
	}
	return err;
}

int quic_decode(const struct service_id *id, const uint8_t *cid, size_t len,
		struct quic_decoded *decoded)
{
	int err = call();

	memset(decoded, 0, sizeof(*decoded));
	decoded->has_outcome = true;
	/* a number that only a newer kernel knows, for a CID of one octet */
	decoded->outcome = len == 1 ? 40 : IP_VS_QUIC_ROUTED;
	decoded->has_config = len > 2;
	decoded->has_tenant = len > 2;
	decoded->tenant = len > 2 ? cid[1] : 0;
	if (!err && !state_find(&fake.state, id))
		err = -ESRCH;
	return err;
}

static void text_service(FILE *out, const struct service *svc)
{
	char service[SERVICE_STRLEN], server[ENDPOINT_STRLEN], sid[SID_STRLEN];
	char key[KEY_HEX_LEN + 1], prefix[PREFIX_STRLEN], layout[LAYOUT_STRLEN];
	size_t i;

	fprintf(out, "%s %s %x %u %x %s\n", service_str(&svc->id, service),
		svc->sched, svc->flags, svc->timeout, svc->netmask, svc->pe);
	for (i = 0; i < SETTING_COUNT; i++)
		if (svc->settings[i] != settings[i].value)
			fprintf(out, " %s %u\n", settings[i].option,
				svc->settings[i]);
	for (i = 0; i < SOURCE_COUNT; i++)
		if (svc->sources[i].len)
			fprintf(out, " %s %s\n", sources[i].option,
				prefix_str(&svc->sources[i], sources[i].af,
					   prefix));
	for (i = 0; i < svc->config_count; i++) {
		const struct config *config = &svc->configs[i];

		secret_encode_key(config->key, key);
		fprintf(out, " config %u", config->id);
		if (config->tenant)
			fprintf(out, "/%u", config->tenant);
		fprintf(out, " %u %u %d %s %s%s", config->server_id_len,
			config->nonce_len, config->keyed, key,
			config->key_source ? config->key_source : "-",
			config->check_length ? " check-length" : "");
		if (config_is_layout(config))
			fprintf(out, " layout %s", layout_str(&config->layout, layout));
		putc('\n', out);
	}
	for (i = 0; i < svc->dest_count; i++) {
		const struct dest *dest = &svc->dests[i];

		fprintf(out, " %s %u %u %u %u %u %u %u\n",
			endpoint_str(&dest->server, server), dest->forward,
			dest->weight, dest->u_threshold, dest->l_threshold,
			dest->tun_type, dest->tun_port, dest->tun_flags);
	}
	for (i = 0; i < svc->map_count; i++)
		fprintf(out, " %s %s\n",
			sid_str(&svc->maps[i], sid),
			endpoint_str(&svc->maps[i].server, server));
}

char *fake_text(void)
{
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	state_sort(&fake.state);
	for (i = 0; i < fake.state.count; i++)
		text_service(out, fake.state.services[i]);
	for (i = 0; i < fake.state.device_count; i++)
		fprintf(out, "express %s%s\n", fake.state.devices[i].name,
			fake.state.devices[i].mode ? " driver" : "");
	if (fake.batch_count)
		fprintf(out, "%u batches are open\n", fake.batch_count);
	fclose(out);
	return text;
}
