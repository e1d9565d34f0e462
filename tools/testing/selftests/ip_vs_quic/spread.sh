#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A real server's network card can spread the load of a tunnel by outer source addresses by flow (IPIP) or source ports by
# flow (GUE); both are the same on both paths.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=packets.sh
. "$here/packets.sh"
need_module
modprobe fou 2>/dev/null || true
lab_up

FLOWS=32

addr4() { rs4 "$1"; }
addr6() { printf '[%s]' "$(rs6 "$1")"; }

# pool FAMILY OUTER [OPTION...]: sets $svc and $ip
pool() {
	local n
	case $1 in
	4) svc=$SVC4 ip="ip4 src=$CL4.21 dst=$VIP4 df=1" ;;
	6) svc=$SVC6 ip="ip6 src=${CL6}:21 dst=$VIP6" ;;
	esac
	q -C
	{
		printf -- '-A -u %s\nconfig add -u %s --id 0 --server-id-len 3 --nonce-len 4\n' "$svc" "$svc"
		for n in 1 2 3; do
			echo "-a -u $svc -r $("addr$2" "$n"):443 ${*:3} --server-id 0:$(sid 3 "$n")"
		done
	} | q -R
}

# flows DATA: sends a datagram of each of $FLOWS flows; half of them are too short for the fast path
flows() {
	local port
	forget
	for ((port = 5001; port <= 5000 + FLOWS; port++)); do
		echo "$ip ttl=9 udp sport=$port dport=$PORT data=$1 pad=$((port % 2 * 30))"
	done | raw rt -
	arrived "$FLOWS" "dport=$PORT"
}

# sources: sets $VALUES to the outer headers' sources in the order of the flows; packets of different servers arrive in any order
sources() {
	VALUES=$(sed -E 's/^s[123] ip[46] src=([^ ]*) .* udp sport=([0-9]+) .*/\2 \1/' "$WORK/watched" | sort -n | cut -d ' ' -f 2)
}

# warm: sends datagrams so that routes are found
warm() {
	local n
	forget
	for n in 1 2 3; do
		echo "$ip ttl=9 udp sport=999 dport=$PORT data=40${CID[n]}"
	done | raw rt -
	arrived 3 "sport=999"
}

addresses() {
	local f=$1 outer=$2 svc ip first range prefix
	case $outer in
	4) prefix=10.99.0.0/20 range='10\.99\.([0-9]|1[0-5])\.[0-9]+' ;;
	6) prefix=fd99:1:2:3:8000::/65 range='fd99:1:2:3:[89a-f][0-9a-f]{3}:[0-9a-f:]+' ;;
	esac
	pool "$f" "$outer" -i
	q set -u "$svc" "--source$outer" "$prefix"
	warm
	mark "$svc"
	flows "40${CID[1]}"
	sources
	check_addresses
	same "hops" "$(grep -c " ttl=8 .* ttl=8 " "$WORK/watched")" "$FLOWS"
	first=$VALUES
	counted "$svc" routed="$FLOWS"

	# datagrams that are hashed, too
	flows 40ff
	sources
	same "sources of unroutable datagrams" "$VALUES" "$first"
	counted "$svc" routed="$FLOWS" unroutable-reserved="$FLOWS" fallback="$FLOWS"

	q express add eth0
	defer "q express del eth0"
	warm
	flows "40${CID[1]}"
	sources
	same "sources on the express path" "$VALUES" "$first"
	same "taken" "$(q express list -j | jq '.[0].outcomes.taken')" $((FLOWS + 2))

	q set -u "$svc" "--source$outer" none
	flows "40${CID[1]}"
	sources
	same "sources by default" "$(sort -u <<<"$VALUES")" "$([ "$outer" = 4 ] && echo 10.0.0.1 || echo fd00:10::1)"
}

check_addresses() {
	same "those out of range" "$(grep -vE "^$range$" <<<"$VALUES" || true)" ""
	between "different addresses" "$(sort -u <<<"$VALUES" | wc -l)" $((FLOWS / 2)) "$FLOWS"
}

# There are answers, and no packet is lost that the plain transmitter would send.
served() {
	local svc ip
	pool 4 4 -i
	q set -u "$svc" --source4 10.99.0.0/16
	serve
	mark
	send -c 0:3:4 "to=$svc" - <<-END
		from=$CL4.31:3100 name=1 mint=0:$(sid 3 1) size=1200
		from=$CL4.32:3200 name=2 mint=0:$(sid 3 2) size=60
		from=$CL4.33:3300 name=3 mint=0:$(sid 3 3) form=long
	END
	answers "1 s1 1" "2 s2 1" "3 s3 1"
	counted "$svc" routed=3
}

ports() {
	local f=$1 outer=$2 svc ip first
	pool "$f" "$outer" -i --tun-type gue --tun-port 6080
	# it does not use this setting
	q set -u "$svc" --source4 10.99.0.0/16 --source6 fd99::/64
	warm
	flows "40${CID[1]}"
	VALUES=$(sed -E 's/.* sport=([0-9]+) dport=6080 .*/\1/' "$WORK/watched")
	between "different ports" "$(sort -u <<<"$VALUES" | wc -l)" $((FLOWS / 2)) "$FLOWS"
	first=$VALUES
	sources
	same "sources" "$(sort -u <<<"$VALUES")" "$([ "$outer" = 4 ] && echo 10.0.0.1 || echo fd00:10::1)"
	q express add eth0
	defer "q express del eth0"
	warm
	flows "40${CID[1]}"
	same "ports on the express path" "$(sed -E 's/.* sport=([0-9]+) dport=6080 .*/\1/' "$WORK/watched")" "$first"
	same "taken" "$(q express list -j | jq '.[0].outcomes.taken')" $((FLOWS + 2))
}

mint_cids
watch -x
for f in 4 6; do
	for o in 4 6; do
		tcase "IPv$f in IPv$o: IPIP, sources by flow" addresses $f $o
	done
	tcase "IPv$f: GUE, source ports by flow" ports $f $f
done
tcase "servers answer" served
finish
