/* SPDX-License-Identifier: GPL-2.0-only */
/* Builds JSON with jansson; without memory the program ends. */
#ifndef _QUICLBADM_OUTPUT_JSON_BUILD_H
#define _QUICLBADM_OUTPUT_JSON_BUILD_H

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <jansson.h>

#include "common/xalloc.h"
#include "model/model.h"

/* jansson returns NULL when there is no memory, and *_set_new() accepts NULL. */
static inline json_t *need(json_t *json)
{
	if (!json)
		no_memory();
	return json;
}

static inline void set(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, need(value)))
		no_memory();
}

static inline void append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, need(value)))
		no_memory();
}

static inline void set_number(json_t *object, const char *name, uint64_t value)
{
	set(object, name, json_integer((json_int_t)value));
}

/* Paths need not be UTF-8, and jansson takes nothing else. */
static inline void set_text(json_t *object, const char *name, const char *text)
{
	json_t *value = json_string(text);
	char *copy, *c;

	if (!value) {
		copy = xstrdup(text);
		for (c = copy; *c; c++)
			if (*c & 0x80)
				*c = '?';
		value = json_string(copy);
		free(copy);
	}
	set(object, name, value);
}

static inline void dump_to(FILE *out, json_t *json)
{
	json_dumpf(json, out, JSON_INDENT(2));
	putc('\n', out);
	json_decref(json);
}

static inline void dump(json_t *json)
{
	dump_to(stdout, json);
}

static inline void set_endpoint(json_t *object, const struct endpoint *ep)
{
	char addr[INET6_ADDRSTRLEN] = "";

	inet_ntop(ep->af, ep->addr, addr, sizeof(addr));
	set_text(object, "address", addr);
	set_number(object, "port", ep->port);
}

static inline void set_nested_endpoint(json_t *object, const char *name,
				       const struct endpoint *ep)
{
	json_t *nested = need(json_object());

	set_endpoint(nested, ep);
	set(object, name, nested);
}

static inline void set_service_id(json_t *object, const struct service_id *id)
{
	if (id->fwmark) {
		set_number(object, "fwmark", id->fwmark);
		set_text(object, "family",
			 id->vip.af == AF_INET6 ? "ipv6" : "ipv4");
		return;
	}
	set_text(object, "protocol", "udp");
	set_endpoint(object, &id->vip);
}

static inline json_t *service_id_json(const struct service_id *id)
{
	json_t *object = need(json_object());

	set_service_id(object, id);
	return object;
}

static inline void set_hex(json_t *object, const char *name, const uint8_t *octets,
		    size_t len)
{
	char text[2 * QLB_CID_LEN_MAX + 1];

	set_text(object, name,
		 hex_str(octets, len < QLB_CID_LEN_MAX ? len : QLB_CID_LEN_MAX,
			 text));
}

/* One object on a line of its own, for output without an end. */
static inline void dump_line(json_t *json)
{
	json_dumpf(json, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(json);
}

#endif /* _QUICLBADM_OUTPUT_JSON_BUILD_H */
