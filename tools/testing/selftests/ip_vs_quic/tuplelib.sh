# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For scripts about flows without a routable CID: two services, and datagrams of many 4-tuples; sourced after lib.sh and packets.sh.
# shellcheck disable=SC2034,SC2153,SC2154

# With the express path on device $express, if that is set.
both() {
	fresh "$SVC4" rs4 0:3:4
	service "$SVC6" rs6 0:3:4 | q -R
	[ -z "${express:-}" ] || q express add "$express"
}

# by_express COMMAND...: a case on a device with the express path, which takes nearly all
by_express() {
	local outcomes express=eth0
	defer "q express del eth0 2>/dev/null || :"
	"$@"
	outcomes=$(q express list -j | jq -c '.[0].outcomes')
	jq -e '.taken >= 50 and .unroutable == 0' <<<"$outcomes" || fail "$outcomes"
}

# family 4|6: sets $svc and $from
family() {
	case $1 in
	4) svc=$SVC4 from=$CL4.21 ;;
	6) svc=$SVC6 from="[${CL6}:21]" ;;
	esac
}

# edit FAMILY N OPTION...: of a real server
edit() {
	if [ "$1" = 4 ]; then
		ipvsadm -e -u "$SVC4" -r "$(rs4 "$2")" -i "${@:3}"
	else
		ipvsadm -e -u "$SVC6" -r "[$(rs6 "$2")]:443" -i "${@:3}"
	fi
}

# lines FIRST COUNT WORD...: a line for each source port from FIRST on
lines() {
	local port
	for ((port = $1; port < $1 + $2; port++)); do
		echo "name=$port from=$from:$port ${*:3}"
	done
}

# went_to SERVER: how many of $GOT
went_to() { grep -c " $1 " <<<"$GOT" || true; }
