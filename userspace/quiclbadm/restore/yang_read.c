// SPDX-License-Identifier: GPL-2.0-only
#include "restore/yang_read.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "cli/build.h"
#include "common/err.h"
#include "common/xalloc.h"
#include "hex.h"
#include "model/secret.h"

enum {
	PLACE_MAX = 256,		/* octets of a place in a sentence */
	NAME_SHOWN = 64,		/* octets of a name of someone else's */
};

/* Where a value is: a member of what is at @up or, without @name, element @index. */
struct place {
	const struct place *up;
	const char *name;
	size_t index;
};

enum kind {
	NUMBER,
	TEXT,
	LIST,
	OBJECT,
};

/* A leaf or list of the modules; a number has limits. */
struct member {
	const char *name;
	enum kind kind;
	bool mandatory;
	uint8_t min;
	uint8_t max;
};

/* As a JSON pointer, where / and ~ of a name are ~1 and ~0. */
static char *place_str(const struct place *place, char *buf)
{
	char *end = buf;
	size_t i;

	*buf = '\0';
	if (place->up)
		end += strlen(place_str(place->up, buf));
	if (end - buf > PLACE_MAX - 2 * NAME_SHOWN - 32)
		return buf;
	*end++ = '/';
	if (!place->name) {
		sprintf(end, "%zu", place->index);
		return buf;
	}
	for (i = 0; i < NAME_SHOWN && place->name[i]; i++) {
		bool escaped = strchr("/~", place->name[i]);

		if (escaped)
			*end++ = '~';
		*end++ = escaped ? (char)('0' + (place->name[i] == '/')) :
				   place->name[i];
	}
	*end = '\0';
	return buf;
}

static void set_place(const struct place *place)
{
	char buf[PLACE_MAX];

	err_set_place(place_str(place, buf));
}

#define bad(place, ...) (set_place(place), refuse(__VA_ARGS__))

static int check_number(const json_t *value, const struct place *place,
			const struct member *member)
{
	if (json_is_string(value))
		return bad(place, "a string, and it has to be a number: without quotation marks");
	if (!json_is_integer(value))
		return bad(place, "not a whole number");
	if (json_integer_value(value) < member->min ||
	    json_integer_value(value) > member->max)
		return bad(place, "%lld is not one of %u to %u",
			   (long long)json_integer_value(value), member->min,
			   member->max);
	return 0;
}

static int check_kind(const json_t *value, const struct place *place,
		      const struct member *member)
{
	switch (member->kind) {
	case NUMBER:
		return check_number(value, place, member);
	case TEXT:
		return json_is_string(value) ? 0 : bad(place, "not a string");
	case LIST:
		return json_is_array(value) ? 0 : bad(place, "not an array");
	case OBJECT:
		break;
	}
	return json_is_object(value) ? 0 : bad(place, "not an object");
}

static bool is_member(const struct member *members, const char *name)
{
	for (; members->name; members++)
		if (!strcmp(members->name, name))
			return true;
	return false;
}

/*
 * Says each error.  @err is set after one; a node that the module does not have is one, but
 * not in the way of the others.
 * Return: whether all @members that have to be there are there, and each is of its kind.
 */
static bool check_members(json_t *object, const struct place *place,
			  const struct member *members, int *err)
{
	bool good = true;
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value) {
		struct place here = { .up = place, .name = name };

		if (!is_member(members, name))
			*err = bad(&here, "the module has no such node here");
	}
	for (; members->name; members++) {
		struct place here = { .up = place, .name = members->name };

		value = json_object_get(object, members->name);
		if (!value && members->mandatory)
			*err = bad(&here, "missing");
		else if (!value || !check_kind(value, &here, members))
			continue;
		good = false;
		*err = EXIT_REFUSED;
	}
	return good;
}

static uint8_t number_of(const json_t *object, const char *name)
{
	return (uint8_t)json_integer_value(json_object_get(object, name));
}

static int check_lengths(const struct config *config, const struct place *up)
{
	struct place place = { .up = up, .name = "server-id-length" };
	unsigned int both = config->server_id_len + config->nonce_len;

	if (both <= QLB_PLAINTEXT_LEN_MAX)
		return 0;
	return bad(&place, "together with nonce-length %u octets, and at most %u are possible",
		   both, QLB_PLAINTEXT_LEN_MAX);
}

/* The colons are no secret, the digits are. */
static int read_key(const json_t *value, const struct place *up,
		    struct config *config)
{
	struct place place = { .up = up, .name = "cid-key" };
	const char *text = json_string_value(value);
	const size_t len = json_string_length(value);
	char hex[KEY_HEX_LEN];
	size_t i;
	int err;

	if (len != YANG_KEY_LEN)
		return bad(&place, "%zu characters, and a key has %d: 16 octets of two hex digits with colons between",
			   len, YANG_KEY_LEN);
	for (i = 0; i < len; i++) {
		if (i % 3 == 2 && text[i] != ':')
			return bad(&place, "after every two hex digits of a key there has to be a colon");
		if (i % 3 != 2)
			hex[i - i / 3] = text[i];
	}
	set_place(&place);
	err = secret_decode_key("key", hex, sizeof(hex), config->key);
	explicit_bzero(hex, sizeof(hex));
	if (!err)
		build_have_key(config);
	return err;
}

static int read_key_file(const json_t *value, const struct place *up, bool check,
			 struct config *config)
{
	struct place place = { .up = up, .name = YANG_MIDDLEBOX_KEY_FILE };
	const char *path = json_string_value(value);

	if (*path != '/')
		return bad(&place, "not an absolute path");
	set_place(&place);
	if (!config->keyed)
		return build_key_file(path, check, config);
	/* the key is there already: the path is where it came from */
	config->key_source = secret_absolute_path(path);
	return config->key_source ? 0 : EXIT_REFUSED;
}

static bool is_hex_digit(char c)
{
	return !(quiclb_hex_value((unsigned char)c) & QUICLB_HEX_BAD);
}

/* A yang:hex-string of @config's length. */
static int read_server_id(const char *text, const struct place *place,
			  const struct config *config, struct qlb_server_id *sid)
{
	const size_t wanted = 3U * config->server_id_len - 1;
	size_t i;

	for (i = 0; text[i]; i++)
		if (i % 3 == 2 ? text[i] != ':' : !is_hex_digit(text[i]))
			return bad(place, "not hex digits with a colon after every two");
	if (i != wanted)
		return bad(place, "%zu characters, and server IDs of %u octets have %zu (server-id-length)",
			   i, config->server_id_len, wanted);
	for (i = 0; i < config->server_id_len; i++)
		quiclb_hex_read(&sid->octets[i], 1, text + 3 * i, 2);
	sid->len = config->server_id_len;
	return 0;
}

static int read_address(const char *text, const struct place *place,
			struct endpoint *ep)
{
	memset(ep, 0, sizeof(*ep));
	ep->af = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(ep->af, text, ep->addr) == 1)
		return 0;
	if (strchr(text, '%'))
		return bad(place, "an address with a zone, and a real server has an address without one");
	return bad(place, "neither an IPv4 nor an IPv6 address");
}

static int read_mapping(json_t *object, const struct place *place,
			const struct config *config, struct mapping *map)
{
	static const struct member members[] = {
		{ "server-id", TEXT, true, 0, 0 },
		{ "server-address", TEXT, true, 0, 0 },
		{ NULL, 0, false, 0, 0 },
	};
	const struct place sid = { .up = place, .name = "server-id" };
	const struct place address = { .up = place, .name = "server-address" };
	int err = 0;

	memset(map, 0, sizeof(*map));
	map->config_id = config->id;
	map->line = (unsigned int)place->index;
	if (!json_is_object(object))
		return bad(place, "not an object");
	if (!check_members(object, place, members, &err))
		return err;
	if (read_server_id(json_string_value(json_object_get(object, "server-id")),
			   &sid, config, &map->sid))
		err = EXIT_REFUSED;
	if (read_address(json_string_value(json_object_get(object, "server-address")),
			 &address, &map->server))
		err = EXIT_REFUSED;
	return err;
}

/* The list's key is the server ID; the later element is the bad one. */
static int check_repetitions(struct service *svc, size_t first,
			     const struct place *list)
{
	struct place element = { .up = list };
	struct place place = { .up = &element, .name = "server-id" };
	int err = 0;
	size_t i;

	if (svc->map_count > first)
		qsort(svc->maps + first, svc->map_count - first,
		      sizeof(*svc->maps), mapping_cmp_by_sid);
	for (i = first + 1; i < svc->map_count; i++) {
		const struct mapping *one = &svc->maps[i - 1];
		const struct mapping *other = &svc->maps[i];

		if (mapping_cmp_by_sid(one, other))
			continue;
		element.index = one->line > other->line ? one->line : other->line;
		err = bad(&place, "the list has this server ID already");
	}
	return err;
}

static int read_mappings(json_t *list, const struct place *up,
			 const struct config *config, struct service *svc)
{
	struct place place = { .up = up, .name = "server-id-mappings" };
	const size_t first = svc->map_count;
	struct mapping map;
	json_t *element;
	size_t i;
	int err = 0;

	json_array_foreach(list, i, element) {
		struct place here = { .up = &place, .index = i };

		if (read_mapping(element, &here, config, &map))
			err = EXIT_REFUSED;
		else
			service_add_mapping(svc, &map);
	}
	return check_repetitions(svc, first, &place) ? EXIT_REFUSED : err;
}

static int read_keys(json_t *object, const struct place *place, bool check,
		     struct config *config)
{
	json_t *key = json_object_get(object, "cid-key");
	json_t *file = json_object_get(object, YANG_MIDDLEBOX_KEY_FILE);
	int err = 0;

	if (key)
		err = read_key(key, place, config);
	if (!err && file)
		err = read_key_file(file, place, check, config);
	return err;
}

static int add_config(struct config *config, const struct place *place,
		      struct yang_document *document)
{
	struct place id = { .up = place, .name = "config-rotation-bits" };

	if (service_find_config(&document->svc, config->id, 0))
		return bad(&id, "the list has a config %u already", config->id);
	document->at[config->id] = (unsigned int)place->index;
	/* there are fewer IDs than room */
	service_add_config(&document->svc, config);
	config->key_source = NULL;
	return 0;
}

static int read_config(json_t *object, const struct place *place, bool check,
		       struct yang_document *document)
{
	static const struct member members[] = {
		{ "config-rotation-bits", NUMBER, true, 0, QLB_CONFIG_ID_MAX },
		{ "server-id-length", NUMBER, true, QLB_SERVER_ID_LEN_MIN, QLB_SERVER_ID_LEN_MAX },
		{ "cid-key", TEXT, false, 0, 0 },
		{ "nonce-length", NUMBER, true, QLB_NONCE_LEN_MIN, QLB_NONCE_LEN_MAX },
		{ "server-id-mappings", LIST, false, 0, 0 },
		{ YANG_MIDDLEBOX_KEY_FILE, TEXT, false, 0, 0 },
		{ NULL, 0, false, 0, 0 },
	};
	struct config config = { 0 };
	int err = 0;

	if (!json_is_object(object))
		return bad(place, "not an object");
	if (!check_members(object, place, members, &err))
		return err;
	config.id = number_of(object, "config-rotation-bits");
	config.server_id_len = number_of(object, "server-id-length");
	config.nonce_len = number_of(object, "nonce-length");
	if (check_lengths(&config, place))
		err = EXIT_REFUSED;
	if (read_keys(object, place, check, &config))
		err = EXIT_REFUSED;
	if (read_mappings(json_object_get(object, "server-id-mappings"), place,
			  &config, &document->svc))
		err = EXIT_REFUSED;
	if (add_config(&config, place, document))
		err = EXIT_REFUSED;
	config_destroy(&config);
	return err;
}

static int read_root(json_t *root, bool check, struct yang_document *document)
{
	static const struct member top[] = {
		{ YANG_MIDDLEBOX, OBJECT, true, 0, 0 },
		{ NULL, 0, false, 0, 0 },
	};
	static const struct member members[] = {
		{ "cid-configs", LIST, false, 0, 0 },
		{ NULL, 0, false, 0, 0 },
	};
	const struct place quic_lb = { .name = YANG_MIDDLEBOX };
	const struct place server = { .name = YANG_SERVER };
	const struct place list = { .up = &quic_lb, .name = "cid-configs" };
	json_t *object, *element;
	size_t i;
	int err = 0;

	if (!json_is_object(root))
		return bad(&quic_lb, "missing, the document is no object");
	if (json_object_get(root, YANG_SERVER))
		return bad(&server, "that is for a server; of a director it is " YANG_MIDDLEBOX);
	if (!check_members(root, NULL, top, &err))
		return err;
	object = json_object_get(root, YANG_MIDDLEBOX);
	if (!check_members(object, &quic_lb, members, &err))
		return err;
	json_array_foreach(json_object_get(object, "cid-configs"), i, element) {
		struct place here = { .up = &list, .index = i };

		if (read_config(element, &here, check, document))
			err = EXIT_REFUSED;
	}
	return err;
}

/* jansson quotes what it was reading, which may be a key. */
static int refuse_text(const struct input_file *file, json_error_t *error)
{
	char *near = strstr(error->text, " near ");

	if (near)
		*near = '\0';
	return refuse("%s: line %d, column %d: not JSON: %s", file->name,
		      error->line, error->column, error->text);
}

int yang_read(const struct input_file *file, bool check,
	      struct yang_document *document)
{
	static const struct service_id no_id;
	json_error_t error;
	json_t *root;
	int err;

	memset(document, 0, sizeof(*document));
	service_init(&document->svc, &no_id);
	yang_wipe_json();
	root = json_loadb(file->text, file->len, JSON_REJECT_DUPLICATES, &error);
	if (!root) {
		err = refuse_text(file, &error);
		explicit_bzero(&error, sizeof(error));
		return err;
	}
	err = read_root(root, check, document);
	err_set_place(NULL);
	/* the configs may be in any order */
	if (document->svc.map_count)
		qsort(document->svc.maps, document->svc.map_count,
		      sizeof(*document->svc.maps), mapping_cmp_by_sid);
	json_decref(root);
	return err;
}

void yang_document_destroy(struct yang_document *document)
{
	service_destroy(&document->svc);
}

void yang_set_config_place(const struct yang_document *document,
			   unsigned int id, const char *member)
{
	const struct place top = { .name = YANG_MIDDLEBOX };
	const struct place list = { .up = &top, .name = "cid-configs" };
	const struct place config = { .up = &list, .index = document->at[id] };
	const struct place leaf = { .up = &config, .name = member };

	set_place(&leaf);
}

void yang_set_mapping_place(const struct yang_document *document,
			    const struct mapping *map, const char *member)
{
	const struct place top = { .name = YANG_MIDDLEBOX };
	const struct place list = { .up = &top, .name = "cid-configs" };
	const struct place config = {
		.up = &list, .index = document->at[map->config_id],
	};
	const struct place maps = { .up = &config, .name = "server-id-mappings" };
	const struct place element = { .up = &maps, .index = map->line };
	const struct place leaf = { .up = &element, .name = member };

	set_place(&leaf);
}
