/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Generic netlink on libmnl: one socket, requests with acknowledgement and the
 * kernel's own sentence, dumps.  Nothing is opened before the first request.
 */
#ifndef _QUICLBADM_KERNEL_NL_H
#define _QUICLBADM_KERNEL_NL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <libmnl/libmnl.h>

enum nl_limits {
	NL_SENTENCE_MAX = 256,		/* of what extack says */
	NL_DUMP_TRIES = 16,		/* when the configuration changes meanwhile */
};

enum nl_family {
	NL_IPVS,
	NL_QUIC,
};

struct nl_request {
	enum nl_family family;
	struct nlmsghdr *nlh;		/* attributes are added behind it */
	size_t size;			/* allocated there */
};

/*
 * Begins a message with room for @room octets of attributes; @flags besides
 * NLM_F_REQUEST | NLM_F_ACK.  nl_free() wipes it: it may carry keys.
 */
void nl_begin(struct nl_request *request, enum nl_family family, uint8_t cmd,
	      uint16_t flags, size_t room);
void nl_free(struct nl_request *request);

/*
 * Sends and waits for the answer; @cb sees each message of it.
 * Return: 0 or a negative errno: -ENOENT from a missing family is said as
 * -ENOPKG, and a dump during which the configuration changed is -EINTR.
 */
int nl_talk(struct nl_request *request, mnl_cb_t cb, void *data);

/*
 * A socket of its own that hears a multicast group of our family in this namespace, and
 * generic netlink's own, which tells that a family goes.  Loads our module if need be.
 * Return: 0 or a negative errno: -ENOPKG without the family, -ENOENT without the group,
 * -EPERM without CAP_NET_ADMIN.
 */
struct nl_listener {
	struct mnl_socket *sock;
	uint16_t family;
};

int nl_listen(struct nl_listener *listener, const char *group);

/*
 * Gives @cb what has arrived, one datagram of it, without waiting.
 * Return: 1, or 0 when there is nothing more, or a negative errno: -ENOBUFS when
 * messages were lost, -ENODEV when the family has gone.
 */
int nl_hear(const struct nl_listener *listener, mnl_cb_t cb, void *data);
void nl_listener_close(struct nl_listener *listener);

/*
 * The kernel's sentence about the last failed request, without a final full stop, or
 * "" when it had none.
 */
const char *nl_sentence(void);

/*
 * Loads our module if need be.  IPVS would load it for a service that names the
 * scheduler, but while it holds generic netlink's lock, and a module that
 * registers a family waits for that.
 */
void nl_load_quic(void);

/* Is our module loaded?  Asking the kernel for its family would load it. */
bool nl_has_quic(void);

void nl_close(void);

/* A number of 1, 2, 4 or 8 octets; 0 for NULL. */
uint64_t nl_number(const struct nlattr *attr);

/* At most @size octets into @buf, the rest zero.  Return: how many. */
size_t nl_octets(const struct nlattr *attr, void *buf, size_t size);

/* Attributes in @nest by type, the last of each, up to and including @max. */
void nl_nested(const struct nlattr *nest, const struct nlattr **table,
	       unsigned int max);

#endif /* _QUICLBADM_KERNEL_NL_H */
