#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The Python module, with the library of this tree.
set -eu

cd "$(dirname "$0")"
exec env QUICLB_LIBRARY="$PWD/../lib/libquiclb.so" python3 -B ../../bindings/python/test_quiclb.py
