#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# "quiclbadm metrics" prints what the other lists print, for those who may see it, in the metrics that are documented. What Prometheus
# makes of it is the group "prometheus".
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=metricslib.sh
. "$here/metricslib.sh"
need_module
lab_up
serve
defer 'q -C --all'

scrape() { q metrics --prometheus >"$WORK/metrics"; }

same_value() { same "$1" "$(value "$1")" "$2"; }

as_documented() {
	everything
	scrape
	same "metrics, types and labels" "$(shape "$WORK/metrics" | grep -v '^quiclb_service_other_outcomes_total ')" \
		"$(documented | grep -v '^quiclb_service_other_outcomes_total ')"
	q metrics >"$WORK/open"
	same "units" "$(awk '/^# UNIT/ { print $3 }' "$WORK/open" | sort)" \
		"$(sed -n '/^\.\. table begins/,/^\.\. table ends/p' "$here/../../../../Documentation/metrics.rst" |
			grep -E '  (bytes|seconds)  ' | sed 's/ .*//; s/_total$//' | sort)"
}

# Datagrams by two configs, a first one, and one for a server that is not in the pool.
counts() {
	local n
	everything
	send -c 0:3:4 "to=$SVC4" "from=$CL4.31:3100" name=x "mint=0:$(sid 3 1)" count=11
	send -c "1:8:8:$KEY" "to=$SVC4" "from=$CL4.31:3101" name=x "mint=1:$(sid 8 2)" count=7
	send -c 0:3:4 "to=$SVC4" "from=$CL4.31:3102" name=x mint=0:eeeeee count=2
	send "to=$SVC4" "from=$CL4.31:3103" name=x form=long dcid=ff01020304050607
	send "to=$SVC4" "from=$CL4.31:3103" name=x dcid=ff01020304050607 count=3
	scrape
	same_value "quiclb_service_datagrams_total{service=\"$SVC4\",outcome=\"routed\"}" 18
	same_value "quiclb_service_datagrams_total{service=\"$SVC4\",outcome=\"unroutable-server\"}" 2
	same_value "quiclb_service_datagrams_total{service=\"$SVC4\",outcome=\"unroutable-reserved\"}" 4
	same_value "quiclb_service_reserved_short_total{service=\"$SVC4\"}" 3
	same_value "quiclb_service_fallback_datagrams_total{service=\"$SVC4\",outcome=\"fallback-new\"}" 1
	same_value "quiclb_config_datagrams_total{service=\"$SVC4\",config=\"0\",tenant=\"0\"}" 13
	same_value "quiclb_config_datagrams_total{service=\"$SVC4\",config=\"1\",tenant=\"0\"}" 7
	n=$(value "quiclb_config_last_seen_age_seconds{service=\"$SVC4\",config=\"1\",tenant=\"0\"}")
	[[ $n =~ ^[0-9]{1,2}\.[0-9]{3}$ ]] || fail "last seen $n seconds ago"
	# all that -L counts
	stats "$SVC4"
	for n in "${!STATS[@]}"; do
		same "$n" "$(grep -F "{service=\"$SVC4\",outcome=\"$n\"}" "$WORK/metrics" | awk '{ print $NF }')" "${STATS[$n]}"
	done
	same_value "quiclb_server_connections{service=\"$SVC4\",server=\"$(rs4 5):443\",state=\"inactive\"}" 0
	same "the device's counters" "$(grep -c '^quiclb_express_datagrams_total{device="eth0",mode="\(ingress\|driver\)",' "$WORK/metrics")" \
		"$(q express list -j | jq '.[0].outcomes | length')"
}

# IPVS adds them up every two seconds
packets_follow() {
	scrape
	[ "$(value "quiclb_service_received_packets_total{service=\"$SVC4\"}")" = 24 ] &&
		[ "$(value "quiclb_server_received_packets_total{service=\"$SVC4\",server=\"$(rs4 2):443\"}")" -ge 7 ]
}

states() {
	everything
	scrape
	same_value "quiclb_service_servers{service=\"$SVC4\",state=\"serving\"}" 3
	same_value "quiclb_service_servers{service=\"$SVC4\",state=\"drained\"}" 1
	same_value "quiclb_service_servers{service=\"$SVC4\",state=\"held\"}" 1
	same_value "quiclb_service_servers{service=\"$SVC4\",state=\"absent\"}" 1
	same_value "quiclb_server_held{service=\"$SVC4\",server=\"$(rs4 4):443\"}" 1
	same_value "quiclb_server_held{service=\"$SVC4\",server=\"$(rs4 5):443\"}" 0
	same_value "quiclb_config_last_seen_age_seconds{service=\"$SVC4\",config=\"1\",tenant=\"0\"}" +Inf
	same "fingerprint" "$(sed -n 's/^quiclb_config_info.*key_fingerprint="\([0-9a-f]*\)".*/\1/p' "$WORK/metrics")" "$(q fingerprint "$WORK/key")"
	if grep -qi "$KEY" "$WORK/metrics"; then fail "a key is printed"; fi
	if grep -F "$VIP4:53" "$WORK/metrics"; then fail "a service of IPVS's own is printed"; fi
}

# What the unit does: the request is a file here, and the answer as well. Only CAP_NET_ADMIN is needed.
over_http() {
	printf 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n' >"$WORK/request"
	setpriv --bounding-set=-all,+net_admin --inh-caps=-all quiclbadm metrics --http <"$WORK/request" >"$WORK/answer"
	same "status" "$(head -n 1 "$WORK/answer")" $'HTTP/1.1 200 OK\r'
	grep -qF "quiclb_server_held{service=\"$SVC4\",server=\"$(rs4 4):443\"} 1" "$WORK/answer" || fail "the held server is not known"
	same "length" "$(sed '1,/^\r$/d' "$WORK/answer" | wc -c)" "$(sed -n 's/^Content-Length: \([0-9]*\)\r$/\1/p' "$WORK/answer")"
	refused 1 "Error: kernel: only root (CAP_NET_ADMIN) may do this." \
		setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all quiclbadm metrics
}

# A scrape in the middle of a change is whole.
while_it_changes() {
	local n
	for n in {1..3}; do
		everything
	done &
	pids+=("$!")
	for n in {1..6}; do
		q metrics >"$WORK/open"
		same "end" "$(tail -n 1 "$WORK/open")" "# EOF"
	done
	wait "${pids[-1]}"
}

tcase "metrics, types, labels and units are those of Documentation/metrics.rst" as_documented
tcase "outcomes, configs and devices count as in the other lists" counts
tcase "IPVS's packets follow" poll 20 "IPVS's counters" packets_follow
tcase "servers held, drained, absent; a fingerprint and no key" states
tcase "over HTTP, with CAP_NET_ADMIN and no other right" over_http
tcase "a scrape during changes is whole" while_it_changes
finish
