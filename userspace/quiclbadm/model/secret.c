// SPDX-License-Identifier: GPL-2.0-only
#include "model/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "common/xalloc.h"
#include "hex.h"
#include "model/model.h"

int secret_decode_key(const char *what, const char *text, size_t len,
		      uint8_t key[QLB_KEY_LEN])
{
	long digits = quiclb_hex_read(key, QLB_KEY_LEN, text, len);

	if (digits == KEY_HEX_LEN)
		return 0;
	explicit_bzero(key, QLB_KEY_LEN);
	if (digits < 0)
		return refuse("%s: a key is hex digits and nothing else", what);
	return refuse("%s: %ld hex digits, and a key has %d", what, digits,
		      KEY_HEX_LEN);
}

/* Not stdio: its buffer would keep a copy.  Return: octets, or -1 and errno. */
static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t part;

	while (len < size) {
		part = read(fd, buf + len, size - len);
		if (part < 0 && errno == EINTR)
			continue;
		if (part < 0)
			return -1;
		if (!part)
			break;
		len += (size_t)part;
	}
	return (ssize_t)len;
}

static bool mode_is_open(int fd, mode_t bits)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_mode & bits;
}

bool secret_is_world_readable(int fd)
{
	return mode_is_open(fd, S_IROTH);
}

int secret_read_key(const char *path, uint8_t key[QLB_KEY_LEN])
{
	bool is_stdin = !strcmp(path, "-");
	char what[KEY_SOURCE_MAX + 16], buf[KEY_FILE_MAX + 1];
	int fd = STDIN_FILENO;
	ssize_t len;
	int err;

	snprintf(what, sizeof(what), "key file %s",
		 is_stdin ? "(standard input)" : path);
	if (!is_stdin)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return refuse("%s: %s", what, strerror(errno));
	if (!is_stdin && secret_is_world_readable(fd))
		caution("%s: any user may read it", what);
	len = read_all(fd, buf, sizeof(buf));
	if (len < 0)
		err = refuse("%s: %s", what, strerror(errno));
	else if (len > KEY_FILE_MAX)
		err = refuse("%s: longer than %d octets, and a key has %d hex digits",
			     what, KEY_FILE_MAX, KEY_HEX_LEN);
	else
		err = secret_decode_key(what, buf, (size_t)len, key);
	explicit_bzero(buf, sizeof(buf));
	if (!is_stdin)
		close(fd);
	return err;
}

void secret_encode_key(const uint8_t key[QLB_KEY_LEN], char hex[KEY_HEX_LEN + 1])
{
	quiclb_hex_write(hex, key, QLB_KEY_LEN);
}

uint32_t secret_fingerprint(const uint8_t key[QLB_KEY_LEN])
{
	struct qlb_config cfg;
	uint32_t fingerprint;

	/* any legal lengths do: the fingerprint is the key's alone */
	if (qlb_config_init(&cfg, 0, QLB_SERVER_ID_LEN_MIN, QLB_NONCE_LEN_MIN,
			    false, key))
		exit(refuse("key: AES does not work on this machine"));
	fingerprint = qlb_fingerprint(&cfg);
	qlb_config_destroy(&cfg);
	return fingerprint;
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

char *secret_absolute_path(const char *path)
{
	char *cwd = NULL, *whole;

	if (*path != '/') {
		cwd = getcwd(NULL, 0);
		if (!cwd) {
			refuse("key file %s: %s", path, strerror(errno));
			return NULL;
		}
	}
	whole = xcalloc(1, strlen(path) + (cwd ? strlen(cwd) : 0) + 2);
	sprintf(whole, "%s%s%s", cwd ? cwd : "", cwd ? "/" : "", path);
	free(cwd);
	if (has_control(whole))
		refuse("key file: a control character in its path");
	else if (strlen(whole) > KEY_SOURCE_MAX)
		refuse("key file: a path of more than %d octets",
		       KEY_SOURCE_MAX);
	else
		return whole;
	free(whole);
	return NULL;
}
