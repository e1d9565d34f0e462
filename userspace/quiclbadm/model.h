/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parser, the netlink code and the printers share: plain structs that
 * describe services, real servers, configs and server IDs.
 */
#ifndef _QUICLBADM_MODEL_H
#define _QUICLBADM_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <netinet/in.h>
#include <linux/ip_vs.h>
#include <linux/ip_vs_quic.h>

#include "qlb.h"

enum model_limits {
	KEY_SOURCE_MAX = 1023,		/* octets, as in ip_vs_quic.h */
	ENDPOINT_STRLEN = INET6_ADDRSTRLEN + sizeof("[]:65535"),
	SERVICE_STRLEN = ENDPOINT_STRLEN + sizeof("fwmark 4294967295 (IPv6)"),
	SID_STRLEN = sizeof("0:") + 2 * QLB_SERVER_ID_LEN_MAX,
	OUTCOMES_MAX = 64,		/* room for those of a newer kernel */
};

#define SCHED_QUIC "quic"

/* Address and port; without padding, and unused octets of addr are zero. */
struct endpoint {
	uint16_t af;
	uint16_t port;			/* host order */
	uint8_t addr[16];
};

/* How IPVS names a service: protocol and endpoint, or a firewall mark. */
struct service_id {
	uint16_t protocol;
	uint32_t fwmark;		/* not 0: of vip only the af counts */
	struct endpoint vip;
};

enum counter {
	COUNT_CONNS,
	COUNT_INPKTS,
	COUNT_OUTPKTS,
	COUNT_INBYTES,
	COUNT_OUTBYTES,
	COUNT_CPS,			/* the rest are rates per second */
	COUNT_INPPS,
	COUNT_OUTPPS,
	COUNT_INBPS,
	COUNT_OUTBPS,
	COUNTERS,
};

/* A real server in a service's pool, as IPVS has it. */
struct dest {
	struct endpoint server;
	uint32_t forward;		/* IPVS_CONN_F_* of the forwarding method */
	uint32_t weight;
	uint32_t u_threshold;
	uint32_t l_threshold;
	uint8_t tun_type;
	uint16_t tun_port;		/* host order */
	uint16_t tun_flags;
	uint32_t active;
	uint32_t inactive;
	uint32_t persistent;
	uint64_t counters[COUNTERS];
};

/* One entry of a service's server map. */
struct mapping {
	uint8_t config_id;
	struct qlb_server_id sid;
	struct endpoint server;
	/* while -R reads its input: */
	unsigned int line;		/* which asks for it */
	bool absent;			/* the server need not be in the pool */
};

struct config {
	uint8_t id;
	uint8_t server_id_len;
	uint8_t nonce_len;
	bool keyed;
	bool have_key;			/* key[] is filled in; the kernel never does */
	uint8_t key[QLB_KEY_LEN];
	uint32_t fingerprint;		/* of a keyed config */
	char *key_source;		/* NULL: none known */
};

struct service {
	struct service_id id;
	char sched[IP_VS_SCHEDNAME_MAXLEN];
	char pe[IP_VS_PENAME_MAXLEN];
	uint32_t flags;			/* IP_VS_SVC_F_* */
	uint32_t timeout;		/* s, of persistence */
	uint32_t netmask;		/* IPv4: mask, network order; IPv6: prefix length */
	uint64_t counters[COUNTERS];
	struct dest *dests;
	size_t dest_count;
	struct config configs[QLB_CONFIGS_MAX];
	size_t config_count;
	struct mapping *maps;
	size_t map_count;
	uint64_t outcomes[OUTCOMES_MAX];
	size_t outcome_count;
};

/* Services are allocated one by one: growing must not leave copies of keys. */
struct state {
	struct service **services;
	size_t count;
};

bool endpoint_eq(const struct endpoint *a, const struct endpoint *b);
int endpoint_cmp(const struct endpoint *a, const struct endpoint *b);
bool service_id_eq(const struct service_id *a, const struct service_id *b);
bool service_is_quic(const struct service *svc);

/* Each writes at most the *_STRLEN above and returns @buf. */
char *endpoint_str(const struct endpoint *ep, char *buf);
char *service_str(const struct service_id *id, char *buf);
char *sid_str(unsigned int config_id, const struct qlb_server_id *sid, char *buf);

/* Set to what a service or real server is when nothing is said about it. */
void service_init(struct service *svc, const struct service_id *id);
void dest_init(struct dest *dest, const struct endpoint *server);

struct service *state_add(struct state *state, const struct service_id *id);
struct service *state_find(const struct state *state, const struct service_id *id);
struct dest *service_add_dest(struct service *svc, const struct dest *dest);
struct dest *service_find_dest(const struct service *svc,
			       const struct endpoint *server);
struct config *service_find_config(struct service *svc, unsigned int id);

/*
 * In order of ID; takes over key_source, the caller wipes its copy of the key.
 * Return: false when QLB_CONFIGS_MAX are there.
 */
bool service_add_config(struct service *svc, const struct config *config);
void service_add_mapping(struct service *svc, const struct mapping *map);

/* Finds by config ID and server ID; NULL when nobody has it. */
struct mapping *service_find_mapping(const struct service *svc,
				     unsigned int config_id,
				     const struct qlb_server_id *sid);

/* The order of everything printed: services, servers, config and server IDs. */
int mapping_cmp_by_server(const void *a, const void *b);
int mapping_cmp_by_sid(const void *a, const void *b);
void service_sort(struct service *svc);
void state_sort(struct state *state);

/*
 * The mappings of @server in a sorted service: @count of them from the one
 * returned, or NULL.
 */
const struct mapping *service_maps_of(const struct service *svc,
				      const struct endpoint *server,
				      size_t *count);

void config_destroy(struct config *config);
void service_destroy(struct service *svc);
void state_destroy(struct state *state);

#endif /* _QUICLBADM_MODEL_H */
