#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A real Prometheus scrapes "quiclbadm metrics --http" through a socket as systemd makes it, and knows what the director did; a real
# node_exporter reads the file. The rules, the dashboard and the formats are checked with what a real director prints. TOOLS is a
# directory with Debian's packages prometheus, prometheus-node-exporter, python3-prometheus-client, python3-decorator and systemd,
# unpacked.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=metricslib.sh
. "$here/metricslib.sh"
need_module
[ -x "${TOOLS:-/nonexistent}/usr/bin/prometheus" ] || skip_all "Prometheus is not there (TOOLS)"
lab_up
serve
defer 'q -C --all'
contrib=$here/../../../../contrib/prometheus
boot=$here/../../../../userspace/quiclbadm/boot
promtool=$TOOLS/usr/bin/promtool
# as the unit says
address=$(sed -n 's/^ListenStream=//p' "$boot/quiclbadm-metrics.socket.in")
command=$(sed -n 's|^ExecStart=@SBINDIR@/||p' "$boot/quiclbadm-metrics@.service.in")
queries=127.0.0.1:9090

# get ADDRESS PATH [FIELD]: the answer's body
get() {
	local fd
	exec {fd}<>"/dev/tcp/${1%:*}/${1##*:}" || return
	printf 'GET %s HTTP/1.0\r\nHost: x\r\n%s\r\n' "$2" "${3:+$3$'\r\n'}" >&"$fd"
	cat <&"$fd" >"$WORK/got"
	exec {fd}>&-
	sed '1,/^\r$/d' "$WORK/got"
}

# ask QUERY: what Prometheus answers by its API, the result alone
ask() {
	get "$queries" "/api/v1/query?query=$(jq -rn --arg query "$1" '$query | @uri')" >"$WORK/answer"
	[ "$(jq -r .status "$WORK/answer")" = success ] || fail "$1: $(<"$WORK/answer")"
	jq -c .data.result "$WORK/answer"
}

# number QUERY: the one value
number() { ask "$1" | jq -r '.[0].value[1] // "none"'; }

# systemd-socket-activate accepts, and runs the command with the connection as standard input and output, as the unit does. Its own
# library is beside it.
listens() {
	# shellcheck disable=SC2086 # words
	LD_LIBRARY_PATH=$TOOLS/lib/x86_64-linux-gnu:$TOOLS/usr/lib/x86_64-linux-gnu:$TOOLS/lib/systemd:$TOOLS/usr/lib/x86_64-linux-gnu/systemd:${LD_LIBRARY_PATH:-} \
		setpriv --bounding-set=-all,+net_admin --inh-caps=-all \
		"$TOOLS/usr/bin/systemd-socket-activate" --accept --inetd --listen="$address" -E PATH "$(command -v quiclbadm)" ${command#quiclbadm } \
		>"$WORK/listener" 2>&1 &
	daemons+=("$!")
	poll 60 "the socket" get "$address" /
}

scraper() {
	cat >"$WORK/prometheus.yml" <<-END
		global:
		  scrape_interval: 2s
		  scrape_timeout: 2s
		  evaluation_interval: 5s
		rule_files:
		  - $contrib/quiclbadm-rules.yml
		scrape_configs:
		  - job_name: quiclbadm
		    static_configs:
		      - targets: ["$address"]
		        labels: {site: lab}
	END
	"$TOOLS/usr/bin/prometheus" --config.file="$WORK/prometheus.yml" --storage.tsdb.path="$WORK/data" --web.listen-address="$queries" \
		--log.level=warn >"$WORK/prometheus.log" 2>&1 &
	daemons+=("$!")
	poll 300 "Prometheus" get "$queries" /-/ready
	poll 120 "a scrape" is_up
}

is_up() { [ "$(number 'up{job="quiclbadm"}')" = 1 ]; }

daemons=()
end_daemons() {
	local pid
	for pid in ${daemons[@]+"${daemons[@]}"}; do
		kill "$pid" 2>/dev/null || true
	done
}
defer end_daemons

lint() {
	q metrics --prometheus >"$WORK/metrics"
	"$promtool" check metrics <"$WORK/metrics" >"$WORK/lint" 2>&1 || fail "$(<"$WORK/lint")"
	same "findings" "$(<"$WORK/lint")" ""
}

# The client library's parser of OpenMetrics is strict, which Prometheus's is not.
strict() {
	q metrics >"$WORK/open"
	PYTHONPATH=$TOOLS/usr/lib/python3/dist-packages python3 - "$WORK/open" >"$WORK/parsed" <<-'END'
		import sys
		from prometheus_client.openmetrics.parser import text_string_to_metric_families
		for family in text_string_to_metric_families(open(sys.argv[1], encoding="utf-8", newline="").read()):
		    for sample in family.samples:
		        print(family.type, sample.name)
	END
	same "samples" "$(wc -l <"$WORK/parsed")" "$(grep -vc '^#' "$WORK/open")"
	grep -qx 'counter quiclb_service_datagrams_total' "$WORK/parsed"
	grep -qx 'info quiclb_config_info' "$WORK/parsed"
}

routed() { [ "$(number "sum(quiclb_service_datagrams_total{site=\"lab\",service=\"$SVC4\",outcome=\"routed\"})")" = "$1" ]; }

knows() {
	everything
	send -c 0:3:4 "to=$SVC4" "from=$CL4.32:3200" name=x "mint=0:$(sid 3 1)" count=40
	send -c "1:8:8:$KEY" "to=$SVC4" "from=$CL4.32:3201" name=x "mint=1:$(sid 8 2)" count=97
	poll 60 "137 routed datagrams" routed 137
	same "held" "$(number "quiclb_server_held{server=\"$(rs4 4):443\"}")" 1
	same "configs of $SVC4 that are long unseen" "$(number "max(quiclb_config_last_seen_age_seconds{service=\"$SVC4\"}) > 3600")" none
	same "the layout, never seen" "$(number 'quiclb_config_last_seen_age_seconds{service="fwmark 17 (IPv6)"}')" +Inf
	# it asked for OpenMetrics, and so it knows types and units
	get "$queries" /api/v1/targets/metadata >"$WORK/answer"
	same "type of a counter" "$(jq -r '.data[] | select(.metric == "quiclb_service_datagrams") | .type' "$WORK/answer")" counter
	same "unit" "$(jq -r '.data[] | select(.metric == "quiclb_server_received_bytes") | .unit' "$WORK/answer")" bytes
	get "$queries" /api/v1/targets >"$WORK/answer"
	same "error of the last scrape" "$(jq -r '.data.activeTargets[].lastError' "$WORK/answer")" ""
}

rules() {
	get "$queries" /api/v1/rules >"$WORK/answer"
	same "rules" "$(jq -r '.data.groups[].rules[].name' "$WORK/answer" | sort)" "$(sed -n 's/^ *- alert: //p' "$contrib/quiclbadm-rules.yml" | sort)"
	same "rules that fail" "$(jq -r '.data.groups[].rules[] | select(.health == "err") | .name + ": " + .lastError' "$WORK/answer")" ""
	poll 60 "a pending alert" pending QuiclbServerHeld
}

pending() {
	get "$queries" /api/v1/rules >"$WORK/answer"
	[ "$(jq -r ".data.groups[].rules[] | select(.name == \"$1\") | .state" "$WORK/answer")" != inactive ]
}

# Grafana's variables become what "All" means.
panels() {
	jq -r '.panels[].targets[]?.expr' "$contrib/quiclbadm-dashboard.json" | sed 's/\$__rate_interval/1m/g; s/\$\(instance\|service\)/.*/g'
}

has_result() {
	local result
	result=$(ask "$1") && [ "$result" != "[]" ]
}

dashboard() {
	local query count=0
	while IFS= read -r query; do
		poll 60 "a result of $query" has_result "$query"
		count=$((count + 1))
	done < <(panels)
	[ "$count" -gt 10 ] || fail "the dashboard has $count queries"
	same "title" "$(jq -r .title "$contrib/quiclbadm-dashboard.json")" "QUIC-LB directors"
}

# A metric that rules or dashboard name, and that no director has, is an alert that never fires.
names() {
	grep -ohE '\bquiclb_[a-z_]+' "$contrib"/*.yml "$contrib"/*.json "$here/../../../../Documentation/metrics.rst" | grep -v '_$' |
		sort -u >"$WORK/named"
	q metrics --prometheus | sed -n 's/^\(quiclb_[a-z_]*\).*/\1/p' | sort -u >"$WORK/there"
	# of a newer module only
	same "names that no director has" "$(comm -23 "$WORK/named" "$WORK/there")" quiclb_service_other_outcomes_total
}

# As user nobody, who may read the file but not ask the kernel.
textfile() {
	mkdir "$WORK/textfiles"
	chmod 755 "$WORK" "$WORK/textfiles"
	q metrics --output "$WORK/textfiles/quiclbadm.prom"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$TOOLS/usr/bin/prometheus-node-exporter" --web.listen-address=127.0.0.1:9100 \
		--collector.disable-defaults --collector.textfile --collector.textfile.directory="$WORK/textfiles" >"$WORK/exporter.log" 2>&1 &
	pids+=("$!")
	poll 120 "node_exporter" get 127.0.0.1:9100 /
	get 127.0.0.1:9100 /metrics >"$WORK/exported"
	grep -qx 'node_textfile_scrape_error 0' "$WORK/exported" || fail "$(<"$WORK/exporter.log")"
	same "type" "$(grep '^# TYPE quiclb_service_datagrams_total' "$WORK/exported")" "# TYPE quiclb_service_datagrams_total counter"
	same "routed" "$(grep -F "quiclb_service_datagrams_total{outcome=\"routed\",service=\"$SVC4\"}" "$WORK/exported" | awk '{ print $NF }')" 137
}

# A client that stays silent, one that sends too much, one that goes: the others are answered.
others_wait_for_none() {
	local silent
	exec {silent}<>"/dev/tcp/${address%:*}/${address##*:}"
	{ exec 3<>"/dev/tcp/${address%:*}/${address##*:}" && head -c 20000 /dev/zero >&3; } 2>/dev/null || true
	get "$address" /metrics >"$WORK/answer"
	grep -q '^quiclb_services ' "$WORK/answer" || fail "no answer beside a silent client"
	same "status of another path" "$(get "$address" /other >/dev/null; head -n 1 "$WORK/got")" $'HTTP/1.1 404 Not Found\r'
	# the silent one gets its answer when the time is up
	printf 'GET' >&"$silent"
	read -rt 30 -u "$silent" line
	same "status of the slow client" "$line" $'HTTP/1.1 408 Request Timeout\r'
	exec {silent}>&-
}

rules_alone() {
	"$promtool" check rules "$contrib/quiclbadm-rules.yml" || fail "the rules are wrong"
	"$promtool" test rules "$contrib/quiclbadm-rules_test.yml" || fail "an alert fires when it should not, or does not when it should"
	# each has a test
	same "alerts with tests" "$(sed -n 's/^ *alertname: //p' "$contrib/quiclbadm-rules_test.yml" | sort)" \
		"$(sed -n 's/^ *- alert: //p' "$contrib/quiclbadm-rules.yml" | sort)"
}

everything
tcase "each alert fires when it should, and not otherwise" rules_alone
tcase "promtool check metrics finds nothing" lint
tcase "a strict parser takes OpenMetrics" strict
listens
scraper
tcase "Prometheus knows how many datagrams were routed" knows
tcase "it loads the rules, and they see a held server" rules
tcase "each query of the dashboard has a result" dashboard
tcase "rules, dashboard and document name metrics that there are" names
tcase "node_exporter reads the file, and is not root" textfile
tcase "a silent client does not keep others from being answered" others_wait_for_none
finish
