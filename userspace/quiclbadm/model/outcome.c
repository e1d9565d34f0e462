// SPDX-License-Identifier: GPL-2.0-only
#include "model/outcome.h"

#include <stdio.h>
#include <linux/ip_vs_quic.h>

struct entry {
	const char *name;
	const char *meaning;
};

static const struct entry outcomes[] = {
#define X(symbol, name, meaning) [IP_VS_QUIC_##symbol] = { name, meaning },
	IP_VS_QUIC_OUTCOMES(X)
#undef X
};

static const struct entry express[] = {
#define X(symbol, name, meaning) [IP_VS_QUIC_EXPRESS_##symbol] = { name, meaning },
	IP_VS_QUIC_EXPRESS_OUTCOMES(X)
#undef X
};

static const struct entry asks[] = {
#define X(symbol, name, meaning) [IP_VS_QUIC_ASK_##symbol] = { name, meaning },
	IP_VS_QUIC_EXPRESS_ASKS(X)
#undef X
};

/* A newer module's has a number. */
static const char *name_of(const struct entry *entries, uint32_t count,
			   uint32_t outcome)
{
	static char number[sizeof("outcome-4294967295")];

	if (outcome < count)
		return entries[outcome].name;
	snprintf(number, sizeof(number), "outcome-%u", outcome);
	return number;
}

static const char *meaning_of(const struct entry *entries, uint32_t count,
			      uint32_t outcome)
{
	return outcome < count ? entries[outcome].meaning : "";
}

const char *outcome_name(uint32_t outcome)
{
	return name_of(outcomes, IP_VS_QUIC_OUTCOME_COUNT, outcome);
}

const char *outcome_meaning(uint32_t outcome)
{
	return meaning_of(outcomes, IP_VS_QUIC_OUTCOME_COUNT, outcome);
}

const char *express_name(uint32_t outcome)
{
	return name_of(express, IP_VS_QUIC_EXPRESS_OUTCOME_COUNT, outcome);
}

const char *express_meaning(uint32_t outcome)
{
	return meaning_of(express, IP_VS_QUIC_EXPRESS_OUTCOME_COUNT, outcome);
}

const char *ask_name(uint32_t ask)
{
	return name_of(asks, IP_VS_QUIC_EXPRESS_ASK_COUNT, ask);
}

const char *ask_meaning(uint32_t ask)
{
	return meaning_of(asks, IP_VS_QUIC_EXPRESS_ASK_COUNT, ask);
}

char ask_family(uint32_t ask)
{
	return ask == IP_VS_QUIC_ASK_RULES6 ||
	       ask == IP_VS_QUIC_ASK_SOURCE_ROUTES6 ? '6' : '4';
}
