/* SPDX-License-Identifier: GPL-2.0-only */
/* What -R reads: lines to words to commands to a state. */
#ifndef _QUICLBADM_RESTORE_STATE_FILE_H
#define _QUICLBADM_RESTORE_STATE_FILE_H

#include <stddef.h>

#include "model/model.h"

enum state_file_flags {
	STATE_FILE_CHECK = 1 << 0,	/* the state is not one to apply: see below */
	STATE_FILE_REKEY = 1 << 1,	/* other keys than those that were saved are taken */
};

/*
 * Builds the state that @text, @len octets and one to spare, describes; @text is
 * overwritten.  Key files are read; with STATE_FILE_CHECK those that this user may not read
 * are passed over with a warning.
 * Return: 0, or EXIT_REFUSED after a message about each error, with the line.
 */
int state_file_parse(char *text, size_t len, unsigned int flags, struct state *state);

/* The same from the file @path, to its end; NULL or "-" is standard input. */
int state_file_read(const char *path, unsigned int flags, struct state *state);

/*
 * Cuts @line into words in place: white space between them, "..." with \" and
 * \\ or '...' around what has some, a comment behind #.
 * Return: how many, or -1 after a sentence.  *@words is for free().
 */
int state_file_split(char *line, char ***words);

#endif /* _QUICLBADM_RESTORE_STATE_FILE_H */
