/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parser, the netlink code and the printers share: plain structs that
 * describe services, real servers, configs and server IDs.
 */
#ifndef _QUICLBADM_MODEL_MODEL_H
#define _QUICLBADM_MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <netinet/in.h>
#include <linux/ip_vs.h>
#include <linux/ip_vs_quic.h>

#include "model/config.h"

enum model_limits {
	ENDPOINT_STRLEN = INET6_ADDRSTRLEN + sizeof("[]:65535"),
	SERVICE_STRLEN = ENDPOINT_STRLEN + sizeof("fwmark 4294967295 (IPv6)"),
	SID_STRLEN = sizeof("0:*") + 2 * QLB_SERVER_ID_LEN_MAX,
	PREFIX_STRLEN = INET6_ADDRSTRLEN + sizeof("/128"),
	TENANTS_MAX = 4,		/* configs of one ID, as in ip_vs_quic.h */
	CONFIGS_MAX = QLB_CONFIGS_MAX * TENANTS_MAX,
	DEVICE_NAME_MAX = 15,		/* IFNAMSIZ - 1 */
	OUTCOMES_MAX = 64,		/* room for those of a newer kernel */
};

#define SCHED_QUIC "quic"

/*
 * What "set" sets, with limits and defaults as in ip_vs_quic.h.  SETTINGS(X) calls
 * X(symbol, option, JSON name, minimum, maximum, default).
 */
#define SETTINGS(X) \
	X(TUPLE_TIMEOUT, "tuple-timeout", "tuple_timeout", 1, 86400, 60) \
	X(TUPLE_MAX, "tuple-max", "tuple_max", 0, INT32_MAX, 131072) \
	X(TABLE_BITS, "table-bits", "table_bits", 8, 19, 16) \
	X(DCID_MAX, "dcid-max", "dcid_max", 0, 1048576, 0) \
	X(DCID_TIMEOUT, "dcid-timeout", "dcid_timeout", 1, 86400, 60)

enum setting {
#define X(symbol, option, json, min, max, value) SETTING_##symbol,
	SETTINGS(X)
#undef X
	SETTING_COUNT,
};

struct setting_desc {
	const char *option;		/* without hyphens in front */
	const char *json;
	uint16_t attr;			/* IP_VS_QUIC_A_SET_* */
	uint32_t value;			/* default */
};

extern const struct setting_desc settings[SETTING_COUNT];

/*
 * Prefixes that outer source addresses of tunnels are taken from.  SOURCES(X) calls
 * X(symbol, option, family, octets, shortest length).
 */
#define SOURCES(X) \
	X(SOURCE4, "source4", AF_INET, 4, 8) \
	X(SOURCE6, "source6", AF_INET6, 16, 64)

enum source {
#define X(symbol, option, family, octets, min) SOURCE_##symbol,
	SOURCES(X)
#undef X
	SOURCE_COUNT,
};

struct source_desc {
	const char *option;		/* and JSON name */
	uint16_t attr;			/* IP_VS_QUIC_A_SET_* */
	uint16_t af;
	uint8_t octets;
	uint8_t min;			/* of its length */
};

extern const struct source_desc sources[SOURCE_COUNT];

struct prefix {
	uint8_t addr[16];
	uint8_t len;			/* 0: none */
};

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
	bool held;			/* another program took its weight away */
	uint64_t datagrams[QLB_CONFIGS_MAX];	/* whose CID named it, by config ID */
};

static inline bool dest_is_masqueraded(const struct dest *dest)
{
	return (dest->forward & IP_VS_CONN_F_FWD_MASK) == IP_VS_CONN_F_MASQ;
}

/* One entry of a service's server map. */
struct mapping {
	uint8_t config_id;
	bool prefix;			/* sid is the beginning of server IDs */
	struct qlb_server_id sid;
	struct endpoint server;
	bool held;			/* another program took the server away */
	/* while -R reads its input: */
	unsigned int line;		/* which asks for it */
	bool absent;			/* the server need not be in the pool */
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
	struct config configs[CONFIGS_MAX];
	size_t config_count;
	uint32_t settings[SETTING_COUNT];
	struct prefix sources[SOURCE_COUNT];
	/* while -R reads its input: */
	bool set_line;			/* there was one */
	uint8_t bad_configs;		/* bits: lines about configs of these IDs were refused */
	bool bad_server;		/* and one about a real server, which is not known */
	struct mapping *maps;
	size_t map_count;
	uint32_t rebuild_error;		/* an errno: the kernel could not follow IPVS */
	uint32_t contract;		/* the rules by which it hashes; 0: it does not say */
	uint64_t outcomes[OUTCOMES_MAX];
	size_t outcome_count;
	uint64_t reserved_short;	/* of IP_VS_QUIC_RESERVED, with a short header */
	bool counts_servers;		/* the kernel has told the dests' datagrams */
};

/* Where a device's express path begins. */
enum express_mode {
	EXPRESS_INGRESS,
	EXPRESS_DRIVER,		/* in XDP; what that leaves, at the ingress */
	EXPRESS_AUTO,		/* as a wish: the driver if that can be */
};

/* A device with the express path. */
struct device {
	char name[DEVICE_NAME_MAX + 1];
	uint64_t outcomes[OUTCOMES_MAX];
	size_t outcome_count;
	enum express_mode mode;
	uint32_t asks;			/* bits of enum ip_vs_quic_express_ask */
	bool awaited;			/* it does not exist, and is to get it */
};

/* Services are allocated one by one: growing must not leave copies of keys. */
struct state {
	struct service **services;
	size_t count;
	struct service **places;	/* by a hash of their IDs; NULL: not made */
	size_t place_count;		/* a power of 2 */
	struct device *devices;
	size_t device_count;
};

bool endpoint_eq(const struct endpoint *a, const struct endpoint *b);
/* Ports are not compared. */
bool endpoint_addr_eq(const struct endpoint *a, const struct endpoint *b);
/* Are the first @bits of two addresses the same? */
bool addr_bits_eq(const uint8_t *a, const uint8_t *b, unsigned int bits);
int endpoint_cmp(const struct endpoint *a, const struct endpoint *b);
bool service_id_eq(const struct service_id *a, const struct service_id *b);
bool service_is_quic(const struct service *svc);

/* Each writes at most the *_STRLEN above and returns @buf. */
char *endpoint_str(const struct endpoint *ep, char *buf);
char *service_str(const struct service_id *id, char *buf);
char *sid_str(const struct mapping *map, char *buf);
/* The same without the config ID. */
char *sid_value_str(const struct mapping *map, char *buf);
char *prefix_str(const struct prefix *prefix, uint16_t af, char *buf);

/* Writes two digits for each octet and returns @buf. */
char *hex_str(const uint8_t *octets, size_t len, char *buf);

/* Set to the defaults of a service or real server. */
void service_init(struct service *svc, const struct service_id *id);
void dest_init(struct dest *dest, const struct endpoint *server);

struct service *state_add(struct state *state, const struct service_id *id);
struct service *state_find(const struct state *state, const struct service_id *id);
/* Has state_find() know only the services that are there, after some were taken out. */
void state_index(struct state *state);

void state_add_device(struct state *state, const struct device *device);
/* "ingress", "driver", "auto" */
const char *express_mode_name(enum express_mode mode);
/* Return: false if there is no such mode. */
bool express_mode_read(const char *name, enum express_mode *mode);

struct device *state_find_device(const struct state *state, const char *name);

struct dest *service_add_dest(struct service *svc, const struct dest *dest);
struct dest *service_find_dest(const struct service *svc,
			       const struct endpoint *server);
/* The same in a service that is sorted. */
struct dest *service_find_sorted_dest(const struct service *svc,
				      const struct endpoint *server);
/* The same by the address alone, whatever the port is. */
struct dest *service_find_dest_at(const struct service *svc,
				  const struct endpoint *address);
struct config *service_find_config(struct service *svc, unsigned int id,
				   unsigned int tenant);

/*
 * Can a connection ID of the service have this server ID?  Yes when no config has
 * the ID; else one of them must have its length, or at least that of a prefix.
 */
bool service_length_fits(const struct service *svc, const struct mapping *map);

/* Which of the service's configs would get connection IDs of @config, one of both a layout? */
const struct config *service_rival(const struct service *svc,
				   const struct config *config);

/* Does a server ID not fit a layout's bits, though it does its octets? */
bool service_lacks_bits(const struct service *svc, const struct mapping *map);

/*
 * In order of ID and tenant; takes over key_source, the caller wipes its copy of
 * the key.  Return: false when CONFIGS_MAX are there.
 */
bool service_add_config(struct service *svc, const struct config *config);
void service_add_mapping(struct service *svc, const struct mapping *map);

/* The timeout of a table that is off does not matter. */
bool setting_matters(const uint32_t *values, enum setting setting);
bool settings_same(const uint32_t *a, const uint32_t *b);

/* Finds by config ID and server ID; NULL when no server has it. */
struct mapping *service_find_mapping(const struct service *svc,
				     const struct mapping *map);

/*
 * The order of everything printed: services, servers, config and server IDs;
 * devices by name.
 */
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

/*
 * The first mapping, from *@at on, of a server that is not in the pool; moves
 * *@at behind all of that server's.  NULL at the end.
 */
const struct mapping *service_next_absent(const struct service *svc, size_t *at,
					  size_t *count);

void service_destroy(struct service *svc);
void state_destroy(struct state *state);

#endif /* _QUICLBADM_MODEL_MODEL_H */
