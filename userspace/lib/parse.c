// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Keys and server IDs as text. */
#include <errno.h>

#include "hex.h"
#include "qlb.h"
#include "quiclb.h"

static const char *key_fault(long digits)
{
	if (digits < 0)
		return "the key has a character that is not a hex digit";
	if (digits < 2 * QLB_KEY_LEN)
		return "the key is shorter than 32 hex digits";
	if (digits > 2 * QLB_KEY_LEN)
		return "the key is longer than 32 hex digits";
	return NULL;
}

static const char *server_id_fault(long digits)
{
	if (digits < 0)
		return "the server ID has a character that is not a hex digit";
	if (!digits)
		return "the server ID is empty";
	if (digits % 2)
		return "the server ID has an odd number of hex digits";
	if (digits > 2 * QLB_SERVER_ID_LEN_MAX)
		return "the server ID is longer than 15 octets";
	return NULL;
}

static int report(const char *fault, const char **error)
{
	if (!fault)
		return 0;
	if (error)
		*error = fault;
	return -EINVAL;
}

int quiclb_parse_key(uint8_t key[QUICLB_KEY_LEN], const char *text, size_t len,
		     const char **error)
{
	uint8_t octets[QLB_KEY_LEN];
	int err;

	err = report(key_fault(quiclb_hex_read(octets, sizeof(octets), text,
					       len)), error);
	if (!err)
		memcpy(key, octets, sizeof(octets));
	quiclb_wipe(octets, sizeof(octets));
	return err;
}

int quiclb_parse_server_id(uint8_t *server_id, size_t *server_id_len,
			   const char *text, const char **error)
{
	uint8_t octets[QLB_SERVER_ID_LEN_MAX];
	long digits;
	int err;

	digits = quiclb_hex_read(octets, sizeof(octets), text, strlen(text));
	err = report(server_id_fault(digits), error);
	if (err)
		return err;
	*server_id_len = digits / 2;
	memcpy(server_id, octets, *server_id_len);
	return 0;
}

void quiclb_wipe(void *memory, size_t len)
{
	explicit_bzero(memory, len);
}
