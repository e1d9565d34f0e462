// SPDX-License-Identifier: GPL-2.0-only
#include "diag/module_event.h"

#include <arpa/inet.h>
#include <string.h>

#include "diag/trace_line.h"

/* A sockaddr as the module's events have it. */
static void read_sockaddr(struct tep_event *event, struct tep_record *record,
			  const char *field, struct endpoint *ep)
{
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;
	int len;
	const void *raw = tep_get_field_raw(NULL, event, field, record, &len, 0);

	memset(ep, 0, sizeof(*ep));
	if (!raw || len < (int)sizeof(sin6))
		return;
	memcpy(&sin6, raw, sizeof(sin6));
	memcpy(&sin, raw, sizeof(sin));
	ep->af = sin6.sin6_family;
	ep->port = ntohs(sin6.sin6_port);
	if (ep->af == AF_INET6)
		memcpy(ep->addr, &sin6.sin6_addr, 16);
	else
		memcpy(ep->addr, &sin.sin_addr, 4);
}

static bool read_number(struct tep_event *event, struct tep_record *record,
			const char *field, unsigned long long *value)
{
	*value = 0;
	return !tep_get_field_val(NULL, event, field, record, value, 0);
}

static void read_header(struct tep_event *event, struct tep_record *record,
			struct trace_line *line)
{
	unsigned long long value = 0;
	const void *dcid;
	int len;

	line->has_form = read_number(event, record, "long_form", &value);
	line->long_form = value;
	line->has_version = read_number(event, record, "version", &value) &&
			 line->long_form;
	line->version = (uint32_t)value;
	if (read_number(event, record, "config_id", &value))
		/* -1 is none */
		line->config = (int8_t)value; /* NOLINT(bugprone-signed-char-misuse,cert-str34-c) */
	dcid = tep_get_field_raw(NULL, event, "dcid", record, &len, 0);
	if (dcid && len > 0)
		trace_line_set_dcid(line, dcid, (size_t)len);
}

static void read_sid(struct tep_event *event, struct tep_record *record,
		     struct trace_line *line)
{
	const uint8_t *raw;
	int len;

	raw = tep_get_field_raw(NULL, event, "server_id", record, &len, 0);
	if (!raw || len <= 0 || len > QLB_SERVER_ID_LEN_MAX)
		return;
	line->sid.len = (uint8_t)len;
	memcpy(line->sid.octets, raw, (size_t)len);
}

static void read_pool(struct tep_event *event, struct tep_record *record,
		      struct trace_line *line)
{
	unsigned long long value;

	line->has_pool = read_number(event, record, "servers", &value);
	line->servers = (uint32_t)value;
	read_number(event, record, "slots", &value);
	line->slots = (uint32_t)value;
	read_number(event, record, "error", &value);
	line->error = (int)value;
}

bool module_event_read(struct tep_event *event, struct tep_record *record,
		       uint32_t netns, struct trace_line *line)
{
	const char *what = event->name;
	unsigned long long value;

	if (!read_number(event, record, "netns", &value) || value != netns)
		return false;
	if (!strncmp(what, "ip_vs_quic_", strlen("ip_vs_quic_")))
		what += strlen("ip_vs_quic_");
	line->what = what;
	read_sockaddr(event, record, "client", &line->client);
	read_sockaddr(event, record, "vip", &line->vip);
	read_number(event, record, "fwmark", &value);
	line->fwmark = (uint32_t)value;
	if (read_number(event, record, "outcome", &value))
		line->outcomes[line->outcome_count++] = (uint32_t)value;
	read_header(event, record, line);
	read_sid(event, record, line);
	read_sockaddr(event, record, "server", &line->server);
	read_number(event, record, "mtu", &value);
	line->mtu = (uint32_t)value;
	read_pool(event, record, line);
	return true;
}
