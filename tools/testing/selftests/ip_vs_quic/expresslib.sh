# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For scripts about the express path: services, all that is counted, and single datagrams; sourced after lib.sh and packets.sh.
# shellcheck disable=SC2034,SC2153,SC2154

# by family and number, as quiclbadm takes them; their server IDs by number
device=eth0 link_layer=
SERVER=() SID=()
for n in 1 2 3; do
	SERVER[4$n]=$(rs4 $n) SERVER[6$n]="[$(rs6 $n)]" SID[n]=$(sid 3 $n)
done

# family 4|6: sets $svc, $ip (the outermost words) and $vip
family() {
	case $1 in
	4) svc=$SVC4 ip="ip4 src=$CL4.21 dst=$VIP4" ;;
	6) svc=$SVC6 ip="ip6 src=${CL6}:21 dst=$VIP6" ;;
	esac
}

# pool_at SERVICE OUTER [OPTION...]: restore input for a service whose servers are reached by addresses of family OUTER; their port is
# $rsport
pool_at() {
	local n
	printf -- '-A -u %s\nconfig add -u %s --id 0 --server-id-len 3 --nonce-len 4\nconfig add -u %s --id 1 --server-id-len 3 --nonce-len 15 --key-file %s\n' \
		"$1" "$1" "$1" "$WORK/key"
	for n in 1 2 3; do
		echo "-a -u $1 -r ${SERVER[$2$n]}:${rsport:-443} ${*:3} --server-id 0:${SID[n]} --server-id 1:${SID[n]}"
	done
}

# pool FAMILY OUTER [OPTION...]: that service and no other
pool() {
	local svc ip
	family "$1"
	q -C
	pool_at "$svc" "${@:2}" | q -R
}

# counters: sets $COUNTERS, by SERVICE.OUTCOME, to all that quiclbadm counts, a device's as DEVICE.REASON
declare -A COUNTERS MARKED
counters() {
	local lines line at=
	local -a word
	mapfile -t lines < <(q -L -n --stats --all)
	COUNTERS=()
	for line in "${lines[@]}"; do
		read -ra word <<<"$line"
		case ${word[0]:-} in
		UDP | FWM | EXP) at=${word[1]} ;;
		[a-z]*) COUNTERS[$at.${word[0]}]=${word[1]} ;;
		esac
	done
}

# remark: happened() counts from here
remark() {
	local key
	MARKED=()
	for key in "${!COUNTERS[@]}"; do
		MARKED[$key]=${COUNTERS[$key]}
	done
}

counters_mark() {
	counters
	remark
}

# happened WHAT=N...: since the last mark exactly these have been counted, at all services and devices; then sets a new mark
happened() {
	local key got known=0 bad=
	local -A want=()
	for key in "$@"; do
		want[${key%=*}]=${key##*=}
	done
	counters
	for key in "${!COUNTERS[@]}"; do
		got=$((${COUNTERS[$key]} - ${MARKED[$key]:-0}))
		[ "$got" = "${want[$key]:-0}" ] || bad+=" $key: $got, not ${want[$key]:-0}"
		[ -z "${want[$key]:-}" ] || known=$((known + 1))
	done
	[ -z "$bad" ] || fail "counted:$bad"
	[ "$known" = ${#want[@]} ] || fail "there are no counters for ${!want[*]}"
	remark
}

on() {
	q express add "${1:-eth0}"
	defer "q express del ${1:-eth0} 2>/dev/null || true"
	counters_mark
}

# warm FAMILY [PORT...]: sends datagrams with the values of $dsfields until the express path takes them; then sets a mark
warm() {
	local svc ip n port tos count=0
	[ $# -gt 1 ] || set -- "$1" "$PORT"
	family "$1"
	forget
	for port in "${@:2}"; do
		for tos in ${dsfields:-0}; do
			for n in 1 2 3; do
				echo "$ip ttl=9 tos=$tos udp sport=999 dport=$port data=40${CID[n]}"
			done
			count=$((count + 3))
		done
	done >"$WORK/warm"
	raw rt - <"$WORK/warm"
	arrived "$count" "sport=999"
	counters_mark
}

# --- single datagrams ------------------------------------------------------

# one WORD...: sends that datagram, with $link_layer past the router's IP
one() { echo "$@" | raw rt ${link_layer:+-l "$link_layer"} -; }

# handed REASON ARRIVES OUTCOME WORD...: $device leaves one datagram to the default path, which handles it as usual
handed() {
	local counts=() outcome
	forget
	echo "handed $*"
	one "${@:4}"
	[ -z "$1" ] || counts=("$device.$1=1")
	for outcome in $3; do
		counts+=("$svc.$outcome")
	done
	happened ${counts[@]+"${counts[@]}"}
	if [ "$2" = 0 ]; then
		same "packets at the servers" "$(<"$WORK/watched")" ""
	else
		arrived "$2" "dst="
	fi
}

# first [PORT]: a client's first datagram
first() { echo "$ip udp sport=${1:-30} dport=443 data=$(long_header c0a1b2c3d4e5 1122) pad=60"; }

# taken N: datagrams for server N are taken, one on the fast path and one that is too short for it
taken() { sent_by taken "$1"; }

# sent_by OUTCOME N: the same, counted for $device as OUTCOME
sent_by() {
	local pad
	forget
	for pad in 30 0; do
		echo "$ip ttl=9 udp sport=998 dport=$PORT data=40${CID[$2]} pad=$pad"
	done | raw rt ${link_layer:+-l "$link_layer"} -
	arrived 2 "sport=998"
	happened "$device.$1=2" "$svc.routed=2"
}

# --- the driver path ---------------------------------------------------------

# drive [DEVICE]: by the driver path
drive() {
	q express add "${1:-eth0}" --mode driver 2>"$WORK/stderr"
	defer "q express del ${1:-eth0} 2>/dev/null || true"
	counters_mark
}

mode() { q express list -j | jq -r --arg device "${1:-eth0}" '.[] | select(.device == $device).mode'; }

# driven N: as taken(), by the driver path
driven() { sent_by driver "$1"; }

# --- the same packets by several paths --------------------------------------------

# What is compared, all at once: FAMILY PORT DF OUTER OPTION...
compared=(
	"4 443 1 4 -i"
	"4 444 1 4 -i --tun-type gue --tun-port 6080"
	"4 445 1 6 -i"
	"4 446 1 6 -i --tun-type gue --tun-port 6080"
	"4 447 0 4 -i"
	"6 443 0 4 -i"
	"6 444 0 4 -i --tun-type gue --tun-port 6080"
	"6 445 0 6 -i"
	"6 446 0 6 -i --tun-type gue --tun-port 6080"
)

# variety FAMILY PORT DF: datagrams that differ in every field that an outer header depends on, by servers' CIDs
variety() { varied "$1" "$2" "$3" 1000 routed_data; }

# unrouted FAMILY PORT DF: the same without a CID that names a server: clients' first datagrams, and short headers
unrouted() { varied "$1" "$2" "$3" 2000 unrouted_data; }

# varied FAMILY PORT DF ID DATA: with DF and, from ID on, identifications. DATA N sets $short and $long, the N-th datagrams of both forms.
varied() {
	local svc ip fields short long n=0
	family "$1"
	for fields in "tos=0 ttl=2" "tos=1 ttl=64" "tos=2 ttl=255" "tos=3 ttl=3" "tos=0xb8 ttl=64" "tos=0xff ttl=200"; do
		n=$((n + 1))
		[ "$1" = 6 ] || fields+=" df=$3 id=$(($4 + n))"
		"$5" "$n"
		echo "$ip $fields udp sport=$((5000 + n)) dport=$2 data=$short pad=$((n * 70))"
		echo "$ip $fields udp sport=$((6000 + n)) dport=$2 data=$long pad=$((n * 200))"
	done
}

routed_data() { short=40${CID[$1 % 3 + 1]} long=$(long_header "${KEYED[$1 % 3 + 1]}" 1122); }
unrouted_data() { short=40c0a1b2c3d4e5f6 long=$(long_header "c0a1b2c3d4e5f60$1" 1122); }

# each_compared COMMAND [ARG...]: with family, port, DF and the rest after its own arguments
each_compared() {
	local row
	for row in "${compared[@]}"; do
		# shellcheck disable=SC2086 # words
		"$@" $row
	done
}

# entries live for longer than a case takes, also on a debug kernel and a busy machine
compared_service() {
	local svc ip
	family "$1"
	pool_at "${svc%:*}:$2" "$4" "${@:5}"
	echo "set -u ${svc%:*}:$2 --tuple-timeout 1800"
}

# expected OUTCOME=N...: each service's counters
expected() {
	local row f port svc ip outcome
	for row in "${compared[@]}"; do
		read -r f port _ <<<"$row"
		family "$f"
		for outcome in "$@"; do
			printf '%s:%s.%s\n' "${svc%:*}" "$port" "$outcome"
		done
	done
}

# pour FILE [WHAT=N]: sends what variety() makes by the path that is on; they count as routed and as WHAT; the servers' packets are in FILE
pour() {
	pour_out variety "$1" "${2:-}" routed=12
	stateless
}

# pour_unrouted FILE OUTCOME [WHAT=N]: the same with unrouted(); a first datagram counts as OUTCOME
pour_unrouted() { pour_out unrouted "$1" "${3:-}" unroutable-config=12 fallback=6 "$2=6"; }

# pour_out WHICH FILE WHAT=N|"" OUTCOME=N...
pour_out() {
	local want
	local dsfields="0 0xb8 0xff"
	warm 4 443 444 445 446 447
	warm 6 443 444 445 446
	mark_conns
	forget
	raw rt - <"$WORK/$1"
	arrived $((12 * ${#compared[@]})) "udp sport=[56]0"
	sort "$WORK/watched" >"$WORK/$2"
	mapfile -t want < <(expected "${@:4}")
	happened ${3:+"$3"} "${want[@]}"
}

# each_same PATH PATH: same_octets() for all services
each_same() {
	local row f port df outer
	for row in "${compared[@]}"; do
		read -r f port df outer _ <<<"$row"
		same_octets "$1" "$2" "$f" "$port" "$df" "$outer"
	done
}

# same_octets PATH PATH FAMILY PORT DF OUTER: the packets that pour() has kept of the two paths
same_octets() {
	local mask='s/$//' path
	# without DF the outer header has an identification from a counter
	if [ "$5$6" = 04 ]; then
		mask='s/octets=\(.\{8\}\).\{4\}\(.\{8\}\).\{4\}/octets=\1\2/'
	fi
	for path in "$1" "$2"; do
		grep -E "ip$3 src=[^ ]* dst=($VIP4|$VIP6) .* dport=$4 " "$WORK/$path" |
			sed "$mask" | cut -c 1-400 | sort >"$WORK/$path.$3.$4"
	done
	same "packets" "$(wc -l <"$WORK/$1.$3.$4")" 12
	diff "$WORK/$1.$3.$4" "$WORK/$2.$3.$4" || fail "packets of the two paths differ"
}
