#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel that is locked down shows no packets: doctor and trace say so, and the doctor judges what it can. There is no way back from
# lockdown, hence a guest that runs nothing else.
# shellcheck source=faultlib.sh disable=SC2119
. "$(dirname "$0")/faultlib.sh"
need_module
[ -e /sys/kernel/btf/vmlinux ] || skip_all "the kernel has no BTF"
own_lab_up
serve "$SVC4"
[ -e /sys/kernel/security/lockdown ] || mount -t securityfs securityfs /sys/kernel/security
[ -w /sys/kernel/security/lockdown ] || skip_all "the kernel has no lockdown"

# paths VERDICT TEXT: of a real server and of a director, which have no fault
paths() {
	NS=s2
	path "$@" -u "$SVC4" -r "$(rs4 2)"
	NS=lb
	path "$@" -u "$SVC4"
}

path() {
	in_ns "$NS" quiclbadm doctor "${@:3}" -j >"$WORK/report" 2>"$WORK/err" || fail "$(cat "$WORK/err" "$WORK/report")"
	same "other words" "$(cat "$WORK/err")" ""
	jq -e --arg verdict "$1" --arg text "$2" 'any(.[]; .check == "path" and .verdict == $verdict and (.evidence | contains($text)))' "$WORK/report" >/dev/null ||
		fail "$NS: no $1 \"$2\": $(jq -c '.[] | select(.check == "path")' "$WORK/report")"
}

integrity() {
	echo integrity >/sys/kernel/security/lockdown
	paths ok "it arrived by eth0"
}

confidentiality() {
	echo confidentiality >/sys/kernel/security/lockdown
	paths unknown "because the kernel is locked down (lockdown=confidentiality)"
	# what settings tell is still told
	NS=s2
	there sh -c 'echo 1 >/proc/sys/net/ipv4/conf/tunl0/rp_filter'
	diagnosed rp_filter -u "$SVC4" -r "$(rs4 2)"
	mend
	CLIENT=10
	found
	# and what a director's probe does
	NS=lb
	healthy -u "$SVC4" --from 10.0.0.1
	same "probes" "$(jq -r '[.[] | select(.check == "probe").verdict] | join(" ")' "$WORK/report")" "ok ok ok"
}

trace() {
	refused 1 "Error: tracefs: the kernel is locked down (lockdown=confidentiality)." in_ns lb quiclbadm trace --seconds 1
	in_ns s2 quiclbadm doctor -u "$SVC4" -r "$(rs4 2)" --await 1 -j >"$WORK/report"
	jq -e 'any(.[]; .check == "await" and .verdict == "unknown" and (.evidence | contains("is locked down")))' "$WORK/report" >/dev/null ||
		fail "$(cat "$WORK/report")"
}

fresh "$SVC4" rs4 0:3:4
tcase "no lockdown" paths ok "it arrived by eth0"
tcase "integrity" integrity
tcase "confidentiality" confidentiality
tcase "what trace says" trace
finish
