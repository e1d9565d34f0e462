// SPDX-License-Identifier: GPL-2.0-only
/*
 * Logic with three values: what a rule asks may be true, false, or not known
 * (limits, sets of what was seen, extensions of iptables).  A rule that may match
 * and would drop leaves the verdict open; only what surely drops is a finding.
 */
#include "firewall/firewall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/tool_output.h"
#include "common/xalloc.h"
#include "system/proc.h"

enum {
	DEPTH_MAX = 16,		/* as nftables' own limit on jumps */
	OUTPUT_MAX = 16 << 20,	/* octets of a ruleset */
	LIST_MS = 20000,	/* that nft may take to print it */
};

/* How far a chain got with a packet. */
enum step {
	STEP_ON,		/* nothing has decided */
	STEP_RETURN,
	STEP_ACCEPT,
	STEP_DROP,
};

struct walk {
	struct fw_scene scene;
	bool may_accept;	/* if a rule matches that may */
	bool may_drop;
};

/* --- chains ------------------------------------------------------------ */

static enum step run_chain(struct walk *walk, const char *chain,
			   unsigned int depth);

static enum step verdict_step(struct walk *walk, const json_t *statement,
			      unsigned int depth)
{
	const json_t *jump = json_object_get(statement, "jump");
	const json_t *go = json_object_get(statement, "goto");
	enum step step;

	if (json_object_get(statement, "accept"))
		return STEP_ACCEPT;
	if (json_object_get(statement, "drop") ||
	    json_object_get(statement, "reject"))
		return STEP_DROP;
	if (json_object_get(statement, "return"))
		return STEP_RETURN;
	if (!jump && !go)
		return STEP_ON;
	step = run_chain(walk, fwmatch_text(jump ? jump : go, "target"),
			 depth + 1);
	if (step == STEP_ACCEPT || step == STEP_DROP)
		return step;
	return go ? STEP_RETURN : STEP_ON;
}

static enum step run_vmap(struct walk *walk, const json_t *vmap,
			  enum truth *sure, unsigned int depth)
{
	const json_t *set = json_object_get(json_object_get(vmap, "data"), "set");
	const json_t *pair;
	size_t i;

	json_array_foreach(set, i, pair) {
		enum truth t = fwmatch_value(json_object_get(vmap, "key"),
					     json_array_get(pair, 0),
					     walk->scene.packet);

		if (!fwmatch_goes_on(&walk->scene))
			break;
		if (t == NO)
			continue;
		if (t == MAYBE)
			*sure = MAYBE;
		return verdict_step(walk, json_array_get(pair, 1), depth);
	}
	if (!set || !fwmatch_goes_on(&walk->scene))
		*sure = MAYBE;
	return STEP_ON;
}

/* xt is what nft cannot translate; of these REJECT and DROP are targets. */
static enum step run_xt(const json_t *xt, enum truth *sure)
{
	if (!strcmp(fwmatch_text(xt, "type"), "target"))
		return strcmp(fwmatch_text(xt, "name"), "REJECT") ? STEP_ON :
							       STEP_DROP;
	if (strcmp(fwmatch_text(xt, "name"), "comment"))
		*sure = MAYBE;
	return STEP_ON;
}

static bool is_neutral(const json_t *statement)
{
	static const char *const names[] = {
		"counter", "log", "notrack", "mangle", "comment",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (json_object_get(statement, names[i]))
			return true;
	return false;
}

static enum step run_rule(struct walk *walk, const json_t *rule,
			  unsigned int depth)
{
	const json_t *statement, *inner;
	enum truth sure = YES, t;
	enum step step = STEP_ON;
	size_t i;

	json_array_foreach(json_object_get(rule, "expr"), i, statement) {
		if (!fwmatch_goes_on(&walk->scene))
			return STEP_ON;
		inner = json_object_get(statement, "match");
		if (inner) {
			t = fwmatch(&walk->scene, inner);
			if (t == NO)
				return STEP_ON;
			if (t == MAYBE)
				sure = MAYBE;
			continue;
		}
		if (is_neutral(statement))
			continue;
		inner = json_object_get(statement, "vmap");
		if (inner)
			step = run_vmap(walk, inner, &sure, depth);
		else if (json_object_get(statement, "xt"))
			step = run_xt(json_object_get(statement, "xt"), &sure);
		else
			step = verdict_step(walk, statement, depth);
		if (step != STEP_ON)
			break;
		/* limits, queues and what newer nftables have */
		if (!inner && !json_object_get(statement, "xt") &&
		    !json_object_get(statement, "jump"))
			sure = MAYBE;
	}
	if (sure == YES)
		return step;
	walk->may_drop |= step == STEP_DROP;
	walk->may_accept |= step == STEP_ACCEPT || step == STEP_RETURN;
	return STEP_ON;
}

static enum step run_chain(struct walk *walk, const char *chain,
			   unsigned int depth)
{
	const json_t *item, *rule;
	enum step step;
	size_t i;

	if (depth > DEPTH_MAX)
		return STEP_ON;
	json_array_foreach(walk->scene.rules, i, item) {
		if (!fwmatch_goes_on(&walk->scene)) {
			walk->may_drop = true;
			walk->may_accept = true;
			return STEP_ON;
		}
		rule = json_object_get(item, "rule");
		if (!rule || strcmp(fwmatch_text(rule, "chain"), chain) ||
		    strcmp(fwmatch_text(rule, "table"), walk->scene.table) ||
		    strcmp(fwmatch_text(rule, "family"), walk->scene.family))
			continue;
		step = run_rule(walk, rule, depth);
		if (step != STEP_ON)
			return step;
	}
	return STEP_ON;
}

static bool sees(const json_t *chain, const char *hook, uint16_t af)
{
	const char *family = fwmatch_text(chain, "family");

	if (strcmp(fwmatch_text(chain, "hook"), hook))
		return false;
	return !strcmp(family, "inet") ||
	       !strcmp(family, af == AF_INET6 ? "ip6" : "ip");
}

static void set_stop(struct fw_stop *stop, const json_t *chain, bool policy)
{
	snprintf(stop->family, sizeof(stop->family), "%s",
		 fwmatch_text(chain, "family"));
	snprintf(stop->table, sizeof(stop->table), "%s",
		 fwmatch_text(chain, "table"));
	snprintf(stop->chain, sizeof(stop->chain), "%s",
		 fwmatch_text(chain, "name"));
	stop->policy = policy;
}

enum firewall_verdict firewall_try(const struct firewall *fw, const char *hook,
				   const struct fw_packet *packet,
				   struct fw_stop *stop)
{
	enum firewall_verdict verdict = FIREWALL_PASSES;
	const json_t *item, *chain;
	unsigned int work = 0;
	size_t i;

	json_array_foreach(fw->rules, i, item) {
		struct walk walk = {
			.scene = { .rules = fw->rules, .packet = packet, .work = &work },
		};
		bool policy = false;
		enum step step;

		chain = json_object_get(item, "chain");
		if (!chain || !sees(chain, hook, packet->af))
			continue;
		walk.scene.family = fwmatch_text(chain, "family");
		walk.scene.table = fwmatch_text(chain, "table");
		step = run_chain(&walk, fwmatch_text(chain, "name"), 0);
		if (step == STEP_ON || step == STEP_RETURN) {
			policy = true;
			step = strcmp(fwmatch_text(chain, "policy"), "drop") ?
			       STEP_ACCEPT : STEP_DROP;
		}
		if (step != STEP_DROP && !walk.may_drop)
			continue;
		set_stop(stop, chain, policy && step == STEP_DROP);
		if (step == STEP_DROP && !walk.may_accept)
			return FIREWALL_DROPS;
		verdict = FIREWALL_UNKNOWN;
	}
	return verdict;
}

/* --- the ruleset -------------------------------------------------------- */

bool firewall_parse(struct firewall *fw, const char *text)
{
	json_t *root = json_loads(text, 0, NULL);

	memset(fw, 0, sizeof(*fw));
	fw->is_read = true;
	fw->rules = json_incref(json_object_get(root, "nftables"));
	json_decref(root);
	return json_is_array(fw->rules);
}

void firewall_read(struct firewall *fw)
{
	char *argv[] = { "nft", "-nn", "-j", "list", "ruleset", NULL };
	char *text;
	int status;

	if (fw->is_read)
		return;
	text = tool_output(argv, OUTPUT_MAX, LIST_MS, &status);
	fw->is_read = true;
	if (text)
		firewall_parse(fw, text);
	free(text);
	fw->legacy = proc_has("net/ip_tables_names", "filter") ||
		     proc_has("net/ip_tables_names", "raw") ||
		     proc_has("net/ip6_tables_names", "filter");
}

void firewall_destroy(struct firewall *fw)
{
	json_decref(fw->rules);
	fw->rules = NULL;
}
