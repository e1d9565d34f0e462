// SPDX-License-Identifier: GPL-2.0-only
/*
 * Of each of the 120 pairs of lengths, with and without a key: what is encoded is decoded to
 * the same server ID and nonce.  Encoding reads and writes only its buffers.
 */
#include "core/qlb.c"
#include "aes.h"

int main(void)
{
	static const u8 key[QLB_KEY_LEN];
	u8 server_id_len = any_u8(), nonce_len = any_u8(), id = any_u8();
	u8 octets[QLB_NONCE_LEN_MAX];	/* of any contents */
	const u8 *nonce;
	struct qlb_server_id sid, got;
	u8 got_nonce[QLB_NONCE_LEN_MAX];
	u8 cid[QLB_CID_LEN_MAX];
	struct qlb_config cfg;
	unsigned int i;
	size_t len;

	suppose(qlb_config_check(id, server_id_len, nonce_len) == QLB_OK);
	nonce = octets + sizeof(octets) - nonce_len;	/* nothing behind it */
	sid.len = server_id_len;
	for (i = 0; i < QLB_SERVER_ID_LEN_MAX; i++)
		sid.octets[i] = i < server_id_len ? any_u8() : 0;
	qlb_config_init(&cfg, id, server_id_len, nonce_len, any_bool(),
			any_bool() ? key : NULL);
	len = qlb_encode(&cfg, &sid, nonce, any_u8(), cid);
	must(len == 1u + server_id_len + nonce_len);
	must(qlb_config_id(cid[0]) == id);
	must(!cfg.self_len || qlb_self_len(cid[0]) == len);
	must(qlb_decode(&cfg, cid, len, &got, got_nonce));
	must(!memcmp(&got, &sid, sizeof(sid)));
	must(!memcmp(got_nonce, nonce, nonce_len));
	return 0;
}
