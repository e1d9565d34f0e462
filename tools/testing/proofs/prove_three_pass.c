// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a decoder stops after three passes, the server ID is the one that four give; of each
 * pair of lengths and of any octets, not only those that were encoded.
 */
#include "core/qlb.c"
#include "aes.h"

int main(void)
{
	static const u8 key[QLB_KEY_LEN];
	u8 server_id_len = any_u8(), nonce_len = any_u8();
	struct qlb_server_id three, four;
	u8 nonce[QLB_NONCE_LEN_MAX];
	u8 cid[QLB_CID_LEN_MAX];	/* of any contents */
	struct qlb_config cfg;

	suppose(qlb_config_check(0, server_id_len, nonce_len) == QLB_OK);
	qlb_config_init(&cfg, 0, server_id_len, nonce_len, false, key);
	suppose(cfg.algorithm == QLB_FOUR_PASS);
	must(qlb_decode(&cfg, cid, QLB_CID_LEN_MAX, &three, NULL));
	must(qlb_decode(&cfg, cid, QLB_CID_LEN_MAX, &four, nonce));
	must(!memcmp(&three, &four, sizeof(three)));
	return 0;
}
