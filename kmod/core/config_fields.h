/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a QUIC-LB config is: the one list of its fields.  The module's comparison of configs
 * and all of quiclbadm (struct config, comparison, netlink, state file, text, JSON) expand
 * it, so a field that is added here either reaches each of them or does not compile there.
 */
#ifndef _QLB_CONFIG_FIELDS_H
#define _QLB_CONFIG_FIELDS_H

/*
 * QLB_CONFIG_FIELDS(X, SEP) calls X(symbol, name, kind), with SEP between the calls: the
 * attribute is IP_VS_QUIC_A_CFG_<symbol>, the name is that of members and of JSON, and the
 * option's with hyphens.  Kinds:
 *	NUMBER		up to 255, always given
 *	LENGTH		the same, but for a config with a layout, which says it
 *	OPTIONAL	the same, 0 when it is not given
 *	FLAG		there or not
 *	LAYOUT		where a CID that is not QUIC-LB's has the server ID, or nothing
 *	KEY		the key, its fingerprint and the file that it came from
 */
#define QLB_CONFIG_FIELDS(X, SEP)			\
	X(ID, id, NUMBER) SEP				\
	X(TENANT, tenant, OPTIONAL) SEP			\
	X(SERVER_ID_LEN, server_id_len, LENGTH) SEP	\
	X(NONCE_LEN, nonce_len, LENGTH) SEP		\
	X(CHECK_LENGTH, check_length, FLAG) SEP		\
	X(LAYOUT, layout, LAYOUT) SEP			\
	X(KEY, key, KEY)

#endif /* _QLB_CONFIG_FIELDS_H */
