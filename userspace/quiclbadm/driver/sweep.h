/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libxdp's pins of programs: they keep what a device had when that device is gone, or
 * when the program that made them was killed.
 */
#ifndef _QUICLBADM_DRIVER_SWEEP_H
#define _QUICLBADM_DRIVER_SWEEP_H

#define PROGRAM "ip_vs_quic"

/* Makes sure that there is a BPF file system, which outlives this process. */
void pins_reach(void);

/*
 * Removes the pins of dispatchers that have our program and are on no device of any
 * network namespace.  Those of others stay.
 */
void pins_sweep(void);

#endif /* _QUICLBADM_DRIVER_SWEEP_H */
