// SPDX-License-Identifier: GPL-2.0
/* Before CREATE_TRACE_POINTS, which would make them define their own events. */
#include "decide.h"

#include <linux/tracepoint.h>

#define CREATE_TRACE_POINTS
#include "trace.h"
