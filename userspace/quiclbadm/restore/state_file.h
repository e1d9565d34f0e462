/* SPDX-License-Identifier: GPL-2.0-only */
/* What -R reads: lines to words to commands to a state. */
#ifndef _QUICLBADM_RESTORE_STATE_FILE_H
#define _QUICLBADM_RESTORE_STATE_FILE_H

#include <stddef.h>

#include "model/model.h"

/*
 * Builds the state that @text, @len octets and one to spare, describes; @text is
 * overwritten.  Key files are read; with @check those that this user may not read are
 * passed over with a warning, and the state is not one to apply.
 * Return: 0, or EXIT_REFUSED after a message about each error, with the line.
 */
int state_file_parse(char *text, size_t len, bool check, struct state *state);

/* The same from the file @path, to its end; NULL or "-" is standard input. */
int state_file_read(const char *path, bool check, struct state *state);

/*
 * Cuts @line into words in place: white space between them, "..." with \" and
 * \\ or '...' around what has some, a comment behind #.
 * Return: how many, or -1 after a sentence.  *@words is for free().
 */
int state_file_split(char *line, char ***words);

#endif /* _QUICLBADM_RESTORE_STATE_FILE_H */
