// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 32 digits, and room for white space; a file much longer is something else. */
enum { KEY_FILE_MAX = 256 };

/* Decimal digits and nothing else, below 100. */
static bool parse_number(const char *text, unsigned int *number)
{
	if (strlen(text) < 1 || strlen(text) > 2 ||
	    strspn(text, "0123456789") != strlen(text))
		return false;
	*number = atoi(text);
	return true;
}

static const char *parse_options(char *text, struct config_line *line)
{
	char *option;

	while ((option = strsep(&text, ","))) {
		if (strcmp(option, "self-len"))
			return "the only option of a config is self-len";
		if (line->flags & QUICLB_F_SELF_LEN)
			return "self-len is given twice";
		line->flags |= QUICLB_F_SELF_LEN;
	}
	return NULL;
}

const char *quiclb_parse_line(char *text, struct config_line *line)
{
	char *id = strsep(&text, ":"), *server_id = strsep(&text, ":");
	char *nonce = strsep(&text, ":"), *number;
	const char *error = NULL;

	memset(line, 0, sizeof(*line));
	if (!nonce)
		return "a config is ID:SERVER-ID:NONCE-LENGTH[,self-len][:KEY-FILE]";
	number = strsep(&nonce, ",");
	if (!parse_number(id, &line->id))
		return "config ID must be 0 to 6";
	if (!parse_number(number, &line->nonce_len))
		return "nonce length must be 4 to 18";
	if (quiclb_parse_server_id(line->server_id, &line->server_id_len,
				   server_id, &error))
		return error;
	if (nonce)
		error = parse_options(nonce, line);
	if (!error && text && !*text)
		error = "the key file's name is empty; without a key, leave out the last colon";
	line->key_file = text;
	return error;
}

/* Return: NULL, or why this file must not be used, with @err set. */
static const char *check_file(int fd, int *err)
{
	struct stat st;

	if (fstat(fd, &st)) {
		*err = -errno;
		return strerror(errno);
	}
	*err = -EINVAL;
	if (!S_ISREG(st.st_mode))
		return "not a regular file";
	*err = -EACCES;
	if (st.st_mode & S_IRWXO)
		return "everybody may use this key; run \"chmod o= FILE\"";
	if (st.st_mode & S_IWGRP)
		return "its group may change this key; run \"chmod g-w FILE\"";
	*err = 0;
	return NULL;
}

static const char *read_digits(int fd, uint8_t *key, int *err)
{
	char text[KEY_FILE_MAX + 1];
	ssize_t len = read(fd, text, sizeof(text));
	const char *error = NULL;

	if (len < 0) {
		*err = -errno;
		return strerror(errno);
	}
	if (len > KEY_FILE_MAX) {
		*err = -EINVAL;
		error = "too long for a key, which has 32 hex digits";
	} else {
		*err = quiclb_parse_key(key, text, len, &error);
	}
	quiclb_wipe(text, sizeof(text));
	return error;
}

/* O_NONBLOCK: a FIFO is refused, not waited for. */
int quiclb_read_key(const char *path, uint8_t key[QUICLB_KEY_LEN], char *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = 0;
	const char *why;

	if (fd < 0) {
		err = -errno;
		why = strerror(errno);
	} else {
		why = check_file(fd, &err);
		if (!why)
			why = read_digits(fd, key, &err);
		close(fd);
	}
	if (why)
		snprintf(error, QUICLB_ERROR_LEN, "%s: %s", path, why);
	return err;
}
