// SPDX-License-Identifier: GPL-2.0-only
/* What "monitor" makes of the module's messages. */
#include "capture.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "kernel/quic_event.h"
#include "output/event.h"

static _Alignas(struct nlmsghdr) char buf[4096];
static struct nlmsghdr *nlh;

static const uint8_t vip[] = { 192, 0, 2, 1 }, server[] = { 10, 0, 0, 1 };

static void begin(uint8_t cmd)
{
	struct genlmsghdr *genl;

	memset(buf, 0, sizeof(buf));
	nlh = mnl_nlmsg_put_header(buf);
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
}

static void put_service(void)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVICE);

	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_AF, AF_INET);
	mnl_attr_put(nlh, IP_VS_QUIC_A_SVC_ADDR, sizeof(vip), vip);
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_PORT, htons(443));
	mnl_attr_nest_end(nlh, nest);
}

static void put_sid(uint16_t type, uint16_t value, uint16_t port)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	value = htons(value);
	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_SID_CONFIG_ID, 1);
	mnl_attr_put(nlh, IP_VS_QUIC_A_SID_VALUE, sizeof(value), &value);
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SID_AF, AF_INET);
	mnl_attr_put(nlh, IP_VS_QUIC_A_SID_ADDR, sizeof(server), server);
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SID_PORT, htons(port));
	mnl_attr_nest_end(nlh, nest);
}

static void put_server(uint16_t type, uint32_t weight, uint32_t method)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SRV_AF, AF_INET);
	mnl_attr_put(nlh, IP_VS_QUIC_A_SRV_ADDR, sizeof(server), server);
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SRV_PORT, htons(443));
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_SRV_WEIGHT, weight);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_SRV_METHOD, method);
	mnl_attr_nest_end(nlh, nest);
}

static void put_device(const char *name)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_EXPRESS);

	mnl_attr_put_strz(nlh, IP_VS_QUIC_A_EXP_DEVICE, name);
	mnl_attr_nest_end(nlh, nest);
}

static void show(const struct event *event, void *data)
{
	const bool *json = data;

	if (*json)
		print_event_json(event, NULL);
	else
		print_event(event, NULL);
}

static void is_printed(bool json, const char *wanted)
{
	FILE *real = stdout;
	char *text = NULL;
	size_t len;

	stdout = open_memstream(&text, &len);
	quic_read_event(nlh, show, &json);
	fclose(stdout);
	stdout = real;
	assert_string_equal(text, wanted);
	free(text);
}

static void services(void **state)
{
	struct nlattr *nest;

	(void)state;
	begin(IP_VS_QUIC_CMD_SERVICE_ADD_NTF);
	put_service();
	nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SETTINGS);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_SET_TUPLE_TIMEOUT, 61);
	mnl_attr_put(nlh, IP_VS_QUIC_A_SET_SOURCE4, 5, "\x0a\x09\x00\x00\x10");
	mnl_attr_nest_end(nlh, nest);
	is_printed(false, "service added 192.0.2.1:443 tuple-timeout 61 tuple-max 131072 table-bits 16 dcid-max 0 source4 10.9.0.0/16\n");
	is_printed(true, "{\"event\":\"service\",\"action\":\"added\",\"service\":{\"protocol\":\"udp\",\"address\":\"192.0.2.1\",\"port\":443},"
		   "\"settings\":{\"tuple_timeout\":61,\"tuple_max\":131072,\"table_bits\":16,\"dcid_max\":0,\"source4\":\"10.9.0.0/16\"}}\n");
	begin(IP_VS_QUIC_CMD_SERVICE_DEL_NTF);
	put_service();
	is_printed(false, "service deleted 192.0.2.1:443\n");
}

/* As many lines as objects. */
static void server_ids(void **state)
{
	(void)state;
	begin(IP_VS_QUIC_CMD_SERVER_ID_ADD_NTF);
	put_service();
	put_sid(IP_VS_QUIC_A_SERVER_ID, 0x0a01, 443);
	put_sid(IP_VS_QUIC_A_SERVER_ID, 0x0a02, 443);
	is_printed(false, "server-id added 192.0.2.1:443 1:0a01 to 10.0.0.1:443\n"
		   "server-id added 192.0.2.1:443 1:0a02 to 10.0.0.1:443\n");
	begin(IP_VS_QUIC_CMD_SERVER_ID_MOVE_NTF);
	put_service();
	put_sid(IP_VS_QUIC_A_SERVER_ID, 0x0a01, 443);
	put_sid(IP_VS_QUIC_A_OLD_SERVER_ID, 0x0a01, 444);
	is_printed(false, "server-id moved 192.0.2.1:443 1:0a01 to 10.0.0.1:443 from 10.0.0.1:444\n");
}

static void pools(void **state)
{
	(void)state;
	begin(IP_VS_QUIC_CMD_SERVER_SET_NTF);
	put_service();
	put_server(IP_VS_QUIC_A_SERVER, 0, IP_VS_CONN_F_TUNNEL);
	put_server(IP_VS_QUIC_A_OLD_SERVER, 7, IP_VS_CONN_F_DROUTE);
	put_server(IP_VS_QUIC_A_SERVER, 2, IP_VS_CONN_F_TUNNEL);
	put_server(IP_VS_QUIC_A_OLD_SERVER, 3, IP_VS_CONN_F_TUNNEL);
	is_printed(false, "pool changed 192.0.2.1:443 10.0.0.1:443 Tunnel weight 0 was Route was 7\n"
		   "pool changed 192.0.2.1:443 10.0.0.1:443 Tunnel weight 2 was 3\n");
	begin(IP_VS_QUIC_CMD_REBUILD_FAILED_NTF);
	put_service();
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_REBUILD_ERROR, 12);
	is_printed(false, "pool rebuild-failed 192.0.2.1:443: Cannot allocate memory\n");
}

static void devices(void **state)
{
	(void)state;
	begin(IP_VS_QUIC_CMD_EXPRESS_DEL_NTF);
	put_device("eth\x1b[1m");
	is_printed(false, "express off eth\\x1b[1m\n");
	is_printed(true, "{\"event\":\"express\",\"action\":\"off\",\"device\":\"eth\\u001B[1m\"}\n");
}

/* Answers, events of a later version, and half a pair. */
static void unknown(void **state)
{
	(void)state;
	begin(IP_VS_QUIC_CMD_GET);
	put_service();
	is_printed(false, "");
	begin(255);
	put_service();
	is_printed(false, "");
	begin(IP_VS_QUIC_CMD_SERVER_SET_NTF);
	put_service();
	put_server(IP_VS_QUIC_A_OLD_SERVER, 7, IP_VS_CONN_F_DROUTE);
	is_printed(false, "");
}

static void refusals(void **state)
{
	(void)state;
	says(2, "monitor configs: there are no such events (config?)", "monitor configs");
	says(2, "monitor x: there are no such events (service, config, server-id, pool, express)", "monitor x");
	says(1, "monitor: CAP_NET_ADMIN is needed in this network namespace (sudo)", "monitor -t -j pool express");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services),
		cmocka_unit_test(server_ids),
		cmocka_unit_test(pools),
		cmocka_unit_test(devices),
		cmocka_unit_test(unknown),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
