// SPDX-License-Identifier: GPL-2.0-only
/* From WORDs and -c to a spec: see word_table. */
#include <arpa/inet.h>
#include <string.h>

#include "quicgen.h"
#include "tool.h"

static struct qlb_config configs[QLB_CONFIGS_MAX];
static bool have_config[QLB_CONFIGS_MAX];

void set_address(union addr *addr, const char *s)
{
	char host[64];
	const char *colon = strrchr(s, ':');
	size_t len;

	if (!colon)
		die("address without a port: %s", s);
	memset(addr, 0, sizeof(*addr));
	if (*s == '[') {
		len = colon - s - 2;
		s++;
	} else {
		len = colon - s;
	}
	if (len >= sizeof(host))
		die("bad address: %s", s);
	memcpy(host, s, len);
	host[len] = '\0';
	if (inet_pton(AF_INET, host, &addr->in.sin_addr) == 1) {
		addr->in.sin_family = AF_INET;
		addr->in.sin_port = htons(number(colon + 1, 10, 65535));
	} else if (inet_pton(AF_INET6, host, &addr->in6.sin6_addr) == 1) {
		addr->in6.sin6_family = AF_INET6;
		addr->in6.sin6_port = htons(number(colon + 1, 10, 65535));
	} else {
		die("bad address: %s", host);
	}
}

socklen_t addr_len(const union addr *addr)
{
	return addr->sa.sa_family == AF_INET ? sizeof(addr->in) :
					       sizeof(addr->in6);
}

static void word_name(struct spec *spec, const char *value)
{
	if (strlen(value) > NAME_MAX_LEN)
		die("name too long: %s", value);
	strcpy(spec->name, value);
}

static void word_from(struct spec *spec, const char *value)
{
	set_address(&spec->from, value);
}

static void word_to(struct spec *spec, const char *value)
{
	set_address(&spec->to, value);
}

static void word_form(struct spec *spec, const char *value)
{
	if (!strcmp(value, "short"))
		spec->long_form = false;
	else if (!strcmp(value, "long"))
		spec->long_form = true;
	else
		die("form is short or long, not %s", value);
}

static void word_version(struct spec *spec, const char *value)
{
	spec->version = number(value, 16, 0xffffffff);
}

static void word_type(struct spec *spec, const char *value)
{
	spec->type = number(value, 10, 3);
}

static void word_fixed(struct spec *spec, const char *value)
{
	spec->fixed_bit = number(value, 10, 1);
}

static void word_dcid(struct spec *spec, const char *value)
{
	spec->dcid_len = unhex(spec->dcid, sizeof(spec->dcid), value);
}

static void word_scid(struct spec *spec, const char *value)
{
	spec->scid_len = unhex(spec->scid, sizeof(spec->scid), value);
}

static void word_dcidlen(struct spec *spec, const char *value)
{
	spec->dcid_len_octet = number(value, 10, 255);
}

static void word_scidlen(struct spec *spec, const char *value)
{
	spec->scid_len_octet = number(value, 10, 255);
}

static void word_size(struct spec *spec, const char *value)
{
	spec->size = number(value, 10, DATAGRAM_MAX);
}

static void word_cut(struct spec *spec, const char *value)
{
	spec->cut = number(value, 10, DATAGRAM_MAX);
}

static void word_raw(struct spec *spec, const char *value)
{
	spec->raw = true;
	spec->octets_len = unhex(spec->octets, sizeof(spec->octets), value);
}

static void word_count(struct spec *spec, const char *value)
{
	spec->count = number(value, 10, 1000000);
}

static void word_walk(struct spec *spec, const char *value)
{
	if (!strcmp(value, "addr"))
		spec->walk = WALK_ADDR;
	else if (!strcmp(value, "port"))
		spec->walk = WALK_PORT;
	else
		die("walk is addr or port, not %s", value);
}

/* ID:SERVERIDHEX, with the config that -c gave. */
static void word_mint(struct spec *spec, const char *value)
{
	struct qlb_server_id sid = { 0 };
	u8 nonce[QLB_NONCE_LEN_MAX];
	unsigned int id;

	id = value[0] - '0';
	if (id > QLB_CONFIG_ID_MAX || value[1] != ':' || !have_config[id])
		die("no such config: %s", value);
	sid.len = unhex(sid.octets, sizeof(sid.octets), value + 2);
	if (sid.len != configs[id].server_id_len)
		die("server ID has the wrong length: %s", value);
	fill_random(nonce, sizeof(nonce));
	spec->dcid_len = qlb_encode(&configs[id], &sid, nonce, next_random(),
				    spec->dcid);
}

/* Octets after the DCID so far. */
static void word_extra(struct spec *spec, const char *value)
{
	spec->dcid_len += unhex(spec->dcid + spec->dcid_len,
				sizeof(spec->dcid) - spec->dcid_len, value);
}

static const struct {
	const char *name;
	void (*set)(struct spec *spec, const char *value);
} word_table[] = {
	{ "name", word_name },		/* for the report */
	{ "from", word_from },		/* ADDR:PORT or [ADDR]:PORT, port 0: any */
	{ "to", word_to },
	{ "form", word_form },		/* short or long */
	{ "version", word_version },	/* hex */
	{ "type", word_type },		/* long packet type, 0..3 */
	{ "fixed", word_fixed },	/* the fixed bit, 0 or 1 */
	{ "dcid", word_dcid },		/* hex */
	{ "scid", word_scid },
	{ "mint", word_mint },		/* a fresh DCID: ID:SERVERIDHEX */
	{ "extra", word_extra },	/* hex, appended to the DCID */
	{ "dcidlen", word_dcidlen },	/* a wrong length in the header */
	{ "scidlen", word_scidlen },
	{ "size", word_size },		/* pad the datagram to at least this */
	{ "cut", word_cut },		/* truncate the datagram to this */
	{ "raw", word_raw },		/* hex of the whole datagram instead */
	{ "count", word_count },	/* number of datagrams */
	{ "walk", word_walk },		/* the next addr or port for each */
};

void apply_word(struct spec *spec, char *word)
{
	char *value = strchr(word, '=');
	size_t i;

	if (!value)
		die("not a word: %s", word);
	*value++ = '\0';
	for (i = 0; i < sizeof(word_table) / sizeof(word_table[0]); i++) {
		if (!strcmp(word, word_table[i].name)) {
			word_table[i].set(spec, value);
			value[-1] = '=';
			return;
		}
	}
	die("unknown word: %s", word);
}

void spec_default(struct spec *spec)
{
	memset(spec, 0, sizeof(*spec));
	strcpy(spec->name, "-");
	spec->version = 1;
	spec->fixed_bit = true;
	spec->dcid_len_octet = -1;
	spec->scid_len_octet = -1;
	spec->size = 48;
	spec->cut = DATAGRAM_MAX;
	spec->count = 1;
}

void add_config(char *arg)
{
	unsigned int v[3];
	u8 key[QLB_KEY_LEN];
	char *part, *save;
	int i;

	part = strtok_r(arg, ":", &save);
	for (i = 0; i < 3; i++, part = strtok_r(NULL, ":", &save)) {
		if (!part)
			die("a config is ID:SERVER_ID_LEN:NONCE_LEN[:KEYHEX]");
		v[i] = number(part, 10, 255);
	}
	if (qlb_config_check(v[0], v[1], v[2]) != QLB_OK)
		die("no legal config: %u:%u:%u", v[0], v[1], v[2]);
	if (part && unhex(key, sizeof(key), part) != sizeof(key))
		die("a key has %d octets", QLB_KEY_LEN);
	if (qlb_config_init(&configs[v[0]], v[0], v[1], v[2], false,
			    part ? key : NULL))
		die("cannot expand the key");
	have_config[v[0]] = true;
}
