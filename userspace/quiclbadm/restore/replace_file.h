/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file that is written beside its place and then renamed: its readers, and a
 * power failure, find all of the old content or all of the new.
 */
#ifndef _QUICLBADM_RESTORE_REPLACE_FILE_H
#define _QUICLBADM_RESTORE_REPLACE_FILE_H

#include <stdbool.h>
#include <stdio.h>

struct replacement {
	FILE *out;		/* where the new content goes */
	const char *name;	/* as the user calls it */
	char *path;		/* NULL: no regular file, and written in place */
	char *temp;
	bool is_new;		/* there was no such file */
};

/*
 * A file that exists keeps its mode and its owner; a new one has mode 0600.  Of a
 * symbolic link its target is replaced.  A FIFO or a device is just written to.
 * Return: 0 or EXIT_REFUSED after an error message.
 */
int replacement_begin(struct replacement *new, const char *name);

/*
 * With @keep the new content takes its place, safe on the disk; without, or after
 * a refusal, the file is what it was.
 */
int replacement_end(struct replacement *new, bool keep);

#endif /* _QUICLBADM_RESTORE_REPLACE_FILE_H */
