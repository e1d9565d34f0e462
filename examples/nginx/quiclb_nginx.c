// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Connection IDs of QUIC-LB for an nginx that was not changed: preload this object.
 *
 *	LD_PRELOAD=/usr/lib/quiclb_nginx.so QUICLB_CONFIG=0:0a01:8:/etc/quiclb.key nginx
 *
 * nginx draws the 20 octets of each connection ID, a Retry's too, by RAND_bytes(), and puts the
 * cookie of its socket over the first eight, which it asks the kernel for each time. Here the
 * first octets of what it draws are a QUIC-LB connection ID, and its next question for the cookie
 * is answered by the first eight of these. Nothing else in nginx or OpenSSL draws 20 octets.
 *
 * QUICLB_CONFIG is what quiclb_source_open() takes. A file is read again when it has changed and a
 * connection ID is needed, so a rotation needs no signal.
 *
 * QUICLB_WORKER=N with QUICLB_WORKER_KEY=FILE is for several processes behind one address, which
 * quiclb-steer distributes to. The octet that it reads is the last one, so server ID and nonce
 * must have 18 octets.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "quiclb.h"

#define NGINX_CID_LEN	QUICLB_CID_LEN_MAX

/* nginx's processes have one thread that speaks QUIC; these are of a process. */
static struct quiclb_source *source;
static const char *config;
static struct timespec read_at;

/* The connection ID whose cookie nginx is about to ask for. */
static struct {
	bool waits;
	unsigned char octets[sizeof(uint64_t)];
} minted;

static int (*real_rand_bytes)(unsigned char *octets, int len);
static int (*real_getsockopt)(int fd, int level, int name, void *value, socklen_t *len);

static void complain(const char *what, const char *why)
{
	fprintf(stderr, "quiclb_nginx: Error: %s: %s.\n", what, why);
}

static void refuse(const char *what, const char *why)
{
	complain(what, why);
	exit(1);
}

static void use_worker(const char *number, const char *path)
{
	unsigned char key[QUICLB_WORKER_KEY_LEN];
	char text[128], *end;
	const char *why;
	unsigned long n;
	size_t len;
	FILE *file;

	if (!path)
		refuse("QUICLB_WORKER_KEY", "the group's key is needed with QUICLB_WORKER");
	n = strtoul(number, &end, 10);
	if (!*number || *end || n > QUICLB_WORKER_MAX)
		refuse("QUICLB_WORKER", "it is no number of 0 to 255");
	file = fopen(path, "re");
	if (!file)
		refuse(path, strerror(errno));
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
	if (quiclb_parse_key(key, text, len, &why))
		refuse(path, why);
	if (quiclb_source_set_worker(source, key, n) || quiclb_source_cid_len(source) != NGINX_CID_LEN)
		refuse("QUICLB_CONFIG", "with QUICLB_WORKER, server ID and nonce must have 18 octets");
	quiclb_wipe(key, sizeof(key));
	quiclb_wipe(text, sizeof(text));
}

/* A line begins with the config's ID; anything else is a file. */
static bool changed(void)
{
	struct stat now;

	if ((*config >= '0' && *config <= '9') || stat(config, &now) < 0)
		return false;
	if (now.st_mtim.tv_sec == read_at.tv_sec && now.st_mtim.tv_nsec == read_at.tv_nsec)
		return false;
	read_at = now.st_mtim;
	return true;
}

__attribute__((constructor)) static void begin(void)
{
	const char *worker = getenv("QUICLB_WORKER");
	char why[QUICLB_ERROR_LEN];

	real_rand_bytes = (int (*)(unsigned char *, int))dlsym(RTLD_NEXT, "RAND_bytes");
	real_getsockopt = (int (*)(int, int, int, void *, socklen_t *))dlsym(RTLD_NEXT, "getsockopt");
	if (!real_rand_bytes)
		return;		/* a program without OpenSSL, such as a shell that starts nginx */
	config = getenv("QUICLB_CONFIG");
	if (!config)
		refuse("QUICLB_CONFIG", "it has to name a config or a file of configs");
	changed();
	source = quiclb_source_open(config, why);
	if (!source)
		refuse("QUICLB_CONFIG", why);
	if (worker)
		use_worker(worker, getenv("QUICLB_WORKER_KEY"));
}

/* What there was stays if the file cannot be read, which is said once for each change. */
static void follow(void)
{
	char why[QUICLB_ERROR_LEN];

	if (changed() && quiclb_source_reload(source, why) < 0)
		complain("QUICLB_CONFIG", why);
}

int RAND_bytes(unsigned char *octets, int len)
{
	unsigned char cid[QUICLB_CID_LEN_MAX];
	size_t cid_len;
	int result;

	if (!real_rand_bytes)
		return 0;	/* a program that loaded OpenSSL later: "no random numbers" */
	result = real_rand_bytes(octets, len);
	if (result != 1 || len != NGINX_CID_LEN)
		return result;
	follow();
	if (quiclb_source_mint(source, cid, &cid_len) < 0)
		return 0;
	memcpy(octets, cid, cid_len);
	memcpy(minted.octets, octets, sizeof(minted.octets));
	minted.waits = true;
	return 1;
}

/* nginx writes the number down with its most significant octet first. */
static uint64_t cookie_of_minted(void)
{
	uint64_t cookie = 0;
	size_t i;

	for (i = 0; i < sizeof(minted.octets); i++)
		cookie = cookie << 8 | minted.octets[i];
	minted.waits = false;
	return cookie;
}

int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict len)
{
	uint64_t cookie;

	if (level != SOL_SOCKET || name != SO_COOKIE || !minted.waits || *len != sizeof(cookie))
		return real_getsockopt(fd, level, name, value, len);
	cookie = cookie_of_minted();
	memcpy(value, &cookie, sizeof(cookie));
	return 0;
}
