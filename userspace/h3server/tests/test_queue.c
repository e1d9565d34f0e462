// SPDX-License-Identifier: GPL-2.0-only
/* Unit test of queue.c; built with the sanitizers. */
#include "../queue.h"

#include <stdio.h>
#include <stdlib.h>

#define ENTRIES	300
#define STEPS	20000

static struct queue queue;
static struct queue_entry entries[ENTRIES];
static int is_in[ENTRIES];

/* Return: whether the queue knows what a walk over all finds. */
static int is_right(void)
{
	struct queue_entry *first = queue_first(&queue);
	size_t n = 0;

	for (size_t i = 0; i < ENTRIES; i++) {
		if (!is_in[i])
			continue;
		n++;
		if (!first || entries[i].due < first->due ||
		    queue.heap[entries[i].place] != &entries[i])
			return 0;
	}
	return n == queue.n;
}

static void step(size_t i)
{
	uint64_t due = random() % 1000;

	switch (is_in[i] ? 1 + random() % 3 : 0) {
	case 0:
		is_in[i] = !queue_add(&queue, &entries[i], due);
		break;
	case 1:
		queue_remove(&queue, &entries[i]);
		is_in[i] = 0;
		break;
	case 2:
		queue_move(&queue, &entries[i], due);
		break;
	case 3:
		entries[i].due = due;
		queue_order(&queue);
	}
}

int main(void)
{
	int ok = 1;

	for (int n = 0; ok && n < STEPS; n++) {
		step(random() % ENTRIES);
		ok = is_right();
		if (!ok)
			printf("not ok - step %d\n", n);
	}
	for (size_t i = 0; i < ENTRIES; i++)
		if (is_in[i])
			queue_remove(&queue, &entries[i]);
	ok = ok && !queue_first(&queue);
	queue_free(&queue);
	return !ok;
}
