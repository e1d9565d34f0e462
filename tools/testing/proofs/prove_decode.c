// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decoding reads and writes only its buffers, whatever config, length and octets the CID has,
 * and refuses exactly what is shorter than the config.  A server ID is zero behind its length.
 */
#include "core/qlb.c"
#include "aes.h"

int main(void)
{
	static const u8 key[QLB_KEY_LEN];
	size_t cid_len = any_of(0, 2 * QLB_CID_LEN_MAX);
	u8 *nonce = any_bool() ? any_octets(QLB_NONCE_LEN_MAX) : NULL;
	u8 *cid = any_octets(cid_len);
	u8 server_id_len = any_u8(), nonce_len = any_u8(), id = any_u8();
	struct qlb_server_id sid;
	struct qlb_config cfg;
	unsigned int i;

	suppose(qlb_config_check(id, server_id_len, nonce_len) == QLB_OK);
	qlb_config_init(&cfg, id, server_id_len, nonce_len, any_bool(),
			any_bool() ? key : NULL);
	must(qlb_decode(&cfg, cid, cid_len, &sid, nonce) ==
	     (cid_len >= 1u + server_id_len + nonce_len));
	if (cid_len < 1u + server_id_len + nonce_len)
		return 0;
	must(sid.len == server_id_len);
	for (i = server_id_len; i < QLB_SERVER_ID_LEN_MAX; i++)
		must(!sid.octets[i]);
	return 0;
}
