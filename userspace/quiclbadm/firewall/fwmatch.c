// SPDX-License-Identifier: GPL-2.0-only
#include "firewall/fwmatch.h"

#include <arpa/inet.h>
#include <string.h>

enum {
	WORK_MAX = 1 << 22,
};

bool fwmatch_goes_on(const struct fw_scene *scene)
{
	if (*scene->work < WORK_MAX)
		++*scene->work;
	return *scene->work < WORK_MAX;
}

const char *fwmatch_text(const json_t *object, const char *key)
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

/* "nft -nn" prints numbers; a name is not known. */
static bool number_of(const json_t *value, uint32_t *number)
{
	*number = (uint32_t)json_integer_value(value);
	return json_is_integer(value);
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
	return truth(addr_bits_eq(ep->addr, low, len));
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

/* --- what a rule asks about ------------------------------------------ */

/* Numbers are printed in the machine's order, or not. */
static enum truth ether_type_in(const json_t *value, uint16_t af)
{
	uint16_t type = af == AF_INET6 ? 0x86dd : 0x0800;
	enum truth t = number_in(value, htons(type));

	return t == NO ? number_in(value, type) : t;
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
		return number_in(value, p->af == AF_INET6 ? 10 : 2);
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
enum truth fwmatch_value(const json_t *left, const json_t *value,
			 const struct fw_packet *p)
{
	const json_t *inner = json_object_get(left, "meta");
	uint32_t bits;

	if (inner)
		return meta_in(fwmatch_text(inner, "key"), value, p);
	inner = json_object_get(left, "payload");
	if (inner && json_object_get(inner, "protocol"))
		return payload_in(fwmatch_text(inner, "protocol"),
				  fwmatch_text(inner, "field"), value, p);
	inner = json_object_get(left, "ct");
	if (inner && !strcmp(fwmatch_text(inner, "key"), "state") && number_of(value, &bits))
		return truth(p->ct_state & bits);
	return MAYBE;
}

static const json_t *find_set(const struct fw_scene *scene, const char *name)
{
	const json_t *item, *set;
	size_t i;

	json_array_foreach(scene->rules, i, item) {
		if (!fwmatch_goes_on(scene))
			return NULL;
		set = json_object_get(item, "set");
		if (set && !strcmp(fwmatch_text(set, "name"), name) &&
		    !strcmp(fwmatch_text(set, "table"), scene->table) &&
		    !strcmp(fwmatch_text(set, "family"), scene->family))
			return json_object_get(set, "elem");
	}
	return NULL;
}

static enum truth in_array(const struct fw_scene *scene, const json_t *left,
			   const json_t *values)
{
	enum truth any = NO, t;
	const json_t *value;
	size_t i;

	json_array_foreach(values, i, value) {
		const json_t *elem = json_object_get(value, "elem");

		if (!fwmatch_goes_on(scene))
			return MAYBE;
		/* with a timeout or a counter it is wrapped */
		t = fwmatch_value(left, elem ? json_object_get(elem, "val") :
					       value, scene->packet);
		if (t == YES)
			return YES;
		if (t == MAYBE)
			any = MAYBE;
	}
	return any;
}

static enum truth in(const struct fw_scene *scene, const json_t *left,
		     const json_t *right)
{
	const char *text = json_string_value(right);
	const json_t *set = json_object_get(right, "set");

	if (text && *text == '@') {
		set = find_set(scene, text + 1);
		return fwmatch_goes_on(scene) ? in_array(scene, left, set) : MAYBE;
	}
	if (json_is_array(set))
		return in_array(scene, left, set);
	if (json_is_array(right))
		return in_array(scene, left, right);
	return fwmatch_value(left, set ? set : right, scene->packet);
}

enum truth fwmatch(const struct fw_scene *scene, const json_t *match)
{
	const json_t *left = json_object_get(match, "left");
	const json_t *right = json_object_get(match, "right");
	const char *op = fwmatch_text(match, "op");

	if (!strcmp(op, "==") || !strcmp(op, "in"))
		return in(scene, left, right);
	if (!strcmp(op, "!="))
		return not(in(scene, left, right));
	return MAYBE;
}
