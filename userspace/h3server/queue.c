// SPDX-License-Identifier: GPL-2.0-only
#include "queue.h"

#include <errno.h>
#include <stdlib.h>

static void put(struct queue *queue, size_t place, struct queue_entry *entry)
{
	queue->heap[place] = entry;
	entry->place = place;
}

static void rise(struct queue *queue, struct queue_entry *entry)
{
	size_t place = entry->place, above;

	for (; place; place = above) {
		above = (place - 1) / 2;
		if (queue->heap[above]->due <= entry->due)
			break;
		put(queue, place, queue->heap[above]);
	}
	put(queue, place, entry);
}

static void sink(struct queue *queue, struct queue_entry *entry)
{
	size_t place = entry->place, below;

	for (; (below = 2 * place + 1) < queue->n; place = below) {
		if (below + 1 < queue->n &&
		    queue->heap[below + 1]->due < queue->heap[below]->due)
			below++;
		if (entry->due <= queue->heap[below]->due)
			break;
		put(queue, place, queue->heap[below]);
	}
	put(queue, place, entry);
}

int queue_add(struct queue *queue, struct queue_entry *entry, uint64_t due)
{
	size_t room = queue->room ? 2 * queue->room : 64;
	void *heap;

	if (queue->n == queue->room) {
		heap = realloc(queue->heap, room * sizeof(struct queue_entry *));
		if (!heap)
			return -ENOMEM;
		queue->heap = heap;
		queue->room = room;
	}
	entry->due = due;
	put(queue, queue->n++, entry);
	rise(queue, entry);
	return 0;
}

void queue_move(struct queue *queue, struct queue_entry *entry, uint64_t due)
{
	entry->due = due;
	rise(queue, entry);
	sink(queue, entry);
}

void queue_remove(struct queue *queue, struct queue_entry *entry)
{
	struct queue_entry *last = queue->heap[--queue->n];

	if (last == entry)
		return;
	put(queue, entry->place, last);
	queue_move(queue, last, last->due);
}

void queue_order(struct queue *queue)
{
	for (size_t i = queue->n / 2; i-- > 0;)
		sink(queue, queue->heap[i]);
}

struct queue_entry *queue_first(const struct queue *queue)
{
	return queue->n ? queue->heap[0] : NULL;
}

void queue_free(struct queue *queue)
{
	free(queue->heap);
	queue->heap = NULL;
	queue->room = 0;
}
