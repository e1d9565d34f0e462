// SPDX-License-Identifier: GPL-2.0-only
#include "common/printable.h"

#include <string.h>

enum {
	/* a key has 32 digits and the longest server ID 30 */
	KEY_LIKE_DIGITS = 31,
	KEY_LIKE_SLIPS = 28,		/* with other characters among them */
};

/* Octets of the UTF-8 character at @text; 0: it is none. */
static size_t utf8_len(const unsigned char *text, unsigned int *code)
{
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = *text < 0x80 ? 1 : *text >> 5 == 6 ? 2 :
		     *text >> 4 == 14 ? 3 : *text >> 3 == 30 ? 4 : 0;
	size_t i;

	*code = len < 2 ? *text : *text & 0x7fu >> len;
	for (i = 1; i < len; i++) {
		if (text[i] >> 6 != 2)
			return 0;
		*code = *code << 6 | (text[i] & 0x3f);
	}
	if (!len || *code < least[len] || *code > 0x10ffff ||
	    *code >> 11 == 0xd800 >> 11)
		return 0;
	return len;
}

/* C0 and C1 control characters; separators of lines, marks of direction. */
static bool is_control(unsigned int code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
	       (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

static void print_octets(FILE *out, const char *text, size_t len)
{
	while (len--)
		fprintf(out, "\\x%02x", (unsigned char)*text++);
}

static void print_part(FILE *out, const char *text, const char *end)
{
	unsigned int code;

	while (text < end) {
		size_t len = utf8_len((const unsigned char *)text, &code);

		if (!len || is_control(code))
			print_octets(out, text, len ? len : 1);
		else
			fwrite(text, 1, len, out);
		text += len ? len : 1;
	}
}

void print_printable(FILE *out, const char *text)
{
	print_part(out, text, text + strlen(text));
}

/* Octets in front of what has to be looked at. */
static size_t plain_len(const char *text)
{
	size_t len = 0;

	while (text[len] >= ' ' && text[len] < 0x7f && text[len] != '"' &&
	       text[len] != '\\')
		len++;
	return len;
}

static void print_quoted_char(FILE *out, const char *text, size_t len,
			      unsigned int code)
{
	size_t i;

	if (len && code == '\n')
		fputs("\\n", out);
	else if (!len || is_control(code))
		/* the backslash of \xHH is escaped, too */
		for (i = 0; i < (len ? len : 1); i++)
			fprintf(out, "\\\\x%02x", (unsigned char)text[i]);
	else if (code == '"' || code == '\\')
		fprintf(out, "\\%c", (int)code);
	else
		fwrite(text, 1, len, out);
}

void print_quoted(FILE *out, const char *text)
{
	unsigned int code;
	size_t len;

	for (;;) {
		len = plain_len(text);
		fwrite(text, 1, len, out);
		text += len;
		if (!*text)
			return;
		len = utf8_len((const unsigned char *)text, &code);
		print_quoted_char(out, text, len, code);
		text += len ? len : 1;
	}
}

static bool is_hex_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

static bool is_word(char c)
{
	return is_hex_digit(c) || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/* A key, whole, with a few digits too many or missing, or with slips in it. */
static bool looks_like_key(const char *word, size_t len)
{
	size_t digits = 0, i;

	for (i = 0; i < len; i++)
		digits += is_hex_digit(word[i]);
	if (4 * digits < 3 * len)
		return false;
	return digits >= KEY_LIKE_DIGITS ||
	       (digits >= KEY_LIKE_SLIPS && digits < len);
}

void print_secretive(FILE *out, const char *text)
{
	const char *end;
	size_t len;

	while (*text) {
		for (len = 0; is_word(text[len]); len++)
			;
		if (looks_like_key(text, len)) {
			fprintf(out, "(%zu characters that look like a key)",
				len);
			text += len;
			continue;
		}
		for (end = text + len; *end && !is_word(*end); end++)
			;
		print_part(out, text, end);
		text = end;
	}
}
