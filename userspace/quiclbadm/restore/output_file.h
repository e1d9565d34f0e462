/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where -S writes: standard output, or a file that is replaced whole; keys only where
 * they may be.
 */
#ifndef _QUICLBADM_RESTORE_OUTPUT_FILE_H
#define _QUICLBADM_RESTORE_OUTPUT_FILE_H

#include <stdbool.h>
#include <stdio.h>

/*
 * May keys go to standard output?  Not to a terminal, nor into a file that any user may
 * read.  Return: 0 or EXIT_REFUSED after an error message.
 */
int output_check_stdout(void);

/*
 * Has @write print @data, through a buffer that is wiped, into the file @path; NULL is
 * standard output, which output_check_stdout() has seen if there are @keys.
 * Return: 0 or EXIT_REFUSED after an error message; then the file is what it was.
 */
int output_write(const char *path, bool keys,
		 void (*write)(FILE *out, const void *data), const void *data);

#endif /* _QUICLBADM_RESTORE_OUTPUT_FILE_H */
