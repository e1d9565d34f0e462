// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The table of flows of kmod/core/flowtable.c, beside a list of what it has to have.  Input: the
 * number of buckets (one octet), the clock's start (two), then steps of three octets each:
 * what is done, for which flow, and for which owner or how long.
 */
#include "flowtable.h"
#include "fuzz.h"

enum {
	BUCKETS_MAX = 4,
	FLOWS = 64,
	OWNERS = 4,
	SERVERS = 3,
};

/* What the table said that it has of a flow; expired entries stay until they are taken out. */
struct known {
	bool is_there;
	struct flowtable_value value;
};

struct model {
	struct flowtable table;
	struct known flows[FLOWS];
	unsigned int count;
	u32 now;
};

static void *thing(unsigned int n)
{
	return (void *)(uintptr_t)(16 + 16 * n);
}

static bool is_over(const struct flowtable_value *value, u32 now)
{
	return (int)(value->expires - now) <= 0;
}

/* Flows 4n to 4n + 3 differ in one part of the key each. */
static struct flowtable_key key_of(unsigned int flow)
{
	u64 n = flow / 4 + 1;
	struct flowtable_key key = {
		.client = { (u32)n, 0, flow % 4 == 1, 0 },
		.ports = 443 + (flow % 4 == 2),
		.hash = (n + (flow % 4 == 3)) * 0x9e3779b97f4a7c15,
	};

	return key;
}

static bool is_same(const struct flowtable_value *a, const struct flowtable_value *b)
{
	return a->owner == b->owner && a->server == b->server && a->expires == b->expires &&
	       a->first == b->first && a->routed == b->routed;
}

/* The first of a value is the flow, so that the list can be found from it. */
static struct known *known_of(struct model *m, const struct flowtable_value *value)
{
	must(value->first / 2 < FLOWS && value->first % 2 == 0);
	return &m->flows[value->first / 2];
}

static void on_gone(const struct flowtable_value *value, void *arg)
{
	struct model *m = arg;
	struct known *known = known_of(m, value);

	must(known->is_there && is_same(&known->value, value));
	known->is_there = false;
	m->count--;
}

static void insert(struct model *m, unsigned int flow, unsigned int word)
{
	struct flowtable_value old, value = {
		.owner = thing(word % OWNERS), .server = thing(word / 4 % SERVERS),
		.expires = m->now + 1 + word / 16, .first = 2 * flow,
	};
	struct flowtable_key key = key_of(flow);
	const bool was_there = m->flows[flow].is_there;

	if (!flowtable_insert(&m->table, &key, &value, m->now, &old)) {
		/* the flow's two buckets, at least one, are full */
		must(!was_there && m->count >= FLOWTABLE_WAYS);
		return;
	}
	if (old.server) {
		must(!was_there || old.first == 2 * flow);
		must(was_there || is_over(&old, m->now) || old.routed || old.owner != value.owner);
		on_gone(&old, m);
	} else {
		must(!was_there);
	}
	m->flows[flow].is_there = true;
	m->flows[flow].value = value;
	m->count++;
}

static void find(struct model *m, unsigned int flow, unsigned int word)
{
	struct known *known = &m->flows[flow];
	struct flowtable_key key = key_of(flow);
	struct flowtable_entry *entry;
	struct flowtable_value value;

	entry = flowtable_find(&m->table, &key, m->now, &value);
	must(!entry == (!known->is_there || is_over(&known->value, m->now)));
	if (!entry)
		return;
	must(is_same(&known->value, &value));
	if (word) {
		known->value.expires = m->now + word;
		flowtable_renew(entry, known->value.expires);
	}
}

static void set_routed(struct model *m, unsigned int flow, unsigned int word)
{
	struct known *known = &m->flows[flow];
	struct flowtable_key key = key_of(flow);
	const void *server = thing(word % SERVERS);

	flowtable_set_routed(&m->table, &key, server, m->now);
	if (known->is_there && !is_over(&known->value, m->now) && known->value.server == server)
		known->value.routed = true;
}

/* Of all owners, or also what is left of one. */
static void expire(struct model *m, unsigned int word)
{
	const void *owner = word % 8 < OWNERS ? thing(word % 8) : NULL;
	unsigned int i;

	for (i = 0; i < m->table.count; i++)
		flowtable_expire(&m->table, i, m->now, owner, on_gone, m);
	for (i = 0; i < FLOWS; i++)
		must(!m->flows[i].is_there || (!is_over(&m->flows[i].value, m->now) &&
					       m->flows[i].value.owner != owner));
}

static void list(struct model *m)
{
	unsigned int at, way, i, n = 0, listed = 0;
	struct flowtable_value value;
	struct flowtable_key key;
	struct known *known;

	for (at = 0; at < m->table.count; at++)
		for (way = 0; way < FLOWTABLE_WAYS; way++) {
			if (!flowtable_read(&m->table, at, way, m->now, &key, &value))
				continue;
			known = known_of(m, &value);
			must(known->is_there && is_same(&known->value, &value));
			must(key.ports == key_of(value.first / 2).ports);
			must(!memcmp(key.client, key_of(value.first / 2).client, sizeof(key.client)));
			listed++;
		}
	for (i = 0; i < FLOWS; i++)
		n += m->flows[i].is_there && !is_over(&m->flows[i].value, m->now);
	must(n == listed);
}

static void step(struct model *m, unsigned int what, unsigned int flow, unsigned int word)
{
	switch (what % 8) {
	case 0:
		m->now += word;
		break;
	case 1:
		find(m, flow, word);
		break;
	case 2:
		set_routed(m, flow, word);
		break;
	case 3:
		expire(m, word);
		break;
	case 4:
		list(m);
		break;
	default:
		insert(m, flow, word);
	}
	must(m->count <= m->table.count * FLOWTABLE_WAYS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct model m = { .table = { .count = 1 + take_octet(&in) % BUCKETS_MAX } };
	const size_t octets = m.table.count * sizeof(*m.table.buckets);
	unsigned int what, flow;

	m.table.buckets = aligned_alloc(FLOWTABLE_BUCKET_SIZE, octets);
	if (!m.table.buckets)
		abort();
	memset(m.table.buckets, 0, octets);
	/* shortly before the clock begins again, or after it */
	m.now = take_octet(&in) << 8;
	m.now = (m.now | take_octet(&in)) - 0x8000;
	while (in.left) {
		what = take_octet(&in);
		flow = take_octet(&in) % FLOWS;
		step(&m, what, flow, take_octet(&in));
	}
	list(&m);
	m.now += 256;
	expire(&m, OWNERS);
	must(!m.count);
	free(m.table.buckets);
	return 0;
}
