/* SPDX-License-Identifier: GPL-2.0-only */
/* A probe: its datagram, which is sent as IPVS would, and what became of it. */
#ifndef _QUICLBADM_DOCTOR_PROBE_SEND_H
#define _QUICLBADM_DOCTOR_PROBE_SEND_H

#include "doctor/forwarding.h"

enum probe_limits {
	PROBE_TRIES = 3,
	PROBE_CID_LEN = 8,
	PROBE_HEADERS_MAX = 128,	/* octets, of IP, UDP and the tunnel */
	PROBE_PAYLOAD_MAX = 9000,	/* octets of UDP */
	PROBE_VERSIONS_MAX = 8,		/* of those that a server tells */
};

enum probe_result {
	PROBE_SILENT,
	PROBE_ALIVE,		/* Version Negotiation with our connection IDs */
	PROBE_REFUSED,		/* ICMP: no socket */
	PROBE_NO_TUNNEL,	/* ICMP: of the tunnel's packet */
	PROBE_WRONG,		/* something else came from there */
	PROBE_UNSENT,		/* @error says why */
};

struct probe {
	struct endpoint vip;
	struct forwarding fwd;
	struct endpoint source;		/* the tunnel's; af 0: as the kernel likes */
	unsigned int size;		/* octets of payload behind UDP's or ICMP's header */
	bool echo;			/* an ICMP echo request to the VIP, in a tunnel */
	bool is_short;			/* a short header, which asks nothing */
	/* filled in: */
	struct endpoint from;		/* with a port that no other socket has */
	int socket;			/* which keeps the port, and takes the answer */
	uint8_t dcid[PROBE_CID_LEN];
	uint8_t scid[PROBE_CID_LEN];	/* the last octet is the number of the try */
	uint64_t sent_us[PROBE_TRIES];
	enum probe_result result;
	int error;			/* errno */
	uint64_t latency_us;		/* when it is alive */
	uint32_t versions[PROBE_VERSIONS_MAX];
	size_t version_count;
};

/* Sends the @try'th one.  Return: 0 or an errno. */
int probe_send(const struct probe *probe, unsigned int try);

/*
 * Sends one datagram from the VIP, which is this host's, to probe->from: Version Negotiation,
 * which no client takes for an answer to its own datagrams (RFC 8999 section 6).
 * @vrf: the device of the VRF that the VIP is in, or NULL
 * Return: 0 or an errno.
 */
int probe_send_unasked(const struct probe *probe, const char *vrf);

/*
 * Random ones; 0b111 is in front, so that no director takes the destination's for a server's.
 * Return: false with errno when there are no random octets.
 */
bool probe_choose_cids(struct probe *probe);

/* Whether @payload, of which @len octets can be read, is what probe_put_quic() makes. */
bool probe_is_question(const uint8_t *payload, size_t len);

/* The datagram's UDP payload of @size octets. */
void probe_put_quic(const struct probe *probe, unsigned int try, uint8_t *p,
		    unsigned int size);

/*
 * All of a tunnel's packet behind its outer IP header and, with GUE, its outer UDP header;
 * without a tunnel the packet itself.
 * @packet: room for PROBE_HEADERS_MAX octets more than @size
 * Return: its length.
 */
size_t probe_put_packet(const struct probe *probe, unsigned int try, uint8_t *packet,
			unsigned int size);

/*
 * Sends a whole packet to @dst, an address of this host: it comes by lo, or by the VRF's device.
 * @vrf: the device of the VRF that @dst is in, or NULL
 * Return: 0 or an errno.
 */
int probe_send_here(const struct endpoint *dst, const char *vrf, const uint8_t *packet,
		    size_t len);

/* Whether an ICMP message, from its header on, is the reply to an echo request of @probe. */
bool probe_is_echo_reply(const struct probe *probe, const uint8_t *icmp, size_t len);

/* Whether IPVS makes checksums for its tunnel (GRE, GUE). */
bool probe_has_checksum(const struct probe *probe);

#endif /* _QUICLBADM_DOCTOR_PROBE_SEND_H */
