// SPDX-License-Identifier: GPL-2.0
/*
 * What has changed is found by comparing: all objects are immutable, and a writer has
 * the old ones and the new ones.  A change that changes nothing is no event, then, and
 * a pool that could not be rebuilt makes up for it with the next one.
 */
#include "notify.h"

#include <linux/rwsem.h>
#include <net/genetlink.h>

#include "net.h"
#include "netlink-gen.h"
#include "put.h"

enum {
	/* objects in the events of one change; beyond, listeners are to read anew */
	CHANGE_MAX = 8192,
};

/*
 * Held for reading while events are sent, for writing only while @family is set: after
 * ivq_notify_stop() nothing is being sent any more.
 */
static DECLARE_RWSEM(family_lock);
static const struct genl_family *family;	/* NULL: it is not registered */

/**
 * struct event - the message that is being filled
 * @net: whose listeners get it
 * @key: the service it is about, or NULL
 * @cmd: IP_VS_QUIC_CMD_*_NTF
 * @skb: NULL when there is none
 * @hdr: in it
 * @left: objects that may still be put
 * @missed: listeners have been told, so the rest of the change need not be
 */
struct event {
	struct net *net;
	const struct ivq_svc_key *key;
	u8 cmd;
	struct sk_buff *skb;
	void *hdr;
	unsigned int left;
	bool missed;
};

/* An object; @old is what it was before, or NULL. */
typedef int (*put_fn)(struct sk_buff *skb, const void *now, const void *old);

static void missed(struct event *e)
{
	if (!e->missed)
		genl_set_err(family, e->net, 0, IP_VS_QUIC_NLGRP_EVENTS,
			     -ENOBUFS);
	e->missed = true;
	nlmsg_free(e->skb);
	e->skb = NULL;
}

/*
 * Return: false, and nothing is to be ended, when nothing is to be said.  A namespace
 * that is being dismantled has no sockets.
 */
static bool begin(struct event *e, const struct ivq_net *qnet,
		  const struct ivq_svc_key *key)
{
	lockdep_assert_held(&qnet->lock);
	down_read(&family_lock);
	if (!family || !check_net(qnet->net) ||
	    !genl_has_listeners(family, qnet->net, IP_VS_QUIC_NLGRP_EVENTS)) {
		up_read(&family_lock);
		return false;
	}
	*e = (struct event) {
		.net	= qnet->net,
		.key	= key,
		.left	= CHANGE_MAX,
	};
	return true;
}

/* Listeners whose buffer is full get ENOBUFS by the kernel. */
static void flush(struct event *e)
{
	if (!e->skb)
		return;
	genlmsg_end(e->skb, e->hdr);
	genlmsg_multicast_netns(family, e->net, e->skb, 0,
				IP_VS_QUIC_NLGRP_EVENTS, GFP_KERNEL);
	e->skb = NULL;
}

static void end(struct event *e)
{
	flush(e);
	up_read(&family_lock);
}

/* The message that goes on, or a new one. */
static bool open(struct event *e, u8 cmd)
{
	if (e->skb && e->cmd == cmd)
		return true;
	flush(e);
	e->cmd = cmd;
	e->skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!e->skb)
		return false;
	e->hdr = genlmsg_put(e->skb, 0, 0, family, 0, cmd);
	return e->hdr && (!e->key || !ivq_put_service(e->skb, e->key));
}

static bool try(struct event *e, u8 cmd, put_fn put, const void *now,
		const void *old)
{
	unsigned int len;

	if (!open(e, cmd))
		return false;
	len = e->skb->len;
	if (!put(e->skb, now, old))
		return true;
	skb_trim(e->skb, len);
	return false;
}

/* Objects of one kind share messages; one that does not fit begins the next message. */
static void say(struct event *e, u8 cmd, put_fn put, const void *now,
		const void *old)
{
	bool done;

	if (e->missed)
		return;
	done = e->left && try(e, cmd, put, now, old);
	if (!done && e->left && e->skb) {
		flush(e);
		done = try(e, cmd, put, now, old);
	}
	if (!done)
		missed(e);
	else
		e->left--;
	cond_resched();
}

static int put_nothing(struct sk_buff *skb, const void *now, const void *old)
{
	return 0;
}

static int put_settings(struct sk_buff *skb, const void *now, const void *old)
{
	return ivq_put_settings(skb, now);
}

static int put_config(struct sk_buff *skb, const void *now, const void *old)
{
	return ivq_put_config_shape(skb, now);
}

static int put_one_sid(struct sk_buff *skb, int type, const struct ivq_sid *sid)
{
	return ivq_put_sid(skb, type, ivq_sid_config_id(sid), sid->key.octets,
			   ivq_sid_len(sid), ivq_sid_is_prefix(sid),
			   &sid->server);
}

static int put_sid(struct sk_buff *skb, const void *now, const void *old)
{
	int err = put_one_sid(skb, IP_VS_QUIC_A_SERVER_ID, now);

	if (!err && old)
		err = put_one_sid(skb, IP_VS_QUIC_A_OLD_SERVER_ID, old);
	return err;
}

/* A server of a pool. */
struct member {
	const struct ivq_pool *pool;
	u32 i;
};

static int put_one_server(struct sk_buff *skb, int type,
			  const struct member *member)
{
	return ivq_put_server(skb, type, member->pool, member->i);
}

static int put_server(struct sk_buff *skb, const void *now, const void *old)
{
	int err = put_one_server(skb, IP_VS_QUIC_A_SERVER, now);

	if (!err && old)
		err = put_one_server(skb, IP_VS_QUIC_A_OLD_SERVER, old);
	return err;
}

static int put_rebuild_error(struct sk_buff *skb, const void *now,
			     const void *old)
{
	const struct ivq_service *qs = now;

	return nla_put_u32(skb, IP_VS_QUIC_A_REBUILD_ERROR, -qs->rebuild_error);
}

static int put_express(struct sk_buff *skb, const void *now, const void *old)
{
	struct nlattr *nest = nla_nest_start(skb, IP_VS_QUIC_A_EXPRESS);

	if (!nest || nla_put_string(skb, IP_VS_QUIC_A_EXP_DEVICE, now))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static void say_configs(struct event *e, const struct ivq_configs *now,
			const struct ivq_configs *old)
{
	struct ivq_config * const *was = &old->at[0][0], * const *is;

	ivq_configs_for_each(is, now) {
		if (*is && *is != *was)
			say(e, IP_VS_QUIC_CMD_CONFIG_SET_NTF, put_config, *is,
			    NULL);
		else if (*was && !*is)
			say(e, IP_VS_QUIC_CMD_CONFIG_DEL_NTF, put_config, *was,
			    NULL);
		was++;
	}
}

static bool same_source(const struct ivq_source *a, const struct ivq_source *b)
{
	return a->len == b->len &&
	       !memcmp(&a->prefix, &b->prefix, sizeof(a->prefix));
}

/* The tables of unroutable CIDs differ if what is set for them does. */
static bool same_settings(const struct ivq_snapshot *a,
			  const struct ivq_snapshot *b)
{
	const struct ivq_settings *x = &a->settings, *y = &b->settings;

	return x->tuple_timeout == y->tuple_timeout &&
	       x->tuple_max == y->tuple_max &&
	       x->table_bits == y->table_bits &&
	       same_source(&x->sources.v4, &y->sources.v4) &&
	       same_source(&x->sources.v6, &y->sources.v6) &&
	       a->unroutable == b->unroutable;
}

/* Both maps are sorted by key. */
static void say_sids(struct event *e, const struct ivq_sidmap *now,
		     const struct ivq_sidmap *old)
{
	const struct ivq_sid *is = now->sids, *was = old->sids;
	const struct ivq_sid *end = is + now->count, *was_end = was + old->count;
	int order;

	while (is < end || was < was_end) {
		order = is == end ? 1 : was == was_end ? -1 :
			memcmp(&is->key, &was->key, sizeof(is->key));
		if (order < 0)
			say(e, IP_VS_QUIC_CMD_SERVER_ID_ADD_NTF, put_sid, is,
			    NULL);
		else if (order > 0)
			say(e, IP_VS_QUIC_CMD_SERVER_ID_DEL_NTF, put_sid, was,
			    NULL);
		else if (memcmp(&is->server, &was->server, sizeof(is->server)))
			say(e, IP_VS_QUIC_CMD_SERVER_ID_MOVE_NTF, put_sid, is,
			    was);
		is += order <= 0;
		was += order >= 0;
	}
}

static int compare(const struct member *a, const struct member *b)
{
	const struct ivq_addr *x, *y;

	if (a->i == a->pool->count)
		return 1;
	if (b->i == b->pool->count)
		return -1;
	x = &a->pool->targets[a->i]->addr;
	y = &b->pool->targets[b->i]->addr;
	return memcmp(x, y, sizeof(*x));
}

static bool same_server(const struct member *a, const struct member *b)
{
	const struct ivq_target *x = a->pool->targets[a->i];
	const struct ivq_target *y = b->pool->targets[b->i];

	return a->pool->weights[a->i] == b->pool->weights[b->i] &&
	       !((x->conn.flags ^ y->conn.flags) & IP_VS_CONN_F_FWD_MASK);
}

/* Both pools are sorted by address. */
static void say_servers(struct event *e, const struct ivq_pool *now,
			const struct ivq_pool *old)
{
	struct member is = { .pool = now }, was = { .pool = old };
	int order;

	while (is.i < now->count || was.i < old->count) {
		order = compare(&is, &was);
		if (order < 0)
			say(e, IP_VS_QUIC_CMD_SERVER_ADD_NTF, put_server, &is,
			    NULL);
		else if (order > 0)
			say(e, IP_VS_QUIC_CMD_SERVER_DEL_NTF, put_server, &was,
			    NULL);
		else if (!same_server(&is, &was))
			say(e, IP_VS_QUIC_CMD_SERVER_SET_NTF, put_server, &is,
			    &was);
		is.i += order <= 0;
		was.i += order >= 0;
	}
}

void ivq_notify_service_added(const struct ivq_service *qs)
{
	const struct ivq_snapshot *snapshot = ivq_service_snapshot(qs);
	static const struct ivq_pool empty;
	struct event e;

	if (!begin(&e, qs->qnet, &qs->key))
		return;
	say(&e, IP_VS_QUIC_CMD_SERVICE_ADD_NTF, put_settings, snapshot, NULL);
	say_servers(&e, snapshot->pool, &empty);
	end(&e);
}

void ivq_notify_service_deleted(const struct ivq_service *qs)
{
	struct event e;

	if (!begin(&e, qs->qnet, &qs->key))
		return;
	say(&e, IP_VS_QUIC_CMD_SERVICE_DEL_NTF, put_nothing, NULL, NULL);
	end(&e);
}

void ivq_notify_changed(const struct ivq_service *qs,
			const struct ivq_past *past)
{
	const struct ivq_snapshot *old = past->snapshot;
	const struct ivq_snapshot *now = ivq_service_snapshot(qs);
	struct event e;

	if (!begin(&e, qs->qnet, &qs->key))
		return;
	say_configs(&e, &now->configs, &old->configs);
	if (past->sidmap)
		say_sids(&e, qs->sidmap, past->sidmap);
	if (!same_settings(now, old))
		say(&e, IP_VS_QUIC_CMD_SETTINGS_NTF, put_settings, now, NULL);
	if (now->pool != old->pool)
		say_servers(&e, now->pool, old->pool);
	end(&e);
}

void ivq_notify_rebuild_failed(const struct ivq_service *qs)
{
	struct event e;

	if (!begin(&e, qs->qnet, &qs->key))
		return;
	say(&e, IP_VS_QUIC_CMD_REBUILD_FAILED_NTF, put_rebuild_error, qs, NULL);
	end(&e);
}

void ivq_notify_express(const struct ivq_net *qnet, u8 cmd, const char *device)
{
	struct event e;

	if (!begin(&e, qnet, NULL))
		return;
	say(&e, cmd, put_express, device, NULL);
	end(&e);
}

/* Who joined before events began may have missed some. */
static void missed_start(struct net *net)
{
	if (check_net(net))
		genl_set_err(family, net, 0, IP_VS_QUIC_NLGRP_EVENTS, -ENOBUFS);
}

void ivq_notify_start(const struct genl_family *registered)
{
	down_write(&family_lock);
	family = registered;
	up_write(&family_lock);
	ivq_net_for_each(missed_start);
}

void ivq_notify_stop(void)
{
	down_write(&family_lock);
	family = NULL;
	up_write(&family_lock);
}
