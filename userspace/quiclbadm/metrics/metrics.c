// SPDX-License-Identifier: GPL-2.0-only
/*
 * One table of metrics.  Documentation/metrics.rst has the same names, and labels; a
 * test compares.
 */
#include "metrics/metrics.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/clock.h"
#include "model/fingerprint.h"
#include "model/layout.h"
#include "model/outcome.h"
#include "output/names.h"

/* A metric, and one of the two functions that write its samples. */
struct row {
	struct metric metric;
	void (*whole)(struct exposition *to, const struct metrics *metrics);
	void (*service)(struct exposition *to, const struct service *svc,
			unsigned int what);
	unsigned int what;		/* for the latter */
};

/* --- labels --- */

static void begin_of_service(struct exposition *to, const struct service *svc)
{
	char name[SERVICE_STRLEN];

	sample_begin(to);
	sample_label(to, "service", service_str(&svc->id, name));
}

static void begin_of_config(struct exposition *to, const struct service *svc,
			    const struct config *config)
{
	begin_of_service(to, svc);
	sample_label_number(to, "config", config->id);
	sample_label_number(to, "tenant", config->tenant);
}

static void begin_of_server(struct exposition *to, const struct service *svc,
			    const struct endpoint *server)
{
	char address[ENDPOINT_STRLEN];

	begin_of_service(to, svc);
	sample_label(to, "server", endpoint_str(server, address));
}

/* --- the director --- */

static void build(struct exposition *to, const struct metrics *metrics)
{
	const uint32_t version = metrics->ipvs->version;
	char ipvs[16];

	snprintf(ipvs, sizeof(ipvs), "%u.%u.%u", version >> 16 & 0xff,
		 version >> 8 & 0xff, version & 0xff);
	sample_begin(to);
	sample_label(to, "version", QUICLB_VERSION);
	sample_label(to, "module", metrics->module ? metrics->module : "");
	sample_label(to, "ipvs", ipvs);
	sample_label(to, "kernel", metrics->kernel);
	sample_value(to, 1);
}

static void uptime(struct exposition *to, const struct metrics *metrics)
{
	(void)metrics;
	sample_begin(to);
	sample_seconds(to, 1000 * clock_uptime());
}

static void module_loaded(struct exposition *to, const struct metrics *metrics)
{
	sample_begin(to);
	sample_value(to, metrics->module != NULL);
}

static void services(struct exposition *to, const struct metrics *metrics)
{
	uint64_t count = 0;
	size_t i;

	for (i = 0; i < metrics->state->count; i++)
		count += service_is_quic(metrics->state->services[i]);
	sample_begin(to);
	sample_value(to, count);
}

static void express(struct exposition *to, const struct metrics *metrics)
{
	size_t i;
	uint32_t j;

	for (i = 0; i < metrics->state->device_count; i++) {
		const struct device *device = &metrics->state->devices[i];

		for (j = 0; j < device->outcome_count; j++) {
			sample_begin(to);
			sample_label(to, "device", device->name);
			sample_label(to, "mode",
				     j == IP_VS_QUIC_EXPRESS_DRIVER ? "driver" : "ingress");
			sample_label(to, "outcome", express_name(j));
			sample_value(to, device->outcomes[j]);
		}
	}
}

/* --- services --- */

static void service_info(struct exposition *to, const struct service *svc,
			 unsigned int what)
{
	const struct service_id *id = &svc->id;
	char address[INET6_ADDRSTRLEN] = "";

	(void)what;
	begin_of_service(to, svc);
	if (id->fwmark) {
		sample_label_number(to, "fwmark", id->fwmark);
	} else {
		inet_ntop(id->vip.af, id->vip.addr, address, sizeof(address));
		sample_label(to, "address", address);
		sample_label_number(to, "port", id->vip.port);
	}
	sample_label(to, "family", id->vip.af == AF_INET6 ? "ipv6" : "ipv4");
	sample_value(to, 1);
}

enum server_state {
	SERVER_SERVING,
	SERVER_DRAINED,
	SERVER_HELD,
	SERVER_ABSENT,
	SERVER_STATES,
};

static void service_servers(struct exposition *to, const struct service *svc,
			    unsigned int what)
{
	static const char *const names[SERVER_STATES] = {
		[SERVER_SERVING] = "serving",
		[SERVER_DRAINED] = "drained",
		[SERVER_HELD] = "held",
		[SERVER_ABSENT] = "absent",
	};
	uint64_t counts[SERVER_STATES] = { 0 };
	const struct mapping *maps;
	size_t i, at = 0, count;

	(void)what;
	for (i = 0; i < svc->dest_count; i++)
		counts[svc->dests[i].held ? SERVER_HELD :
		       svc->dests[i].weight ? SERVER_SERVING : SERVER_DRAINED]++;
	while ((maps = service_next_absent(svc, &at, &count)))
		counts[maps->held ? SERVER_HELD : SERVER_ABSENT]++;
	for (i = 0; i < SERVER_STATES; i++) {
		begin_of_service(to, svc);
		sample_label(to, "state", names[i]);
		sample_value(to, counts[i]);
	}
}

/* The pool is not that of IPVS: the module had no memory to make the new one. */
static void service_rebuild(struct exposition *to, const struct service *svc,
			    unsigned int what)
{
	(void)what;
	begin_of_service(to, svc);
	sample_value(to, svc->rebuild_error != 0);
}

static void service_fingerprints(struct exposition *to, const struct service *svc,
				 unsigned int what)
{
	(void)what;
	if (!svc->contract)
		return;
	begin_of_service(to, svc);
	sample_value(to, service_fingerprint(svc));
}

static void service_configs(struct exposition *to, const struct service *svc,
			    unsigned int what)
{
	(void)what;
	begin_of_service(to, svc);
	sample_value(to, svc->config_count);
}

/* The outcomes by what they count: a sum over one kind makes sense. */
enum outcome_kind {
	KIND_CID,			/* what a datagram's CID says */
	KIND_INSTEAD,			/* where one went whose CID names no server */
	KIND_ICMP,
	KIND_OTHER,			/* of a newer module */
};

static enum outcome_kind kind_of(uint32_t outcome)
{
	return outcome <= IP_VS_QUIC_MALFORMED ? KIND_CID :
	       outcome <= IP_VS_QUIC_SCHED_NONE ? KIND_INSTEAD :
	       outcome <= IP_VS_QUIC_ICMP_TUNNEL ? KIND_ICMP : KIND_OTHER;
}

static void service_outcomes(struct exposition *to, const struct service *svc,
			     unsigned int kind)
{
	uint32_t i;

	for (i = 0; i < svc->outcome_count; i++) {
		if (kind_of(i) != kind)
			continue;
		begin_of_service(to, svc);
		sample_label(to, "outcome", outcome_name(i));
		sample_value(to, svc->outcomes[i]);
	}
}

static void service_reserved_short(struct exposition *to, const struct service *svc,
				   unsigned int what)
{
	(void)what;
	begin_of_service(to, svc);
	sample_value(to, svc->reserved_short);
}

static void service_counter(struct exposition *to, const struct service *svc,
			    unsigned int counter)
{
	begin_of_service(to, svc);
	sample_value(to, svc->counters[counter]);
}

/* --- configs --- */

static void config_info(struct exposition *to, const struct service *svc,
			unsigned int what)
{
	char fingerprint[9], layout[LAYOUT_STRLEN];
	size_t i;

	(void)what;
	for (i = 0; i < svc->config_count; i++) {
		const struct config *config = &svc->configs[i];

		begin_of_config(to, svc, config);
		sample_label(to, "algorithm", algorithm_name(config));
		sample_label_number(to, "server_id_len", config->server_id_len);
		sample_label_number(to, "nonce_len", config->nonce_len);
		if (config_is_layout(config))
			sample_label(to, "layout", layout_name(&config->layout, layout));
		if (config->keyed) {
			snprintf(fingerprint, sizeof(fingerprint), "%08x",
				 config->fingerprint);
			sample_label(to, "key_fingerprint", fingerprint);
		}
		sample_value(to, 1);
	}
}

enum config_counter {
	CONFIG_DATAGRAMS,
	CONFIG_MISSES,
};

static void config_counters(struct exposition *to, const struct service *svc,
			    unsigned int counter)
{
	size_t i;

	for (i = 0; i < svc->config_count; i++) {
		const struct config *config = &svc->configs[i];

		begin_of_config(to, svc, config);
		sample_value(to, counter == CONFIG_MISSES ? config->misses :
							    config->datagrams);
	}
}

static void config_age(struct exposition *to, const struct service *svc,
		       unsigned int what)
{
	size_t i;

	(void)what;
	for (i = 0; i < svc->config_count; i++) {
		const struct config *config = &svc->configs[i];

		begin_of_config(to, svc, config);
		if (config->seen)
			sample_seconds(to, config->last_seen);
		else
			sample_infinity(to);
	}
}

/* Tenants share the server IDs of a config ID. */
static void config_server_ids(struct exposition *to, const struct service *svc,
			      unsigned int what)
{
	uint64_t counts[QLB_CONFIGS_MAX] = { 0 };
	size_t i;

	(void)what;
	for (i = 0; i < svc->map_count; i++)
		if (svc->maps[i].config_id < QLB_CONFIGS_MAX)
			counts[svc->maps[i].config_id]++;
	for (i = 0; i < svc->config_count; i++) {
		if (svc->configs[i].tenant || svc->configs[i].id >= QLB_CONFIGS_MAX)
			continue;
		begin_of_service(to, svc);
		sample_label_number(to, "config", svc->configs[i].id);
		sample_value(to, counts[svc->configs[i].id]);
	}
}

/* --- servers --- */

static void server_weight(struct exposition *to, const struct service *svc,
			  unsigned int what)
{
	size_t i;

	(void)what;
	for (i = 0; i < svc->dest_count; i++) {
		begin_of_server(to, svc, &svc->dests[i].server);
		sample_value(to, svc->dests[i].weight);
	}
}

/* The servers with server IDs that are not in the pool as well. */
static void server_held(struct exposition *to, const struct service *svc,
			unsigned int what)
{
	const struct mapping *maps;
	size_t i, at = 0, count;

	(void)what;
	for (i = 0; i < svc->dest_count; i++) {
		begin_of_server(to, svc, &svc->dests[i].server);
		sample_value(to, svc->dests[i].held);
	}
	while ((maps = service_next_absent(svc, &at, &count))) {
		begin_of_server(to, svc, &maps->server);
		sample_value(to, maps->held);
	}
}

static void server_ids(struct exposition *to, const struct service *svc,
		       unsigned int what)
{
	const struct mapping *maps;
	size_t i, at = 0, count;

	(void)what;
	for (i = 0; i < svc->dest_count; i++) {
		service_maps_of(svc, &svc->dests[i].server, &count);
		begin_of_server(to, svc, &svc->dests[i].server);
		sample_value(to, count);
	}
	while ((maps = service_next_absent(svc, &at, &count))) {
		begin_of_server(to, svc, &maps->server);
		sample_value(to, count);
	}
}

static void server_connections(struct exposition *to, const struct service *svc,
			       unsigned int what)
{
	size_t i;

	(void)what;
	for (i = 0; i < svc->dest_count; i++) {
		const struct dest *dest = &svc->dests[i];

		begin_of_server(to, svc, &dest->server);
		sample_label(to, "state", "active");
		sample_value(to, dest->active);
		begin_of_server(to, svc, &dest->server);
		sample_label(to, "state", "inactive");
		sample_value(to, dest->inactive);
	}
}

/* Tenants share a config ID. */
static void server_configs(struct exposition *to, const struct service *svc,
			   unsigned int what)
{
	size_t i, j;

	(void)what;
	for (i = 0; svc->counts_servers && i < svc->dest_count; i++)
		for (j = 0; j < svc->config_count; j++) {
			const struct config *config = &svc->configs[j];

			if (config->tenant || config->id >= QLB_CONFIGS_MAX)
				continue;
			begin_of_server(to, svc, &svc->dests[i].server);
			sample_label_number(to, "config", config->id);
			sample_value(to, svc->dests[i].datagrams[config->id]);
		}
}

/* Only of a masqueraded server do answers pass the director. */
static bool is_counted(const struct dest *dest, unsigned int counter)
{
	return (counter != COUNT_OUTPKTS && counter != COUNT_OUTBYTES) ||
	       dest_is_masqueraded(dest);
}

static void server_counter(struct exposition *to, const struct service *svc,
			   unsigned int counter)
{
	size_t i;

	for (i = 0; i < svc->dest_count; i++) {
		if (!is_counted(&svc->dests[i], counter))
			continue;
		begin_of_server(to, svc, &svc->dests[i].server);
		sample_value(to, svc->dests[i].counters[counter]);
	}
}

/* --- the table --- */

#define GAUGE(name, help) { name, METRIC_GAUGE, NULL, help }
#define COUNTER(name, help) { name, METRIC_COUNTER, NULL, help }
#define BYTES(name, help) { name "_bytes", METRIC_COUNTER, "bytes", help }
#define INFO(name, help) { name, METRIC_INFO, NULL, help }
#define SECONDS(name, help) { name "_seconds", METRIC_GAUGE, "seconds", help }

static const struct row rows[] = {
	{ INFO("quiclb_build", "Versions of quiclbadm, of the module ip_vs_quic (empty: not loaded), of IPVS and of the kernel"),
	  build, NULL, 0 },
	{ GAUGE("quiclb_module_loaded", "1 if the module ip_vs_quic is loaded"),
	  module_loaded, NULL, 0 },
	{ SECONDS("quiclb_uptime", "Time since the machine was started: what was never seen was not seen for this long"),
	  uptime, NULL, 0 },
	{ GAUGE("quiclb_services", "Services with scheduler quic"),
	  services, NULL, 0 },
	{ COUNTER("quiclb_express_datagrams", "Datagrams to services that a device with the express path received, by what that path did with them"),
	  express, NULL, 0 },

	{ INFO("quiclb_service", "What the service is"),
	  NULL, service_info, 0 },
	{ GAUGE("quiclb_service_servers", "Real servers of the service: serving, drained (weight 0), held (taken out by another program), absent (has server IDs and is not in the pool)"),
	  NULL, service_servers, 0 },
	{ GAUGE("quiclb_service_rebuild_failed", "1 if the module could not follow a change of IPVS's servers, and uses the pool that it had before"),
	  NULL, service_rebuild, 0 },
	{ GAUGE("quiclb_service_fingerprint",
		"All that decides where datagrams go, as one number; directors that agree have the same"),
	  NULL, service_fingerprints, 0 },
	{ GAUGE("quiclb_service_configs", "QUIC-LB configs of the service"),
	  NULL, service_configs, 0 },
	{ COUNTER("quiclb_service_datagrams", "Datagrams to the service by what their connection IDs say; each is counted once"),
	  NULL, service_outcomes, KIND_CID },
	{ COUNTER("quiclb_service_reserved_short", "Datagrams of outcome unroutable-reserved with a short header: their connection IDs were made by servers without a config"),
	  NULL, service_reserved_short, 0 },
	{ COUNTER("quiclb_service_fallback_datagrams", "Datagrams whose connection ID named no server, by how their server was chosen instead"),
	  NULL, service_outcomes, KIND_INSTEAD },
	{ COUNTER("quiclb_service_icmp_errors", "ICMP errors about datagrams from the service, by what was done with them"),
	  NULL, service_outcomes, KIND_ICMP },
	{ COUNTER("quiclb_service_other_outcomes", "Outcomes of a module that is newer than quiclbadm"),
	  NULL, service_outcomes, KIND_OTHER },
	{ COUNTER("quiclb_service_new_connections", "Entries made for the service, in the table of 4-tuples and by IPVS"),
	  NULL, service_counter, COUNT_CONNS },
	{ COUNTER("quiclb_service_received_packets", "Packets from clients"),
	  NULL, service_counter, COUNT_INPKTS },
	{ BYTES("quiclb_service_received", "Bytes from clients, of IP packets"),
	  NULL, service_counter, COUNT_INBYTES },
	{ COUNTER("quiclb_service_sent_packets", "Packets of masqueraded servers to clients"),
	  NULL, service_counter, COUNT_OUTPKTS },
	{ BYTES("quiclb_service_sent", "Bytes of masqueraded servers to clients, of IP packets"),
	  NULL, service_counter, COUNT_OUTBYTES },

	{ INFO("quiclb_config", "What the config is; of its key the fingerprint"),
	  NULL, config_info, 0 },
	{ COUNTER("quiclb_config_datagrams", "Datagrams whose connection ID the config decoded to the server ID of a server"),
	  NULL, config_counters, CONFIG_DATAGRAMS },
	{ COUNTER("quiclb_config_misses", "Connection IDs on which the config was tried in vain"),
	  NULL, config_counters, CONFIG_MISSES },
	{ SECONDS("quiclb_config_last_seen_age", "Time since the config decoded a connection ID; infinite if it never did"),
	  NULL, config_age, 0 },
	{ GAUGE("quiclb_config_server_ids", "Server IDs and prefixes that servers have with the config ID"),
	  NULL, config_server_ids, 0 },

	{ GAUGE("quiclb_server_weight", "Weight of the real server"),
	  NULL, server_weight, 0 },
	{ GAUGE("quiclb_server_held", "1 if another program, such as a health checker, set to 0 the weight that quiclbadm gave, or took the server away"),
	  NULL, server_held, 0 },
	{ GAUGE("quiclb_server_ids", "Server IDs and prefixes that lead to the real server"),
	  NULL, server_ids, 0 },
	{ COUNTER("quiclb_server_config_datagrams", "Datagrams whose connection ID names the real server by a config with this ID"),
	  NULL, server_configs, 0 },
	{ GAUGE("quiclb_server_connections", "Entries of 4-tuples, and connections of IPVS, that lead to the real server"),
	  NULL, server_connections, 0 },
	{ COUNTER("quiclb_server_new_connections", "Entries made with the real server, in the table of 4-tuples and by IPVS"),
	  NULL, server_counter, COUNT_CONNS },
	{ COUNTER("quiclb_server_received_packets", "Packets to the real server"),
	  NULL, server_counter, COUNT_INPKTS },
	{ BYTES("quiclb_server_received", "Bytes to the real server, of IP packets without the tunnel"),
	  NULL, server_counter, COUNT_INBYTES },
	{ COUNTER("quiclb_server_sent_packets", "Packets of a masqueraded server to clients"),
	  NULL, server_counter, COUNT_OUTPKTS },
	{ BYTES("quiclb_server_sent", "Bytes of a masqueraded server to clients, of IP packets"),
	  NULL, server_counter, COUNT_OUTBYTES },
};

static void of_services(struct exposition *to, const struct row *row,
			const struct state *state)
{
	size_t i;

	for (i = 0; i < state->count; i++)
		if (service_is_quic(state->services[i]))
			row->service(to, state->services[i], row->what);
}

void metrics_print(const struct metrics *metrics, enum exposition_format format,
		   FILE *out)
{
	struct exposition to = { .out = out, .format = format };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		metric_begin(&to, &rows[i].metric);
		if (rows[i].whole)
			rows[i].whole(&to, metrics);
		else
			of_services(&to, &rows[i], metrics->state);
	}
	exposition_end(&to);
}
