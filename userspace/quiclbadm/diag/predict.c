// SPDX-License-Identifier: GPL-2.0-only
#include "diag/predict.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "kernel/kernel.h"
#include "maglev.h"
#include "model/layout.h"
#include "qlb_length.h"

/* As kmod/pool.c builds it. */
struct fallback_table {
	bool built;
	u16 *slots;
	u32 size;
};

void predictor_init(struct predictor *predictor, const struct state *state,
		    bool live)
{
	predictor->live = live;
	predictor->state = state;
	predictor->tables = xcalloc(state->count, sizeof(*predictor->tables));
}

void predictor_destroy(struct predictor *predictor)
{
	size_t i;

	for (i = 0; i < predictor->state->count; i++)
		free(predictor->tables[i].slots);
	free(predictor->tables);
	predictor->tables = NULL;
}

static u64 server_key(const struct dest *dest)
{
	return maglev_server_key(dest->server.addr,
				 dest->server.af == AF_INET6 ? 16 : 4,
				 dest_is_masqueraded(dest) ? dest->server.port : 0);
}

static void build_table(struct fallback_table *table, const struct service *svc)
{
	struct maglev_entry *entries;
	u64 *times;
	size_t i;

	table->built = true;
	if (!svc->dest_count || svc->dest_count > MAGLEV_ENTRIES_MAX)
		return;
	entries = xcalloc(svc->dest_count, sizeof(*entries));
	for (i = 0; i < svc->dest_count; i++) {
		const struct dest *dest = &svc->dests[i];

		entries[i].key = server_key(dest);
		entries[i].weight = dest->weight < MAGLEV_WEIGHT_MAX ?
				    dest->weight : MAGLEV_WEIGHT_MAX;
	}
	table->size = maglev_size(svc->settings[SETTING_TABLE_BITS]);
	table->slots = xcalloc(table->size, sizeof(*table->slots));
	times = xcalloc(table->size, sizeof(*times));
	maglev_build(table->slots, table->size, times, entries,
		     (u32)svc->dest_count);
	free(times);
	free(entries);
}

static u64 flow_hash(const struct endpoint *src, const struct endpoint *dst)
{
	uint16_t sport = htons(src->port), dport = htons(dst->port);

	return maglev_flow_hash(src->addr, dst->addr,
				src->af == AF_INET6 ? 16 : 4, &sport, &dport);
}

static void find_hashed(struct predictor *predictor, size_t at,
			const struct endpoint *src, const struct endpoint *dst,
			struct prediction *prediction)
{
	const struct service *svc = predictor->state->services[at];
	struct fallback_table *table = &predictor->tables[at];
	u16 slot;

	if (!src->af || src->af != dst->af)
		return;
	if (!table->built)
		build_table(table, svc);
	if (!table->slots)
		return;
	slot = table->slots[maglev_slot(flow_hash(src, dst), table->size)];
	if (slot == MAGLEV_NONE)
		return;
	prediction->has_hashed = true;
	prediction->hashed = svc->dests[slot].server;
}

/* The server ID itself, else the longest prefix of it. */
static const struct mapping *find_mapping(const struct service *svc,
					  uint8_t config_id,
					  const struct qlb_server_id *sid)
{
	const struct mapping *best = NULL;
	size_t i;

	for (i = 0; i < svc->map_count; i++) {
		const struct mapping *map = &svc->maps[i];

		if (map->config_id != config_id || map->sid.len > sid->len ||
		    (!map->prefix && map->sid.len != sid->len) ||
		    memcmp(map->sid.octets, sid->octets, map->sid.len))
			continue;
		if (!map->prefix)
			return map;
		if (!best || map->sid.len > best->sid.len)
			best = map;
	}
	return best;
}

static void resolve(const struct service *svc, struct quic_decoded *decoded)
{
	const struct dest *dest;
	const struct mapping *map;

	map = find_mapping(svc, decoded->config_id, &decoded->map.sid);
	if (!map) {
		decoded->outcome = IP_VS_QUIC_UNKNOWN_SERVER_ID;
		return;
	}
	decoded->has_server = true;
	decoded->map.server = map->server;
	dest = service_find_dest(svc, &map->server);
	if (!dest)
		decoded->outcome = IP_VS_QUIC_NO_SERVER;
	else if (dest->forward == IP_VS_CONN_F_MASQ)
		decoded->outcome = IP_VS_QUIC_DEFERRED;
	else
		decoded->outcome = IP_VS_QUIC_ROUTED;
}

static bool length_can_be_right(const struct config *config,
				const struct quic_hdr *hdr)
{
	if (config_is_layout(config))
		return qlb_layout_len_can_be_right(&config->layout,
						   hdr->long_form, hdr->dcid_len);
	return !config->check_length ||
	       qlb_length_can_be_right(hdr, config->server_id_len +
					    config->nonce_len);
}

/* Its first octet is the layout's, and another fixed bit is not. */
static void not_of_layout(struct quic_decoded *decoded)
{
	decoded->has_config = false;
	decoded->has_tenant = false;
	decoded->outcome = IP_VS_QUIC_NO_CONFIG;
}

static int try_config(const struct service *svc, const struct config *config,
		      const struct quic_hdr *hdr, struct quic_decoded *decoded)
{
	struct qlb_config cfg;
	bool decodes;

	if (!config_codec(config, config->check_length, &cfg))
		return refuse("key: AES does not work on this machine");
	memset(decoded, 0, sizeof(*decoded));
	decoded->has_outcome = true;
	decoded->has_config = true;
	decoded->config_id = config->id;
	decoded->has_tenant = true;
	decoded->tenant = config->tenant;
	decodes = qlb_decode(&cfg, hdr->dcid, hdr->dcid_view,
			     &decoded->map.sid, NULL);
	qlb_config_destroy(&cfg);
	if (!decodes && hdr->dcid_view > cfg.plaintext_len)
		not_of_layout(decoded);
	else if (!decodes)
		decoded->outcome = IP_VS_QUIC_TOO_SHORT;
	else if (!length_can_be_right(config, hdr))
		decoded->outcome = IP_VS_QUIC_BAD_LENGTH;
	else
		resolve(svc, decoded);
	return 0;
}

static bool leads_to_server(uint32_t outcome)
{
	return outcome == IP_VS_QUIC_ROUTED || outcome == IP_VS_QUIC_DEFERRED;
}

/* The first tenant that leads to a server, else the one that got furthest. */
static int decide_here(const struct service *svc, const struct quic_hdr *hdr,
		       struct quic_decoded *best)
{
	unsigned int id = qlb_config_id(hdr->dcid[0]);
	struct quic_decoded decoded = { 0 };
	size_t i;

	best->outcome = id == QLB_CONFIG_ID_RESERVED ? IP_VS_QUIC_RESERVED :
						       IP_VS_QUIC_NO_CONFIG;
	for (i = 0; i < svc->config_count; i++) {
		const struct config *config = &svc->configs[i];

		if (!config_takes(config, id))
			continue;
		if (config_is_layout(config))
			return try_config(svc, config, hdr, best);
		if (try_config(svc, config, hdr, &decoded))
			return EXIT_REFUSED;
		/* outcomes behind "routed" are in order of progress */
		if (leads_to_server(decoded.outcome) ||
		    decoded.outcome > best->outcome)
			*best = decoded;
		if (leads_to_server(decoded.outcome))
			break;
	}
	return 0;
}

/*
 * The kernel decodes a CID as if it knew its length and no version.  Of a short
 * header, which does not say the CID's length, the check asks less; of a long
 * one in a known version it asks more.
 */
static int decide_live(struct service *svc, const struct quic_hdr *hdr,
		       struct quic_decoded *decoded)
{
	size_t said = qlb_self_len(hdr->dcid[0]);
	const struct config *config;
	uint8_t cid[32] = { 0 };
	int err;

	err = kernel_decode(&svc->id, hdr->dcid, hdr->dcid_view, decoded);
	if (err)
		return err;
	config = service_find_config(svc, decoded->config_id, decoded->tenant);
	if (decoded->has_config && config && config_is_layout(config))
		said = config->layout.cid_len;
	if (!hdr->long_form && decoded->outcome == IP_VS_QUIC_BAD_LENGTH) {
		memcpy(cid, hdr->dcid, hdr->dcid_view < said ? hdr->dcid_view :
							       said);
		return kernel_decode(&svc->id, cid, said, decoded);
	}
	if (!hdr->long_form || !qlb_version_is_known(hdr->version) ||
	    said <= QLB_CID_LEN_MAX || !decoded->has_config ||
	    decoded->outcome == IP_VS_QUIC_TOO_SHORT)
		return 0;
	if (config && config->check_length) {
		decoded->outcome = IP_VS_QUIC_BAD_LENGTH;
		decoded->has_server = false;
	}
	return 0;
}

static int decide(struct predictor *predictor, size_t at,
		  struct prediction *prediction)
{
	struct service *svc = predictor->state->services[at];
	struct quic_decoded *decoded = &prediction->decoded;

	decoded->has_outcome = true;
	if (!prediction->parsed)
		decoded->outcome = IP_VS_QUIC_MALFORMED;
	else if (!prediction->hdr.dcid_view)
		decoded->outcome = IP_VS_QUIC_TOO_SHORT;
	else
		return predictor->live ? decide_live(svc, &prediction->hdr, decoded) :
				      decide_here(svc, &prediction->hdr, decoded);
	return 0;
}

int predict(struct predictor *predictor, size_t at,
	    const uint8_t *payload, size_t view, size_t len,
	    const struct endpoint *src, const struct endpoint *dst,
	    struct prediction *prediction)
{
	int err;

	memset(prediction, 0, sizeof(*prediction));
	/* the director looks no further */
	if (view > QUIC_HDR_VIEW_LEN)
		view = QUIC_HDR_VIEW_LEN;
	prediction->parsed = quic_hdr_parse(&prediction->hdr, payload, view, len);
	err = decide(predictor, at, prediction);
	if (!err && !leads_to_server(prediction->decoded.outcome))
		find_hashed(predictor, at, src, dst, prediction);
	return err;
}
