// SPDX-License-Identifier: GPL-2.0-only
#include "output/event.h"

#include <stdio.h>
#include <string.h>

#include "common/printable.h"
#include "model/layout.h"
#include "output/json_build.h"
#include "output/json_parts.h"
#include "output/names.h"

static void print_time(const struct timespec *when)
{
	char text[32] = "";
	struct tm tm;

	if (localtime_r(&when->tv_sec, &tm))
		strftime(text, sizeof(text), "%FT%T", &tm);
	printf("[%s.%06ld] ", text, when->tv_nsec / 1000);
}

/* Those that matter, default or not. */
static void print_settings(const struct service *svc)
{
	char text[PREFIX_STRLEN];
	unsigned int i;

	for (i = 0; i < SETTING_COUNT; i++)
		if (setting_matters(svc->settings, i))
			printf(" %s %u", settings[i].option, svc->settings[i]);
	for (i = 0; i < SOURCE_COUNT; i++)
		if (svc->sources[i].len)
			printf(" %s %s", sources[i].option,
			       prefix_str(&svc->sources[i], sources[i].af, text));
}

/* As an option, with hyphens. */
static void print_name(const char *name)
{
	putchar(' ');
	for (; *name; name++)
		putchar(*name == '_' ? '-' : *name);
}

static void print_number(const char *name, unsigned int value)
{
	print_name(name);
	printf(" %u", value);
}

static void print_optional(const char *name, unsigned int value)
{
	if (value)
		print_number(name, value);
}

static void print_flag(const char *name, bool is_set)
{
	if (is_set)
		print_name(name);
}

static void print_length(const struct config *config, const char *name,
			 unsigned int value)
{
	if (!config_is_layout(config))
		print_number(name, value);
}

static void print_layout(const struct qlb_layout *layout)
{
	char text[LAYOUT_STRLEN];

	if (layout->bits)
		printf(" layout %s", layout_name(layout, text));
}

static void print_key(const struct config *config)
{
	printf(" algorithm %s", algorithm_name(config));
	if (config->keyed)
		printf(" key-fingerprint %08x", config->fingerprint);
}

#define PRINT_NUMBER(name) print_number(#name, config->name)
#define PRINT_LENGTH(name) print_length(config, #name, config->name)
#define PRINT_OPTIONAL(name) print_optional(#name, config->name)
#define PRINT_FLAG(name) print_flag(#name, config->name)
#define PRINT_LAYOUT(name) print_##name(&config->name)
#define PRINT_KEY(name) print_##name(config)

static void print_config(const struct config *config)
{
#define X(symbol, name, kind) PRINT_##kind(name)
	QLB_CONFIG_FIELDS(X, ;);
#undef X
}

static void print_map(const struct event *event)
{
	char sid[SID_STRLEN], server[ENDPOINT_STRLEN];

	printf(" %s %s %s", sid_str(event->map, sid),
	       strcmp(event->action, "deleted") ? "to" : "of",
	       endpoint_str(&event->map->server, server));
	if (event->old_map)
		printf(" from %s", endpoint_str(&event->old_map->server, server));
}

static void print_forward(uint32_t forward)
{
	const char *name = forward_name(forward);

	if (name)
		printf(" %s", name);
	else
		printf(" method-%u", forward);
}

static void print_dest(const struct event *event)
{
	const struct dest *dest = event->dest, *old = event->old_dest;
	char server[ENDPOINT_STRLEN];

	printf(" %s", endpoint_str(&dest->server, server));
	print_forward(dest->forward);
	printf(" weight %u", dest->weight);
	if (old && old->forward != dest->forward) {
		fputs(" was", stdout);
		print_forward(old->forward);
	}
	if (old && old->weight != dest->weight)
		printf(" was %u", old->weight);
}

void print_event(const struct event *event, const struct timespec *when)
{
	char service[SERVICE_STRLEN];

	if (when)
		print_time(when);
	printf("%s %s", event_kinds[event->kind], event->action);
	if (event->svc && event->kind != EVENT_EXPRESS)
		printf(" %s", service_str(&event->svc->id, service));
	if (event->svc && event->has_settings)
		print_settings(event->svc);
	if (event->config)
		print_config(event->config);
	if (event->map)
		print_map(event);
	if (event->dest)
		print_dest(event);
	if (event->error)
		printf(": %s", strerror((int)event->error));
	if (event->device) {
		putchar(' ');
		print_printable(stdout, event->device);
	}
	putchar('\n');
}

static void set_time(json_t *object, const struct timespec *when)
{
	if (when)
		set(object, "time", json_real((double)when->tv_sec +
					      (double)when->tv_nsec / 1e9));
}

static void set_map(json_t *object, const struct event *event)
{
	set_number(object, "config", event->map->config_id);
	set_hex(object, "server_id", event->map->sid.octets,
		event->map->sid.len);
	set(object, "prefix", json_boolean(event->map->prefix));
	set_nested_endpoint(object, "server", &event->map->server);
	if (event->old_map)
		set_nested_endpoint(object, "old_server",
				    &event->old_map->server);
}

static json_t *forward_json(const struct dest *dest)
{
	return name_json(forward_name(dest->forward), dest->forward);
}

static void set_dest(json_t *object, const struct event *event)
{
	set_nested_endpoint(object, "server", &event->dest->server);
	set(object, "forward", forward_json(event->dest));
	set_number(object, "weight", event->dest->weight);
	if (!event->old_dest)
		return;
	set(object, "old_forward", forward_json(event->old_dest));
	set_number(object, "old_weight", event->old_dest->weight);
}

/* The members of the lists of the same things. */
void print_event_json(const struct event *event, const struct timespec *when)
{
	json_t *object = need(json_object());

	set_time(object, when);
	set_text(object, "event", event_kinds[event->kind]);
	set_text(object, "action", event->action);
	if (event->svc && event->kind != EVENT_EXPRESS)
		set(object, "service", service_id_json(&event->svc->id));
	if (event->svc && event->has_settings)
		set(object, "settings", settings_json(event->svc));
	if (event->config)
		set(object, "config", config_fields_json(event->config));
	if (event->map)
		set_map(object, event);
	if (event->dest)
		set_dest(object, event);
	if (event->error)
		set_text(object, "error", strerror((int)event->error));
	if (event->device)
		set_text(object, "device", event->device);
	dump_line(object);
}

void print_lost_json(const struct timespec *when)
{
	json_t *object = need(json_object());

	set_time(object, when);
	set_text(object, "event", "lost");
	dump_line(object);
}
