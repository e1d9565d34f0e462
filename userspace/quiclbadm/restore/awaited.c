// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file has a name on each line, and behind it the mode if that is not ingress: names
 * of devices have no white space.
 */
#include "restore/awaited.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/xalloc.h"
#include "kernel/run_dir.h"

#define SUFFIX "awaited"

static void add_name(struct state *state, char *name)
{
	struct device device = { .awaited = true };
	char *mode = strchr(name, ' ');

	if (mode) {
		*mode++ = '\0';
		express_mode_read(mode, &device.mode);
	}
	if (!*name || strlen(name) > DEVICE_NAME_MAX ||
	    state_find_device(state, name))
		return;
	strcpy(device.name, name);
	state_add_device(state, &device);
}

void awaited_load(struct state *state)
{
	int fd = run_open(SUFFIX, O_RDONLY);
	char *line = NULL;
	size_t room = 0;
	FILE *in;

	if (fd < 0)
		return;
	in = fdopen(fd, "r");
	if (!in)
		no_memory();
	while (getline(&line, &room, in) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		add_name(state, line);
	}
	free(line);
	fclose(in);
	state_sort(state);
}

static bool any(const struct state *state)
{
	size_t i;

	for (i = 0; i < state->device_count; i++)
		if (state->devices[i].awaited)
			return true;
	return false;
}

/* Return: 0, or -1 and errno. */
static int write_names(const struct state *state)
{
	int fd = run_open(SUFFIX, O_WRONLY | O_CREAT | O_TRUNC);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	size_t i;

	if (!out)
		return -1;
	for (i = 0; i < state->device_count; i++) {
		const struct device *device = &state->devices[i];

		if (device->awaited && device->mode == EXPRESS_INGRESS)
			fprintf(out, "%s\n", device->name);
		else if (device->awaited)
			fprintf(out, "%s %s\n", device->name,
				express_mode_name(device->mode));
	}
	return fclose(out);
}

/* An empty list is no file: systemd looks whether there is one. */
void awaited_store(const struct state *state)
{
	char path[RUN_PATH_MAX];
	int err = any(state) ? write_names(state) : run_remove(SUFFIX);

	/* without the rights of root nothing was changed either */
	if (err && errno != ENOENT && !geteuid())
		caution("%s: %s, so devices that are missing will not be taken when they appear",
			run_path(SUFFIX, path), strerror(errno));
}

bool awaited_forget(const char *device)
{
	struct state state = { 0 };
	struct device *found;
	bool was_there;

	awaited_load(&state);
	found = state_find_device(&state, device);
	was_there = found;
	if (found) {
		found->awaited = false;
		awaited_store(&state);
	}
	state_destroy(&state);
	return was_there;
}
