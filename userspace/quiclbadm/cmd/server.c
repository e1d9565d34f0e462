// SPDX-License-Identifier: GPL-2.0-only
/*
 * -a, -e, -d: real servers.  A real server lives in IPVS and its server IDs in
 * our family, so each command is up to three requests.  They are made in an
 * order in which every state in between forwards what the states before and
 * after forward, and when one is refused those before it are taken back.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/build.h"
#include "cmd/cmd.h"
#include "cmd/server_id_refusal.h"
#include "cmd/server_id_warning.h"
#include "common/xalloc.h"
#include "kernel/ipvs.h"
#include "kernel/kernel.h"
#include "kernel/quic.h"
#include "restore/record.h"

/* A command at work on one real server. */
struct job {
	const struct args *args;
	struct state state;		/* before */
	struct mapping *gain;		/* server IDs it gets */
	size_t gain_count;
	struct mapping *lose;		/* and those it must give up */
	size_t lose_count;
};

static int refusal(const struct job *job, enum nl_family family, uint8_t cmd,
		   int err)
{
	char server[ENDPOINT_STRLEN], service[SERVICE_STRLEN];

	return kernel_refusal(family, cmd, err, "real server %s of %s",
			      endpoint_str(&job->args->server, server),
			      service_str(&job->args->service, service));
}

static int put_dest(const struct job *job, uint8_t cmd, const struct dest *dest)
{
	int err = ipvs_put_dest(cmd, &job->args->service, dest);

	return err ? refusal(job, NL_IPVS, cmd, err) : 0;
}

static int server_id_refusal_of(const struct job *job,
				const struct quic_change *change, int err)
{
	char server[ENDPOINT_STRLEN], service[SERVICE_STRLEN], what[256];

	snprintf(what, sizeof(what), "real server %s of %s",
		 endpoint_str(&job->args->server, server),
		 service_str(&job->args->service, service));
	return server_id_refusal(change, IP_VS_QUIC_CMD_SET, err, what);
}

static int gain_server_ids(const struct job *job)
{
	struct quic_change change = {
		.service = &job->args->service,
		.flags = IP_VS_QUIC_F_ABSENT,
		.maps = job->gain,
		.map_count = job->gain_count,
	};
	int err;

	if (!job->gain_count)
		return 0;
	err = quic_set(&change);
	return err ? server_id_refusal_of(job, &change, err) : 0;
}

static void warn_of_gain(const struct job *job)
{
	const struct quic_change change = {
		.service = &job->args->service,
		.maps = job->gain,
		.map_count = job->gain_count,
	};

	if (job->gain_count)
		server_id_warn_after(&change);
}

static int lose_server_ids(const struct job *job)
{
	struct quic_change change = {
		.service = &job->args->service,
		.maps = job->lose,
		.map_count = job->lose_count,
	};
	int err;

	if (!job->lose_count)
		return 0;
	err = quic_del(&change);
	return err ? refusal(job, NL_QUIC, IP_VS_QUIC_CMD_DEL, err) : 0;
}

/* After a refusal, whose error is printed already: nothing may stay behind. */
static void give_back(const struct job *job)
{
	struct quic_change change = {
		.service = &job->args->service,
		.maps = job->gain,
		.map_count = job->gain_count,
	};

	if (job->gain_count && quic_del(&change))
		caution("the new server IDs could not be taken back");
}

static void put_back(const struct job *job, uint8_t cmd, const struct dest *dest)
{
	if (ipvs_put_dest(cmd, &job->args->service, dest))
		caution("the real server could not be put back");
}

/* Those of @from that are not in @without, both sorted by server ID. */
static struct mapping *difference(const struct mapping *from, size_t from_count,
				  const struct mapping *without,
				  size_t without_count, size_t *count)
{
	struct mapping *rest = xcalloc(from_count, sizeof(*rest));
	size_t i, j = 0;

	*count = 0;
	for (i = 0; i < from_count; i++) {
		while (j < without_count &&
		       mapping_cmp_by_sid(&without[j], &from[i]) < 0)
			j++;
		if (j == without_count ||
		    mapping_cmp_by_sid(&without[j], &from[i]))
			rest[(*count)++] = from[i];
	}
	return rest;
}

/*
 * Which server IDs change hands.  A server ID of another server is left in
 * gain[], for the kernel to refuse.
 */
static int job_begin(struct job *job, const struct args *args, bool exact)
{
	const struct mapping *has;
	size_t has_count;
	int err;

	memset(job, 0, sizeof(*job));
	job->args = args;
	err = args->sid_count ? kernel_load_quic(&job->state, &args->service) :
				kernel_load(&job->state, &args->service);
	if (err)
		return err;
	has = service_maps_of(job->state.services[0], &args->server, &has_count);
	if (args->sid_count)
		job->gain = difference(args->sids, args->sid_count, has,
				       has_count, &job->gain_count);
	if (exact)
		job->lose = difference(has, has_count, args->sids,
				       args->sid_count, &job->lose_count);
	return 0;
}

static void job_end(struct job *job)
{
	free(job->gain);
	free(job->lose);
	state_destroy(&job->state);
}

/* Without a signal in between. */
static int job_run(const struct job *job, int (*what)(const struct job *job))
{
	int err;

	kernel_hold_signals(true);
	err = what(job);
	kernel_hold_signals(false);
	return err;
}

/* Known by its IDs before it gets traffic: the fallback picks it at once. */
static int add_server(const struct job *job)
{
	struct dest dest;
	int err;

	dest_init(&dest, &job->args->server);
	build_dest(job->args, &dest);
	err = gain_server_ids(job);
	if (err)
		return err;
	err = put_dest(job, IPVS_CMD_NEW_DEST, &dest);
	if (err)
		give_back(job);
	else
		record_note(&job->args->service, &dest.server, dest.weight);
	return err;
}

int cmd_add_server(const struct args *args)
{
	struct job job = { .args = args };
	int err = 0;

	/* without server IDs IPVS alone decides */
	if (args->sid_count)
		err = job_begin(&job, args, false);
	if (!err)
		err = job_run(&job, add_server);
	if (!err)
		warn_of_gain(&job);
	job_end(&job);
	return err;
}

/* A weight that was not given is still the other program's. */
static void note_weight(const struct job *job, const struct dest *dest)
{
	if (given(job->args, O(WEIGHT)))
		record_note(&job->args->service, &dest->server, dest->weight);
}

static int edit_server(const struct job *job)
{
	const struct dest *old;
	struct dest dest;
	int err;

	old = service_find_dest(job->state.services[0], &job->args->server);
	if (!old)
		return refusal(job, NL_IPVS, IPVS_CMD_SET_DEST, -ENOENT);
	dest = *old;
	build_dest(job->args, &dest);
	err = gain_server_ids(job);
	if (err)
		return err;
	err = put_dest(job, IPVS_CMD_SET_DEST, &dest);
	if (!err) {
		err = lose_server_ids(job);
		if (!err) {
			note_weight(job, &dest);
			return 0;
		}
		put_back(job, IPVS_CMD_SET_DEST, old);
	}
	give_back(job);
	return err;
}

int cmd_edit_server(const struct args *args)
{
	struct job job;
	int err = job_begin(&job, args, args->sid_count);

	if (!err)
		err = job_run(&job, edit_server);
	if (!err)
		warn_of_gain(&job);
	job_end(&job);
	return err;
}

static int delete_server(const struct job *job)
{
	const struct dest *old;
	int err;

	old = service_find_dest(job->state.services[0], &job->args->server);
	if (!old)
		return refusal(job, NL_IPVS, IPVS_CMD_DEL_DEST, -ENOENT);
	err = put_dest(job, IPVS_CMD_DEL_DEST, old);
	if (err)
		return err;
	err = lose_server_ids(job);
	if (err)
		put_back(job, IPVS_CMD_NEW_DEST, old);
	else
		record_note(&job->args->service, &job->args->server, 0);
	return err;
}

int cmd_delete_server(const struct args *args)
{
	struct job job;
	int err = job_begin(&job, args, !given(args, O(KEEP_SERVER_IDS)));

	if (!err)
		err = job_run(&job, delete_server);
	job_end(&job);
	return err;
}
