// SPDX-License-Identifier: GPL-2.0-only
/*
 * diff: what -R and sync would change, in the lines of a saved file.  The status is that of
 * diff(1): 0 for no difference, 1 for some, 2 for trouble.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "common/err.h"
#include "common/xalloc.h"
#include "kernel/kernel.h"
#include "output/json.h"
#include "restore/state_file.h"
#include "restore/state_file_write.h"

enum { EXIT_SAME = 0, EXIT_DIFFERENT = 1, EXIT_TROUBLE = EXIT_USAGE };

/* A state's lines, sorted. */
struct lines {
	char *text;
	char **at;
	size_t count;
};

static int line_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void make_lines(struct lines *lines, const struct state *state)
{
	size_t size;
	FILE *out = open_memstream(&lines->text, &size);
	char *line, *rest;

	if (!out)
		no_memory();
	state_file_write(out, state, false);
	fclose(out);
	lines->at = NULL;
	lines->count = 0;
	for (line = strtok_r(lines->text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		/* "# no services" */
		if (*line == '#')
			continue;
		lines->at = xreallocarray(lines->at, lines->count + 1, sizeof(*lines->at));
		lines->at[lines->count++] = line;
	}
	if (lines->count)
		qsort(lines->at, lines->count, sizeof(*lines->at), line_cmp);
}

static void free_lines(struct lines *lines)
{
	free(lines->at);
	free(lines->text);
}

/* Keeps of each those that the other one does not have. */
static void keep_differences(struct lines *a, struct lines *b)
{
	size_t i = 0, j = 0, in_a = 0, in_b = 0;

	while (i < a->count || j < b->count) {
		int order = i == a->count ? 1 : j == b->count ? -1 :
			    strcmp(a->at[i], b->at[j]);

		if (order < 0) {
			a->at[in_a++] = a->at[i++];
		} else if (order > 0) {
			b->at[in_b++] = b->at[j++];
		} else {
			i++;
			j++;
		}
	}
	a->count = in_a;
	b->count = in_b;
}

static void print_lines(char sign, const struct lines *lines)
{
	size_t i;

	for (i = 0; i < lines->count; i++)
		printf("%c %s\n", sign, lines->at[i]);
}

static int compare(const struct args *args, const struct state *now,
		   const struct state *wanted)
{
	struct lines here, there;
	int status;

	make_lines(&here, now);
	make_lines(&there, wanted);
	keep_differences(&here, &there);
	if (given(args, O(JSON))) {
		print_diff_json(here.at, here.count, there.at, there.count);
	} else {
		print_lines('-', &here);
		print_lines('+', &there);
	}
	status = here.count || there.count ? EXIT_DIFFERENT : EXIT_SAME;
	free_lines(&here);
	free_lines(&there);
	return status;
}

/* As sync does, services of other schedulers are left out where the file has none. */
static void leave_out_others(struct state *now, const struct state *wanted)
{
	size_t i, count = 0;

	for (i = 0; i < now->count; i++) {
		struct service *svc = now->services[i];

		if (service_is_quic(svc) || state_find(wanted, &svc->id)) {
			now->services[count++] = svc;
			continue;
		}
		service_destroy(svc);
		free(svc);
	}
	now->count = count;
}

int cmd_diff(const struct args *args)
{
	struct state now = { 0 }, wanted = { 0 };
	int err = state_file_read(args->operands[0], STATE_FILE_REKEY, &wanted);

	if (!err)
		err = kernel_load(&now, NULL);
	if (!err) {
		leave_out_others(&now, &wanted);
		err = compare(args, &now, &wanted);
	} else {
		err = EXIT_TROUBLE;
	}
	state_destroy(&now);
	state_destroy(&wanted);
	return err;
}
