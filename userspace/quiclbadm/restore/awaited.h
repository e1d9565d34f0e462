/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices that did not exist when -R or sync was to give them the express path: a list
 * in /run, until "express take" finds them, "express del" or sync gives them up, or the
 * machine is switched off.
 */
#ifndef _QUICLBADM_RESTORE_AWAITED_H
#define _QUICLBADM_RESTORE_AWAITED_H

#include "model/model.h"

/* Adds them to @state, except those that it has, and sorts its devices. */
void awaited_load(struct state *state);

/* With the lock: those of @state that are awaited become the list. */
void awaited_store(const struct state *state);

/* With the lock.  Return: was @device on the list?  It no longer is. */
bool awaited_forget(const char *device);

#endif /* _QUICLBADM_RESTORE_AWAITED_H */
