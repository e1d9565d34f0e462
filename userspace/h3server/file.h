/* SPDX-License-Identifier: GPL-2.0-only */
/* From the path of a request to an open file below the root directory. */
#ifndef H3SERVER_FILE_H
#define H3SERVER_FILE_H

#include <stdint.h>

struct file {
	int fd;
	uint64_t size;
	const char *type;	/* static, for content-type */
};

/*
 * Opens what @target, a request's :path, names below @root.
 * Return: 0, or the HTTP status that says why not (400, 404, 503).
 */
int file_open(struct file *file, int root, const char *target);

#endif
