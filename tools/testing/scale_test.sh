#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does Documentation/scale.rst's model agree with what was measured, and are its table and plots those of the present figures?
exec "$(dirname "$0")/scale/scale" --check
