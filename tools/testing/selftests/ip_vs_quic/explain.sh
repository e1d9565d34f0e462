#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# "explain" predicts what the director does: for each datagram of a capture, its outcome and its real server.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_module
command -v tcpdump >/dev/null || skip_all "tcpdump is not installed"
[ -d /sys/kernel/tracing/instances ] || skip_all "tracefs is not mounted"
lab_up
serve "$SVC4" "$SVC6"
TRACE=/sys/kernel/tracing/instances/$LAB-explain
CAPTURE=$WORK/capture.pcap
SAVED=$WORK/saved

# traffic SERVICE CLIENT4|CLIENT6: one datagram from each of 50 ports, of every kind
traffic() {
	send -c 0:3:4 -c "1:8:8:$KEY" -c "2:4:6:$KEY" "to=$1" - <<-END
		from=$2:1000 mint=0:$(sid 3 1) count=6 walk=port
		from=$2:1100 mint=1:$(sid 8 2) count=6 walk=port form=long
		from=$2:1200 mint=2:$(sid 4 3) count=6 walk=port
		from=$2:1300 mint=0:dddddd count=6 walk=port form=long
		from=$2:1400 mint=0:eeeeee count=6 walk=port
		from=$2:1500 dcid=ff1122 count=6 walk=port form=long version=6b3343cf
		from=$2:1600 dcid=7f1122 count=6 walk=port
		from=$2:1700 dcid=0011 form=long count=2 walk=port
		from=$2:1800 raw=c000000001 count=2 walk=port
		from=$2:1900 raw=40 count=2 walk=port
		from=$2:2000 mint=1:dddddddddddddddd count=2 walk=port
	END
	all_answered 50
}

# captured COMMAND...: what goes to the VIPs while it runs is in $CAPTURE
captured() {
	tcpdump -i eth0 -nn -U -w "$CAPTURE" "udp dst port $PORT" 2>"$WORK/tcpdump" &
	pids+=("$!")
	poll 60 tcpdump grep -q "listening on" "$WORK/tcpdump"
	"$@"
	poll 60 "50 datagrams in the capture" enough
	kill "$!"
	await "$!" || true
}

enough() { [ "$(tcpdump -nn -r "$CAPTURE" 2>/dev/null | wc -l)" -ge 50 ]; }

# done_by_director: CLIENT OUTCOME SERVER of each datagram; the server is the one that it went to
done_by_director() {
	awk '
		function field(name,  at, rest) {
			at = index($0, " " name "=")
			rest = substr($0, at + length(name) + 2)
			return substr(rest, 1, index(rest " ", " ") - 1)
		}
		/ip_vs_quic_decision:/ { outcome[field("client")] = field("outcome"); server[field("client")] = field("server") }
		/ip_vs_quic_schedule:/ { server[field("client")] = field("server") }
		END { for (client in outcome) print client, outcome[client], server[client] }' "$TRACE/trace" | sort
}

# explained OPTION...: the same, as predicted
explained() {
	q explain "$CAPTURE" -j "$@" | jq -r '
		def text: if .address | contains(":") then "[\(.address)]:\(.port)" else "\(.address):\(.port)" end;
		"\(.client | text) \(.outcome) \((.hashed // .server) | text)"' | sort
}

foretold() {
	local did
	: >"$TRACE/trace"
	captured traffic "$1" "$2"
	did=$(done_by_director)
	same "number of datagrams" "$(wc -l <<<"$did")" 50
	same "live" "$(explained)" "$did"
	q -S >"$SAVED"
	same "of a saved configuration" "$(explained --saved "$SAVED" -u "$1")" "$did"
}

# Without module, IPVS and root: the file has all that is needed.
anywhere() {
	local dir line
	# another user may not be able to reach the checkout
	dir=$(mktemp -d)
	defer "rm -r $dir"
	chmod 755 "$dir"
	cp "$(command -v quiclbadm)" "$(command -v quiclbadm-diag)" "$dir"
	line=$(setpriv --reuid=65534 --clear-groups "$dir/quiclbadm" explain "40$(q encode -u "$SVC4" --id 0 --server-id "$(sid 3 2)")" \
		--saved - -u "$SVC4" < <(q -S | grep -v key-file))
	[[ $line == "1: $SVC4: short dcid="*" config=0 server-id=$(sid 3 2) routed server=$(rs4 2):$PORT" ]] || fail "$line"
}

explained_there() { q explain "$WORK/s2.pcap" | grep -q "$1"; }

tunnelled() {
	spawn s2 tcpdump -i eth0 -nn -U -w "$WORK/s2.pcap" ip proto 4 2>"$WORK/tcpdump.s2"
	poll 60 tcpdump grep -q "listening on" "$WORK/tcpdump.s2"
	send -c 0:3:4 "to=$SVC4" "from=$CL4.9:900" name=x "mint=0:$(sid 3 2)"
	answers "x s2 1"
	# the capture may end in the middle of a packet meanwhile
	poll 60 "the datagram in the capture" explained_there "^1: $CL4.9:900 > $SVC4: short .* routed server=$(rs4 2):$PORT$"
}

mkdir "$TRACE"
trap 'rmdir "$TRACE"; cleanup' EXIT
echo 1 >"$TRACE/events/ip_vs_quic/enable"
fresh "$SVC4" rs4 0:3:4 "1:8:8:$KEY" "2:4:6:$KEY"
service "$SVC6" rs6 0:3:4 "1:8:8:$KEY" "2:4:6:$KEY" | q -R
q server-id add -u "$SVC4" -r "$(rs4 9)" --absent --server-id 0:eeeeee
q server-id add -u "$SVC6" -r "$(rs6 9)" --absent --server-id 0:eeeeee
ipvsadm -e -u "$SVC4" -r "$(rs4 1)" -i -w 3

tcase "IPv4: every datagram's outcome and real server" foretold "$SVC4" "$CL4.90"
tcase "IPv6: every datagram's outcome and real server" foretold "$SVC6" "[${CL6}:90]"
tcase "a saved configuration, without any privilege" anywhere
tcase "a capture from a real server, in the tunnel" tunnelled
finish
