// SPDX-License-Identifier: GPL-2.0-only
/* The header's names for what became of a datagram. */
#include "quic.h"

#include <stdio.h>

static const struct {
	const char *name;
	const char *meaning;
} outcomes[] = {
#define X(symbol, name, meaning) [IP_VS_QUIC_##symbol] = { name, meaning },
	IP_VS_QUIC_OUTCOMES(X)
#undef X
};

const char *outcome_name(uint32_t outcome)
{
	static char number[sizeof("outcome-4294967295")];

	if (outcome < IP_VS_QUIC_OUTCOME_COUNT)
		return outcomes[outcome].name;
	snprintf(number, sizeof(number), "outcome-%u", outcome);
	return number;
}

static const struct {
	const char *name;
	const char *meaning;
} express[] = {
#define X(symbol, name, meaning) [IP_VS_QUIC_EXPRESS_##symbol] = { name, meaning },
	IP_VS_QUIC_EXPRESS_OUTCOMES(X)
#undef X
};

const char *express_name(uint32_t outcome)
{
	static char number[sizeof("outcome-4294967295")];

	if (outcome < IP_VS_QUIC_EXPRESS_OUTCOME_COUNT)
		return express[outcome].name;
	snprintf(number, sizeof(number), "outcome-%u", outcome);
	return number;
}

const char *outcome_meaning(uint32_t outcome)
{
	return outcome < IP_VS_QUIC_OUTCOME_COUNT ? outcomes[outcome].meaning :
						    "";
}

const char *express_meaning(uint32_t outcome)
{
	return outcome < IP_VS_QUIC_EXPRESS_OUTCOME_COUNT ?
	       express[outcome].meaning : "";
}
