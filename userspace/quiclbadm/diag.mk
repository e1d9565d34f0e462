# SPDX-License-Identifier: GPL-2.0-only
# What only quiclbadm-diag has, as names without an ending; for the Makefile here and that of the fuzzers, which have the rest.
DIAG_PARTS := firewall/% tracing/% doctor/% diag/% cmd/doctor cmd/explain cmd/trace
# but of the doctor's, "probe" needs these
PROBE_PARTS := $(patsubst %,doctor/%,forwarding packet_build probe probe_send probe_ways service_subject)
