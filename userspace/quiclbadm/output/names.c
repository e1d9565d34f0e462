// SPDX-License-Identifier: GPL-2.0-only
#include "output/names.h"

#include "model/layout.h"

const char *forward_name(uint32_t forward)
{
	switch (forward & IP_VS_CONN_F_FWD_MASK) {
	case IP_VS_CONN_F_MASQ:
		return "Masq";
	case IP_VS_CONN_F_LOCALNODE:
		return "Local";
	case IP_VS_CONN_F_TUNNEL:
		return "Tunnel";
	case IP_VS_CONN_F_DROUTE:
		return "Route";
	case IP_VS_CONN_F_BYPASS:
		return "Bypass";
	}
	return NULL;
}

const char *daemon_name(uint32_t state)
{
	return state == IP_VS_STATE_MASTER ? "master" :
	       state == IP_VS_STATE_BACKUP ? "backup" : "unknown";
}

const char *tunnel_name(uint8_t tun_type)
{
	switch (tun_type) {
	case IP_VS_CONN_F_TUNNEL_TYPE_IPIP:
		return "ipip";
	case IP_VS_CONN_F_TUNNEL_TYPE_GUE:
		return "gue";
	case IP_VS_CONN_F_TUNNEL_TYPE_GRE:
		return "gre";
	}
	return NULL;
}

const char *checksum_name(uint16_t tun_flags)
{
	switch (tun_flags) {
	case IP_VS_TUNNEL_ENCAP_FLAG_NOCSUM:
		return "nocsum";
	case IP_VS_TUNNEL_ENCAP_FLAG_CSUM:
		return "csum";
	case IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM:
		return "remcsum";
	}
	return NULL;
}

const char *algorithm_name(const struct config *config)
{
	if (config_is_layout(config))
		return qlb_algorithm_name(QLB_LAYOUT);
	return qlb_algorithm_name(qlb_algorithm(config->keyed,
						config->server_id_len,
						config->nonce_len));
}
