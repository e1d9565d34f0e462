/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the programs of the selftests. */
#ifndef TOOL_H
#define TOOL_H

#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>

/* Prints "PROGRAM: ..." and exits with 2. */
noreturn void die(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

/* All of @s, at most @max, or die(). */
unsigned long number(const char *s, int base, unsigned long max);

/* Returns the number of octets of @s, which is hex; dies if there are more than @room. */
size_t unhex(uint8_t *to, size_t room, const char *s);

/* @name as "ip netns" knows it. */
void enter_netns(const char *name);

/* The parent prints the child's pid and exits, so that the caller can go on. */
void go_to_background(void);

/* The address of that function of the kernel or of a module; dies if there is none. */
uint64_t kernel_function(const char *name);

/* RFC 1071: a sum of 16-bit words, to be folded at the end. */
uint32_t add_up(uint32_t sum, const void *data, size_t len);
uint16_t fold(uint32_t sum);

#endif
