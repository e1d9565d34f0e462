/* SPDX-License-Identifier: GPL-2.0-only */
/* A file that -R reads, whole; it may hold keys and is wiped after use. */
#ifndef _QUICLBADM_RESTORE_INPUT_FILE_H
#define _QUICLBADM_RESTORE_INPUT_FILE_H

#include <stddef.h>

struct input_file {
	const char *name;	/* as the user calls it */
	char *text;		/* with room for one octet behind it */
	size_t len;
	size_t size;
};

/*
 * The file @path to its end; NULL or "-" is standard input.  An empty file is refused.
 * Return: 0 or EXIT_REFUSED after an error message; input_file_wipe() in any case.
 */
int input_file_read(struct input_file *file, const char *path);

void input_file_wipe(struct input_file *file);

#endif /* _QUICLBADM_RESTORE_INPUT_FILE_H */
