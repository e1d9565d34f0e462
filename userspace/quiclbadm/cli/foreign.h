/* SPDX-License-Identifier: GPL-2.0-only */
/* Options of ipvsadm(8) that this program does not have: what to use instead. */
#ifndef _QUICLBADM_CLI_FOREIGN_H
#define _QUICLBADM_CLI_FOREIGN_H

/* One sentence for the long option @name, without hyphens; NULL: ipvsadm has none. */
const char *foreign_option(const char *name);

#endif /* _QUICLBADM_CLI_FOREIGN_H */
