/* SPDX-License-Identifier: GPL-2.0-only */
/* Layouts of connection IDs that are not QUIC-LB's: in text, by name, and what they get. */
#ifndef _QUICLBADM_MODEL_LAYOUT_H
#define _QUICLBADM_MODEL_LAYOUT_H

#include "model/config.h"
#include "qlb_layout.h"

enum layout_limits {
	LAYOUT_STRLEN = sizeof("255:255:/@255") + 4 * QLB_CID_LEN_MAX,
};

/* One that has a name. */
struct layout_preset {
	const char *name;
	const char *text;
	const char *whose;		/* who makes such connection IDs */
};

/* Ends in one without a name. */
extern const struct layout_preset layout_presets[];

/*
 * Reads NAME[@LEN] or OFFSET:BITS[:VALUE/MASK][@LEN].  Return: NULL, or why not, to stand
 * behind the text and a colon.
 */
const char *layout_read(const char *text, struct qlb_layout *layout);

/* Each writes at most LAYOUT_STRLEN and returns @buf: what layout_read() reads, ... */
char *layout_str(const struct qlb_layout *layout, char *buf);
/* ... and the same by its name, if it has one. */
char *layout_name(const struct qlb_layout *layout, char *buf);

static inline bool config_is_layout(const struct config *config)
{
	return config->layout.bits;
}

/* Has a connection ID whose first octet has these three high bits to be the config's? */
bool config_takes(const struct config *config, unsigned int high);

/* The same as a bit for each. */
unsigned int config_first_octets(const struct config *config);

/* Makes the codec; false when AES does not work.  @self_len does not matter to a layout. */
bool config_codec(const struct config *config, bool self_len,
		  struct qlb_config *codec);

#endif /* _QUICLBADM_MODEL_LAYOUT_H */
