// SPDX-License-Identifier: GPL-2.0-only
/* Unit test of frames.c; built with the sanitizers. */
#include "../frames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned int failed;

static void check(int ok, const char *what)
{
	if (!ok)
		printf("not ok - %s\n", what);
	failed += !ok;
}

struct seen {
	uint64_t seqs[8];
	size_t n;
};

static void note(void *user, uint64_t seq)
{
	struct seen *seen = user;

	if (seen->n < 8)
		seen->seqs[seen->n++] = seq;
}

/* What a server sends: ACK, RESET_STREAM, two NEW_CONNECTION_ID, STREAM to the end. */
static void test_own(void)
{
	uint8_t packet[200] = {
		0x03, 0x41, 0x00, 0x05, 0x01, 0x02, 0x03, 0x04, 0x01, 0x02, 0x40, 0x03,
		0x04, 0x01, 0x40, 0x99, 0x05,
	}, before[200];
	size_t n = 17, first, second;

	for (int i = 0; i < 2; i++) {
		packet[n++] = 0x18;
		packet[n++] = 5 + i;
		packet[n++] = 0;
		packet[n++] = 9;
		memset(packet + n, 0x18, 25);
		n += 25;
	}
	first = 17 + 2;
	second = first + 29;
	packet[n++] = 0x0c;
	packet[n++] = 0;
	packet[n++] = 0;
	memcpy(packet + n, "\x18\x07\x00\x09", 4);	/* data that looks like one */
	memcpy(before, packet, sizeof(packet));
	frames_retire_prior_to(packet, sizeof(packet), 6);
	check(packet[second] == 6, "Retire Prior To is set");
	check(!packet[first], "not where it would exceed the sequence number");
	packet[second] = 0;
	check(!memcmp(before, packet, sizeof(packet)), "nothing else is changed");
}

static void test_client(void)
{
	uint8_t packet[] = {
		0x01, 0x19, 0x03, 0x1b, 1, 2, 3, 4, 5, 6, 7, 8, 0x19, 0x40, 0x41,
		0x0a, 0x00, 0x02, 0x19, 0x05, 0x00, 0x19, 0x06, 0x3f, 0x19, 0x07,
	};
	struct seen seen = { { 0 }, 0 };

	frames_retired(packet, sizeof(packet), note, &seen);
	check(seen.n == 3 && seen.seqs[0] == 3 && seen.seqs[1] == 65 && seen.seqs[2] == 6,
	      "retired: 3, 65 and 6; not in data, not behind what is unknown");
}

/* Each length is an allocation of its own, so that ASan sees one octet too many. */
static void test_garbage(void)
{
	struct seen seen = { { 0 }, 0 };

	for (unsigned int i = 0; i < 400000; i++) {
		size_t len = i % 70;
		uint8_t *packet = malloc(len ? len : 1);

		for (size_t j = 0; j < len; j++)
			packet[j] = random() % 3 ? random() % 0x1f : random();
		seen.n = 0;
		frames_retired(packet, len, note, &seen);
		frames_retire_prior_to(packet, len, i % 64);
		free(packet);
	}
}

int main(void)
{
	test_own();
	test_client();
	test_garbage();
	return failed != 0;
}
