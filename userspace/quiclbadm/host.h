/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine as the network stack sees it: devices, addresses, routes, sysctls,
 * sockets; of the network namespace the program is in.  Only reads.
 */
#ifndef _QUICLBADM_HOST_H
#define _QUICLBADM_HOST_H

#include <net/if.h>

#include "model.h"

struct link {
	int index;
	char name[IFNAMSIZ];
	char kind[16];			/* "ipip", "dummy"; "" of hardware and lo */
	uint32_t flags;			/* IFF_* */
	uint32_t mtu;
	/* of a tunnel device: */
	struct endpoint local;		/* af 0: any */
	struct endpoint remote;
	uint8_t protocol;		/* that it carries; 0: any */
	bool keyed;
};

struct address {
	int link;
	struct endpoint ep;		/* port 0 */
	uint8_t prefix;
};

struct host {
	struct link *links;
	size_t link_count;
	struct address *addresses;
	size_t address_count;
};

/* What the kernel would do with a packet. */
struct route {
	uint8_t type;			/* RTN_*; RTN_UNREACHABLE when there is none */
	int link;			/* 0: none */
	struct endpoint gateway;	/* af 0: none */
	uint32_t mtu;			/* of the route; 0: the device's */
};

/* Return: 0 or EXIT_REFUSED, then the sentence is said. */
int host_read(struct host *host);
void host_destroy(struct host *host);

const struct link *host_link(const struct host *host, int index);
const struct link *host_link_named(const struct host *host, const char *name);
bool host_has_address(const struct host *host, const struct endpoint *ep);
bool host_link_has_address(const struct host *host, const struct link *link,
			   uint16_t af);

/* An address that is there for its own sake, as VIPs are on real servers. */
bool host_may_be_vip(const struct host *host, const struct address *address);

/* @src: af 0 when it does not matter.  Return: 0 or EXIT_REFUSED. */
int host_route(const struct endpoint *dst, const struct endpoint *src,
	       struct route *route);

/*
 * The route of type unreachable, prohibit or blackhole in the main table that is in
 * the way to @dst, as "ip route del" takes it.  Return: whether there is one.
 */
bool host_find_barrier(const struct endpoint *dst, char *text, size_t size);

/* NUD_* of the neighbour on that device, 0 when there is no entry. */
unsigned int host_neighbour(int link, const struct endpoint *ep);

/* Below /proc/sys, in the form of printf.  Return: whether it exists. */
bool host_sysctl(int *value, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * A setting that each device has and all share, net/FAMILY/conf/{all,DEVICE}/NAME;
 * the kernel takes the greater.
 */
int host_max_conf(const char *device, const char *name, int *all, int *own);

/* Is a UDP socket bound to it, or to its port and any address? */
bool host_listens(const struct endpoint *ep);

/* Does the file, below /proc, have a line that begins so? */
bool host_proc_has(const char *path, const char *beginning);

/* A number behind a name in /proc/net/netstat and its like; 0 when not found. */
uint64_t host_netstat(const char *group, const char *name);

#endif /* _QUICLBADM_HOST_H */
