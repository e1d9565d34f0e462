# SPDX-License-Identifier: GPL-2.0-only
#
#   make                   the module for KDIR (default: the running kernel) and the programs
#   sudo make demo         shows in a QEMU lab what it is for
#   sudo make check        unit tests and selftests; the last line is the totals
#   make check-unit        the two halves of "make check"
#   make check-selftests
#   sudo make check-kernels   the selftests on every kernel of tools/testing/qemu/matrix
#   sudo make check-debug     the selftests on the debug kernels: KASAN, lockdep, kmemleak, ...
#   make check-rotation    what CI runs besides "make check": static checks, bench, fuzzers, proofs, the fleet, a part of the two above   (NUMBER)
#   make check-all         all that CI chooses from, whole: hours; RESUME=1 goes on where a run of this commit was ended
#   make kernels              fetches and builds the kernels that these need and the cache lacks
#   make check-intree         the module's build as part of the kernel's own tree, and its netlink specification
#   make check-fleet          directors that FRR announces while they forward; that no event in a fleet of two loses a connection
#   make fleet             connections lost by events in a fleet of 2, 4 and 16 directors: ours, and stock IPVS's schedulers side by side
#   make -s fleet-json     the same as JSON, and nothing else
#   make check-metrics        a real Prometheus scrapes the metrics, and loads the alerts and the dashboard's queries
#   make check-packages       the packages of "make deb": contents, dependencies, scripts, lintian
#   sudo make check-bindings  bindings/ and examples/: Go and quic-go, Rust and quinn, aioquic; quiclb-h3server with libngtcp2 1
#   sudo make check-servers   quic-go, aioquic, quinn, nginx, and Chromium, behind the director: moves, rebinding, Retry, rotation   (SERVERS=NAME,NAME)
#   sudo make check-boot      roots of Debian 12 and 13 with them, booted and restarted in QEMU
#   make check-keepalived     Debian's keepalived, of two releases, as health checker; and the patch for it
#   make check-kcsan          the selftests that look for races on a kernel with the race detector
#   make fuzz-guest           a million requests, packets and frames on a debug kernel   (INPUTS, SEED)
#   make soak                 the selftests that look for races, many times   (SOAK, ROUNDS)
#   make bench             what a packet costs, stock IPVS and ours side by side
#   make -s bench-json     the same as JSON, and nothing else
#   make bench-native      nanoseconds on this machine's processor, by User-Mode Linux
#   make bench-check       a short bench, against tools/testing/bench/bounds, and which memory processors share
#   make lint              every static check
#   make fuzz              a million inputs for each fuzzer     (RUNS=N, FUZZERS="qlb args ...")
#   make fuzz-check        a short run that is the same every time, and the pure core's coverage
#   make proofs            what is proved of the pure core, by CBMC     (PROOFS="parse decode ...")
#   make proofs-check      the same, and that each proof fails when the code has a defect
#   make mutants           small defects in copies of the module: which does a test find?     (N=20, SEED=1, FILES="core/ fallback.c ...", AGAIN=1)
#   make coverage          which branches of the pure core tests and corpora take; HTML in tools/testing/fuzz/coverage
#   make install           programs, library, man pages, completions    (PREFIX, DESTDIR)
#   make modules_install   the module, for KDIR, where modprobe finds it     (INSTALL_MOD_PATH, DESTDIR)
#   make dkms-install      the module, built again for each kernel that this machine gets, and signed for Secure Boot
#   make uninstall, modules_uninstall, dkms-uninstall   remove what each has installed     (the same variables)
#   make deb               Debian packages, in build/deb     (DEBFULLNAME, DEBEMAIL)
#   make clean
#   make help              this list

MAKEFLAGS += --no-print-directory

KDIR ?= /lib/modules/$(shell uname -r)/build
VERSION := $(shell cat VERSION)
# The kernel's name for DESTDIR.
INSTALL_MOD_PATH ?= $(DESTDIR)
DKMS_TREE = $(DESTDIR)/usr/src/ip_vs_quic-$(VERSION)
KERNELS := $(shell awk '!/^\#/ && NF == 3 { print $$1 }' tools/testing/qemu/matrix)
DEBUG_KERNELS := $(shell awk '/^debug-/ { print $$1 }' tools/testing/qemu/matrix)
INTREE := netlink $(DEBUG_KERNELS:debug-%=intree@%)
KEEPALIVED := keepalived@bookworm keepalived@trixie
BOOT := boot@bookworm boot@trixie
SELFTESTS := tools/testing/selftests/ip_vs_quic
BENCH := tools/testing/bench
FUZZ := tools/testing/fuzz
START := tools/testing/clean-start
ROTATION := tools/testing/rotation
JOBS := $(shell nproc)
RUNS := 1000000
INPUTS ?= 1000000
N ?= 20
mutants: SEED ?= 1
SOAK ?= 20
ROUNDS ?= 40

# Files that building the module leaves in a directory.
products = $(foreach kind,*.o *.ko *.mod *.mod.c .*.cmd *.d modules.order Module.symvers,$(1)/$(kind))

all: module programs

help:
	@sed -n '3,/^$$/s/^# \{0,3\}//p' Makefile

# the kernel's build system does not support spaces in paths
module:
ifneq ($(words $(CURDIR)),1)
	@echo "The module is $(if $(filter file,$(origin KDIR)),skipped,not built): $(CURDIR) has a space in it, which the kernel's build system does not take." >&2
	$(if $(filter file,$(origin KDIR)),,@exit 1)
else ifneq ($(wildcard $(KDIR)/Makefile),)
	$(MAKE) -C $(KDIR) M=$(CURDIR)/kmod modules
	@tools/btf/add kmod/ip_vs_quic.ko $(KDIR)
else ifeq ($(origin KDIR),file)
	@echo "The module is skipped: there is no kernel build tree at $(KDIR) (install linux-headers-$(shell uname -r), or give KDIR=...)."
else
	@echo "Error: KDIR=$(KDIR): there is no kernel build tree." >&2; exit 1
endif

programs:
	@$(MAKE) -C userspace all
	@$(MAKE) -C $(SELFTESTS) all
	@$(MAKE) -C $(BENCH) all

setup:
	@tools/setup

demo: setup
	@tools/testing/qemu/run -- tools/demo/demo.sh

# Shares, so that all processors are used.
SHARES := selftests:1of2 selftests:2of2 selftests:races

check: setup
	@tools/testing/check -j $(JOBS) harness unit $(SHARES)

check-unit: setup
	@tools/testing/check harness unit

check-selftests: setup
	@tools/testing/check -j $(JOBS) $(SHARES)

# The compiled ones first: they take longest.
kernels: setup
	@for name in $(DEBUG_KERNELS) $(KERNELS); do tools/testing/qemu/kernel $$name || exit; done

check-kernels: setup
	@tools/testing/check -j 2 $(KERNELS:%=selftests@%)

check-debug: setup
	@tools/testing/check -j 2 $(DEBUG_KERNELS:%=debug@%)

check-rotation: setup
	@tools/testing/check -j $(JOBS) $$($(ROTATION) $(NUMBER)) bench fuzz proofs fleet

check-all: setup
	@tools/testing/check -j $(JOBS) $(if $(RESUME),--resume) $$($(ROTATION) --all) $(SHARES) selftests:alone $(DEBUG_KERNELS:%=frames@%) $(INTREE) bench lint fuzz proofs proofs:mutants packages bindings servers metrics fleet $(KEEPALIVED) $(BOOT) unit harness

check-intree: setup
	@tools/testing/check $(INTREE)

check-metrics: setup
	@tools/testing/check metrics

check-fleet: setup
	@tools/testing/check fleet

fleet: setup
	@tools/testing/fleet

fleet-json: setup
	@tools/testing/fleet --json

check-packages: setup
	@tools/testing/check packages

check-bindings: setup
	@tools/testing/check bindings

check-servers: setup
	@tools/testing/check servers$(SERVERS:%=:%)

check-boot: setup
	@tools/testing/check $(BOOT)

check-keepalived: setup
	@tools/testing/check $(KEEPALIVED)

check-kcsan: setup
	@tools/testing/check selftests@kcsan-6.1:races

fuzz-guest: setup
	@tools/testing/qemu/run -k debug-6.1 --timeout 86400 -- \
		env SCRIPT_SECONDS=86400 INPUTS=$(INPUTS) FRAMES=$(INPUTS) $(if $(SEED),SEED=$(SEED)) $(SELFTESTS)/run_all.sh fuzz frames

soak: setup
	@tools/testing/qemu/run -k debug-6.1 --cpus 2 --timeout 604800 -- \
		sh -ec 'for n in $$(seq $(SOAK)); do SCRIPT_SECONDS=86400 ROUNDS=$(ROUNDS) $(SELFTESTS)/run_all.sh rotation lifecycle cache churn; done'

bench: setup
	@tools/testing/bench/bench

bench-json: setup
	@tools/testing/bench/bench --json

bench-native: setup
	@tools/testing/bench/bench --native

bench-check: setup
	@$(START) --limit 2400 --name bench-check -- $(BENCH)/bench --check --packets 2048

lint: setup
	@$(START) --limit 1200 --name lint -- tools/lint

fuzz: setup
	@$(FUZZ)/run --runs $(RUNS) $(FUZZERS)

fuzz-check: setup
	@$(START) --limit 1200 --name fuzz-check -- $(FUZZ)/run --check $(FUZZERS)

proofs: setup
	@tools/testing/proofs/run $(PROOFS)

proofs-check: setup
	@tools/testing/check proofs proofs:mutants

mutants: setup
	@tools/testing/mutants/run -n $(N) --seed $(SEED) $(if $(FILES),--files "$(FILES)") $(if $(AGAIN),--again)

coverage: setup
	@$(FUZZ)/cover --html

install:
	@$(MAKE) -C userspace install

uninstall:
	@$(MAKE) -C userspace uninstall

modules_install:
	+@MAKE='$(MAKE)' tools/module-tree install $(KDIR) $(INSTALL_MOD_PATH)

modules_uninstall:
	@tools/module-tree uninstall $(KDIR) $(INSTALL_MOD_PATH)

dkms-install:
	install -d $(DKMS_TREE)
	install -m 644 VERSION COPYING $(DKMS_TREE)
	sed '/^# "make dkms-install"/d; s/^PACKAGE_VERSION=.*/PACKAGE_VERSION="$(VERSION)"/' dkms.conf >$(DKMS_TREE)/dkms.conf
	cp -r kmod tools/btf $(DKMS_TREE)
	$(RM) $(foreach directory,kmod kmod/core,$(call products,$(DKMS_TREE)/$(directory)))
	$(if $(DESTDIR),,dkms install ip_vs_quic/$(VERSION))

dkms-uninstall:
	$(if $(DESTDIR),,dkms remove ip_vs_quic/$(VERSION) --all)
	$(RM) -r $(DKMS_TREE)

deb:
	@tools/deb

clean:
	@$(MAKE) -C userspace clean
	@$(MAKE) -C $(SELFTESTS) clean
	@$(MAKE) -C $(BENCH) clean
	@$(MAKE) -C $(FUZZ) clean
	$(RM) -r build/deb
	$(RM) $(foreach directory,kmod kmod/core,$(call products,$(directory)))

.PHONY: all help module programs setup demo check check-unit check-selftests kernels check-kernels check-debug check-rotation check-all check-intree check-metrics check-fleet fleet fleet-json check-packages check-bindings check-servers check-boot check-keepalived check-kcsan bench bench-json bench-native bench-check lint fuzz fuzz-check proofs proofs-check mutants coverage fuzz-guest soak install uninstall modules_install modules_uninstall dkms-install dkms-uninstall deb clean
