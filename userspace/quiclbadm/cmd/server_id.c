// SPDX-License-Identifier: GPL-2.0-only
/* server-id add, del, list */
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/server_id_refusal.h"
#include "kernel/kernel.h"
#include "kernel/quic.h"
#include "output/json.h"
#include "output/text.h"

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

	if (!err)
		return 0;
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
