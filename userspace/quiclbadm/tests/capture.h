/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs a command in this process; what it printed and returned is left here. */
#ifndef _CAPTURE_H
#define _CAPTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/args.h"

extern int ran_status;
extern char *ran_out;
extern char *ran_err;

/* Words as in -R's grammar; @input is on standard input, NULL is none. */
void run_with(const char *input, const char *line);
void run(const char *line);

/* Only reads the options: @from_state_file as in args_parse(). */
void parse(const char *line, bool from_state_file);

/* run() and then: it is done and said nothing on stderr. */
void done(const char *line);

/* run() and then: it has that status and said just that sentence. */
void says(int status, const char *sentence, const char *line);

/* A file of that content in a directory that is removed at exit; its path. */
const char *temp_file(const char *name, const char *content, unsigned int mode);

/* Not the machine's, also when root runs the test; running a command does it as well. */
void use_own_run_dir(void);

/* What the last temp_file() is in. */
const char *temp_dir(void);

/* Set-up and end of a test: the model of the kernel, and what quiclbadm keeps, are empty. */
int model_begin(void **state);
int model_end(void **state);

/* What the model of the kernel has. */
void state_is(const char *wanted);

#endif /* _CAPTURE_H */
