// SPDX-License-Identifier: GPL-2.0-only
#include "cli/parse.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "hex.h"

/* Decimal digits only; -1 when it is not that or more than @max. */
static int64_t decimal(const char *text, uint32_t max)
{
	uint64_t value = 0;

	if (!*text)
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		value = value * 10 + (unsigned int)(*text - '0');
		if (value > max)
			return -1;
	}
	return (int64_t)value;
}

int parse_number(const char *what, const char *text, uint32_t min, uint32_t max,
		 uint32_t *value)
{
	int64_t number = decimal(text, max);

	if (number < min)
		return bad_usage("%s %s: not a number from %u to %u", what,
				 text, min, max);
	*value = (uint32_t)number;
	return 0;
}

/*
 * Splits "addr", "addr:port", "[addr6]", "[addr6]:port" and a bare "addr6";
 * @port is NULL without one.  Return: false when it is none of these.
 */
static bool split_endpoint(char *text, char **addr, char **port, uint16_t *af)
{
	char *end;

	*addr = text;
	*port = NULL;
	*af = AF_INET;
	if (*text == '[') {
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		*addr = text + 1;
		*end = '\0';
		*af = AF_INET6;
		if (end[1])
			*port = end + 2;
		return true;
	}
	end = strchr(text, ':');
	if (end && strchr(end + 1, ':')) {
		*af = AF_INET6;
	} else if (end) {
		*end = '\0';
		*port = end + 1;
	}
	return true;
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define NAME_CHARACTERS LETTERS "0123456789.-_"

/* "https" */
static bool is_name(const char *text)
{
	return *text && strchr(LETTERS, *text) &&
	       !text[strspn(text, NAME_CHARACTERS)];
}

static int not_an_address(const char *what, const char *text)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);

	/* "server1", "example.org:443" */
	if (len && !strchr("[:", *text) && !(colon && strchr(colon + 1, ':')) &&
	    strspn(text, NAME_CHARACTERS) == len &&
	    strspn(text, "0123456789.") < len)
		return bad_usage("%s %s: a name, and names are not looked up, for what they mean may change; an address is needed (192.0.2.1:443 or [2001:db8::1]:443)",
				 what, text);
	return bad_usage("%s %s: not an IP address (192.0.2.1:443 or [2001:db8::1]:443)",
			 what, text);
}

int parse_endpoint(const char *what, const char *text, struct endpoint *ep,
		   bool *has_port)
{
	char copy[ENDPOINT_STRLEN], *addr, *port;
	int64_t number;

	memset(ep, 0, sizeof(*ep));
	if (strlen(text) >= sizeof(copy))
		return not_an_address(what, text);
	strcpy(copy, text);
	if (!split_endpoint(copy, &addr, &port, &ep->af) ||
	    inet_pton(ep->af, addr, ep->addr) != 1)
		return not_an_address(what, text);
	*has_port = port;
	if (!port)
		return 0;
	number = decimal(port, 65535);
	if (number < 0 && is_name(port))
		return bad_usage("%s %s: the port is not a number; names are not looked up, for what they mean may change",
				 what, text);
	if (number < 0)
		return bad_usage("%s %s: the port is not a number from 0 to 65535",
				 what, text);
	ep->port = (uint16_t)number;
	return 0;
}

/* The @digits first characters of @text; messages name all of it. */
static int read_hex(const char *what, const char *text, size_t digits,
		    uint8_t *octets, size_t min, size_t max, size_t *len)
{
	size_t i;

	if (digits > 2 && text[0] == '0' && (text[1] | 0x20) == 'x')
		return bad_usage("%s %s: hex digits without 0x in front (%.*s)",
				 what, text, (int)digits - 2, text + 2);
	for (i = 0; i < digits; i++)
		if (quiclb_hex_value((unsigned char)text[i]) & QUICLB_HEX_BAD)
			return bad_usage("%s %s: not hexadecimal", what, text);
	if (digits % 2)
		return bad_usage("%s %s: an odd number of hex digits", what,
				 text);
	if (digits / 2 < min || digits / 2 > max) {
		if (min == max)
			return bad_usage("%s %s: %zu octets, not %zu", what,
					 text, digits / 2, min);
		return bad_usage("%s %s: %zu octets, not %zu to %zu", what,
				 text, digits / 2, min, max);
	}
	*len = digits / 2;
	quiclb_hex_read(octets, *len, text, digits);
	return 0;
}

int parse_hex(const char *what, const char *text, uint8_t *octets, size_t min,
	      size_t max, size_t *len)
{
	return read_hex(what, text, strlen(text), octets, min, max, len);
}

int parse_server_id(const char *what, const char *text, struct mapping *map)
{
	const char *colon = strchr(text, ':');
	size_t digits, len = 0;
	int err;

	if (colon) {
		if (colon != text + 1 || *text < '0' ||
		    *text > '0' + QLB_CONFIG_ID_MAX)
			return bad_usage("%s %s: the config ID before the colon is not a number from 0 to %u",
					 what, text, QLB_CONFIG_ID_MAX);
		map->config_id = (uint8_t)(*text - '0');
		text = colon + 1;
	}
	memset(&map->sid, 0, sizeof(map->sid));
	digits = strlen(text);
	map->prefix = digits && text[digits - 1] == '*';
	if (map->prefix)
		digits--;
	err = read_hex(what, text, digits, map->sid.octets,
		       QLB_SERVER_ID_LEN_MIN, QLB_SERVER_ID_LEN_MAX, &len);
	map->sid.len = (uint8_t)len;
	return err;
}

int parse_prefix(const char *what, const char *text,
		 const struct source_desc *desc, struct prefix *prefix)
{
	char copy[PREFIX_STRLEN], *slash;
	unsigned int i;
	int64_t len;

	memset(prefix, 0, sizeof(*prefix));
	if (!strcmp(text, "none"))
		return 0;
	if (strlen(text) >= sizeof(copy))
		return bad_usage("%s %s: not a prefix", what, text);
	strcpy(copy, text);
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	len = slash ? decimal(slash, 8u * desc->octets) : -1;
	if (len < desc->min || inet_pton(desc->af, copy, prefix->addr) != 1)
		return bad_usage("%s %s: neither none nor an IPv%d prefix of %u to %u bits (ADDRESS/BITS)",
				 what, text, desc->af == AF_INET6 ? 6 : 4,
				 desc->min, 8u * desc->octets);
	prefix->len = (uint8_t)len;
	for (i = prefix->len; i < 8u * desc->octets; i++)
		if (prefix->addr[i / 8] & 0x80 >> i % 8)
			return bad_usage("%s %s: bits are set beyond the prefix",
					 what, text);
	return 0;
}

int parse_netmask(const char *what, const char *text, uint16_t af,
		  uint32_t *netmask)
{
	struct in_addr mask;

	if (af == AF_INET6)
		return parse_number(what, text, 1, 128, netmask);
	if (inet_pton(AF_INET, text, &mask) != 1 || !mask.s_addr)
		return bad_usage("%s %s: not a netmask (255.255.255.0)", what,
				 text);
	*netmask = mask.s_addr;
	return 0;
}

static const struct {
	const char *name;
	uint32_t flag;
} sched_flags[] = {
	{ "flag-1", IP_VS_SVC_F_SCHED1 },
	{ "flag-2", IP_VS_SVC_F_SCHED2 },
	{ "flag-3", IP_VS_SVC_F_SCHED3 },
	{ "sh-fallback", IP_VS_SVC_F_SCHED1 },
	{ "sh-port", IP_VS_SVC_F_SCHED2 },
	{ "mh-fallback", IP_VS_SVC_F_SCHED1 },
	{ "mh-port", IP_VS_SVC_F_SCHED2 },
};

int parse_sched_flags(const char *what, const char *text, uint32_t *flags)
{
	const size_t count = sizeof(sched_flags) / sizeof(sched_flags[0]);
	const char *name = text;
	size_t len, i;

	while (*name) {
		len = strcspn(name, ",");
		for (i = 0; i < count; i++)
			if (strlen(sched_flags[i].name) == len &&
			    !strncmp(sched_flags[i].name, name, len))
				break;
		if (i == count)
			return bad_usage("%s %s: \"%.*s\" is not a scheduler flag (flag-1, flag-2, flag-3, sh-fallback, sh-port, mh-fallback, mh-port)",
					 what, text, (int)len, name);
		*flags |= sched_flags[i].flag;
		name += len;
		name += *name == ',';
	}
	return 0;
}

int parse_check_unicast(const char *what, const char *text,
			const struct endpoint *ep)
{
	static const uint8_t zero[16];
	const struct in6_addr *v6 = (const void *)ep->addr;
	char addr[INET_ADDRSTRLEN];

	if (!memcmp(ep->addr, zero, sizeof(zero)))
		return bad_usage("%s %s: the unspecified address, to which no datagram is sent", what, text);
	if (ep->af == AF_INET && ep->addr[0] >= 240)
		return bad_usage("%s %s: neither a host's address nor one that a datagram of QUIC is sent to",
				 what, text);
	if (ep->af == AF_INET ? ep->addr[0] >= 224 : ep->addr[0] == 0xff)
		return bad_usage("%s %s: a multicast address, and QUIC is between two hosts",
				 what, text);
	if (ep->af == AF_INET6 && IN6_IS_ADDR_V4MAPPED(v6))
		return bad_usage("%s %s: an IPv4 address in IPv6's spelling, which no datagram has (%s)",
				 what, text, inet_ntop(AF_INET, ep->addr + 12,
						       addr, sizeof(addr)));
	return 0;
}

int parse_check_config(const char *what, uint32_t id, uint32_t server_id_len,
		       uint32_t nonce_len)
{
	switch (qlb_config_check(id, server_id_len, nonce_len)) {
	case QLB_OK:
		return 0;
	case QLB_BAD_CONFIG_ID:
		return bad_usage("%s: config ID %u is not one of 0 to %u", what,
				 id, QLB_CONFIG_ID_MAX);
	case QLB_BAD_SERVER_ID_LEN:
		return bad_usage("%s: a server ID of %u octets is not one of %u to %u",
				 what, server_id_len, QLB_SERVER_ID_LEN_MIN,
				 QLB_SERVER_ID_LEN_MAX);
	case QLB_BAD_NONCE_LEN:
		return bad_usage("%s: a nonce of %u octets is not one of %u to %u",
				 what, nonce_len, QLB_NONCE_LEN_MIN,
				 QLB_NONCE_LEN_MAX);
	case QLB_BAD_TOTAL_LEN:
		break;
	}
	return bad_usage("%s: server ID and nonce of %u octets together are more than %u",
			 what, server_id_len + nonce_len,
			 QLB_PLAINTEXT_LEN_MAX);
}
