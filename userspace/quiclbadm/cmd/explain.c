// SPDX-License-Identifier: GPL-2.0-only
/* explain: what the director does with each datagram of a capture. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/parse.h"
#include "cmd/cmd.h"
#include "common/xalloc.h"
#include "diag/capfile.h"
#include "diag/explain.h"
#include "diag/predict.h"
#include "kernel/kernel.h"
#include "restore/state_file.h"

enum {
	DATAGRAM_MAX = 65527,		/* octets, of a UDP payload */
};

struct run {
	const struct args *args;
	struct predictor predictor;
	unsigned long frames;
	unsigned long others;		/* not for a service */
};

/* Of a service by firewall mark a capture only shows the family. */
static bool is_to(const struct service *svc, const struct endpoint *dst)
{
	return svc->id.fwmark ? svc->id.vip.af == dst->af :
				endpoint_eq(&svc->id.vip, dst);
}

/* A service by firewall mark is only meant when it is named. */
static bool is_meant(const struct run *run, const struct service *svc,
		     const struct endpoint *dst)
{
	const struct args *args = run->args;

	if (!service_is_quic(svc))
		return false;
	if (given(args, O(SERVICE)))
		return service_id_eq(&svc->id, &args->service) &&
		       (!dst || is_to(svc, dst));
	return !dst || (!svc->id.fwmark && is_to(svc, dst));
}

static bool find_service(const struct run *run, const struct endpoint *dst,
			 size_t *at)
{
	const struct state *state = run->predictor.state;

	for (*at = 0; *at < state->count; ++*at)
		if (is_meant(run, state->services[*at], dst))
			return true;
	return false;
}

static int explain(struct run *run, size_t at, const struct packet *packet)
{
	struct explained e = {
		.number = run->frames,
		.service = run->predictor.state->services[at],
		.packet = packet,
	};
	int err;

	err = predict(&run->predictor, at, packet->payload, packet->view,
		      packet->len, &packet->src, &packet->dst, &e.prediction);
	if (err)
		return err;
	if (given(run->args, O(JSON)))
		explain_print_json(&e);
	else
		explain_print(&e);
	return 0;
}

static int on_frame(const uint8_t *data, size_t len, void *arg)
{
	struct run *run = arg;
	struct packet packet;
	size_t at;

	run->frames++;
	if (data && packet_parse(data, len, &packet) && packet.is_udp &&
	    find_service(run, &packet.dst, &at))
		return explain(run, at, &packet);
	run->others++;
	return 0;
}

/* One UDP payload on the command line; the sender is not known. */
static int explain_hex(struct run *run, const char *hex)
{
	struct packet packet = { .is_udp = true };
	uint8_t *octets;
	size_t at, other;
	int err;

	if (!find_service(run, NULL, &at))
		return refuse("explain: there is no service with scheduler quic");
	for (other = at + 1; other < run->predictor.state->count; other++)
		if (is_meant(run, run->predictor.state->services[other], NULL))
			return bad_usage("explain: there are several services; -u or -f");
	octets = xcalloc(1, DATAGRAM_MAX);
	err = parse_hex("explain", hex, octets, 1, DATAGRAM_MAX, &packet.len);
	packet.payload = octets;
	packet.view = packet.len;
	run->frames++;
	if (!err)
		err = explain(run, at, &packet);
	free(octets);
	return err;
}

/* What is decoded here needs the keys themselves. */
static int check_keys(const char *path, const struct state *state)
{
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN];
	size_t i, j;

	for (i = 0; i < state->count; i++) {
		const struct service *svc = state->services[i];

		for (j = 0; j < svc->config_count; j++)
			if (svc->configs[j].keyed && !svc->configs[j].have_key)
				return refuse("%s: of the key of %s of %s it has the fingerprint alone",
					      path,
					      config_str(svc->configs[j].id,
							 svc->configs[j].tenant,
							 config_name),
					      service_str(&svc->id, name));
	}
	return 0;
}

static int load(const struct args *args, struct state *state)
{
	const struct service_id *id = given(args, O(SERVICE)) ?
				      &args->service : NULL;
	char name[SERVICE_STRLEN];

	memset(state, 0, sizeof(*state));
	if (!given(args, O(SAVED)))
		return id ? kernel_load_quic(state, id) :
			    kernel_load(state, NULL);
	if (state_file_read(args->saved, 0, state))
		return EXIT_REFUSED;
	if (id && !state_find(state, id))
		return refuse("%s: no service %s in it", args->saved,
			      service_str(id, name));
	return check_keys(args->saved, state);
}

/* What has other characters than hex digits is the name of a file. */
static bool is_hex(const char *operand)
{
	return !operand[strspn(operand, "0123456789abcdefABCDEF")];
}

int cmd_explain(const struct args *args)
{
	const char *operand = args->operands[0];
	struct run run = { .args = args };
	struct state state;
	int err;

	err = load(args, &state);
	if (!err) {
		predictor_init(&run.predictor, &state, !given(args, O(SAVED)));
		err = is_hex(operand) ? explain_hex(&run, operand) :
		      capfile_read(operand, on_frame, &run);
		predictor_destroy(&run.predictor);
		if (!err && run.others && !given(args, O(JSON)))
			printf("%lu of %lu frames are no datagram to such a service.\n",
			       run.others, run.frames);
	}
	state_destroy(&state);
	return err;
}
