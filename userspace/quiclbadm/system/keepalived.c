// SPDX-License-Identifier: GPL-2.0-only
/*
 * keepalived's configuration has one statement on a line, in blocks in braces;
 * see keepalived.conf(5).  What is not about virtual servers is passed over.
 */
#include "system/keepalived.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"

enum {
	WORDS_MAX = 16,			/* of a statement */
	DEPTH_MAX = 8,			/* of blocks */
	INCLUDES_MAX = 8,		/* one in the other */
	VARIABLES_MAX = 64,
	ARGUMENTS_MAX = 64,
	TEXT_MAX = 4096,
};

#define DEFAULT_FILE "/etc/keepalived/keepalived.conf"
#define DEFAULT_ARGUMENTS "/etc/default/keepalived"

enum block {
	BLOCK_OTHER,
	BLOCK_GLOBAL,
	BLOCK_SERVICE,
	BLOCK_GROUP,
	BLOCK_SERVER,
};

struct words {
	char *at[WORDS_MAX];
	size_t count;
};

/* Groups and the services of a group come in any order. */
struct parser {
	struct keepalived *k;
	const char *path;
	unsigned int line;
	unsigned int includes;
	enum block blocks[DEPTH_MAX];
	unsigned int depth;
	enum block next;		/* what the next brace opens */
	bool service_inhibits;		/* all of its servers */
	bool server_inhibits;
	bool server_notifies;
	bool server_alpha;
	bool server_elsewhere;
	struct keepalived members;	/* of groups */
	char group[64];			/* the one that is open */
	char *names[VARIABLES_MAX];	/* with the dollar sign */
	char *values[VARIABLES_MAX];
	size_t variable_count;
};

/* --- services --------------------------------------------------------------------- */

static struct keepalived_service *add_service(struct keepalived *k,
					      const struct keepalived_service *service)
{
	k->services = xreallocarray(k->services, k->count + 1, sizeof(*service));
	k->services[k->count] = *service;
	return &k->services[k->count++];
}

/* ADDRESS, FIRST-LAST of whose last part only the last is given */
static bool read_address(const char *text, struct keepalived_service *service)
{
	char first[ENDPOINT_STRLEN], *dash;
	struct endpoint *ep = &service->first;
	unsigned int octet;

	snprintf(first, sizeof(first), "%s", text);
	dash = strchr(first, '-');
	if (dash)
		*dash = '\0';
	memset(ep, 0, sizeof(*ep));
	ep->af = strchr(first, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(ep->af, first, ep->addr) != 1)
		return false;
	if (!dash)
		return true;
	octet = (unsigned int)strtoul(dash + 1, NULL, ep->af == AF_INET6 ? 16 : 10);
	if (ep->af == AF_INET6)
		service->more = octet - (ep->addr[14] << 8 | ep->addr[15]);
	else
		service->more = octet - ep->addr[3];
	return service->more < 65536;
}

/* "192.0.2.1 443", "fwmark 5", and for a virtual server "group NAME" */
static bool read_service(const struct words *w, size_t at,
			 struct keepalived_service *service)
{
	const char *value = at + 1 < w->count ? w->at[at + 1] : "0";

	if (at >= w->count)
		return false;
	if (!strcmp(w->at[at], "fwmark")) {
		service->fwmark = (uint32_t)strtoul(value, NULL, 0);
		return service->fwmark;
	}
	if (!strcmp(w->at[at], "group")) {
		service->group = xstrdup(value);
		return true;
	}
	if (!read_address(w->at[at], service))
		return false;
	service->first.port = (uint16_t)strtoul(value, NULL, 10);
	return true;
}

static unsigned int distance(const struct endpoint *first, const struct endpoint *ep)
{
	unsigned int last = first->af == AF_INET6 ? 14 : 2;

	if (first->af != ep->af || memcmp(first->addr, ep->addr, last))
		return UINT_MAX;
	return (unsigned int)(ep->addr[last] << 8 | ep->addr[last + 1]) -
	       (unsigned int)(first->addr[last] << 8 | first->addr[last + 1]);
}

bool keepalived_has(const struct keepalived_service *service, const struct service_id *id)
{
	if (id->fwmark || service->fwmark)
		return id->fwmark == service->fwmark;
	return service->udp && service->first.port == id->vip.port &&
	       distance(&service->first, &id->vip) <= service->more;
}

/* --- statements -------------------------------------------------------------------- */

static void parse_file(struct parser *p, const char *path);

/* Relative paths are relative to the file that includes. */
static void include(struct parser *p, const char *pattern)
{
	const char *slash = strrchr(p->path, '/');
	const unsigned int line = p->line;
	const char *path = p->path;
	char full[PATH_MAX];
	glob_t found;
	size_t i;

	if (p->includes >= INCLUDES_MAX)
		return;
	snprintf(full, sizeof(full), "%.*s%s", *pattern == '/' || !slash ? 0 :
		 (int)(slash + 1 - path), path, pattern);
	p->includes++;
	if (!glob(full, 0, NULL, &found)) {
		for (i = 0; i < found.gl_pathc; i++)
			parse_file(p, found.gl_pathv[i]);
		globfree(&found);
	}
	p->includes--;
	p->path = path;
	p->line = line;
}

static bool is_on(const struct words *w)
{
	return w->count < 2 || (strcmp(w->at[1], "no") && strcmp(w->at[1], "off") &&
				strcmp(w->at[1], "false"));
}

static void begin_service(struct parser *p, const struct words *w, bool member)
{
	struct keepalived *k = member ? &p->members : p->k;
	struct keepalived_service service = { .line = p->line };

	if (!read_service(w, member ? 0 : 1, &service)) {
		free(service.group);
		return;
	}
	if (member)
		service.group = xstrdup(p->group);
	/* a mark has no protocol; else it is TCP unless "protocol" says otherwise */
	service.udp = service.fwmark;
	service.file = xstrdup(p->path);
	add_service(k, &service);
	if (!member) {
		p->next = BLOCK_SERVICE;
		p->service_inhibits = false;
	}
}

static void top_statement(struct parser *p, const struct words *w)
{
	const char *word = w->at[0];

	if (!strcmp(word, "virtual_server")) {
		begin_service(p, w, false);
	} else if (!strcmp(word, "virtual_server_group")) {
		snprintf(p->group, sizeof(p->group), "%s", w->count > 1 ? w->at[1] : "");
		p->next = BLOCK_GROUP;
	} else if (!strcmp(word, "global_defs")) {
		p->next = BLOCK_GLOBAL;
	}
}

static void service_statement(struct parser *p, const struct words *w)
{
	struct keepalived_service *service = &p->k->services[p->k->count - 1];
	const char *word = w->at[0];

	if (!strcmp(word, "protocol"))
		service->udp = w->count > 1 && !strcasecmp(w->at[1], "UDP");
	else if (!strcmp(word, "alpha"))
		service->alpha = is_on(w);
	else if (!strcmp(word, "inhibit_on_failure"))
		p->service_inhibits = is_on(w);
	if (strcmp(word, "real_server"))
		return;
	p->next = BLOCK_SERVER;
	p->server_inhibits = p->service_inhibits;
	p->server_notifies = false;
	p->server_alpha = false;
	p->server_elsewhere = false;
	service->servers++;
}

/* Its name, if it is a check that connects to the server's own address; else NULL. */
static const char *check_elsewhere(const char *word)
{
	static const char *const names[] = {
		"TCP_CHECK", "UDP_CHECK", "HTTP_GET", "SSL_GET", "SMTP_CHECK",
		"DNS_CHECK", "PING_CHECK",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(word, names[i]))
			return names[i];
	return NULL;
}

static void server_statement(struct parser *p, const struct words *w)
{
	struct keepalived_service *service = &p->k->services[p->k->count - 1];
	const char *word = w->at[0];

	if (!strcmp(word, "inhibit_on_failure"))
		p->server_inhibits = is_on(w);
	else if (!strcmp(word, "notify_down"))
		p->server_notifies = true;
	else if (!strcmp(word, "alpha"))
		p->server_alpha = is_on(w);
	if (!check_elsewhere(word))
		return;
	p->server_elsewhere = true;
	if (!service->check)
		service->check = check_elsewhere(word);
}

/* Blocks that are too deep are none of ours. */
static enum block open_now(const struct parser *p)
{
	return p->depth && p->depth <= DEPTH_MAX ? p->blocks[p->depth - 1] : BLOCK_OTHER;
}

static void statement(struct parser *p, const struct words *w)
{
	const char *word = w->at[0];

	p->next = BLOCK_OTHER;
	/* a letter behind it says which failures are errors: includer, includem ... */
	if (!strncmp(word, "include", 7) && strlen(word) <= 8 && w->count > 1) {
		include(p, w->at[1]);
		return;
	}
	switch (open_now(p)) {
	case BLOCK_GLOBAL:
		/* also lvs_flush_on_stop and lvs_flush_onstop */
		if (!strncmp(word, "lvs_flush", 9))
			p->k->flushes = true;
		break;
	case BLOCK_SERVICE:
		service_statement(p, w);
		break;
	case BLOCK_SERVER:
		server_statement(p, w);
		break;
	case BLOCK_GROUP:
		begin_service(p, w, true);
		break;
	case BLOCK_OTHER:
		if (!p->depth)
			top_statement(p, w);
		break;
	}
}

static void open_block(struct parser *p)
{
	if (p->depth < DEPTH_MAX)
		p->blocks[p->depth] = p->next;
	p->depth++;
	p->next = BLOCK_OTHER;
}

static void close_server(const struct parser *p)
{
	struct keepalived_service *service = &p->k->services[p->k->count - 1];

	service->alphas += p->server_alpha;
	service->elsewhere += p->server_elsewhere;
	if (!p->server_inhibits)
		service->removed++;
	else if (!p->server_notifies)
		service->silent++;
}

static void close_block(struct parser *p)
{
	if (!p->depth)
		return;
	p->depth--;
	if (p->depth < DEPTH_MAX && p->blocks[p->depth] == BLOCK_SERVER)
		close_server(p);
}

/* --- lines -------------------------------------------------------------------------- */

/* A variable stands for itself where it has no value. */
static const char *value_of(const struct parser *p, const char *word)
{
	size_t i;

	for (i = p->variable_count; i-- > 0; )
		if (!strcmp(p->names[i], word))
			return p->values[i];
	return word;
}

/* "$NAME=VALUE" */
static bool define(struct parser *p, const char *line)
{
	const char *equals = strchr(line, '=');
	size_t n = p->variable_count, len;
	char text[TEXT_MAX];

	if (*line != '$' || !equals || strcspn(line, " \t{") < (size_t)(equals - line))
		return false;
	if (n == VARIABLES_MAX)
		return true;
	len = strcspn(equals + 1, "\r\n#!");
	while (len && strchr(" \t", equals[len]))
		len--;
	snprintf(text, sizeof(text), "%.*s", (int)(equals - line), line);
	p->names[n] = xstrdup(text);
	snprintf(text, sizeof(text), "%.*s", (int)len, equals + 1);
	p->values[n] = xstrdup(text);
	p->variable_count++;
	return true;
}

/* One word of a line.  Return: what follows it. */
static const char *next_word(const char *line, char *word, size_t size)
{
	const char *end = " \t\r\n{}#!\"";
	size_t len;

	if (*line == '"')
		end = "\"";
	if (*line == '"')
		line++;
	/* ${NAME} is $NAME */
	if (!strncmp(line, "${", 2) && strchr(line, '}')) {
		len = strcspn(line, "}") - 2;
		snprintf(word, size, "$%.*s", (int)len, line + 2);
		line += len + 3;
	} else {
		len = strcspn(line, end);
		snprintf(word, size, "%.*s", (int)len, line);
		line += len + (*end == '"' && line[len]);
	}
	return line;
}

static void end_statement(struct parser *p, struct words *w)
{
	size_t i;

	if (w->count)
		statement(p, w);
	for (i = 0; i < w->count; i++)
		free(w->at[i]);
	w->count = 0;
}

static void parse_line(struct parser *p, const char *line)
{
	struct words w = { .count = 0 };
	char word[TEXT_MAX];

	line += strspn(line, " \t");
	/* "@ID" in front: only for the instance ID, which is not known here */
	if (*line == '@')
		line += strcspn(line, " \t\r\n");
	line += strspn(line, " \t");
	if (define(p, line))
		return;
	for (; line += strspn(line, " \t\r\n"), *line && *line != '#' && *line != '!'; ) {
		if (*line == '{' || *line == '}') {
			end_statement(p, &w);
			if (*line++ == '{')
				open_block(p);
			else
				close_block(p);
			continue;
		}
		line = next_word(line, word, sizeof(word));
		if (w.count < WORDS_MAX)
			w.at[w.count++] = xstrdup(value_of(p, word));
	}
	end_statement(p, &w);
}

static void parse_file(struct parser *p, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return;
	p->path = path;
	p->line = 0;
	while (getline(&line, &size, file) >= 0) {
		p->line++;
		parse_line(p, line);
	}
	free(line);
	fclose(file);
}

/* A service of a group is one for each of the group's addresses. */
static void join_groups(struct parser *p)
{
	size_t services = p->k->count, i, j;

	for (i = 0; i < services; i++)
		for (j = 0; j < p->members.count; j++) {
			struct keepalived_service joined = p->k->services[i];
			const struct keepalived_service *member = &p->members.services[j];

			if (!joined.group || strcmp(joined.group, member->group))
				continue;
			joined.first = member->first;
			joined.more = member->more;
			joined.fwmark = member->fwmark;
			joined.group = NULL;
			joined.file = xstrdup(joined.file);
			add_service(p->k, &joined);
		}
}

static void free_services(struct keepalived *k)
{
	size_t i;

	for (i = 0; i < k->count; i++) {
		free(k->services[i].file);
		free(k->services[i].group);
	}
	free(k->services);
	k->services = NULL;
	k->count = 0;
}

void keepalived_parse(struct keepalived *k, const char *path)
{
	struct parser p = { .k = k };
	size_t i;

	parse_file(&p, path);
	join_groups(&p);
	free_services(&p.members);
	for (i = 0; i < p.variable_count; i++) {
		free(p.names[i]);
		free(p.values[i]);
	}
}

/* --- the process ---------------------------------------------------------------------- */

/* The letters of one word.  Return: -f's value, "" if it is the next word; else NULL. */
static const char *read_letters(struct keepalived *k, const char *letters)
{
	for (; *letters; letters++) {
		if (*letters == 'I')
			k->keeps = true;
		if (*letters == 'P')
			k->vrrp_only = true;
		if (*letters == 'f')
			return letters + 1;
		/* these take a value, and the rest of the word is it */
		if (strchr("uSpisrcbMgt", *letters))
			return NULL;
	}
	return NULL;
}

const char *keepalived_arguments(struct keepalived *k, int argc, char **argv)
{
	const char *file = NULL, *found;
	int i;

	for (i = 0; i < argc; i++) {
		const char *word = argv[i];

		found = NULL;
		if (!strcmp(word, "--dont-release-ipvs"))
			k->keeps = true;
		else if (!strcmp(word, "--vrrp"))
			k->vrrp_only = true;
		else if (!strncmp(word, "--use-file=", 11))
			found = word + 11;
		else if (!strcmp(word, "--use-file"))
			found = "";
		else if (*word == '-' && word[1] != '-')
			found = read_letters(k, word + 1);
		if (found && !*found && i + 1 < argc)
			found = argv[++i];
		if (found)
			file = found;
	}
	return file;
}

/* /proc/PID/NAME, at most @size - 1 octets.  Return: how many. */
static size_t read_of(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	size_t len = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	file = fopen(path, "re");
	if (file) {
		len = fread(text, 1, size - 1, file);
		fclose(file);
	}
	text[len] = '\0';
	return len;
}

static bool is_here(pid_t pid)
{
	char path[64], own[64], its[64];
	ssize_t own_len, its_len;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	its_len = readlink(path, its, sizeof(its));
	own_len = readlink("/proc/self/ns/net", own, sizeof(own));
	return its_len > 0 && its_len == own_len && !memcmp(own, its, (size_t)its_len);
}

/* Its children are it, too: the one with the lowest number was first. */
static pid_t find_process(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0, pid;
	char comm[32];

	/* cppcheck-suppress readdirCalled ; one thread */
	while (proc && (entry = readdir(proc))) {
		pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (pid <= 0 || (found && found < pid))
			continue;
		read_of(pid, "comm", comm, sizeof(comm));
		if (!strcmp(comm, "keepalived\n") && is_here(pid))
			found = pid;
	}
	if (proc)
		closedir(proc);
	return found;
}

/* The paths as it sees them. */
static void forget_root(struct keepalived *k)
{
	char root[32];
	size_t i, len;

	len = (size_t)snprintf(root, sizeof(root), "/proc/%d/root", (int)k->pid);
	for (i = 0; i < k->count; i++) {
		char *file = k->services[i].file;

		if (!strncmp(file, root, len))
			memmove(file, file + len, strlen(file + len) + 1);
	}
}

/* It may be in a container. */
static void set_file(struct keepalived *k, const char *file)
{
	char path[PATH_MAX];

	if (!file)
		file = DEFAULT_FILE;
	if (k->pid)
		snprintf(path, sizeof(path), "/proc/%d/%s/%s", (int)k->pid,
			 *file == '/' ? "root" : "cwd", file + (*file == '/'));
	else
		snprintf(path, sizeof(path), "%s", file);
	if (k->vrrp_only || access(path, R_OK))
		return;
	keepalived_parse(k, path);
	forget_root(k);
	k->file = xstrdup(file);
}

static void read_process(struct keepalived *k)
{
	char text[TEXT_MAX], *argv[ARGUMENTS_MAX];
	size_t len = read_of(k->pid, "cmdline", text, sizeof(text)), at;
	int argc = 0;

	for (at = strlen(text) + 1; at < len && argc < ARGUMENTS_MAX;
	     at += strlen(text + at) + 1)
		argv[argc++] = text + at;
	set_file(k, keepalived_arguments(k, argc, argv));
}

/* DAEMON_ARGS of Debian's unit. */
static void read_default(struct keepalived *k)
{
	char *argv[ARGUMENTS_MAX], *line = NULL, *rest, *word;
	FILE *file = fopen(DEFAULT_ARGUMENTS, "re");
	const char *config = NULL;
	size_t size = 0;
	int argc = 0;

	while (file && getline(&line, &size, file) >= 0) {
		if (strncmp(line, "DAEMON_ARGS=", 12))
			continue;
		argc = 0;
		for (word = strtok_r(line + 12, " \t\"'\n", &rest);
		     word && argc < ARGUMENTS_MAX;
		     word = strtok_r(NULL, " \t\"'\n", &rest))
			argv[argc++] = word;
		k->keeps = false;
		config = keepalived_arguments(k, argc, argv);
	}
	set_file(k, config);
	free(line);
	if (file)
		fclose(file);
}

void keepalived_read(struct keepalived *k)
{
	memset(k, 0, sizeof(*k));
	k->pid = find_process();
	if (k->pid)
		read_process(k);
	else
		read_default(k);
}

void keepalived_destroy(struct keepalived *k)
{
	free_services(k);
	free(k->file);
	k->file = NULL;
}
