// SPDX-License-Identifier: GPL-2.0-only
/* server-id add, del, move, list */
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/server_id_refusal.h"
#include "cmd/server_id_warning.h"
#include "kernel/kernel.h"
#include "kernel/quic.h"
#include "output/json.h"
#include "output/text.h"
#include "restore/transaction.h"

int cmd_server_id_add(const struct args *args)
{
	struct quic_change change = {
		.service = &args->service,
		.flags = given(args, O(ABSENT)) ? IP_VS_QUIC_F_ABSENT : 0,
		.maps = args->sids,
		.map_count = args->sid_count,
	};
	char server[ENDPOINT_STRLEN], service[SERVICE_STRLEN], what[256];
	int err = quic_set(&change);

	if (!err) {
		server_id_warn_after(&change);
		return 0;
	}
	snprintf(what, sizeof(what), "server IDs of %s in %s",
		 endpoint_str(&args->server, server),
		 service_str(&args->service, service));
	return server_id_refusal(&change, IP_VS_QUIC_CMD_SET, err, what);
}

int cmd_server_id_del(const struct args *args)
{
	struct quic_change change = {
		.service = &args->service,
		.maps = args->sids,
		.map_count = args->sid_count,
		.all_of = args->sid_count ? NULL : &args->server,
	};
	char service[SERVICE_STRLEN], what[256];
	int err;

	if (!given(args, O(SERVER) | O(SERVER_ID)))
		return bad_usage("server-id del: neither -r nor --server-id is given");
	err = quic_del(&change);
	if (!err)
		return 0;
	snprintf(what, sizeof(what), "server IDs of %s",
		 service_str(&args->service, service));
	return server_id_refusal(&change, IP_VS_QUIC_CMD_DEL, err, what);
}

static int give_away(const struct args *args, struct service *svc)
{
	char sid[SID_STRLEN], server[ENDPOINT_STRLEN], name[SERVICE_STRLEN];
	struct mapping *map;
	size_t i;

	service_str(&svc->id, name);
	if (!given(args, O(ABSENT)) && !service_find_dest(svc, &args->server))
		return refuse("real server %s of %s: not in the pool; add it by -a, or give --absent",
			      endpoint_str(&args->server, server), name);
	for (i = 0; i < args->sid_count; i++) {
		map = service_find_mapping(svc, &args->sids[i]);
		if (!map)
			return refuse("server ID %s of %s: no server has it; server-id add gives it to one",
				      sid_str(&args->sids[i], sid), name);
		map->server = args->server;
	}
	service_sort(svc);
	return 0;
}

/*
 * Deleting a server ID and adding it again would leave datagrams without a server in
 * between: this is one request, after which the datapath has the new map.
 */
int cmd_server_id_move(const struct args *args)
{
	struct state before, wanted = { 0 };
	int err;

	err = kernel_load_quic(&before, &args->service);
	if (!err)
		err = kernel_load_quic(&wanted, &args->service);
	if (!err)
		err = give_away(args, wanted.services[0]);
	if (!err)
		err = transaction_apply(&before, &wanted);
	state_destroy(&before);
	state_destroy(&wanted);
	return err;
}

int cmd_server_id_list(const struct args *args)
{
	const struct endpoint *only = NULL;
	struct state state;
	int err;

	if (given(args, O(SERVER)))
		only = &args->server;
	err = kernel_load(&state,
			  given(args, O(SERVICE)) ? &args->service : NULL);
	if (!err && given(args, O(JSON)))
		print_server_ids_json(&state, only);
	else if (!err)
		print_server_ids(&state, only);
	state_destroy(&state);
	return err;
}
