// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands that are to fail: of the netlink family, and those of IPVS that reach the
 * scheduler.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/ip_vs_quic.h>

#include "exhaust.h"
#include "genl.h"
#include "tool.h"

uint8_t inverted_key[KEY_LEN];
struct mnl_socket *asker;
uint32_t vip, server;
uint16_t family;
unsigned int port = OTHER_PORT;

static int ipvs = -1;

/* --- commands of the family --- */

static void put_service(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVICE);

	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_AF, AF_INET);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_SVC_ADDR, vip);
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SVC_PORT, htons(OTHER_PORT));
	mnl_attr_nest_end(nlh, nest);
}

static void put_key(struct nlmsghdr *nlh)
{
	uint8_t *key = mnl_nlmsg_get_payload_tail(nlh);
	size_t i;

	mnl_attr_put(nlh, IP_VS_QUIC_A_CFG_KEY, sizeof(inverted_key), inverted_key);
	for (i = 0; i < sizeof(inverted_key); i++)
		key[MNL_ATTR_HDRLEN + i] = ~inverted_key[i];
}

static void put_config(struct nlmsghdr *nlh, unsigned int id, bool whole)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_CONFIG);

	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_ID, id);
	if (whole) {
		mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_SERVER_ID_LEN, 8);
		mnl_attr_put_u8(nlh, IP_VS_QUIC_A_CFG_NONCE_LEN, 8);
		put_key(nlh);
		mnl_attr_put_strz(nlh, IP_VS_QUIC_A_CFG_KEY_SOURCE, "/etc/key");
	}
	mnl_attr_nest_end(nlh, nest);
}

static void put_sid(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SERVER_ID);

	mnl_attr_put_u8(nlh, IP_VS_QUIC_A_SID_CONFIG_ID, 1);
	mnl_attr_put(nlh, IP_VS_QUIC_A_SID_VALUE, 8, "12345678");
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SID_AF, AF_INET);
	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_SID_ADDR, server);
	mnl_attr_put_u16(nlh, IP_VS_QUIC_A_SID_PORT, htons(OTHER_PORT));
	mnl_attr_nest_end(nlh, nest);
}

static void put_table(struct nlmsghdr *nlh, uint32_t max)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_SETTINGS);

	mnl_attr_put_u32(nlh, IP_VS_QUIC_A_SET_DCID_MAX, max);
	mnl_attr_nest_end(nlh, nest);
}

static void put_cid(struct nlmsghdr *nlh)
{
	mnl_attr_put(nlh, IP_VS_QUIC_A_CID, sizeof(the_cid), the_cid);
}

static void put_device(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IP_VS_QUIC_A_EXPRESS);

	mnl_attr_put_strz(nlh, IP_VS_QUIC_A_EXP_DEVICE, "eth0");
	mnl_attr_nest_end(nlh, nest);
}

/*
 * The socket is new: the next request must not get an answer that was left from a request that
 * failed.
 */
static int ask(uint8_t cmd, bool dump, void (*one)(struct nlmsghdr *), void (*two)(struct nlmsghdr *), uint32_t flags)
{
	struct mnl_socket *nl = asker ? asker : genl_open();
	char buf[4096];
	struct nlmsghdr *nlh = genl_header(buf, family, cmd, dump ? NLM_F_DUMP : NLM_F_ACK);
	int err;

	if (one)
		one(nlh);
	if (two)
		two(nlh);
	if (flags)
		mnl_attr_put_u32(nlh, IP_VS_QUIC_A_FLAGS, flags);
	err = genl_talk(nl, nlh, NULL, NULL);
	explicit_bzero(buf, sizeof(buf));
	if (nl != asker)
		mnl_socket_close(nl);
	return err;
}

static void put_whole_config(struct nlmsghdr *nlh)
{
	put_config(nlh, 1, true);
}

static void put_config_id(struct nlmsghdr *nlh)
{
	put_config(nlh, 1, false);
}

static void put_table_on(struct nlmsghdr *nlh)
{
	put_table(nlh, 4096);
}

static void put_table_off(struct nlmsghdr *nlh)
{
	put_table(nlh, 0);
}

int set_config(void)
{
	return ask(IP_VS_QUIC_CMD_SET, false, put_service, put_whole_config, 0);
}

int del_config(void)
{
	return ask(IP_VS_QUIC_CMD_DEL, false, put_service, put_config_id, 0);
}

int set_sid(void)
{
	return ask(IP_VS_QUIC_CMD_SET, false, put_service, put_sid, IP_VS_QUIC_F_ABSENT);
}

int del_sid(void)
{
	return ask(IP_VS_QUIC_CMD_DEL, false, put_service, put_sid, 0);
}

int set_table(void)
{
	return ask(IP_VS_QUIC_CMD_SET, false, put_service, put_table_on, 0);
}

int unset_table(void)
{
	return ask(IP_VS_QUIC_CMD_SET, false, put_service, put_table_off, 0);
}

int replace(void)
{
	return ask(IP_VS_QUIC_CMD_SET, false, put_service, put_whole_config, IP_VS_QUIC_F_REPLACE);
}

int replace_by_nothing(void)
{
	return ask(IP_VS_QUIC_CMD_SET, false, put_service, NULL, IP_VS_QUIC_F_REPLACE);
}

int begin_batch(void)
{
	return ask(IP_VS_QUIC_CMD_SET, false, put_service, NULL, IP_VS_QUIC_F_BEGIN);
}

int commit_batch(void)
{
	return ask(IP_VS_QUIC_CMD_SET, false, put_service, NULL, IP_VS_QUIC_F_COMMIT);
}

int get(void)
{
	return ask(IP_VS_QUIC_CMD_GET, true, NULL, NULL, 0);
}

int decode(void)
{
	return ask(IP_VS_QUIC_CMD_DECODE, false, put_service, put_cid, 0);
}

int express_add(void)
{
	return ask(IP_VS_QUIC_CMD_EXPRESS_ADD, false, put_device, NULL, 0);
}

int express_del(void)
{
	return ask(IP_VS_QUIC_CMD_EXPRESS_DEL, false, put_device, NULL, 0);
}

int express_get(void)
{
	return ask(IP_VS_QUIC_CMD_EXPRESS_GET, true, NULL, NULL, 0);
}

/* --- commands of IPVS --- */

struct service_and_server {
	struct ip_vs_service_user svc;
	struct ip_vs_dest_user dest;
};

static int tell_ipvs(int option, const char *scheduler, unsigned int weight, bool with_server)
{
	struct service_and_server arg = {
		.svc = { .protocol = IPPROTO_UDP, .addr = vip, .port = htons(port), .netmask = ~0U },
		.dest = { .addr = server, .port = htons(OTHER_PORT), .conn_flags = IP_VS_CONN_F_TUNNEL, .weight = weight },
	};

	strcpy(arg.svc.sched_name, scheduler);
	if (setsockopt(ipvs, IPPROTO_IP, option, &arg, with_server ? sizeof(arg) : sizeof(arg.svc)))
		return -errno;
	return 0;
}

int add_service(void)
{
	return tell_ipvs(IP_VS_SO_SET_ADD, "quic", 0, false);
}

int del_service(void)
{
	return tell_ipvs(IP_VS_SO_SET_DEL, "", 0, false);
}

int add_stock_service(void)
{
	return tell_ipvs(IP_VS_SO_SET_ADD, "rr", 0, false);
}

int edit_to_quic(void)
{
	return tell_ipvs(IP_VS_SO_SET_EDIT, "quic", 0, false);
}

int edit_to_stock(void)
{
	return tell_ipvs(IP_VS_SO_SET_EDIT, "rr", 0, false);
}

int add_server(void)
{
	return tell_ipvs(IP_VS_SO_SET_ADDDEST, "", 1, true);
}

int edit_server(void)
{
	return tell_ipvs(IP_VS_SO_SET_EDITDEST, "", 7, true);
}

int edit_server_back(void)
{
	return tell_ipvs(IP_VS_SO_SET_EDITDEST, "", 1, true);
}

int del_server(void)
{
	return tell_ipvs(IP_VS_SO_SET_DELDEST, "", 0, true);
}

void open_ipvs(void)
{
	ipvs = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (ipvs < 0)
		die("socket: %s", strerror(errno));
}
