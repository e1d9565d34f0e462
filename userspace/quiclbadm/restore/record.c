// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file is a list of lines "WEIGHT SERVER SERVICE", where "-" is all servers of
 * the service; a later line replaces an earlier one.  So a command that changes one
 * server writes one line.
 */
#include "restore/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "common/xalloc.h"
#include "kernel/run_dir.h"

#define SUFFIX "weights"

enum {
	/* octets, from which on lines that no longer count are dropped */
	COMPACT_AT = 1 << 20,
	WHAT_STRLEN = ENDPOINT_STRLEN + SERVICE_STRLEN + 1,
};

static char *what_str(const struct service_id *id, const struct endpoint *server,
		      char *buf)
{
	char name[SERVICE_STRLEN], address[ENDPOINT_STRLEN] = "-";

	if (server)
		endpoint_str(server, address);
	snprintf(buf, WHAT_STRLEN, "%s %s", address, service_str(id, name));
	return buf;
}

static int line_cmp(const void *a, const void *b)
{
	const struct record_line *one = a, *other = b;
	int order = strcmp(one->what, other->what);

	return order ? order :
	       (one->number > other->number) - (one->number < other->number);
}

static void add_line(struct record *record, char *text)
{
	struct record_line line = { .number = record->count };
	char *end;

	line.weight = (uint32_t)strtoul(text, &end, 10);
	if (*end != ' ')
		return;
	line.what = end + 1;
	/* it doubles whenever it is full */
	if (!(record->count & (record->count - 1)))
		record->lines = xreallocarray(record->lines,
					      record->count ? 2 * record->count : 1,
					      sizeof(line));
	record->lines[record->count++] = line;
}

static char *read_file(int fd)
{
	struct stat st;
	ssize_t len;
	char *text;

	if (fstat(fd, &st))
		return NULL;
	text = xcalloc(1, (size_t)st.st_size + 1);
	len = pread(fd, text, (size_t)st.st_size, 0);
	text[len > 0 ? len : 0] = '\0';
	return text;
}

static void record_read(struct record *record, int fd)
{
	char *line, *rest;

	memset(record, 0, sizeof(*record));
	record->text = read_file(fd);
	rest = record->text;
	while (rest && (line = strsep(&rest, "\n")))
		add_line(record, line);
	if (record->count)
		qsort(record->lines, record->count, sizeof(*record->lines),
		      line_cmp);
}

void record_load(struct record *record)
{
	int fd = run_open(SUFFIX, O_RDONLY);

	memset(record, 0, sizeof(*record));
	if (fd < 0)
		return;
	record_read(record, fd);
	close(fd);
}

void record_destroy(struct record *record)
{
	free(record->lines);
	free(record->text);
	memset(record, 0, sizeof(*record));
}

/* The last line about it. */
static const struct record_line *find(const struct record *record,
				      const char *what)
{
	size_t low = 0, high = record->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(record->lines[middle].what, what) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || strcmp(record->lines[low - 1].what, what))
		return NULL;
	return &record->lines[low - 1];
}

uint32_t record_weight(const struct record *record, const struct service_id *id,
		       const struct endpoint *server)
{
	const struct record_line *line, *forgotten;
	char what[WHAT_STRLEN];

	line = find(record, what_str(id, server, what));
	forgotten = find(record, what_str(id, NULL, what));
	if (!line || (forgotten && forgotten->number > line->number))
		return 0;
	return line->weight;
}

void record_print_server(FILE *out, const struct service_id *id,
			 const struct endpoint *server, uint32_t weight)
{
	char what[WHAT_STRLEN];

	fprintf(out, "%u %s\n", weight, what_str(id, server, what));
}

void record_print_forgotten(FILE *out, const struct service_id *id)
{
	record_print_server(out, id, NULL, 0);
}

/* Only with lines that count, in the order in which they were written. */
static int compact(int fd)
{
	struct record record;
	char *text = NULL;
	size_t size, i;
	ssize_t done;
	FILE *out;

	record_read(&record, fd);
	out = open_memstream(&text, &size);
	if (!out)
		no_memory();
	for (i = 0; i < record.count; i++) {
		const struct record_line *line = &record.lines[i];
		const char *service = strchr(line->what, ' ');
		char forgotten[WHAT_STRLEN];
		const struct record_line *later;

		snprintf(forgotten, sizeof(forgotten), "-%s", service ? service : "");
		later = find(&record, forgotten);
		if (line->weight && find(&record, line->what) == line &&
		    (!later || later->number < line->number))
			fprintf(out, "%u %s\n", line->weight, line->what);
	}
	fclose(out);
	record_destroy(&record);
	if (ftruncate(fd, 0))
		return -1;
	done = write(fd, text, size);
	free(text);
	return done < 0 ? -1 : 0;
}

void record_append(const char *text, size_t len)
{
	int fd = run_open(SUFFIX, O_RDWR | O_CREAT | O_APPEND);
	char path[RUN_PATH_MAX];
	struct stat st;
	bool bad;

	/* without the rights of root nothing was changed either */
	if (fd < 0 && geteuid())
		return;
	bad = fd < 0 || fstat(fd, &st) ||
	      (st.st_size > COMPACT_AT && compact(fd)) ||
	      write(fd, text, len) != (ssize_t)len;
	if (bad)
		caution("%s: %s, so -R will not know what another program does to a server's weight",
			run_path(SUFFIX, path), strerror(errno));
	if (fd >= 0)
		close(fd);
}

void record_note(const struct service_id *id, const struct endpoint *server,
		 uint32_t weight)
{
	char line[WHAT_STRLEN + 16], what[WHAT_STRLEN];

	record_append(line, (size_t)snprintf(line, sizeof(line), "%u %s\n", weight,
					     what_str(id, server, what)));
}

static void mark_service(const struct record *record, struct service *svc)
{
	struct endpoint server;
	size_t i;

	for (i = 0; i < svc->dest_count; i++) {
		struct dest *dest = &svc->dests[i];

		dest->held = !dest->weight &&
			     record_weight(record, &svc->id, &dest->server);
	}
	for (i = 0; i < svc->map_count; i++) {
		server = svc->maps[i].server;
		svc->maps[i].held = !service_find_dest(svc, &server) &&
				    record_weight(record, &svc->id, &server);
	}
}

void record_mark(struct state *state)
{
	struct record record;
	size_t i;

	record_load(&record);
	for (i = 0; record.count && i < state->count; i++)
		mark_service(&record, state->services[i]);
	record_destroy(&record);
}

static void hold_service(const struct record *record, const struct service *before,
			 struct service *wanted)
{
	char server[ENDPOINT_STRLEN], name[SERVICE_STRLEN];
	size_t from, to = 0;

	service_str(&wanted->id, name);
	for (from = 0; from < wanted->dest_count; from++) {
		struct dest dest = wanted->dests[from];
		const struct dest *now = service_find_dest(before, &dest.server);

		endpoint_str(&dest.server, server);
		if (dest.weight && (!now || !now->weight) &&
		    record_weight(record, &wanted->id, &dest.server)) {
			caution("real server %s of %s: %s, and it stays so (--weights)",
				server, name, now ?
				"another program set its weight to 0" :
				"another program took it away");
			if (!now)
				continue;
			dest.weight = 0;
		}
		wanted->dests[to++] = dest;
	}
	wanted->dest_count = to;
}

void record_hold(const struct record *record, const struct state *before,
		 struct state *wanted)
{
	const struct service *svc;
	size_t i;

	for (i = 0; record->count && i < wanted->count; i++) {
		svc = state_find(before, &wanted->services[i]->id);
		if (svc)
			hold_service(record, svc, wanted->services[i]);
	}
}
