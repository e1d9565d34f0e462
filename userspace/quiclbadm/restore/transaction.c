// SPDX-License-Identifier: GPL-2.0-only
/*
 * The order of the steps: services; real servers that are new or change; the
 * configs and server IDs of each service, in one request that is atomic by
 * itself; the real servers that go; the express path of devices; at last the
 * services that go.  So a server is in the pool before a server ID leads there and
 * until none does; and what cannot be taken back without a key, the third and the
 * last, comes when little is left that may be refused.
 *
 * Where a service's servers need more than one step, these are a batch: the module
 * holds them back until the service's configs and server IDs come, so that no datagram
 * is decided by half of it.  Servers that go are a batch of their own: nothing leads
 * there any more.
 */
#include "restore/transaction.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/progress.h"
#include "common/xalloc.h"
#include "kernel/driver.h"
#include "kernel/ipvs.h"
#include "kernel/kernel.h"
#include "kernel/quic.h"
#include "model/secret.h"

static bool service_same(const struct service *a, const struct service *b)
{
	if (strcmp(a->sched, b->sched) || a->flags != b->flags)
		return false;
	if (!(a->flags & IP_VS_SVC_F_PERSISTENT))
		return true;
	return a->timeout == b->timeout && a->netmask == b->netmask &&
	       !strcmp(a->pe, b->pe);
}

static bool tunnel_same(const struct dest *a, const struct dest *b)
{
	return a->tun_type == b->tun_type && a->tun_port == b->tun_port &&
	       a->tun_flags == b->tun_flags;
}

static bool dest_same(const struct dest *now, const struct dest *wanted)
{
	if (now->weight != wanted->weight ||
	    now->u_threshold != wanted->u_threshold ||
	    now->l_threshold != wanted->l_threshold)
		return false;
	/* IPVS makes any method "local" for an address of this host */
	if (now->forward == IP_VS_CONN_F_LOCALNODE)
		return true;
	return now->forward == wanted->forward &&
	       (now->forward != IP_VS_CONN_F_TUNNEL || tunnel_same(now, wanted));
}

static bool quic_same(const struct service *a, const struct service *b)
{
	size_t i;

	if (a->config_count != b->config_count || a->map_count != b->map_count ||
	    !settings_same(a->settings, b->settings) ||
	    memcmp(a->sources, b->sources, sizeof(a->sources)))
		return false;
	for (i = 0; i < a->config_count; i++)
		if (!config_same(&a->configs[i], &b->configs[i]))
			return false;
	for (i = 0; i < a->map_count; i++)
		if (mapping_cmp_by_server(&a->maps[i], &b->maps[i]))
			return false;
	return true;
}

static void add_step(struct transaction *txn, const struct step *step)
{
	txn->steps = xreallocarray(txn->steps, txn->count + 1,
				   sizeof(*step));
	txn->steps[txn->count++] = *step;
}

static void add_service_step(struct transaction *txn, const struct service *before,
			     const struct service *wanted)
{
	struct step step = { .before = before, .wanted = wanted };

	step.kind = before ? STEP_EDIT_SERVICE : STEP_ADD_SERVICE;
	if (!before || !service_same(before, wanted))
		add_step(txn, &step);
}

/* What there is of a real server, and whether it has to change.  @before may be NULL. */
static bool dest_changes(const struct service *before, const struct dest *wanted,
			 const struct dest **old)
{
	*old = before ? service_find_sorted_dest(before, &wanted->server) : NULL;
	return !*old || !dest_same(*old, wanted);
}

static bool dest_goes(const struct dest *old, const struct service *wanted)
{
	return !service_find_sorted_dest(wanted, &old->server);
}

/* With another scheduler a service has neither configs nor server IDs. */
static bool needs_quic(const struct service *before, const struct service *wanted)
{
	static const struct service_id no_id;
	struct service nothing;

	service_init(&nothing, &no_id);
	return service_is_quic(wanted) &&
	       !quic_same(before ? before : &nothing, wanted);
}

/* How many servers are new or change. */
static size_t count_dest_steps(const struct service *before,
			       const struct service *wanted)
{
	const struct dest *old;
	size_t i, count = 0;

	for (i = 0; i < wanted->dest_count; i++)
		count += dest_changes(before, &wanted->dests[i], &old);
	return count;
}

/* Does it take more than one step to change what datagrams are decided by? */
static bool needs_batch(const struct service *before, const struct service *wanted)
{
	const size_t dests = count_dest_steps(before, wanted);

	return service_is_quic(wanted) && dests &&
	       dests + needs_quic(before, wanted) > 1;
}

static void add_dest_steps(struct transaction *txn, const struct service *before,
			   const struct service *wanted)
{
	struct step step = {
		.kind = STEP_BEGIN,
		.before = before,
		.wanted = wanted,
	};
	size_t i;

	if (needs_batch(before, wanted))
		add_step(txn, &step);
	for (i = 0; i < wanted->dest_count; i++) {
		step.new_dest = &wanted->dests[i];
		if (!dest_changes(before, step.new_dest, &step.old_dest))
			continue;
		step.kind = step.old_dest ? STEP_EDIT_DEST : STEP_ADD_DEST;
		add_step(txn, &step);
	}
}

static void add_quic_step(struct transaction *txn, const struct service *before,
			  const struct service *wanted)
{
	struct step step = {
		.before = before,
		.wanted = wanted,
		.commits = needs_batch(before, wanted),
	};

	step.kind = needs_quic(before, wanted) ? STEP_SET_QUIC : STEP_COMMIT;
	if (step.kind == STEP_SET_QUIC || step.commits)
		add_step(txn, &step);
}

static void add_removal_steps(struct transaction *txn, const struct service *before,
			      const struct service *wanted)
{
	struct step step = { .before = before, .wanted = wanted };
	size_t i, count = 0;
	bool batch;

	for (i = 0; before && i < before->dest_count; i++)
		count += dest_goes(&before->dests[i], wanted);
	batch = service_is_quic(wanted) && count > 1;
	step.kind = STEP_BEGIN;
	if (batch)
		add_step(txn, &step);
	step.kind = STEP_DEL_DEST;
	for (i = 0; count && i < before->dest_count; i++) {
		step.old_dest = &before->dests[i];
		if (dest_goes(step.old_dest, wanted))
			add_step(txn, &step);
	}
	step.kind = STEP_COMMIT;
	step.old_dest = NULL;
	if (batch)
		add_step(txn, &step);
}

/* Or is to be, if that can be. */
static bool is_in_driver(const struct device *device)
{
	return device->mode != EXPRESS_INGRESS;
}

static void add_express_steps(struct transaction *txn,
			      const struct state *before,
			      const struct state *wanted, enum others others)
{
	struct step step = { .kind = STEP_DEL_EXPRESS };
	size_t i;

	for (i = 0; others != KEEP_OTHERS && i < before->device_count; i++) {
		step.device = &before->devices[i];
		if (!state_find_device(wanted, step.device->name))
			add_step(txn, &step);
	}
	for (i = 0; i < wanted->device_count; i++) {
		const struct device *old;

		step.device = &wanted->devices[i];
		old = state_find_device(before, step.device->name);
		if (!old)
			step.kind = STEP_ADD_EXPRESS;
		else if (is_in_driver(old) != is_in_driver(step.device))
			step.kind = STEP_MODE_EXPRESS;
		else
			continue;
		step.old_device = old;
		add_step(txn, &step);
	}
}

static void add_service_removals(struct transaction *txn,
				 const struct state *before,
				 const struct state *wanted, enum others others)
{
	struct step step = { .kind = STEP_DEL_SERVICE };
	size_t i;

	for (i = 0; others != KEEP_OTHERS && i < before->count; i++) {
		step.before = before->services[i];
		step.wanted = before->services[i];
		if (others == REMOVE_OURS && !service_is_quic(step.before))
			continue;
		if (!state_find(wanted, &step.before->id))
			add_step(txn, &step);
	}
}

void transaction_make(struct transaction *txn, const struct state *before,
		      const struct state *wanted, enum others others)
{
	static void (*const phases[])(struct transaction *, const struct service *,
				      const struct service *) = {
		add_service_step, add_dest_steps, add_quic_step, add_removal_steps,
	};
	size_t phase, i;

	memset(txn, 0, sizeof(*txn));
	for (phase = 0; phase < sizeof(phases) / sizeof(phases[0]); phase++)
		for (i = 0; i < wanted->count; i++)
			phases[phase](txn,
				      state_find(before, &wanted->services[i]->id),
				      wanted->services[i]);
	add_express_steps(txn, before, wanted, others);
	add_service_removals(txn, before, wanted, others);
}

void transaction_destroy(struct transaction *txn)
{
	free(txn->steps);
	memset(txn, 0, sizeof(*txn));
}

static int service_refusal(enum nl_family family, uint8_t cmd, int err,
			   const struct service *svc)
{
	char name[SERVICE_STRLEN];

	if (!err)
		return 0;
	return kernel_refusal(family, cmd, err, "service %s",
			      service_str(&svc->id, name));
}

static int put_service(uint8_t cmd, const struct service *svc)
{
	int err = ipvs_put_service(cmd, svc);

	return err ? kernel_service_refusal(cmd, err, svc) : 0;
}

static int put_dest(uint8_t cmd, const struct service *svc,
		    const struct dest *dest)
{
	char server[ENDPOINT_STRLEN], service[SERVICE_STRLEN];
	int err = ipvs_put_dest(cmd, &svc->id, dest);

	/* another program has deleted it already */
	if (!err || (cmd == IPVS_CMD_DEL_DEST && err == -ENOENT))
		return 0;
	return kernel_refusal(NL_IPVS, cmd, err, "real server %s of %s",
			      endpoint_str(&dest->server, server),
			      service_str(&svc->id, service));
}

static int set_quic(const struct service *svc, uint32_t more_flags)
{
	struct quic_change change = {
		.service = &svc->id,
		.flags = IP_VS_QUIC_F_REPLACE | IP_VS_QUIC_F_ABSENT | more_flags,
		.configs = svc->configs,
		.config_count = svc->config_count,
		.maps = svc->maps,
		.map_count = svc->map_count,
		.settings = svc->settings,
		.sources = svc->sources,
		.source_mask = (1u << SOURCE_COUNT) - 1,
	};
	unsigned int i;

	for (i = 0; i < SETTING_COUNT; i++)
		if (setting_matters(svc->settings, i))
			change.setting_mask |= 1u << i;
	return service_refusal(NL_QUIC, IP_VS_QUIC_CMD_SET, quic_set(&change),
			       svc);
}

/*
 * Without batches, which came with a later module, each change of a server is seen
 * by datagrams.
 */
static int begin_batch(struct transaction *txn, const struct service *svc)
{
	const struct quic_change change = {
		.service = &svc->id,
		.flags = IP_VS_QUIC_F_BEGIN,
	};
	int err = quic_set(&change);

	if (err == -EOPNOTSUPP) {
		txn->unbatched = true;
		return 0;
	}
	return service_refusal(NL_QUIC, IP_VS_QUIC_CMD_SET, err, svc);
}

static int commit_batch(const struct transaction *txn, const struct service *svc)
{
	const struct quic_change change = {
		.service = &svc->id,
		.flags = IP_VS_QUIC_F_COMMIT,
	};

	if (txn->unbatched)
		return 0;
	return service_refusal(NL_QUIC, IP_VS_QUIC_CMD_SET, quic_set(&change), svc);
}

/* Of a device that has gone there is nothing left to end. */
static int end_express(const struct device *device)
{
	int err;

	if (is_in_driver(device) && driver_off(device->name))
		return EXIT_REFUSED;
	err = quic_put_express(IP_VS_QUIC_CMD_EXPRESS_DEL, device->name);
	if (!err || err == -ENODEV || err == -ENOENT)
		return 0;
	return kernel_refusal(NL_QUIC, IP_VS_QUIC_CMD_EXPRESS_DEL, err,
			      "express path of %s", device->name);
}

/*
 * Whatever the state says about services is worth more than where their datagrams are
 * taken: without the driver path they are taken at the ingress.
 */
static int set_mode(const struct device *device)
{
	if (is_in_driver(device))
		return driver_on(device->name, EXPRESS_AUTO);
	return driver_off(device->name);
}

static int begin_express(struct step *step)
{
	const char *name = step->device->name;
	int err = quic_put_express(IP_VS_QUIC_CMD_EXPRESS_ADD, name);

	step->missed = err == -ENODEV;
	if (step->missed) {
		caution("express path of %s: there is no such device; it gets the express path when it appears (express take)",
			name);
		return 0;
	}
	if (!err)
		return set_mode(step->device);
	return kernel_refusal(NL_QUIC, IP_VS_QUIC_CMD_EXPRESS_ADD, err,
			      "express path of %s", name);
}

static int del_service(const struct service *svc)
{
	int err = ipvs_del_service(&svc->id);

	/* another program has deleted it already */
	if (err == -ESRCH)
		return 0;
	return service_refusal(NL_IPVS, IPVS_CMD_DEL_SERVICE, err, svc);
}

static int do_step(struct transaction *txn, struct step *step)
{
	const uint32_t commit = step->commits && !txn->unbatched ?
				IP_VS_QUIC_F_COMMIT : 0;

	switch (step->kind) {
	case STEP_ADD_SERVICE:
		return put_service(IPVS_CMD_NEW_SERVICE, step->wanted);
	case STEP_EDIT_SERVICE:
		return put_service(IPVS_CMD_SET_SERVICE, step->wanted);
	case STEP_BEGIN:
		return begin_batch(txn, step->wanted);
	case STEP_COMMIT:
		return commit_batch(txn, step->wanted);
	case STEP_ADD_DEST:
		return put_dest(IPVS_CMD_NEW_DEST, step->wanted, step->new_dest);
	case STEP_EDIT_DEST:
		return put_dest(IPVS_CMD_SET_DEST, step->wanted, step->new_dest);
	case STEP_SET_QUIC:
		return set_quic(step->wanted, commit);
	case STEP_DEL_DEST:
		return put_dest(IPVS_CMD_DEL_DEST, step->wanted, step->old_dest);
	case STEP_DEL_EXPRESS:
		return end_express(step->device);
	case STEP_ADD_EXPRESS:
		return begin_express(step);
	case STEP_MODE_EXPRESS:
		return set_mode(step->device);
	case STEP_DEL_SERVICE:
		return del_service(step->before);
	}
	return 0;
}

/* The key a config had: the kernel does not give it back. */
static bool recover_key(struct config *config, const struct step *step)
{
	size_t i;

	for (i = 0; i < step->wanted->config_count; i++) {
		const struct config *other = &step->wanted->configs[i];

		/* it was not changed, and the kernel has it with its key */
		if (step->kind == STEP_SET_QUIC && config_same(other, config))
			return true;
		if (other->have_key && other->fingerprint == config->fingerprint) {
			memcpy(config->key, other->key, sizeof(config->key));
			config->have_key = true;
			return true;
		}
	}
	config->have_key = config->key_source &&
			   !secret_read_key(config->key_source, config->key) &&
			   secret_fingerprint(config->key) == config->fingerprint;
	return config->have_key;
}

/* Tenants have no gaps: those behind one that is lost move up. */
static void keep_config(struct service *svc, struct config *config)
{
	while (config->tenant &&
	       !service_find_config(svc, config->id, config->tenant - 1u))
		config->tenant--;
	service_add_config(svc, config);
}

static int restore_quic(const struct step *step)
{
	char name[SERVICE_STRLEN], config_name[CONFIG_STRLEN];
	struct service old = *step->before;
	int lost = 0, err;
	size_t i;

	old.config_count = 0;
	for (i = 0; i < step->before->config_count; i++) {
		struct config config = step->before->configs[i];

		if (config.keyed && !recover_key(&config, step)) {
			lost = refuse("%s of %s: lost, its key can no longer be read",
				     config_str(config.id, config.tenant,
						config_name),
				     service_str(&old.id, name));
		} else {
			keep_config(&old, &config);
		}
		explicit_bzero(config.key, sizeof(config.key));
	}
	err = set_quic(&old, 0);
	explicit_bzero(&old, sizeof(old));
	return lost ? lost : err;
}

static int revive_service(const struct step *step)
{
	const struct service *svc = step->before;
	int err = put_service(IPVS_CMD_NEW_SERVICE, svc);
	size_t i;

	for (i = 0; !err && i < svc->dest_count; i++)
		err = put_dest(IPVS_CMD_NEW_DEST, svc, &svc->dests[i]);
	return !err && service_is_quic(svc) ? restore_quic(step) : err;
}

static int undo_step(struct transaction *txn, struct step *step)
{
	switch (step->kind) {
	case STEP_ADD_SERVICE:
		return service_refusal(NL_IPVS, IPVS_CMD_DEL_SERVICE,
				       ipvs_del_service(&step->wanted->id),
				       step->wanted);
	case STEP_EDIT_SERVICE:
		if (put_service(IPVS_CMD_SET_SERVICE, step->before))
			return EXIT_REFUSED;
		/* leaving the scheduler took configs and server IDs away */
		return service_is_quic(step->before) &&
		       !service_is_quic(step->wanted) ? restore_quic(step) : 0;
	case STEP_BEGIN:
		return commit_batch(txn, step->wanted);
	case STEP_COMMIT:
		return begin_batch(txn, step->wanted);
	case STEP_ADD_DEST:
		/* else it goes with its service */
		return step->before ? put_dest(IPVS_CMD_DEL_DEST, step->wanted,
					       step->new_dest) : 0;
	case STEP_EDIT_DEST:
		return put_dest(IPVS_CMD_SET_DEST, step->wanted, step->old_dest);
	case STEP_SET_QUIC:
		/* else they are deleted with the service or its scheduler */
		return step->before && service_is_quic(step->before) ?
		       restore_quic(step) : 0;
	case STEP_DEL_DEST:
		return put_dest(IPVS_CMD_NEW_DEST, step->wanted, step->old_dest);
	case STEP_DEL_EXPRESS:
		return begin_express(step);
	case STEP_ADD_EXPRESS:
		return end_express(step->device);
	case STEP_MODE_EXPRESS:
		return set_mode(step->old_device);
	case STEP_DEL_SERVICE:
		return revive_service(step);
	}
	return 0;
}

int transaction_run(struct transaction *txn)
{
	size_t done;
	int err = 0;

	kernel_hold_signals(true);
	for (done = 0; done < txn->count; done++) {
		progress("changes", done, txn->count);
		err = do_step(txn, &txn->steps[done]);
		if (err)
			break;
	}
	while (err && done--) {
		progress("changes left to undo", done, txn->count);
		if (undo_step(txn, &txn->steps[done]))
			caution("the earlier state is not fully restored");
	}
	progress_end();
	kernel_hold_signals(false);
	return err;
}

int transaction_apply(const struct state *before, const struct state *wanted)
{
	struct transaction txn;
	int err;

	transaction_make(&txn, before, wanted, KEEP_OTHERS);
	err = transaction_run(&txn);
	transaction_destroy(&txn);
	return err;
}
