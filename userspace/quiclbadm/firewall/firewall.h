/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which of nftables' rules drops a packet, worked out from them as "nft -nn -j list
 * ruleset" prints them; rules of iptables-nft are among those.  What the kernel does with
 * a packet is seen elsewhere (doctor/journey.h); this gives it a name.
 */
#ifndef _QUICLBADM_FIREWALL_FIREWALL_H
#define _QUICLBADM_FIREWALL_FIREWALL_H

#include "firewall/fwmatch.h"

enum firewall_verdict {
	FIREWALL_PASSES,
	FIREWALL_DROPS,
	FIREWALL_UNKNOWN,	/* depends on what cannot be known here */
};

struct firewall {
	bool is_read;			/* what follows is known */
	json_t *rules;			/* NULL: nft is not installed or not permitted */
	bool legacy;			/* iptables-legacy has rules, which nft does not show */
};

/* Where a packet is stopped. */
struct fw_stop {
	char family[8];
	char table[64];
	char chain[64];			/* the base chain */
	bool policy;			/* not by a rule */
};

/* Unless it has been read; @fw is zero before. */
void firewall_read(struct firewall *fw);
/* The same from text; for tests.  Return: whether it is a ruleset. */
bool firewall_parse(struct firewall *fw, const char *text);
void firewall_destroy(struct firewall *fw);

/*
 * All base chains at @hook ("input", ...) in turn; @stop is filled in unless the
 * packet passes.
 */
enum firewall_verdict firewall_try(const struct firewall *fw, const char *hook,
				   const struct fw_packet *packet,
				   struct fw_stop *stop);

#endif /* _QUICLBADM_FIREWALL_FIREWALL_H */
