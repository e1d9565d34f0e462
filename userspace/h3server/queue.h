/* SPDX-License-Identifier: GPL-2.0-only */
/* What is due when: a heap, so that a wake-up costs the logarithm of what waits. */
#ifndef H3SERVER_QUEUE_H
#define H3SERVER_QUEUE_H

#include <stddef.h>
#include <stdint.h>

/* Part of what waits. */
struct queue_entry {
	uint64_t due;
	size_t place;		/* in the queue's heap */
};

struct queue {
	struct queue_entry **heap;	/* each one is due before those at 2i + 1 and 2i + 2 */
	size_t n, room;
};

/* Return: 0 or -ENOMEM. */
int queue_add(struct queue *queue, struct queue_entry *entry, uint64_t due);
void queue_move(struct queue *queue, struct queue_entry *entry, uint64_t due);
void queue_remove(struct queue *queue, struct queue_entry *entry);

/* After entries' @due was changed by hand. */
void queue_order(struct queue *queue);

/* Return: what is due first, or NULL. */
struct queue_entry *queue_first(const struct queue *queue);

/* With nothing in it. */
void queue_free(struct queue *queue);

#endif
