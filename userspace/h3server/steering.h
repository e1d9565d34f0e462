/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One of several processes behind one address, see quiclb-steer(8).  All of it does nothing
 * without --steer.
 */
#ifndef H3SERVER_STEERING_H
#define H3SERVER_STEERING_H

#include <stdbool.h>

#include "cid.h"
#include "group.h"

struct steering_options {
	const char *group;		/* NULL: the server is alone */
	bool has_number;
	unsigned int number;
};

struct steering {
	const struct steering_options *options;
	struct steer_group group;
};

/* Before the first CID is minted.  Refuses on failure, and if the number is not free. */
void steering_open(struct steering *steering, const struct steering_options *options,
		   struct cid_source *cids);

/*
 * From now on the process gets datagrams that name it.  Refuses on failure.
 * @fds: @n sockets, at most one of each family
 */
void steering_join(struct steering *steering, const int *fds, unsigned int n);

/*
 * After a rotation: the lengths of CIDs.
 * Return: NULL, or a sentence that says what is wrong, valid until the next call.
 */
const char *steering_update(struct steering *steering, const struct cid_source *cids);

/* New connections go to the other processes.  Return: as above. */
const char *steering_drain(struct steering *steering);

/*
 * Gives the number to the process that came last.
 * Return: that one's number, or -1: there is none.
 */
int steering_hand_over(struct steering *steering);

/* After the sockets are closed. */
void steering_close(struct steering *steering);

#endif
