// SPDX-License-Identifier: GPL-2.0
/*
 * The bodies of the tracepoints of trace.h.  They read what the rest of the module only
 * points to, so this file knows all types, and trace.h none.
 */
/* Before CREATE_TRACE_POINTS, which would make them define their own events. */
#include "decide.h"

#include <linux/tracepoint.h>

#define CREATE_TRACE_POINTS
#include "trace.h"
