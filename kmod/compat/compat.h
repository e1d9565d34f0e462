/* SPDX-License-Identifier: GPL-2.0 */
/* Included by force before every file of the module. */
#ifndef _IVQ_COMPAT_H
#define _IVQ_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "ip_vs_quic needs Linux 6.1 or newer"
#endif

/* MODULE_IMPORT_NS() takes a token or, later, a string. */
#ifdef HAVE_IMPORT_NS_TOKEN
#define ivq_import_ns(ns) MODULE_IMPORT_NS(ns)
#else
#define ivq_import_ns(ns) MODULE_IMPORT_NS(#ns)
#endif

/* How many ports udp_flow_src_port() chooses from: with the last one of the range or, before,
 * without it.
 */
#ifdef HAVE_UDP_PORT_SCALED
#define ivq_udp_flow_ports(min, max) ((max) - (min) + 1)
#else
#define ivq_udp_flow_ports(min, max) ((max) - (min))
#endif

/* For locals of the packet path that are filled in before they are read, where the
 * kernel is built to zero all locals.
 */
#if defined(__has_attribute) && __has_attribute(__uninitialized__)
#define ivq_uninitialized __attribute__((__uninitialized__))
#else
#define ivq_uninitialized
#endif

#endif /* _IVQ_COMPAT_H */
