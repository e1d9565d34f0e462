/* SPDX-License-Identifier: GPL-2.0-only */
/* The name that a mistyped one was probably meant to be, by edit distance. */
#ifndef _QUICLBADM_COMMON_SUGGEST_H
#define _QUICLBADM_COMMON_SUGGEST_H

struct suggestion {
	const char *typed;
	const char *best;		/* NULL: none is near */
	unsigned int distance;
};

/* Begin with { .typed = ... }, and offer one name after the other. */
void suggest_offer(struct suggestion *suggestion, const char *name);

#endif /* _QUICLBADM_COMMON_SUGGEST_H */
