/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Readers of single values.  Each says what is wrong with @text in one sentence
 * that begins with @what (an option, as the user wrote it), and then returns
 * EXIT_USAGE; 0 when the value is good.
 */
#ifndef _QUICLBADM_CLI_PARSE_H
#define _QUICLBADM_CLI_PARSE_H

#include <stddef.h>

#include "model/model.h"

int parse_number(const char *what, const char *text, uint32_t min, uint32_t max,
		 uint32_t *value);

/* Address, and a port if there is one: *@has_port tells. */
int parse_endpoint(const char *what, const char *text, struct endpoint *ep,
		   bool *has_port);

/* Can a datagram of QUIC be sent to @ep, which @text was read as? */
int parse_check_unicast(const char *what, const char *text,
			const struct endpoint *ep);

/* At least @min and at most @max octets, two hex digits each. */
int parse_hex(const char *what, const char *text, uint8_t *octets, size_t min,
	      size_t max, size_t *len);

/*
 * [CONFIG:]HEX, or HEX* for a prefix; map->config_id comes with what is meant when
 * there is no CONFIG.
 */
int parse_server_id(const char *what, const char *text, struct mapping *map);

/* "10.0.0.0/8", or "none" */
int parse_prefix(const char *what, const char *text,
		 const struct source_desc *desc, struct prefix *prefix);

/* IPv4: dotted mask, in network order; IPv6: prefix length. */
int parse_netmask(const char *what, const char *text, uint16_t af,
		  uint32_t *netmask);

/* Comma-separated scheduler flags, ORed into @flags. */
int parse_sched_flags(const char *what, const char *text, uint32_t *flags);

/* The numbers of a config, against the limits of the draft. */
int parse_check_config(const char *what, uint32_t id, uint32_t server_id_len,
		       uint32_t nonce_len);

#endif /* _QUICLBADM_CLI_PARSE_H */
