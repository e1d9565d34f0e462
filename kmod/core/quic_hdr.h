/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What every QUIC version promises about its packets, RFC 8999, and nothing
 * else: the fixed bit, the version and the packet type are not looked at.
 */
#ifndef _QUIC_HDR_H
#define _QUIC_HDR_H

#include "qlb_port.h"

enum quic_hdr_limits {
	/* form octet, version, DCID length, and the longest CID QUIC-LB reads:
	 * with this much in view quic_hdr_parse() finds all a director needs
	 */
	QUIC_HDR_VIEW_LEN = 1 + 4 + 1 + 20,
};

/**
 * struct quic_hdr - the invariant fields of a datagram's first packet
 * @long_form: header form bit
 * @version: long form only, host order; 0 is version negotiation
 * @dcid: destination CID, inside the caller's buffer
 * @dcid_len: its length in octets; for a short header, which does not say,
 *	      all that follows the first octet in the datagram
 * @dcid_view: octets of it readable at @dcid, at most @dcid_len
 * @scid: source CID, long form only; NULL when the view ends before it does
 * @scid_len: its length, valid when @scid is not NULL
 */
struct quic_hdr {
	bool long_form;
	u32 version;
	const u8 *dcid;
	size_t dcid_len;
	size_t dcid_view;
	const u8 *scid;
	size_t scid_len;
};

/**
 * quic_hdr_parse() - read the invariants
 * @hdr: filled in on success
 * @data: start of the UDP payload
 * @view: octets readable at @data
 * @len: octets in the datagram, at least @view
 *
 * Never reads beyond @view.  A long header whose declared DCID does not fit in
 * @len octets is malformed; one whose SCID does not is not: the datagram can
 * still be routed.
 *
 * Return: false when the datagram has no invariant header (empty or truncated).
 */
bool quic_hdr_parse(struct quic_hdr *hdr, const u8 *data, size_t view,
		    size_t len);

#endif /* _QUIC_HDR_H */
