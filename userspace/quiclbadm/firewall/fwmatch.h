/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one match of an nftables rule says of a packet, in logic with three values: true,
 * false, or not known (sets of what was seen, extensions of iptables).
 */
#ifndef _QUICLBADM_FIREWALL_FWMATCH_H
#define _QUICLBADM_FIREWALL_FWMATCH_H

#include <jansson.h>

#include "model/model.h"

enum truth { NO, YES, MAYBE };

/* Bits as nftables numbers them. */
enum ct_state {
	CT_ESTABLISHED = 2,
	CT_NEW = 8,
	CT_UNTRACKED = 64,
};

/* What a rule may match; src.af 0 is any address. */
struct fw_packet {
	uint16_t af;
	uint8_t protocol;
	struct endpoint src;
	struct endpoint dst;
	const char *in;			/* device, NULL where there is none */
	const char *out;
	unsigned int ct_state;
};

/* Where a rule is, and what comes by. */
struct fw_scene {
	const json_t *rules;		/* with the sets */
	const char *family;
	const char *table;
	const struct fw_packet *packet;
	unsigned int *work;		/* objects looked at, of all rules for one packet */
};

/*
 * Counts an object of the ruleset that is looked at.  Rules may be made so that all of them
 * take for ever; then what is left is not known.
 */
bool fwmatch_goes_on(const struct fw_scene *scene);

/* The text at @key, "" when there is none. */
const char *fwmatch_text(const json_t *object, const char *key);

/* Does the packet match the "match" expression @match? */
enum truth fwmatch(const struct fw_scene *scene, const json_t *match);

/* Is what the expression @left stands for the one value @value? */
enum truth fwmatch_value(const json_t *left, const json_t *value,
			 const struct fw_packet *packet);

#endif /* _QUICLBADM_FIREWALL_FWMATCH_H */
