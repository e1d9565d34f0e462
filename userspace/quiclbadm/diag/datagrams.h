/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One line for each datagram: its events come one after the other, each is held until the
 * next of the same flow begins or some time has passed, and the lines keep their order.
 */
#ifndef _QUICLBADM_DIAG_DATAGRAMS_H
#define _QUICLBADM_DIAG_DATAGRAMS_H

#include <stdbool.h>
#include <stdint.h>

struct datagrams;
struct trace_line;

struct datagrams *datagrams_new(void);
void datagrams_free(struct datagrams *datagrams);

/* Adds to a datagram that is held.  Return: false when it is none of those. */
bool datagrams_merge(struct datagrams *datagrams, const struct trace_line *line);

/* Holds another one; with no room the oldest is printed. */
void datagrams_hold(struct datagrams *datagrams, const struct trace_line *line);

/* Prints what began before @time, ns of CLOCK_REALTIME. */
void datagrams_print(struct datagrams *datagrams, uint64_t time);

bool datagrams_are_printed(const struct datagrams *datagrams);

#endif /* _QUICLBADM_DIAG_DATAGRAMS_H */
