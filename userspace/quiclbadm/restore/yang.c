// SPDX-License-Identifier: GPL-2.0-only
#include "restore/yang.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "model/layout.h"

char *yang_hex_str(const uint8_t *octets, size_t len, char *buf)
{
	char pair[3];
	size_t i;

	*buf = '\0';
	for (i = 0; i < len; i++) {
		hex_str(octets + i, 1, pair);
		memcpy(buf + 3 * i, pair, 2);
		buf[3 * i + 2] = i + 1 < len ? ':' : '\0';
	}
	explicit_bzero(pair, sizeof(pair));
	return buf;
}

static void wipe_and_free(void *memory)
{
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

void yang_wipe_json(void)
{
	json_set_alloc_funcs(malloc, wipe_and_free);
}

bool yang_has_mapping(const struct service *svc, const struct mapping *map)
{
	size_t i;

	if (map->prefix)
		return false;
	for (i = 0; i < svc->config_count; i++)
		if (svc->configs[i].id == map->config_id &&
		    !svc->configs[i].tenant)
			return !config_is_layout(&svc->configs[i]) &&
			       svc->configs[i].server_id_len == map->sid.len;
	return false;
}
