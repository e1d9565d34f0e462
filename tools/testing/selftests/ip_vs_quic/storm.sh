# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For scripts with the packets of the program storm; sourced after packets.sh.
# shellcheck disable=SC2154

# storm KIND COUNT: sets $ASKED to the datagrams of both families that were answered meanwhile, all by server 2.  The packets arrive on
# the director's eth0.
storm() {
	local lladdr
	read -r _ _ lladdr _ < <(ip -br link show dev eth0)
	ASKED=$("$here/storm" -n "$2" -s "$SEED" -r "$LAB-rt" -d "lb/$lladdr" -c "$LAB-cl" -4 "$VIP4" -6 "$VIP6" "$1")
}

# storm_services: the director has these services and no others
storm_services() {
	fresh "$SVC4" rs4 0:3:4 "1:8:8:$KEY"
	service "$SVC6" rs6 0:3:4 "1:8:8:$KEY" | q -R
}

SEED=${SEED:-1}
