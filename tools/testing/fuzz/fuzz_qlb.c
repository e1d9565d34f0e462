// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The codec of kmod/core/qlb.c against reference.c.  Input: config ID, flags (key, length in
 * the first octet), server ID length, nonce length, first octet's low bits (one octet
 * each), key if any (16), then a CID of 0 to 20 octets and more.
 */
#include "fuzz.h"
#include "qlb.h"
#include "reference.h"

enum {
	FLAG_KEY = 1,
	FLAG_SELF_LEN = 2,
	CID_MAX = 40,
};

struct scene {
	struct qlb_config cfg;
	uint8_t key_octets[QLB_KEY_LEN];
	const uint8_t *key;		/* or NULL */
	uint8_t low_bits;
};

/* Section "Configuration Agent Actions": independent of qlb_config_check(). */
static bool legal(unsigned int id, unsigned int sid_len, unsigned int nonce_len)
{
	return id < 7 && sid_len - 1 < 15 && nonce_len - 4 < 15 &&
	       sid_len + nonce_len < 20;
}

static bool make_scene(struct scene *scene, struct input *in)
{
	unsigned int id = take_octet(in), flags = take_octet(in);
	unsigned int sid_len = take_octet(in), nonce_len = take_octet(in);

	must((qlb_config_check(id, sid_len, nonce_len) == QLB_OK) ==
	     legal(id, sid_len, nonce_len));
	/* most inputs should get further than this */
	id %= 7;
	sid_len = 1 + (sid_len - 1) % 15;
	nonce_len = 4 + (nonce_len - 4) % 15;
	if (!legal(id, sid_len, nonce_len))
		nonce_len = 19 - sid_len;
	must(qlb_config_check(id, sid_len, nonce_len) == QLB_OK);
	scene->low_bits = take_octet(in);
	scene->key = NULL;
	if (flags & FLAG_KEY) {
		take(in, scene->key_octets, sizeof(scene->key_octets));
		scene->key = scene->key_octets;
	}
	return !qlb_config_init(&scene->cfg, (uint8_t)id, (uint8_t)sid_len,
				(uint8_t)nonce_len, flags & FLAG_SELF_LEN,
				scene->key);
}

static void check_sid(const struct qlb_config *cfg,
		      const struct qlb_server_id *sid, const uint8_t *plain)
{
	struct qlb_server_id wanted = { .len = cfg->server_id_len };

	memcpy(wanted.octets, plain, cfg->server_id_len);
	must(!memcmp(sid, &wanted, sizeof(wanted)));
}

static void check_decode(const struct scene *scene, const uint8_t *cid,
			 size_t len)
{
	const struct qlb_config *cfg = &scene->cfg;
	uint8_t nonce[QLB_NONCE_LEN_MAX + 1], plain[QLB_PLAINTEXT_LEN_MAX];
	struct qlb_server_id sid, without;
	size_t i;

	memset(nonce, 0xa5, sizeof(nonce));
	memset(&sid, 0xa5, sizeof(sid));
	memset(&without, 0xa5, sizeof(without));
	if (!qlb_decode(cfg, cid, len, &sid, nonce)) {
		must(len <= cfg->plaintext_len);
		must(!qlb_decode(cfg, cid, len, &without, NULL));
		must(sid.len == 0xa5 && without.len == 0xa5 && nonce[0] == 0xa5);
		return;
	}
	must(len > cfg->plaintext_len);
	reference_decrypt(scene->key, cid + 1, cfg->plaintext_len, plain);
	check_sid(cfg, &sid, plain);
	must(!memcmp(nonce, plain + cfg->server_id_len, cfg->nonce_len));
	for (i = cfg->nonce_len; i < sizeof(nonce); i++)
		must(nonce[i] == 0xa5);
	/* three passes must yield what four do */
	must(qlb_decode(cfg, cid, len, &without, NULL));
	must(!memcmp(&sid, &without, sizeof(sid)));
}

/* Takes the octets as a plaintext, encrypts and decrypts it. */
static void check_encode(const struct scene *scene, const uint8_t *octets)
{
	const struct qlb_config *cfg = &scene->cfg;
	uint8_t cid[QLB_CID_LEN_MAX + 1], wanted[QLB_CID_LEN_MAX] = { 0 };
	struct qlb_server_id sid = { .len = cfg->server_id_len }, back;
	uint8_t nonce[QLB_NONCE_LEN_MAX];
	size_t len;

	memcpy(sid.octets, octets, cfg->server_id_len);
	memset(cid, 0xa5, sizeof(cid));
	len = qlb_encode(cfg, &sid, octets + cfg->server_id_len, scene->low_bits,
			 cid);
	must(len == 1u + cfg->server_id_len + cfg->nonce_len);
	must(cid[QLB_CID_LEN_MAX] == 0xa5);
	wanted[0] = (uint8_t)(cfg->id * 32 + (cfg->self_len ? len - 1 :
					      scene->low_bits % 32));
	reference_encrypt(scene->key, octets, len - 1, wanted + 1);
	must(!memcmp(cid, wanted, sizeof(wanted)));
	must(qlb_config_id(cid[0]) == cfg->id);
	must(!cfg->self_len || qlb_self_len(cid[0]) == len);

	must(qlb_decode(cfg, cid, len, &back, nonce));
	must(!memcmp(&back, &sid, sizeof(sid)));
	must(!memcmp(nonce, octets + cfg->server_id_len, cfg->nonce_len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t octets[QLB_PLAINTEXT_LEN_MAX];
	struct scene scene;
	uint8_t *cid;
	size_t len;

	if (!make_scene(&scene, &in))
		return 0;
	len = in.left < CID_MAX ? in.left : CID_MAX;
	cid = copy_of(in.at, len);
	check_decode(&scene, cid, len);
	free(cid);
	take(&in, octets, sizeof(octets));
	check_encode(&scene, octets);
	qlb_config_destroy(&scene.cfg);
	must(!qlb_has_key(&scene.cfg));
	return 0;
}
