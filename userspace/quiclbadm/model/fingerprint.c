// SPDX-License-Identifier: GPL-2.0-only
#include "model/fingerprint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "maglev.h"

/* What a part is; the seed of its hash. */
enum part {
	PART_RULES = 1,
	PART_CONFIG,
	PART_SERVER,
	PART_SERVER_ID,
};

/* A part in octets, numbers in network order. */
struct octets {
	uint8_t at[256];
	size_t len;
};

static void put(struct octets *to, const void *data, size_t len)
{
	memcpy(to->at + to->len, data, len);
	to->len += len;
}

static void put_number(struct octets *to, uint64_t number, unsigned int octets)
{
	while (octets--)
		to->at[to->len++] = (uint8_t)(number >> 8 * octets);
}

/* A sum, because the order of the parts does not matter. */
static uint64_t hash(const struct octets *octets, enum part part)
{
	return maglev_hash(octets->at, octets->len, part);
}

static uint64_t hash_rules(const struct service *svc)
{
	struct octets octets = { 0 };

	put_number(&octets, svc->contract, 4);
	put_number(&octets, svc->settings[SETTING_TABLE_BITS], 4);
	return hash(&octets, PART_RULES);
}

#define PUT_NUMBER(name) put_number(&octets, config->name, 1)
#define PUT_LENGTH(name) put_number(&octets, config->name, 1)
#define PUT_OPTIONAL(name) put_number(&octets, config->name, 1)
#define PUT_FLAG(name) put_number(&octets, config->name, 1)
/* without padding, and of octets alone */
#define PUT_LAYOUT(name) put(&octets, &config->name, sizeof(config->name))
#define PUT_KEY(name) \
	(put_number(&octets, config->keyed, 1), put_number(&octets, config->fingerprint, 4))

static uint64_t hash_config(const struct config *config)
{
	struct octets octets = { 0 };

#define X(symbol, name, kind) PUT_##kind(name)
	QLB_CONFIG_FIELDS(X, ;);
#undef X
	return hash(&octets, PART_CONFIG);
}

/* A port counts where datagrams are delivered to it. */
static void put_server(struct octets *octets, const struct endpoint *server,
		       const struct dest *dest)
{
	put_number(octets, server->af, 2);
	put(octets, server->addr, sizeof(server->addr));
	put_number(octets, dest && dest_is_masqueraded(dest) ? server->port : 0, 2);
}

static uint32_t common_divisor(const struct service *svc)
{
	uint32_t divisor = 0;
	size_t i;

	for (i = 0; i < svc->dest_count; i++) {
		uint32_t rest = svc->dests[i].weight;

		while (rest) {
			const uint32_t next = divisor % rest;

			divisor = rest;
			rest = next;
		}
	}
	return divisor;
}

static uint64_t hash_server(const struct dest *dest, uint32_t divisor)
{
	struct octets octets = { 0 };

	put_server(&octets, &dest->server, dest);
	put_number(&octets, dest->weight / divisor, 4);
	return hash(&octets, PART_SERVER);
}

static uint64_t hash_server_id(const struct service *svc, const struct mapping *map)
{
	const struct dest *dest = service_find_sorted_dest(svc, &map->server);
	struct octets octets = { 0 };

	put_number(&octets, map->config_id, 1);
	put_number(&octets, map->prefix, 1);
	put_number(&octets, map->sid.len, 1);
	put(&octets, map->sid.octets, map->sid.len);
	put_server(&octets, &map->server, dest);
	put_number(&octets, dest != NULL, 1);
	return hash(&octets, PART_SERVER_ID);
}

uint64_t service_fingerprint(const struct service *svc)
{
	const uint32_t divisor = common_divisor(svc);
	uint64_t sum = hash_rules(svc);
	size_t i;

	if (!svc->contract)
		return 0;
	for (i = 0; i < svc->config_count; i++)
		sum += hash_config(&svc->configs[i]);
	for (i = 0; i < svc->dest_count; i++)
		if (svc->dests[i].weight)
			sum += hash_server(&svc->dests[i], divisor);
	for (i = 0; i < svc->map_count; i++)
		sum += hash_server_id(svc, &svc->maps[i]);
	return sum >> 16;
}

char *fingerprint_str(uint64_t fingerprint, char *buf)
{
	snprintf(buf, FINGERPRINT_STRLEN, "%012" PRIx64, fingerprint);
	return buf;
}
