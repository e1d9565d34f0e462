// SPDX-License-Identifier: GPL-2.0-only
/* What "doctor" finds in the counters of a director, and in what the express path did. */
#include "capture.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/director.h"
#include "doctor/service_configs.h"

/* A service with one config and two real servers, each with its server ID: all right. */
struct sample {
	struct service svc;
	struct dest dests[2];
	struct mapping maps[512];
	struct report report;
};

/* None of the real servers is on it. */
static const struct host no_host;

static struct endpoint ep(const char *addr)
{
	struct endpoint ep = { .af = AF_INET, .port = 443 };

	assert_int_equal(inet_pton(AF_INET, addr, ep.addr), 1);
	return ep;
}

/* The map is sorted by server. */
static void add_map(struct sample *p, uint8_t config_id, uint8_t len,
		    unsigned int value, const char *server)
{
	struct mapping *map = &p->maps[p->svc.map_count++];

	map->config_id = config_id;
	map->sid.len = len;
	map->sid.octets[0] = (uint8_t)(value >> 8);
	map->sid.octets[1] = (uint8_t)value;
	map->server = ep(server);
}

static struct sample *sample(void)
{
	struct sample *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->svc.id.vip = ep("192.0.2.1");
	strcpy(p->svc.sched, "quic");
	p->svc.dests = p->dests;
	p->svc.dest_count = 2;
	p->svc.maps = p->maps;
	p->dests[0].server = ep("10.0.0.11");
	p->dests[1].server = ep("10.0.0.12");
	p->dests[0].weight = 1;
	p->dests[1].weight = 1;
	p->svc.config_count = 1;
	p->svc.configs[0].server_id_len = 2;
	p->svc.configs[0].nonce_len = 4;
	p->svc.configs[0].seen = true;
	p->svc.configs[0].datagrams = 1000;
	p->svc.outcome_count = OUTCOMES_MAX;
	add_map(p, 0, 2, 1, "10.0.0.11");
	add_map(p, 0, 2, 2, "10.0.0.12");
	return p;
}

/* @wanted: verdict and check of all that is not right, as "fault config, "; frees @p */
static void finds(struct sample *p, const char *wanted)
{
	static const char *const levels[] = {
		[CHECK_ADVICE] = "advice", [CHECK_UNKNOWN] = "unknown",
		[CHECK_FAULT] = "fault",
	};
	char found[1024] = "";
	size_t i;

	for (i = 0; i < p->report.count; i++) {
		const struct check *check = &p->report.checks[i];

		if (check->level == CHECK_OK)
			continue;
		strcat(strcat(found, levels[check->level]), " ");
		strcat(strcat(found, check->name), ", ");
	}
	assert_string_equal(found, wanted);
	report_destroy(&p->report);
	free(p);
}

/* The same of its configs; @evidence: what one of the checks says, or NULL */
static void config_finds(struct sample *p, const char *wanted,
			 const char *evidence)
{
	struct service_subject s = { .host = &no_host, .svc = &p->svc, .report = &p->report };
	bool said = !evidence;
	size_t i;

	strcpy(s.name, "192.0.2.1:443");
	strcpy(s.option, "-u 192.0.2.1:443");
	service_check_configs(&s);
	for (i = 0; i < p->report.count; i++)
		said |= evidence && strstr(p->report.checks[i].evidence,
					   evidence);
	if (!said)
		fail_msg("no check says: %s", evidence);
	finds(p, wanted);
}

static void right(void **state)
{
	(void)state;
	config_finds(sample(), "", "was seen");
}

static void unseen(void **state)
{
	struct sample *p = sample();

	(void)state;
	p->svc.configs[0].seen = false;
	config_finds(p, "advice config, ", "was never seen");
	p = sample();
	p->svc.configs[0].last_seen = UINT64_C(7) * 24 * 3600 * 1000;
	config_finds(p, "", NULL);
	p = sample();
	p->svc.configs[0].last_seen = UINT64_C(7) * 24 * 3600 * 1000 + 1;
	config_finds(p, "advice config, ", "no connection uses it any more");
}

/*
 * Clients' random connection IDs are there always; 0b111 says how many, and so do the six IDs
 * that no config has.
 */
static void wrong_key(void **state)
{
	struct sample *p = sample();

	(void)state;
	p->svc.configs[0].misses = 64;
	config_finds(p, "", NULL);
	p = sample();
	p->svc.configs[0].misses = 65;
	config_finds(p, "fault config, ", "a server ID is missing, or a server has another key");
	p = sample();
	p->svc.configs[0].misses = 65;
	p->svc.configs[0].datagrams = 0;
	config_finds(p, "fault config, ", "its key or its lengths are not the servers'");
	p = sample();
	p->svc.configs[0].misses = 464;
	p->svc.outcomes[IP_VS_QUIC_RESERVED] = 100;
	p->svc.outcomes[IP_VS_QUIC_NO_CONFIG] = 600;
	config_finds(p, "", NULL);
	/* a second tenant: the first one's tries fail for all of its own */
	p = sample();
	p->svc.configs[0].misses = 1000;
	p->svc.configs[1] = p->svc.configs[0];
	p->svc.configs[1].tenant = 1;
	p->svc.config_count = 2;
	config_finds(p, "", NULL);
}

/* Six IDs are not here, each of which random connection IDs have as often as 0b111. */
static void unknown_config(void **state)
{
	struct sample *p = sample();

	(void)state;
	p->svc.outcomes[IP_VS_QUIC_NO_CONFIG] = 4 * 6 * 16;
	config_finds(p, "", NULL);
	p = sample();
	p->svc.outcomes[IP_VS_QUIC_NO_CONFIG] = 4 * 6 * 16 + 1;
	config_finds(p, "fault config, ", "a config that this director lacks");
	p = sample();
	p->svc.config_count = 0;
	p->svc.map_count = 0;
	config_finds(p, "fault config, ", "every datagram is routed by hash");
}

/* Servers that have lost their config; what they make is not chance, and hides nothing. */
static void lost_config(void **state)
{
	struct sample *p = sample();

	(void)state;
	/* a count that is read after that of all */
	p->svc.reserved_short = 16;
	config_finds(p, "", NULL);
	p = sample();
	p->svc.outcomes[IP_VS_QUIC_RESERVED] = 17;
	p->svc.reserved_short = 17;
	config_finds(p, "fault config, ", "17 datagrams with a short header have config ID 0b111");
	/* of clients', however many there are */
	p = sample();
	p->svc.outcomes[IP_VS_QUIC_RESERVED] = 1000;
	config_finds(p, "", NULL);
	/* garbage has the other IDs as often, and both forms */
	p = sample();
	p->svc.outcomes[IP_VS_QUIC_RESERVED] = 216;
	p->svc.reserved_short = 116;
	p->svc.outcomes[IP_VS_QUIC_NO_CONFIG] = 1200;
	config_finds(p, "", NULL);
	/* a stale key beside it */
	p = sample();
	p->svc.outcomes[IP_VS_QUIC_RESERVED] = 1000;
	p->svc.reserved_short = 990;
	p->svc.configs[0].misses = 4 * 26;
	p->svc.outcomes[IP_VS_QUIC_NO_CONFIG] = 600;
	config_finds(p, "fault config, ", NULL);
	p = sample();
	p->svc.outcomes[IP_VS_QUIC_RESERVED] = 1000;
	p->svc.reserved_short = 990;
	p->svc.outcomes[IP_VS_QUIC_NO_CONFIG] = 600;
	p->svc.configs[0].misses = 4 * 26 + 1;
	config_finds(p, "fault config, fault config, ", "another key");
	/* long headers of such servers hide it no more than short ones */
	p = sample();
	p->svc.outcomes[IP_VS_QUIC_RESERVED] = 1000;
	p->svc.reserved_short = 500;
	p->svc.outcomes[IP_VS_QUIC_NO_CONFIG] = 60;
	p->svc.configs[0].misses = 4 * 26 + 1;
	config_finds(p, "fault config, fault config, ", "another key");
	/* this director has a table for what they make */
	p = sample();
	p->svc.outcomes[IP_VS_QUIC_RESERVED] = 1000;
	p->svc.reserved_short = 1000;
	p->svc.settings[SETTING_DCID_MAX] = 1000;
	config_finds(p, "advice config, ", "the table of --dcid-max");
}

static void server_ids(void **state)
{
	struct sample *p = sample();

	(void)state;
	p->svc.map_count = 1;
	config_finds(p, "fault server-id, ", "10.0.0.12:443 gets new connections");
	/* drained: it needs none */
	p = sample();
	p->svc.map_count = 1;
	p->dests[1].weight = 0;
	config_finds(p, "", NULL);
	/* of another config */
	p = sample();
	p->maps[1].config_id = 1;
	config_finds(p, "fault server-id, ", NULL);
}

static void not_in_the_pool(void **state)
{
	struct sample *p = sample();

	(void)state;
	add_map(p, 0, 2, 3, "10.0.0.13");
	add_map(p, 0, 2, 4, "10.0.0.13");
	config_finds(p, "advice absent, ", "10.0.0.13:443 has server IDs");
	p = sample();
	add_map(p, 0, 2, 3, "10.0.0.13");
	p->svc.outcomes[IP_VS_QUIC_NO_SERVER] = 1;
	config_finds(p, "fault absent, ", NULL);
}

/* More than one in a hundred of random server IDs, of 256 or of 65536. */
static void dense(void **state)
{
	struct sample *p = sample();
	unsigned int i;

	(void)state;
	p->svc.configs[0].server_id_len = 1;
	p->svc.map_count = 0;
	for (i = 0; i < 2; i++)
		add_map(p, 0, 1, i << 8, i < 1 ? "10.0.0.11" : "10.0.0.12");
	config_finds(p, "", NULL);
	p = sample();
	p->svc.configs[0].server_id_len = 1;
	p->svc.map_count = 0;
	for (i = 0; i < 3; i++)
		add_map(p, 0, 1, i << 8, i < 1 ? "10.0.0.11" : "10.0.0.12");
	config_finds(p, "advice dense, ", "1.2% of the random connection IDs");
	/* prefixes count for all that begin so, and what they cover is not counted again */
	p = sample();
	for (i = 0; i < 16; i++) {
		add_map(p, 0, 1, i << 8, "10.0.0.12");
		p->maps[p->svc.map_count - 1].prefix = true;
	}
	config_finds(p, "advice dense, ", "6.2% of the random connection IDs");
}

static void two_configs(struct sample *p, bool keyed)
{
	p->svc.config_count = 2;
	p->svc.configs[1] = p->svc.configs[0];
	p->svc.configs[1].id = 1;
	p->svc.configs[1].keyed = keyed;
	p->svc.map_count = 0;
	add_map(p, 0, 2, 1, "10.0.0.11");
	add_map(p, 1, 2, 1, "10.0.0.11");
	add_map(p, 0, 2, 2, "10.0.0.12");
	add_map(p, 1, 2, 4, "10.0.0.12");
}

/* Whether AES is fast is the machine's affair. */
static bool has_exposed(struct sample *p)
{
	struct service_subject s = { .host = &no_host, .svc = &p->svc, .report = &p->report };
	bool found = false;
	size_t i;

	service_check_configs(&s);
	for (i = 0; i < p->report.count; i++)
		found |= !strcmp(p->report.checks[i].name, "exposed") &&
			 strstr(p->report.checks[i].evidence, "in common: 1");
	report_destroy(&p->report);
	free(p);
	return found;
}

/* The same server ID in a config without a key and in one with a key. */
static void exposed(void **state)
{
	struct sample *p = sample();

	(void)state;
	two_configs(p, false);
	assert_false(has_exposed(p));
	p = sample();
	two_configs(p, true);
	assert_true(has_exposed(p));
}

/* --- the express path -------------------------------------------------------- */

#define DROPS_SOME "{\"nftables\":[" \
	"{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"c\",\"type\":\"filter\",\"hook\":\"input\",\"prio\":0,\"policy\":\"accept\"}}," \
	"{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"c\",\"expr\":[" \
	"{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"ip\",\"field\":\"%s\"}},\"right\":\"198.51.100.9\"}}," \
	"{\"drop\":null}]}}]}"

struct sample_director {
	struct sample *p;
	struct link links[2];
	struct host host;
	struct device device;
	struct service *services[1];
	struct state state;
	struct firewall fw;
};

static void set_up(struct sample_director *d)
{
	memset(d, 0, sizeof(*d));
	d->fw.is_read = true;
	d->p = sample();
	d->services[0] = &d->p->svc;
	d->state.services = d->services;
	d->state.count = 1;
	d->state.devices = &d->device;
	d->state.device_count = 1;
	strcpy(d->device.name, "test0");
	d->device.outcome_count = IP_VS_QUIC_EXPRESS_OUTCOME_COUNT;
	d->device.outcomes[IP_VS_QUIC_EXPRESS_TAKEN] = 100;
	d->host.links = d->links;
	d->host.link_count = 2;
	strcpy(d->links[0].name, "test0");
	d->links[0].index = 7;
	d->links[0].flags = IFF_UP;
	strcpy(d->links[1].name, "test0.5");
	strcpy(d->links[1].kind, "vlan");
	d->links[1].index = 8;
	d->links[1].lower = 7;
}

/* @fix: of the only check that is not right, NULL when there is none */
static void express_finds(struct sample_director *d, const char *wanted,
			  const char *fix)
{
	struct director m = { &d->host, &d->fw, &d->p->report, &d->state };
	size_t i;

	director_check(&m);
	for (i = 0; i < d->p->report.count; i++) {
		const struct check *check = &d->p->report.checks[i];

		if (check->level != CHECK_OK && fix)
			assert_string_equal(check->fix, fix);
		else if (check->level != CHECK_OK)
			assert_null(check->fix);
	}
	finds(d->p, wanted);
	firewall_destroy(&d->fw);
}

static void express(void **state)
{
	struct sample_director d;

	(void)state;
	set_up(&d);
	express_finds(&d, "", NULL);
	/* most datagrams of new connections have no routable CID */
	set_up(&d);
	d.device.outcomes[IP_VS_QUIC_EXPRESS_UNROUTABLE] = 1000;
	d.device.outcomes[IP_VS_QUIC_EXPRESS_METHOD] = 100;
	express_finds(&d, "", NULL);
	set_up(&d);
	d.device.outcomes[IP_VS_QUIC_EXPRESS_METHOD] = 101;
	express_finds(&d, "advice express, ", NULL);
	/* too few to tell */
	set_up(&d);
	d.device.outcomes[IP_VS_QUIC_EXPRESS_TAKEN] = 0;
	d.device.outcomes[IP_VS_QUIC_EXPRESS_METHOD] = 63;
	express_finds(&d, "", NULL);
	set_up(&d);
	d.device.outcomes[IP_VS_QUIC_EXPRESS_TAKEN] = 0;
	d.device.outcomes[IP_VS_QUIC_EXPRESS_METHOD] = 64;
	express_finds(&d, "advice express, ", NULL);
}

/* What the driver path sends is no loss, and what it cannot send is told with its reason. */
static void express_in_driver(void **state)
{
	struct sample_director d;

	(void)state;
	set_up(&d);
	d.device.mode = EXPRESS_DRIVER;
	d.device.outcomes[IP_VS_QUIC_EXPRESS_TAKEN] = 0;
	d.device.outcomes[IP_VS_QUIC_EXPRESS_DRIVER] = 1000;
	d.device.outcomes[IP_VS_QUIC_EXPRESS_METHOD] = 100;
	express_finds(&d, "", NULL);
	set_up(&d);
	d.device.mode = EXPRESS_DRIVER;
	d.device.asks = 1 << IP_VS_QUIC_ASK_RULES;
	express_finds(&d, "advice driver, ", NULL);
	set_up(&d);
	d.device.mode = EXPRESS_DRIVER;
	d.device.asks = 1 << IP_VS_QUIC_ASK_RP_FILTER;
	express_finds(&d, "advice driver, ",
		      "sysctl -w net/ipv4/conf/all/rp_filter=0 net/ipv4/conf/test0/rp_filter=0");
	/* the express path can ask */
	set_up(&d);
	d.device.asks = 1 << IP_VS_QUIC_ASK_RULES;
	express_finds(&d, "", NULL);
}

static void express_of_vlans(void **state)
{
	struct sample_director d;

	(void)state;
	set_up(&d);
	d.device.outcomes[IP_VS_QUIC_EXPRESS_NOT_PLAIN] = 1000;
	express_finds(&d, "advice express, ", "quiclbadm express add test0.5");
	/* on another device, or no VLAN */
	set_up(&d);
	d.device.outcomes[IP_VS_QUIC_EXPRESS_NOT_PLAIN] = 1000;
	d.links[1].lower = 6;
	express_finds(&d, "advice express, ", NULL);
	set_up(&d);
	d.device.outcomes[IP_VS_QUIC_EXPRESS_NOT_PLAIN] = 1000;
	strcpy(d.links[1].kind, "macvlan");
	express_finds(&d, "advice express, ", NULL);
}

static void express_of_ports(void **state)
{
	struct sample_director d;

	(void)state;
	set_up(&d);
	d.device.outcomes[IP_VS_QUIC_EXPRESS_MASTER] = 1000;
	strcpy(d.links[1].kind, "bond");
	d.links[1].lower = 0;
	d.links[0].master = 8;
	express_finds(&d, "advice express, ", "quiclbadm express add test0.5");
	set_up(&d);
	d.device.outcomes[IP_VS_QUIC_EXPRESS_MASTER] = 1000;
	strcpy(d.links[1].kind, "macvlan");
	express_finds(&d, "advice express, ", "quiclbadm express add test0.5");
	/* in a VRF there is nothing to be had */
	set_up(&d);
	d.device.outcomes[IP_VS_QUIC_EXPRESS_MASTER] = 1000;
	strcpy(d.links[1].kind, "vrf");
	d.links[1].lower = 0;
	d.links[0].master = 8;
	express_finds(&d, "advice express, ", "quiclbadm express del test0");
	/* others' frames on the link */
	set_up(&d);
	d.device.outcomes[IP_VS_QUIC_EXPRESS_OTHER_HOST] = 1000;
	express_finds(&d, "", NULL);
}

static void express_in_vain(void **state)
{
	struct sample_director d;

	(void)state;
	set_up(&d);
	d.links[0].flags = 0;
	express_finds(&d, "advice express, ", "ip link set test0 up");
	set_up(&d);
	d.p->svc.id.fwmark = 5;
	express_finds(&d, "advice express, ", NULL);
	/* a service by firewall mark that is not ours */
	set_up(&d);
	d.p->svc.id.fwmark = 5;
	strcpy(d.p->svc.sched, "rr");
	express_finds(&d, "", NULL);
	/* none has it */
	set_up(&d);
	d.state.device_count = 0;
	d.p->svc.id.fwmark = 5;
	express_finds(&d, "", NULL);
}

/* Rules about some clients do not see what the express path takes. */
static void express_passes_by(void **state)
{
	struct sample_director d;
	char text[1024];

	(void)state;
	set_up(&d);
	snprintf(text, sizeof(text), DROPS_SOME, "saddr");
	assert_true(firewall_parse(&d.fw, text));
	express_finds(&d, "advice express, ", NULL);
	/* about another address than the VIP */
	set_up(&d);
	snprintf(text, sizeof(text), DROPS_SOME, "daddr");
	assert_true(firewall_parse(&d.fw, text));
	express_finds(&d, "", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right),
		cmocka_unit_test(unseen),
		cmocka_unit_test(wrong_key),
		cmocka_unit_test(unknown_config),
		cmocka_unit_test(lost_config),
		cmocka_unit_test(server_ids),
		cmocka_unit_test(not_in_the_pool),
		cmocka_unit_test(dense),
		cmocka_unit_test(exposed),
		cmocka_unit_test(express),
		cmocka_unit_test(express_in_driver),
		cmocka_unit_test(express_of_vlans),
		cmocka_unit_test(express_of_ports),
		cmocka_unit_test(express_in_vain),
		cmocka_unit_test(express_passes_by),
	};

	return cmocka_run_group_tests_name("director", tests, NULL, NULL);
}
