/* SPDX-License-Identifier: GPL-2.0-only */
/* What the harnesses share: arbitrary values, assumptions, and what has to hold. */
#ifndef _PROOF_H
#define _PROOF_H

#include <stdlib.h>

#include "core/qlb_port.h"

/* Any value, another one at each call: CBMC gives one to functions of such a name. */
bool nondet_bool(void);
u8 nondet_u8(void);
u32 nondet_u32(void);
u64 nondet_u64(void);

#define any_bool()	nondet_bool()
#define any_u8()	nondet_u8()
#define any_u32()	nondet_u32()
#define any_u64()	nondet_u64()

#define suppose(condition)	__CPROVER_assume(condition)
#define must(condition)		__CPROVER_assert(condition, #condition)

/* From here on @object, a variable, has any contents. */
#define any_contents(object)	__CPROVER_havoc_object(&(object))

/* Any value from @low to @high. */
static inline u32 any_of(u32 low, u32 high)
{
	u32 value = any_u32();

	suppose(value >= low && value <= high);
	return value;
}

/* @size octets of any contents and not one more, so that an access behind them is found. */
static inline u8 *any_octets(size_t size)
{
	u8 *octets = malloc(size);

	suppose(octets);
	return octets;
}

#endif /* _PROOF_H */
