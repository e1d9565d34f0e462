// SPDX-License-Identifier: GPL-2.0-only
/*
 * Logic with three values: what a rule asks may be true, false, or not known
 * (limits, sets of what was seen, extensions of iptables).  A rule that may match
 * and would drop leaves the verdict open; only what surely drops is a finding.
 */
#include "firewall.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "host.h"

enum truth { NO, YES, MAYBE };

enum {
	DEPTH_MAX = 16,		/* as nftables' own limit on jumps */
	OUTPUT_MAX = 16 << 20,	/* octets of a ruleset */
};

/* How far a chain got with a packet. */
enum step {
	STEP_ON,		/* nothing has decided */
	STEP_RETURN,
	STEP_ACCEPT,
	STEP_DROP,
};

struct walk {
	const struct firewall *fw;
	const struct fw_packet *packet;
	const char *family;
	const char *table;
	bool may_accept;	/* if a rule matches that may */
	bool may_drop;
};

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static enum truth truth(bool is)
{
	return is ? YES : NO;
}

static enum truth not(enum truth t)
{
	return t == MAYBE ? MAYBE : truth(t == NO);
}

/* --- values ---------------------------------------------------------- */

static bool protocol_number(const json_t *value, uint32_t *number)
{
	static const struct {
		const char *name;
		uint8_t number;
	} names[] = {
		{ "icmp", IPPROTO_ICMP }, { "ipencap", IPPROTO_IPIP },
		{ "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP },
		{ "ipv6", IPPROTO_IPV6 }, { "gre", IPPROTO_GRE },
		{ "ipv6-icmp", IPPROTO_ICMPV6 }, { "icmpv6", IPPROTO_ICMPV6 },
	};
	const char *text = json_string_value(value);
	size_t i;

	if (json_is_integer(value)) {
		*number = (uint32_t)json_integer_value(value);
		return true;
	}
	for (i = 0; text && i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i].name, text)) {
			*number = names[i].number;
			return true;
		}
	return false;
}

static bool number_of(const json_t *value, uint32_t *number)
{
	if (!json_is_integer(value))
		return protocol_number(value, number);
	*number = (uint32_t)json_integer_value(value);
	return true;
}

static enum truth number_in(const json_t *value, uint32_t number)
{
	uint32_t low, high;
	json_t *range;

	range = json_object_get(value, "range");
	if (range) {
		if (!number_of(json_array_get(range, 0), &low) ||
		    !number_of(json_array_get(range, 1), &high))
			return MAYBE;
		return truth(number >= low && number <= high);
	}
	return number_of(value, &low) ? truth(number == low) : MAYBE;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int octets = bits / 8, rest = bits % 8;

	if (memcmp(a, b, octets))
		return false;
	return !rest || !((a[octets] ^ b[octets]) >> (8 - rest));
}

static enum truth addr_in(const json_t *value, const struct endpoint *ep)
{
	const json_t *prefix = json_object_get(value, "prefix"), *bits;
	const json_t *range = json_object_get(value, "range");
	unsigned int len = ep->af == AF_INET6 ? 128 : 32;
	uint8_t low[16] = { 0 }, high[16] = { 0 };

	if (!ep->af)
		return MAYBE;
	if (range) {
		if (inet_pton(ep->af, json_string_value(json_array_get(range, 0)), low) != 1 ||
		    inet_pton(ep->af, json_string_value(json_array_get(range, 1)), high) != 1)
			return MAYBE;
		return truth(memcmp(ep->addr, low, len / 8) >= 0 &&
			     memcmp(ep->addr, high, len / 8) <= 0);
	}
	if (prefix) {
		bits = json_object_get(prefix, "len");
		value = json_object_get(prefix, "addr");
		len = (unsigned int)json_integer_value(bits);
	}
	if (!json_is_string(value) || len > 128 ||
	    inet_pton(ep->af, json_string_value(value), low) != 1)
		return MAYBE;
	return truth(same_bits(ep->addr, low, len));
}

static enum truth name_in(const json_t *value, const char *name)
{
	const char *text = json_string_value(value);
	size_t len;

	if (!text)
		return MAYBE;
	if (!name)
		return NO;
	len = strlen(text);
	if (len && text[len - 1] == '*')
		return truth(!strncmp(text, name, len - 1));
	return truth(!strcmp(text, name));
}

static unsigned int state_bit(const json_t *value)
{
	static const struct {
		const char *name;
		unsigned int bit;
	} names[] = {
		{ "invalid", CT_INVALID }, { "established", CT_ESTABLISHED },
		{ "related", CT_RELATED }, { "new", CT_NEW },
		{ "untracked", CT_UNTRACKED },
	};
	const char *text = json_string_value(value);
	size_t i;

	if (json_is_integer(value))
		return (unsigned int)json_integer_value(value);
	for (i = 0; text && i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i].name, text))
			return names[i].bit;
	return 0;
}

/* --- what a rule asks about ------------------------------------------ */

static enum truth ether_type_in(const json_t *value, uint16_t af)
{
	const char *text = json_string_value(value);

	if (text)
		return truth(!strcmp(text, af == AF_INET6 ? "ip6" : "ip"));
	/* numbers are printed in the machine's order */
	return number_in(value, af == AF_INET6 ? htons(0x86dd) : htons(0x0800)) == YES ||
	       number_in(value, af == AF_INET6 ? 0x86dd : 0x0800) == YES ? YES : NO;
}

static enum truth nfproto_in(const json_t *value, uint16_t af)
{
	const char *text = json_string_value(value);

	if (text)
		return truth(!strcmp(text, af == AF_INET6 ? "ipv6" : "ipv4"));
	return number_in(value, af == AF_INET6 ? 10 : 2);
}

static enum truth meta_in(const char *key, const json_t *value,
			  const struct fw_packet *p)
{
	if (!strcmp(key, "l4proto"))
		return number_in(value, p->protocol);
	if (!strcmp(key, "iifname") || !strcmp(key, "iif"))
		return name_in(value, p->in);
	if (!strcmp(key, "oifname") || !strcmp(key, "oif"))
		return name_in(value, p->out);
	if (!strcmp(key, "protocol"))
		return ether_type_in(value, p->af);
	if (!strcmp(key, "nfproto"))
		return nfproto_in(value, p->af);
	return MAYBE;
}

static enum truth payload_in(const char *protocol, const char *field,
			     const json_t *value, const struct fw_packet *p)
{
	bool v4 = !strcmp(protocol, "ip"), v6 = !strcmp(protocol, "ip6");
	bool udp = !strcmp(protocol, "udp") || !strcmp(protocol, "th");

	/* a rule about another protocol never matches */
	if ((v4 && p->af != AF_INET) || (v6 && p->af != AF_INET6))
		return NO;
	if (!v4 && !v6 && (!udp || p->protocol != IPPROTO_UDP))
		return NO;
	if ((v4 || v6) && !strcmp(field, "saddr"))
		return addr_in(value, &p->src);
	if ((v4 || v6) && !strcmp(field, "daddr"))
		return addr_in(value, &p->dst);
	if ((v4 && !strcmp(field, "protocol")) || (v6 && !strcmp(field, "nexthdr")))
		return number_in(value, p->protocol);
	if (udp && !strcmp(field, "dport"))
		return p->dst.port ? number_in(value, p->dst.port) : MAYBE;
	if (udp && !strcmp(field, "sport"))
		return p->src.port ? number_in(value, p->src.port) : MAYBE;
	return MAYBE;
}

/* Is @left one value, @value? */
static enum truth is_value(const json_t *left, const json_t *value,
			   const struct fw_packet *p)
{
	const json_t *inner = json_object_get(left, "meta");

	if (inner)
		return meta_in(text_of(inner, "key"), value, p);
	inner = json_object_get(left, "payload");
	if (inner && json_object_get(inner, "protocol"))
		return payload_in(text_of(inner, "protocol"),
				  text_of(inner, "field"), value, p);
	inner = json_object_get(left, "ct");
	if (inner && !strcmp(text_of(inner, "key"), "state"))
		return truth(p->ct_state & state_bit(value));
	return MAYBE;
}

static const json_t *find_set(const struct walk *walk, const char *name)
{
	const json_t *item, *set;
	size_t i;

	json_array_foreach(walk->fw->rules, i, item) {
		set = json_object_get(item, "set");
		if (set && !strcmp(text_of(set, "name"), name) &&
		    !strcmp(text_of(set, "table"), walk->table) &&
		    !strcmp(text_of(set, "family"), walk->family))
			return json_object_get(set, "elem");
	}
	return NULL;
}

static enum truth in_array(const json_t *left, const json_t *values,
			   const struct fw_packet *p)
{
	enum truth any = NO, t;
	const json_t *value;
	size_t i;

	json_array_foreach(values, i, value) {
		const json_t *elem = json_object_get(value, "elem");

		/* with a timeout or a counter it is wrapped */
		t = is_value(left, elem ? json_object_get(elem, "val") : value,
			     p);
		if (t == YES)
			return YES;
		if (t == MAYBE)
			any = MAYBE;
	}
	return any;
}

static enum truth in(const struct walk *walk, const json_t *left,
		     const json_t *right)
{
	const char *text = json_string_value(right);
	const json_t *set = json_object_get(right, "set");

	if (text && *text == '@') {
		set = find_set(walk, text + 1);
		return in_array(left, set, walk->packet);
	}
	if (set && json_is_array(set))
		return in_array(left, set, walk->packet);
	if (json_is_array(right))
		return in_array(left, right, walk->packet);
	return is_value(left, set ? set : right, walk->packet);
}

static enum truth matches(const struct walk *walk, const json_t *match)
{
	const json_t *left = json_object_get(match, "left");
	const json_t *right = json_object_get(match, "right");
	const char *op = text_of(match, "op");

	if (!strcmp(op, "==") || !strcmp(op, "in"))
		return in(walk, left, right);
	if (!strcmp(op, "!="))
		return not(in(walk, left, right));
	return MAYBE;
}

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
	step = run_chain(walk, text_of(jump ? jump : go, "target"), depth + 1);
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
		enum truth t = is_value(json_object_get(vmap, "key"),
					json_array_get(pair, 0), walk->packet);

		if (t == NO)
			continue;
		if (t == MAYBE)
			*sure = MAYBE;
		return verdict_step(walk, json_array_get(pair, 1), depth);
	}
	if (!set)
		*sure = MAYBE;
	return STEP_ON;
}

/* xt is what nft cannot translate; of these REJECT and DROP are targets. */
static enum step run_xt(const json_t *xt, enum truth *sure)
{
	if (!strcmp(text_of(xt, "type"), "target"))
		return strcmp(text_of(xt, "name"), "REJECT") ? STEP_ON :
							       STEP_DROP;
	if (strcmp(text_of(xt, "name"), "comment"))
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
		inner = json_object_get(statement, "match");
		if (inner) {
			t = matches(walk, inner);
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
	json_array_foreach(walk->fw->rules, i, item) {
		rule = json_object_get(item, "rule");
		if (!rule || strcmp(text_of(rule, "chain"), chain) ||
		    strcmp(text_of(rule, "table"), walk->table) ||
		    strcmp(text_of(rule, "family"), walk->family))
			continue;
		step = run_rule(walk, rule, depth);
		if (step != STEP_ON)
			return step;
	}
	return STEP_ON;
}

static bool sees(const json_t *chain, const char *hook, uint16_t af)
{
	const char *family = text_of(chain, "family");

	if (strcmp(text_of(chain, "hook"), hook))
		return false;
	return !strcmp(family, "inet") ||
	       !strcmp(family, af == AF_INET6 ? "ip6" : "ip");
}

static void set_stop(struct fw_stop *stop, const json_t *chain, bool policy)
{
	snprintf(stop->family, sizeof(stop->family), "%s",
		 text_of(chain, "family"));
	snprintf(stop->table, sizeof(stop->table), "%s",
		 text_of(chain, "table"));
	snprintf(stop->chain, sizeof(stop->chain), "%s",
		 text_of(chain, "name"));
	stop->policy = policy;
}

enum firewall_verdict firewall_try(const struct firewall *fw, const char *hook,
				   const struct fw_packet *packet,
				   struct fw_stop *stop)
{
	enum firewall_verdict verdict = FIREWALL_PASSES;
	const json_t *item, *chain;
	size_t i;

	json_array_foreach(fw->rules, i, item) {
		struct walk walk = { .fw = fw, .packet = packet };
		bool policy = false;
		enum step step;

		chain = json_object_get(item, "chain");
		if (!chain || !sees(chain, hook, packet->af))
			continue;
		walk.family = text_of(chain, "family");
		walk.table = text_of(chain, "table");
		step = run_chain(&walk, text_of(chain, "name"), 0);
		if (step == STEP_ON || step == STEP_RETURN) {
			policy = true;
			step = strcmp(text_of(chain, "policy"), "drop") ?
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

bool firewall_drops_state(const struct firewall *fw, unsigned int ct_state,
			  struct fw_stop *stop)
{
	const struct fw_packet packet = { .ct_state = ct_state };
	const json_t *item, *rule, *statement, *match;
	struct walk walk = { .fw = fw, .packet = &packet };
	bool about, drops;
	size_t i, j;

	json_array_foreach(fw->rules, i, item) {
		rule = json_object_get(item, "rule");
		about = false;
		drops = false;
		json_array_foreach(json_object_get(rule, "expr"), j, statement) {
			match = json_object_get(statement, "match");
			if (match && json_object_get(json_object_get(match, "left"), "ct") &&
			    matches(&walk, match) == YES)
				about = true;
			drops |= json_object_get(statement, "drop") != NULL;
		}
		if (!about || !drops)
			continue;
		set_stop(stop, rule, false);
		snprintf(stop->chain, sizeof(stop->chain), "%s",
			 text_of(rule, "chain"));
		return true;
	}
	return false;
}

/* --- the ruleset -------------------------------------------------------- */

bool firewall_parse(struct firewall *fw, const char *text)
{
	json_t *root = json_loads(text, 0, NULL);

	memset(fw, 0, sizeof(*fw));
	fw->rules = json_incref(json_object_get(root, "nftables"));
	json_decref(root);
	return json_is_array(fw->rules);
}

/* All that @fd gives until its end, or NULL. */
static char *read_all(int fd)
{
	char *text = NULL;
	size_t len = 0;
	ssize_t part;

	do {
		if (len > OUTPUT_MAX) {
			free(text);
			return NULL;
		}
		text = xreallocarray(text, len + 65537, 1);
		part = read(fd, text + len, 65536);
		if (part > 0)
			len += (size_t)part;
	} while (part > 0 || (part < 0 && errno == EINTR));
	text[len] = '\0';
	return text;
}

/* The output of nft, NULL when there is none. */
static char *list_ruleset(void)
{
	char *argv[] = { "nft", "-nn", "-j", "list", "ruleset", NULL };
	posix_spawn_file_actions_t actions;
	char *text = NULL;
	int fds[2], status;
	pid_t pid;

	if (pipe(fds))
		return NULL;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, fds[0]);
	posix_spawn_file_actions_addclose(&actions, fds[1]);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
					 O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ))
		pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	if (pid > 0) {
		text = read_all(fds[0]);
		if (waitpid(pid, &status, 0) != pid || status) {
			free(text);
			text = NULL;
		}
	}
	close(fds[0]);
	return text;
}

void firewall_read(struct firewall *fw)
{
	char *text = list_ruleset();

	memset(fw, 0, sizeof(*fw));
	if (text)
		firewall_parse(fw, text);
	free(text);
	fw->legacy = host_proc_has("net/ip_tables_names", "filter") ||
		     host_proc_has("net/ip_tables_names", "raw") ||
		     host_proc_has("net/ip6_tables_names", "filter");
}

void firewall_destroy(struct firewall *fw)
{
	json_decref(fw->rules);
	fw->rules = NULL;
}
