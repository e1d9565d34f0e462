// SPDX-License-Identifier: GPL-2.0-only
/*
 * check-director: would this director forward a service's datagrams?  What announces a
 * VIP (keepalived's track_script, a unit beside a BGP daemon) asks it.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "common/err.h"
#include "doctor/probe.h"
#include "doctor/probe_ways.h"
#include "kernel/ipvs.h"
#include "kernel/kernel.h"
#include "output/json_build.h"
#include "system/proc.h"

enum {
	FIRST_SERVERS = 8,		/* asked at once; one that answers is enough */
	SERVERS_AT_ONCE = 128,		/* each probe has a socket */
};

struct inquiry {
	const struct args *args;
	const struct service *svc;
	char name[SERVICE_STRLEN];
	size_t asked;			/* servers */
	const struct probe *answer;	/* the first one */
	struct probe probes[SERVERS_AT_ONCE * PROBE_WAYS_MAX];
	size_t count;
};

/* While IPVS's daemon is a backup, be it a master as well, IPVS may be told to forward nothing. */
static int check_backup(const struct inquiry *q)
{
	struct ipvs_daemon daemons[IPVS_DAEMONS_MAX];
	int backup_only = 0;
	size_t count = 0, i;

	proc_sysctl(&backup_only, "net/ipv4/vs/backup_only");
	if (!backup_only || ipvs_get_daemons(daemons, &count))
		return 0;
	for (i = 0; i < count && daemons[i].state != IP_VS_STATE_BACKUP; i++)
		;
	if (i == count)
		return 0;
	return refuse("%s: this director forwards nothing: its sync daemon is a backup, and net.ipv4.vs.backup_only is 1",
		      q->name);
}

/* A server answers if it does so by every way. */
static void find_answer(struct inquiry *q)
{
	const struct probe *first = NULL;
	bool alive = false;
	size_t i;

	for (i = 0; i < q->count && !q->answer; i++) {
		const struct probe *probe = &q->probes[i];
		const bool last = i + 1 == q->count ||
				  !endpoint_eq(&probe[1].fwd.server, &probe->fwd.server);

		if (!first) {
			first = probe;
			alive = true;
		}
		alive &= probe->result == PROBE_ALIVE;
		if (last && alive)
			q->answer = first;
		if (last)
			first = NULL;
	}
}

static int ask(struct inquiry *q)
{
	struct probe_params params = {
		.from = q->args->from,
		.timeout_ms = q->args->wait_ms,
	};
	int err = 0;

	if (!q->count)
		return 0;
	if (!given(q->args, O(FROM)))
		err = probe_find_source(&q->probes[0], &params.from);
	if (!err)
		err = probe_run(q->probes, q->count, &params);
	if (!err)
		find_answer(q);
	q->count = 0;
	return err;
}

/* The servers in their order, until one answers. */
static int ask_servers(struct inquiry *q, bool *local)
{
	size_t i, room = FIRST_SERVERS;
	int err = 0;

	for (i = 0; !err && !q->answer && i < q->svc->dest_count; i++) {
		const struct dest *dest = &q->svc->dests[i];
		const struct probe probe = probe_of_dest(q->svc, dest, &dest->server);

		if (!dest->weight)
			continue;
		*local |= dest->forward == IP_VS_CONN_F_LOCALNODE;
		if (!probe_can_ask(&probe.fwd))
			continue;
		q->count += probe_ways(&probe, q->svc, &q->probes[q->count]);
		q->asked++;
		if (q->asked < room)
			continue;
		err = ask(q);
		room += SERVERS_AT_ONCE;
	}
	return err || q->answer ? err : ask(q);
}

static void print_json(const struct inquiry *q, bool forwards)
{
	json_t *object = need(json_object());

	set(object, "service", service_id_json(&q->svc->id));
	set(object, "forwards", json_boolean(forwards));
	set_number(object, "asked", q->asked);
	if (q->answer) {
		set_nested_endpoint(object, "server", &q->answer->fwd.server);
		set_number(object, "latency_us", q->answer->latency_us);
	}
	dump(object);
}

static int tell(const struct inquiry *q, bool local)
{
	const bool forwards = q->answer || (local && !q->asked);
	char server[ENDPOINT_STRLEN];

	if (given(q->args, O(JSON))) {
		print_json(q, forwards);
		return forwards ? 0 : EXIT_REFUSED;
	}
	if (q->answer)
		printf("%s is forwarded: %s answers, in %u.%03u ms\n", q->name,
		       doctor_addr_str(&q->answer->fwd.server, server),
		       (unsigned int)(q->answer->latency_us / 1000),
		       (unsigned int)(q->answer->latency_us % 1000));
	else if (forwards)
		printf("%s is delivered to this host, which is its real server\n", q->name);
	else if (q->asked)
		return refuse("%s: of %zu real servers with weight none answers within %u ms (quiclbadm doctor -u %s --from ADDRESS)",
			      q->name, q->asked, q->args->wait_ms, q->name);
	else
		return refuse("%s: no real server has weight", q->name);
	return 0;
}

int cmd_check_director(const struct args *args)
{
	struct inquiry q = { .args = args };
	struct state state;
	bool local = false;
	int err;

	if (args->service.fwmark)
		return bad_usage("-f: servers are asked for one address and port of the service (-u VIP:PORT)");
	service_str(&args->service, q.name);
	err = kernel_load_quic(&state, &args->service);
	if (!err) {
		q.svc = state.services[0];
		err = check_backup(&q);
	}
	if (!err)
		err = ask_servers(&q, &local);
	if (!err)
		err = tell(&q, local);
	state_destroy(&state);
	return err;
}
