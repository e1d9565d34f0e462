// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/quic_event.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <linux/genetlink.h>

#include "common/xalloc.h"
#include "kernel/nl.h"
#include "kernel/quic_read.h"

const char *const event_kinds[EVENT_KIND_COUNT] = {
#define X(symbol, name) [EVENT_##symbol] = name,
	EVENT_KINDS(X)
#undef X
};

/*
 * @object: the attribute that a message has one or many of; 0: the message is about the
 * service itself
 * @old: the attribute that may follow it with what the object was, or 0
 */
static const struct message {
	const char *action;
	enum event_kind kind;
	uint16_t object, old;
} messages[IP_VS_QUIC_CMD_MAX + 1] = {
	[IP_VS_QUIC_CMD_SERVICE_ADD_NTF] = { "added", EVENT_SERVICE, 0, 0 },
	[IP_VS_QUIC_CMD_SERVICE_DEL_NTF] = { "deleted", EVENT_SERVICE, 0, 0 },
	[IP_VS_QUIC_CMD_SETTINGS_NTF] = { "set", EVENT_SERVICE, 0, 0 },
	[IP_VS_QUIC_CMD_CONFIG_SET_NTF] = { "set", EVENT_CONFIG, IP_VS_QUIC_A_CONFIG, 0 },
	[IP_VS_QUIC_CMD_CONFIG_DEL_NTF] = { "deleted", EVENT_CONFIG, IP_VS_QUIC_A_CONFIG, 0 },
	[IP_VS_QUIC_CMD_SERVER_ID_ADD_NTF] = {
		"added", EVENT_SERVER_ID, IP_VS_QUIC_A_SERVER_ID, 0 },
	[IP_VS_QUIC_CMD_SERVER_ID_MOVE_NTF] = {
		"moved", EVENT_SERVER_ID, IP_VS_QUIC_A_SERVER_ID, IP_VS_QUIC_A_OLD_SERVER_ID },
	[IP_VS_QUIC_CMD_SERVER_ID_DEL_NTF] = {
		"deleted", EVENT_SERVER_ID, IP_VS_QUIC_A_SERVER_ID, 0 },
	[IP_VS_QUIC_CMD_SERVER_ADD_NTF] = { "added", EVENT_POOL, IP_VS_QUIC_A_SERVER, 0 },
	[IP_VS_QUIC_CMD_SERVER_SET_NTF] = {
		"changed", EVENT_POOL, IP_VS_QUIC_A_SERVER, IP_VS_QUIC_A_OLD_SERVER },
	[IP_VS_QUIC_CMD_SERVER_DEL_NTF] = { "removed", EVENT_POOL, IP_VS_QUIC_A_SERVER, 0 },
	[IP_VS_QUIC_CMD_REBUILD_FAILED_NTF] = {
		"rebuild-failed", EVENT_POOL, IP_VS_QUIC_A_REBUILD_ERROR, 0 },
	[IP_VS_QUIC_CMD_EXPRESS_ADD_NTF] = { "on", EVENT_EXPRESS, IP_VS_QUIC_A_EXPRESS, 0 },
	[IP_VS_QUIC_CMD_EXPRESS_DEL_NTF] = { "off", EVENT_EXPRESS, IP_VS_QUIC_A_EXPRESS, 0 },
};

/* The attributes of an object, and what an event points at. */
struct object {
	struct config config;
	struct mapping map;
	struct dest dest;
	char device[DEVICE_NAME_MAX + 1];
};

static void read_device(const struct nlattr *nest, char *device)
{
	const struct nlattr *attrs[IP_VS_QUIC_A_EXP_MAX + 1];

	nl_nested(nest, attrs, IP_VS_QUIC_A_EXP_MAX);
	device[nl_octets(attrs[IP_VS_QUIC_A_EXP_DEVICE], device,
			 DEVICE_NAME_MAX)] = '\0';
}

static void tell_object(const struct event *base, const struct nlattr *attr,
			event_fn fn, void *data)
{
	struct event event = *base;
	struct object object;

	memset(&object, 0, sizeof(object));
	switch (mnl_attr_get_type(attr)) {
	case IP_VS_QUIC_A_CONFIG:
		quic_read_config(attr, &object.config);
		event.config = &object.config;
		break;
	case IP_VS_QUIC_A_SERVER_ID:
		quic_read_mapping(attr, &object.map);
		event.map = &object.map;
		break;
	case IP_VS_QUIC_A_SERVER:
		quic_read_dest(attr, &object.dest);
		event.dest = &object.dest;
		break;
	case IP_VS_QUIC_A_REBUILD_ERROR:
		event.error = (uint32_t)nl_number(attr);
		break;
	case IP_VS_QUIC_A_EXPRESS:
		read_device(attr, object.device);
		event.device = object.device;
		break;
	}
	fn(&event, data);
	config_destroy(&object.config);
}

/* Two attributes, one behind the other. */
static void tell_pair(const struct event *base, const struct nlattr *now,
		      const struct nlattr *old, event_fn fn, void *data)
{
	struct event event = *base;
	struct mapping map;
	struct dest dest;

	if (mnl_attr_get_type(old) == IP_VS_QUIC_A_OLD_SERVER_ID) {
		quic_read_mapping(old, &map);
		event.old_map = &map;
	} else {
		quic_read_dest(old, &dest);
		event.old_dest = &dest;
	}
	tell_object(&event, now, fn, data);
}

static void tell_objects(const struct nlmsghdr *nlh, const struct message *message,
			 const struct event *event, event_fn fn, void *data)
{
	const struct nlattr *attr, *now = NULL;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) == message->object && !message->old)
			tell_object(event, attr, fn, data);
		else if (mnl_attr_get_type(attr) == message->object)
			now = attr;
		else if (message->old && now &&
			 mnl_attr_get_type(attr) == message->old)
			tell_pair(event, now, attr, fn, data);
	}
}

void quic_read_event(const struct nlmsghdr *nlh, event_fn fn, void *data)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct service_id none = { 0 };
	const struct message *message;
	const struct nlattr *attr;
	struct event event = { 0 };
	struct service *svc;

	if (genl->cmd > IP_VS_QUIC_CMD_MAX || !messages[genl->cmd].action)
		return;
	message = &messages[genl->cmd];
	svc = xcalloc(1, sizeof(*svc));
	service_init(svc, &none);
	event.kind = message->kind;
	event.action = message->action;
	event.svc = svc;
	mnl_attr_for_each(attr, nlh, GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == IP_VS_QUIC_A_SERVICE) {
			quic_read_service(attr, &svc->id);
		} else if (mnl_attr_get_type(attr) == IP_VS_QUIC_A_SETTINGS) {
			quic_read_settings(attr, svc);
			event.has_settings = true;
		}
	if (message->object)
		tell_objects(nlh, message, &event, fn, data);
	else
		fn(&event, data);
	service_destroy(svc);
	free(svc);
}

static void tell_service(const struct service *svc, event_fn fn, void *data)
{
	const struct event base = { .action = "present", .svc = svc };
	struct event event = base;
	size_t i;

	event.has_settings = true;
	fn(&event, data);
	for (i = 0; i < svc->config_count; i++) {
		event = base;
		event.kind = EVENT_CONFIG;
		event.config = &svc->configs[i];
		fn(&event, data);
	}
	for (i = 0; i < svc->dest_count; i++) {
		event = base;
		event.kind = EVENT_POOL;
		event.dest = &svc->dests[i];
		fn(&event, data);
	}
	for (i = 0; i < svc->map_count; i++) {
		event = base;
		event.kind = EVENT_SERVER_ID;
		event.map = &svc->maps[i];
		fn(&event, data);
	}
	if (svc->rebuild_error) {
		event = base;
		event.kind = EVENT_POOL;
		event.action = "rebuild-failed";
		event.error = svc->rebuild_error;
		fn(&event, data);
	}
}

void quic_tell_state(const struct state *state, event_fn fn, void *data)
{
	size_t i;

	for (i = 0; i < state->count; i++)
		if (service_is_quic(state->services[i]))
			tell_service(state->services[i], fn, data);
	for (i = 0; i < state->device_count; i++)
		fn(&(struct event){ .kind = EVENT_EXPRESS, .action = "present",
				    .device = state->devices[i].name }, data);
}
