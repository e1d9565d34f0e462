// SPDX-License-Identifier: GPL-2.0-only
#include "model/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hex.h"

/*
 * Where each server puts what: Katran's three versions in mvfst's DefaultConnectionIdAlgo
 * and Katran's pckt_parsing.h; msquic with LoadBalancingMode FIXED in its
 * QuicLibApplyLoadBalancingSetting(); nginx with quic_bpf in ngx_quic_bpf_attach_id().
 */
const struct layout_preset layout_presets[] = {
	{ "katran-v1", "2:16:40/c0", "mvfst and Katran, version 1" },
	{ "katran-v2", "8:24:80/c0", "mvfst and Katran, version 2" },
	{ "katran-v3", "8:32:c0/c0", "mvfst and Katran, version 3" },
	{ "msquic", "8:32", "msquic with a fixed server ID" },
	{ "nginx", "0:64@20", "nginx with quic_bpf" },
	{ "last16", "-16:16", "the last 16 bits" },
	{ NULL, NULL, NULL },
};

/* Digits only, up to @max.  Return: false when the text does not begin with such a number. */
static bool take_number(const char **text, unsigned long max, unsigned int *value)
{
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	*value = (unsigned int)strtoul(*text, &end, 10);
	if (end - *text > 3 || *value > max)
		return false;
	*text = end;
	return true;
}

/* Octets in hex.  Return: how many, 0 when there is none or something else among them. */
static size_t take_hex(const char **text, uint8_t octets[QLB_CID_LEN_MAX])
{
	size_t len = 0;

	unsigned int high, low;

	for (; len < QLB_CID_LEN_MAX; *text += 2) {
		high = quiclb_hex_value((unsigned char)(*text)[0]);
		if (high & QUICLB_HEX_BAD)
			return len;
		low = quiclb_hex_value((unsigned char)(*text)[1]);
		if (low & QUICLB_HEX_BAD)
			return 0;
		octets[len++] = (uint8_t)(high << 4 | low);
	}
	return len;
}

static const char *take_fixed(const char **text, struct qlb_layout *layout)
{
	size_t value = take_hex(text, layout->value), mask;

	if (!value || *(*text)++ != '/')
		return "fixed bits are VALUE/MASK, octets in hex from the first of the connection ID on";
	mask = take_hex(text, layout->mask);
	if (mask != value)
		return "VALUE and MASK of the fixed bits have equally many octets, 1 to 20";
	return NULL;
}

static const char *why_not(const struct qlb_layout *layout)
{
	switch (qlb_layout_check(layout)) {
	case QLB_LAYOUT_OK:
		break;
	case QLB_LAYOUT_BAD_BITS:
		return "a server ID has 1 to 120 bits";
	case QLB_LAYOUT_BAD_LEN:
		return "a connection ID has 1 to 20 octets";
	case QLB_LAYOUT_BAD_PLACE:
		return "the server ID ends behind the connection ID, which has 20 octets at most";
	case QLB_LAYOUT_BAD_FIXED:
		return "fixed bits are in the server ID, behind the connection ID, or 1 where the mask is 0";
	}
	return NULL;
}

/* A negative offset counts from the end, which only a length tells. */
static const char *set_offset(struct qlb_layout *layout, bool from_end, unsigned int offset)
{
	if (from_end && !layout->cid_len)
		return "what counts from the end needs the connection IDs' length, @LEN";
	if (from_end && offset > 8u * layout->cid_len)
		return "the offset is in front of the connection ID";
	layout->bit_offset = (uint8_t)(from_end ? 8u * layout->cid_len - offset : offset);
	return NULL;
}

/* @len: of the connection IDs as "@LEN", where it stands apart from the rest */
static const char *read_form(const char *text, const char *len, struct qlb_layout *layout)
{
	unsigned int offset, bits, octets = 0;
	bool from_end = *text == '-';
	const char *why = NULL;

	memset(layout, 0, sizeof(*layout));
	text += from_end;
	if (!take_number(&text, 255, &offset) || *text++ != ':' ||
	    !take_number(&text, 255, &bits))
		return "neither a layout's name nor OFFSET:BITS[:VALUE/MASK][@LEN], in bits from the first of the connection ID on";
	layout->bits = (uint8_t)bits;
	if (*text == ':') {
		text++;
		why = take_fixed(&text, layout);
	}
	if (why)
		return why;
	if (*text == '@' && !len)
		len = text;
	else if (*text && *text != '@')
		return "something follows the layout that is no @LEN";
	if (len && (len++, !take_number(&len, QLB_CID_LEN_MAX, &octets) || !octets || *len))
		return "@LEN, the length of the connection IDs, is 1 to 20 octets";
	layout->cid_len = (uint8_t)octets;
	why = set_offset(layout, from_end, offset);
	return why ? why : why_not(layout);
}

const char *layout_read(const char *text, struct qlb_layout *layout)
{
	size_t len = strcspn(text, "@");
	const struct layout_preset *preset;

	for (preset = layout_presets; preset->name; preset++)
		if (strlen(preset->name) == len && !strncmp(preset->name, text, len))
			return read_form(preset->text, text[len] ? text + len : NULL,
					 layout);
	return read_form(text, NULL, layout);
}

static size_t fixed_octets(const struct qlb_layout *layout)
{
	size_t len = QLB_CID_LEN_MAX;

	while (len && !layout->mask[len - 1])
		len--;
	return len;
}

static char *put_hex(char *at, const uint8_t *octets, size_t len)
{
	quiclb_hex_write(at, octets, len);
	return at + 2 * len;
}

char *layout_str(const struct qlb_layout *layout, char *buf)
{
	size_t fixed = fixed_octets(layout);
	char *at = buf;

	at += sprintf(at, "%u:%u", layout->bit_offset, layout->bits);
	if (fixed) {
		*at++ = ':';
		at = put_hex(at, layout->value, fixed);
		*at++ = '/';
		at = put_hex(at, layout->mask, fixed);
	}
	if (layout->cid_len)
		sprintf(at, "@%u", layout->cid_len);
	return buf;
}

static bool same(const struct qlb_layout *a, const struct qlb_layout *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* With its own length, else with the one that was given. */
char *layout_name(const struct qlb_layout *layout, char *buf)
{
	const struct layout_preset *preset;
	struct qlb_layout named;

	for (preset = layout_presets; preset->name; preset++) {
		strcpy(buf, preset->name);
		if (!layout_read(buf, &named) && same(&named, layout))
			return buf;
		sprintf(buf, "%s@%u", preset->name, layout->cid_len);
		if (!layout_read(buf, &named) && same(&named, layout))
			return buf;
	}
	return layout_str(layout, buf);
}

bool config_takes(const struct config *config, unsigned int high)
{
	return config_is_layout(config) ? qlb_layout_takes(&config->layout, high) :
					  config->id == high;
}

unsigned int config_first_octets(const struct config *config)
{
	unsigned int high, bits = 0;

	for (high = 0; high < QLB_FIRST_OCTETS; high++)
		if (config_takes(config, high))
			bits |= 1u << high;
	return bits;
}

bool config_codec(const struct config *config, bool self_len,
		  struct qlb_config *codec)
{
	if (config_is_layout(config)) {
		qlb_config_init_layout(codec, config->id, &config->layout);
		return true;
	}
	return !qlb_config_init(codec, config->id, config->server_id_len,
				config->nonce_len, self_len,
				config->keyed ? config->key : NULL);
}
