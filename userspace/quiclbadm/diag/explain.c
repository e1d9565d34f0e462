// SPDX-License-Identifier: GPL-2.0-only
#include "diag/explain.h"

#include <stdio.h>
#include <string.h>

#include "common/color.h"
#include "model/layout.h"
#include "model/outcome.h"
#include "output/json_build.h"

enum {
	DCID_STRLEN = 2 * 255 + 1,
};

/*
 * Of a short header, which does not say how long it is, as much of the DCID as its
 * config has; without one, as much as a CID has at most.
 */
static size_t dcid_len(const struct explained *e)
{
	const struct quic_decoded *decoded = &e->prediction.decoded;
	const struct quic_hdr *hdr = &e->prediction.hdr;
	const struct config *config = NULL;
	size_t len = QLB_CID_LEN_MAX;

	if (hdr->long_form)
		return hdr->dcid_view;
	if (decoded->has_config)
		config = service_find_config(e->service, decoded->config_id,
					     decoded->tenant);
	if (config && config_is_layout(config))
		len = config->layout.cid_len ? config->layout.cid_len : len;
	else if (config)
		len = 1u + config->server_id_len + config->nonce_len;
	return len < hdr->dcid_view ? len : hdr->dcid_view;
}

static char *dcid_str(const struct explained *e, char *text)
{
	return hex_str(e->prediction.hdr.dcid, dcid_len(e), text);
}

static void print_header(const struct explained *e)
{
	const struct quic_hdr *hdr = &e->prediction.hdr;
	char dcid[DCID_STRLEN];

	if (!e->prediction.parsed)
		return;
	if (hdr->long_form)
		printf(" long version=%#x", hdr->version);
	else
		printf(" short");
	printf(" dcid=%s", dcid_str(e, dcid));
	if (hdr->long_form && hdr->dcid_len > hdr->dcid_view)
		printf("...");
}

static void print_decoded_part(const struct quic_decoded *decoded)
{
	char sid[SID_STRLEN];

	if (decoded->has_config)
		printf(" config=%u", decoded->config_id);
	if (decoded->tenant)
		printf(" tenant=%u", decoded->tenant);
	if (decoded->map.sid.len)
		printf(" server-id=%s", sid_value_str(&decoded->map, sid));
}

/*
 * A client's first datagrams have a connection ID that it made up: of these every eighth
 * has the reserved config ID.
 */
static const char *meaning(const struct explained *e)
{
	const uint32_t outcome = e->prediction.decoded.outcome;

	if (outcome == IP_VS_QUIC_RESERVED && e->prediction.parsed &&
	    e->prediction.hdr.long_form)
		return "config ID 0b111: by chance, as in every eighth connection ID that a client makes up for its first datagrams, or minted by a server without a config";
	return outcome_meaning(outcome);
}

void explain_print(const struct explained *e)
{
	const struct quic_decoded *decoded = &e->prediction.decoded;
	char client[ENDPOINT_STRLEN], service[SERVICE_STRLEN];
	char server[ENDPOINT_STRLEN];

	printf("%lu:", e->number);
	if (e->packet->src.af)
		printf(" %s >", endpoint_str(&e->packet->src, client));
	printf(" %s:", service_str(&e->service->id, service));
	print_header(e);
	print_decoded_part(decoded);
	printf(" %s%s%s", paint(stdout, decoded->outcome == IP_VS_QUIC_ROUTED ?
				PAINT_GOOD : PAINT_ADVICE),
	       outcome_name(decoded->outcome), paint_end(stdout));
	if (decoded->has_server)
		printf(" server=%s", endpoint_str(&decoded->map.server, server));
	if (decoded->outcome != IP_VS_QUIC_ROUTED)
		printf(": %s", meaning(e));
	if (e->prediction.has_hashed)
		printf("; by hash to %s unless the 4-tuple or the CID is known",
		       endpoint_str(&e->prediction.hashed, server));
	putchar('\n');
}

static void set_header(json_t *object, const struct explained *e)
{
	const struct quic_hdr *hdr = &e->prediction.hdr;
	char dcid[DCID_STRLEN];

	if (!e->prediction.parsed)
		return;
	set_text(object, "form", hdr->long_form ? "long" : "short");
	if (hdr->long_form) {
		set_number(object, "version", hdr->version);
		set_number(object, "dcid_len", hdr->dcid_len);
	}
	set_text(object, "dcid", dcid_str(e, dcid));
}

void explain_print_json(const struct explained *e)
{
	const struct quic_decoded *decoded = &e->prediction.decoded;
	json_t *object = need(json_object());

	set_number(object, "frame", e->number);
	if (e->packet->src.af)
		set_nested_endpoint(object, "client", &e->packet->src);
	set(object, "service", service_id_json(&e->service->id));
	set_header(object, e);
	if (decoded->has_config) {
		set_number(object, "config", decoded->config_id);
		set_number(object, "tenant", decoded->tenant);
	}
	if (decoded->map.sid.len)
		set_hex(object, "server_id", decoded->map.sid.octets,
			decoded->map.sid.len);
	set_text(object, "outcome", outcome_name(decoded->outcome));
	set_text(object, "meaning", meaning(e));
	if (decoded->has_server)
		set_nested_endpoint(object, "server", &decoded->map.server);
	if (e->prediction.has_hashed)
		set_nested_endpoint(object, "hashed", &e->prediction.hashed);
	dump_line(object);
}
