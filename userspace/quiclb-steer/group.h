/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A group: the processes behind one address, and the maps and the program that distribute
 * datagrams among them.  It is a directory in bpffs, made by "quiclb-steer create".  A server
 * takes part with steer_open(), steer_set_lengths() and steer_join(); this pair of files needs
 * no library, and may be copied.
 */
#ifndef STEER_GROUP_H
#define STEER_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "steer.h"

#define STEER_ERROR_LEN		256

/* Where a name without a slash is. */
#define STEER_ROOT		"/sys/fs/bpf/quiclb-steer"

#define STEER_PATH_MAX		256

/* The objects' names in the directory; the program is the last one. */
enum steer_object { STEER_SOCKETS, STEER_SETTINGS, STEER_RECORDS, STEER_COUNTERS, STEER_PROGRAM,
		    STEER_OBJECTS };
extern const char *const steer_object_names[STEER_OBJECTS];

struct steer_group {
	int directory;			/* its lock is taken for each change */
	int object[STEER_OBJECTS];
};

/* What steer_look() finds. */
struct steer_worker {
	bool live;			/* has a socket in the map */
	bool has[STEER_FAMILIES];
	unsigned int holder;		/* the number that gets its datagrams */
	bool is_known;			/* @pid and @draining are of these sockets */
	bool draining;
	uint32_t pid;
	uint64_t joined;
};

/*
 * @name: of a group, or a path.  @path: STEER_PATH_MAX octets.
 * Return: 0, or -1 with a reason in @error.
 */
int steer_path(char *path, const char *name, char *error);

/*
 * All that follows return 0, or -1 with a reason in @error, STEER_ERROR_LEN octets.  A failure
 * leaves what was.
 */

int steer_open(struct steer_group *group, const char *name, char *error);
void steer_close(struct steer_group *group);

/* Copies the key that CIDs' last octet is hidden with, as quiclb_source_set_worker() wants it. */
int steer_key(const struct steer_group *group, uint8_t key[STEER_KEY_LEN], char *error);

/*
 * @len: octets of the CIDs of each config ID, the worker's included; 0: not said.  Another
 * length than before is refused while a worker other than @number is there.
 */
int steer_set_lengths(const struct steer_group *group, unsigned int number,
		      const uint8_t len[STEER_CONFIGS], char *error);

/*
 * Puts sockets into the map and attaches the program to their groups.
 * @fds: by family; -1: none.  UDP sockets that are bound and have SO_REUSEPORT.
 */
int steer_join(const struct steer_group *group, unsigned int number, uint32_t pid,
	       const int fds[STEER_FAMILIES], char *error);

/* Takes its sockets out, if any. */
int steer_leave(const struct steer_group *group, unsigned int number, char *error);

/* New connections go to the others from now on. */
int steer_drain(const struct steer_group *group, unsigned int number, char *error);

/*
 * Datagrams of @number, and of those that it was given, go to @to from now on.  Refused while
 * @number takes new connections.
 */
int steer_give(const struct steer_group *group, unsigned int number, unsigned int to, char *error);

/*
 * Who takes over from @number: the one that came last, after it if it is there, and is not
 * draining.
 * Return: its number, or -1: there is none.
 */
int steer_successor(const struct steer_group *group, unsigned int number);

int steer_look(const struct steer_group *group, unsigned int number, struct steer_worker *worker);

#endif
