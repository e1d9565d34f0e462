# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For scripts that have masqueraded servers; sourced after lib.sh.
# shellcheck disable=SC2154

# direct add|del N: server N's route to the clients is by the director
direct() { printf "route $1 %s via %s\n" "$CL4.0/24" 10.0.0.1 "${CL6}:/64" fd00:10::1 | ip -n "$LAB-s$2" -force -b -; }

# masq_up ADDR:PORT...: answers are routed through the director; the servers listen at these and at their own addresses
masq_up() {
	local n
	echo 1 >/proc/sys/net/ipv4/ip_forward
	echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
	ip -6 route replace default via fd00:10::fe
	for n in 1 2 3; do
		# the director would send redirects, as it is not the shortest way
		in_ns "s$n" sh -c 'echo 0 | tee /proc/sys/net/ipv?/conf/*/accept_redirects' >/dev/null
		direct add "$n"
	done
	serve "$@" "$(rs4 1):443" "$(rs4 2):443" "$(rs4 3):443" "[$(rs6 1)]:443" "[$(rs6 2)]:443" "[$(rs6 3)]:443"
}

masq_down() {
	local n
	echo 0 >/proc/sys/net/ipv4/ip_forward
	echo 0 >/proc/sys/net/ipv6/conf/all/forwarding
	printf 'route replace default via %s\n' 10.0.0.254 fd00:10::fe | ip -b -
	for n in 1 2 3; do
		direct del "$n" 2>/dev/null || true
	done
}
