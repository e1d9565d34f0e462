// SPDX-License-Identifier: GPL-2.0-only
#include "output/rotation.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/printable.h"
#include "output/json_build.h"
#include "output/names.h"

static const char *step_what(const struct rotation *r, unsigned int step, char *buf)
{
	static const char *const formats[] = {
		[ROTATION_ADD] = "add config %u to the director, with a server ID of each real server",
		[ROTATION_SERVERS] = "give the real servers config %u (--step 2 prints what they need)",
		[ROTATION_MINTED] = "wait until connection IDs of config %u arrive from each real server",
		[ROTATION_UNSEEN] = "wait until none of config %u has arrived for %u s",
		[ROTATION_DELETE] = "delete config %u and its server IDs",
	};

	/* those that name one number more get one more */
	snprintf(buf, ROTATION_TEXT, formats[step],
		 step < ROTATION_UNSEEN ? r->new_id : r->old_id, r->unseen);
	return buf;
}

static void print_config_name(const struct config *config, unsigned int id)
{
	printf("config %u", id);
	if (config && config->keyed)
		printf(" (%s, key fingerprint %08x)", algorithm_name(config),
		       config->fingerprint);
	else if (config)
		printf(" (%s)", algorithm_name(config));
}

void print_rotation(const struct rotation *r)
{
	const unsigned int next = rotation_next(r);
	char service[SERVICE_STRLEN], what[ROTATION_TEXT];
	unsigned int step;

	printf("Rotation of %s from ", service_str(&r->svc->id, service));
	if (r->old_id == ROTATION_NO_ID)
		printf("a deleted config");
	else
		print_config_name(r->old, r->old_id);
	printf(" to ");
	print_config_name(r->new, r->new_id);
	putchar('\n');
	for (step = ROTATION_ADD; step <= ROTATION_STEPS; step++) {
		if (r->old_id == ROTATION_NO_ID && step >= ROTATION_UNSEEN)
			break;
		printf(" %u  %-5s %s\n", step,
		       r->done[step] ? "done" : step == next ? "next" : "-",
		       step_what(r, step, what));
		if (*r->missing[step])
			printf("          %s\n", r->missing[step]);
	}
	puts("Save the services after steps 1 and 5 (quiclbadm -S FILE), or the next boot undoes them.");
	if (next <= ROTATION_STEPS)
		puts("With several directors: step 1 on each of them before step 2; step 5 on any of them only when step 4 is done on all.");
}

/* Those of the new config that @server has. */
static json_t *server_ids_json(const struct rotation *r, const struct endpoint *server)
{
	json_t *array = need(json_array());
	const struct mapping *maps;
	size_t count, i;

	maps = service_maps_of(r->svc, server, &count);
	for (i = 0; i < count; i++) {
		json_t *object;

		if (maps[i].config_id != r->new_id)
			continue;
		object = need(json_object());
		set_number(object, "config", maps[i].config_id);
		set_hex(object, "server_id", maps[i].sid.octets, maps[i].sid.len);
		set(object, "prefix", json_boolean(maps[i].prefix));
		append(array, object);
	}
	return array;
}

static json_t *servers_json(const struct rotation *r)
{
	json_t *array = need(json_array());
	size_t i, count;

	for (i = 0; i < r->svc->map_count; i += count) {
		const struct endpoint *server = &r->svc->maps[i].server;
		const struct dest *dest = service_find_sorted_dest(r->svc, server);
		json_t *object = need(json_object());

		service_maps_of(r->svc, server, &count);
		set_endpoint(object, server);
		set(object, "present", json_boolean(dest));
		set(object, "server_ids", server_ids_json(r, server));
		if (r->svc->counts_servers && dest)
			set_number(object, "datagrams", dest->datagrams[r->new_id]);
		append(array, object);
	}
	return array;
}

static json_t *steps_json(const struct rotation *r)
{
	json_t *array = need(json_array());
	char what[ROTATION_TEXT];
	unsigned int step;

	for (step = ROTATION_ADD; step <= ROTATION_STEPS; step++) {
		json_t *object = need(json_object());

		set_number(object, "step", step);
		if (r->old_id != ROTATION_NO_ID || step < ROTATION_UNSEEN)
			set_text(object, "what", step_what(r, step, what));
		set(object, "done", json_boolean(r->done[step]));
		if (*r->missing[step])
			set_text(object, "missing", r->missing[step]);
		append(array, object);
	}
	return array;
}

void print_rotation_json(const struct rotation *r)
{
	const unsigned int next = rotation_next(r);
	json_t *object = need(json_object());

	set(object, "service", service_id_json(&r->svc->id));
	set(object, "old_config", r->old_id == ROTATION_NO_ID ? json_null() :
	    json_integer(r->old_id));
	set_number(object, "new_config", r->new_id);
	set_number(object, "unseen_s", r->unseen);
	set(object, "next_step", next > ROTATION_STEPS ? json_null() :
	    json_integer(next));
	set(object, "steps", steps_json(r));
	set(object, "servers", servers_json(r));
	dump(object);
}

/* "-u 192.0.2.1:443" */
static void print_service_option(const struct service_id *id)
{
	char vip[ENDPOINT_STRLEN];

	if (id->fwmark)
		printf("-f %u%s", id->fwmark, id->vip.af == AF_INET6 ? " -6" : "");
	else
		printf("-u %s", endpoint_str(&id->vip, vip));
}

/* Of a real server by the new config, if the module counts them. */
static void print_datagrams(const struct rotation *r, const struct endpoint *server)
{
	const struct dest *dest = service_find_sorted_dest(r->svc, server);

	if (r->svc->counts_servers && dest)
		printf("%" PRIu64 " datagrams  ", dest->datagrams[r->new_id]);
}

void print_rotation_servers(const struct rotation *r)
{
	const struct config *config = r->new;
	char server[ENDPOINT_STRLEN], sid[SID_STRLEN];
	size_t i;

	printf("Give the real servers config %u: server ID of %u octets, nonce of %u, %s",
	       r->new_id, config->server_id_len, config->nonce_len,
	       algorithm_name(config));
	if (config->keyed) {
		printf(", key with fingerprint %08x, from ", config->fingerprint);
		print_printable(stdout, config->key_source ? config->key_source :
							     "standard input");
	}
	printf(".\nquiclbadm server-config ");
	print_service_option(&r->svc->id);
	printf(" --id %u -r SERVER prints that for a real server's configuration.\n"
	       "Datagrams have one of its connection IDs that names the real server; trace waits for the next one.\n",
	       r->new_id);
	for (i = 0; i < r->svc->map_count; i++) {
		const struct mapping *map = &r->svc->maps[i];

		if (map->config_id != r->new_id)
			continue;
		printf("  -> %-28s %-32s ", endpoint_str(&map->server, server),
		       sid_value_str(map, sid));
		print_datagrams(r, &map->server);
		printf("quiclbadm trace ");
		print_service_option(&r->svc->id);
		printf(" --server-id '%s' --count 1\n", sid_str(map, sid));
	}
}
