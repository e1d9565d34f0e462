/* SPDX-License-Identifier: GPL-2.0 */
/* Included by force before every file of the module. */
#ifndef _IP_VS_QUIC_COMPAT_H
#define _IP_VS_QUIC_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "ip_vs_quic needs Linux 6.1 or newer"
#endif

/* MODULE_IMPORT_NS() takes a token or, later, a string. */
#ifdef HAVE_IMPORT_NS_TOKEN
#define ip_vs_quic_import_ns(ns) MODULE_IMPORT_NS(ns)
#else
#define ip_vs_quic_import_ns(ns) MODULE_IMPORT_NS(#ns)
#endif

/* For locals of the packet path that are filled in before they are read, where the
 * kernel is built to zero all locals.
 */
#if defined(__has_attribute) && __has_attribute(__uninitialized__)
#define ip_vs_quic_uninitialized __attribute__((__uninitialized__))
#else
#define ip_vs_quic_uninitialized
#endif

#endif /* _IP_VS_QUIC_COMPAT_H */
