/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The network namespace that the program is in: devices, addresses, routes and
 * neighbours.  Only reads.
 */
#ifndef _QUICLBADM_SYSTEM_HOST_H
#define _QUICLBADM_SYSTEM_HOST_H

#include <net/if.h>

#include "model/model.h"

struct link {
	int index;
	char name[IFNAMSIZ];
	char kind[16];			/* "ipip", "dummy"; "" of hardware and lo */
	uint32_t flags;			/* IFF_* */
	uint32_t mtu;
	int lower;			/* index of what it is on top of; 0: nothing */
	int master;			/* of what it is a port of; 0: nothing */
	/* of a tunnel device: */
	struct endpoint local;		/* af 0: any */
	struct endpoint remote;
	uint8_t protocol;		/* that it carries; 0: any */
	bool keyed;
	bool checked;			/* takes GRE only with a checksum; else only without */
};

struct address {
	int link;
	struct endpoint ep;		/* port 0 */
	uint8_t prefix;
	bool duplicate;			/* another host of the link has it (DADFAILED) */
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
	bool learned;			/* ... by path MTU discovery */
};

/* Return: 0 or EXIT_REFUSED after an error message. */
int host_read(struct host *host);
void host_destroy(struct host *host);

const struct link *host_link(const struct host *host, int index);
const struct link *host_link_named(const struct host *host, const char *name);
bool host_has_address(const struct host *host, const struct endpoint *ep);
bool host_link_has_address(const struct host *host, const struct link *link,
			   uint16_t af);

/* The address on that link; NULL: it is not there. */
const struct address *host_address_on(const struct host *host, const struct link *link,
				      const struct endpoint *ep);

/* Where it is, and was found to be another host's as well; NULL: nowhere. */
const struct address *host_duplicate(const struct host *host, const struct endpoint *ep);

/* Whether it is in the subnet of a link that is up and where hosts ask for addresses. */
bool host_on_link(const struct host *host, const struct link *link,
		  const struct endpoint *ep);

/* Is it on lo or a dummy device, as VIPs are on real servers? */
bool host_may_be_vip(const struct host *host, const struct address *address);

/* @src: NULL, or of another family, when it does not matter.  Return: 0 or EXIT_REFUSED. */
int host_route(const struct endpoint *dst, const struct endpoint *src,
	       struct route *route);

/* The same by the routes of a VRF, whose device has index @vrf; 0: of none. */
int host_route_in(int vrf, const struct endpoint *dst, const struct endpoint *src,
		  struct route *route);

/* The index of the VRF that the address' device is or belongs to; 0: of none. */
int host_vrf_of(const struct host *host, const struct endpoint *ep);

/*
 * The VRF that clients are reached in: the VIP's; or else, when there is no route to them
 * without one, the first that has a route to them.
 */
int host_client_vrf(const struct host *host, const struct endpoint *vip,
		    const struct endpoint *client);

/*
 * The route of type unreachable, prohibit or blackhole in the main table that is in
 * the way to @dst, as "ip route del" takes it.  Return: whether there is one.
 */
bool host_find_barrier(const struct endpoint *dst, char *text, size_t size);

/*
 * The route that is configured for @dst, as "ip route change" takes it, without its
 * metrics: "10.0.0.0/24 dev eth0 src 10.0.0.1".  Return: false for none, or for several ways.
 */
bool host_configured_route(const struct host *host, const struct endpoint *dst,
			   char *text, size_t size);

/* NUD_* of the neighbour on that device, 0 when there is no entry. */
unsigned int host_neighbour(int link, const struct endpoint *ep);

#endif /* _QUICLBADM_SYSTEM_HOST_H */
