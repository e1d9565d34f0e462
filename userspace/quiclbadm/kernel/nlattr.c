// SPDX-License-Identifier: GPL-2.0-only
/* Reads attributes; the same for all families. */
#include <string.h>

#include "kernel/nl.h"

uint64_t nl_number(const struct nlattr *attr)
{
	const void *payload;

	if (!attr)
		return 0;
	payload = mnl_attr_get_payload(attr);
	switch (mnl_attr_get_payload_len(attr)) {
	case sizeof(uint8_t):
		return *(const uint8_t *)payload;
	case sizeof(uint16_t):
		return *(const uint16_t *)payload;
	case sizeof(uint32_t):
		return *(const uint32_t *)payload;
	case sizeof(uint64_t):
		return mnl_attr_get_u64(attr);
	}
	return 0;
}

size_t nl_octets(const struct nlattr *attr, void *buf, size_t size)
{
	size_t len = attr ? mnl_attr_get_payload_len(attr) : 0;

	memset(buf, 0, size);
	if (len > size)
		len = size;
	if (len)
		memcpy(buf, mnl_attr_get_payload(attr), len);
	return len;
}

void nl_nested(const struct nlattr *nest, const struct nlattr **table,
	       unsigned int max)
{
	const struct nlattr *attr;

	memset(table, 0, (max + 1) * sizeof(*table));
	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) <= max)
			table[mnl_attr_get_type(attr)] = attr;
}
