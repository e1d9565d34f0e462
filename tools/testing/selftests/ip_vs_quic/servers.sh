#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# QUIC servers that are not ours, each with the settings of Documentation/servers.rst, behind the director: what becomes of a download
# whose client moves, or is behind a NAT box that rebinds, or whose server asks for a Retry or gets another config. In all of these the
# client's old address is dead afterwards. A case is named "SERVER, CIDS: EVENT", of which tools/testing/servers makes a table.
#
# QUIC_GO and QUINN are the programs of examples/quic-go and examples/quinn; AIOQUIC, NGINX, CURL and CHROMIUM are roots with Debian's
# packages, and examples/nginx has been built. SERVERS has the names of those to test, by default all. "mixed" is a pool of different ones;
# "curl" and "chromium" are other clients.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=h3.sh
. "$(dirname "$0")/h3.sh"
need_module
need_h3
SERVERS=${SERVERS:-quic-go aioquic quinn nginx mixed curl chromium}
declare -A NEEDS=([quic-go]=QUIC_GO [aioquic]=AIOQUIC [quinn]=QUINN [nginx]=NGINX [mixed]="QUIC_GO AIOQUIC" [curl]=CURL
	[chromium]=CHROMIUM)
for name in $SERVERS; do
	for need in ${NEEDS[$name]}; do
		[ -n "${!need:-}" ] || skip_all "$need is not set; \"make check-servers\" does it"
	done
done
lab_up
BLOB_SIZE=1048576
FROM=$CL4.31 TO=$CL4.32
tree=$(cd "$here/../../../.." && pwd -P)
(umask 077 && echo 00112233445566778899aabbccddeeff >"$WORK/key2")
declare -A NONCE_LEN=([keyed]=8 [plaintext]=5)
GROUP=ivq$$
FIRST=
POOL=() POOL_OF=

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=www.example -days 2 \
	-keyout "$WORK/tls-key.pem" -out "$WORK/tls-cert.pem" 2>/dev/null
mkdir "$WORK/root" "$WORK/got-files"
head -c $BLOB_SIZE /dev/urandom >"$WORK/root/blob"
echo small >"$WORK/root/small"
# slow enough to change the address during a download
defer "in_ns rt tc qdisc del dev cl root"
in_ns rt tc qdisc replace dev cl root tbf rate 2mbit burst 32k latency 200ms

# These servers' logs do not tell what fetch_start() waits for.
logged() { grep -q '^Received packet' "$WORK/client.log"; }

# --- servers: a function for each, NAME N [OPTION...] -------------------------

quic-go() {
	spawn "s$1" "$QUIC_GO" "${@:2}" "$SVC4" "$WORK/cids.$1" "$WORK/tls-cert.pem" "$WORK/tls-key.pem" "$WORK/root" >>"$WORK/s$1.log" 2>&1
}

quinn() {
	spawn "s$1" "$QUINN" "${@:2}" "$SVC4" "$WORK/cids.$1" "$WORK/tls-cert.pem" "$WORK/tls-key.pem" "$WORK/root" >>"$WORK/s$1.log" 2>&1
}

h3server() {
	spawn "s$1" quiclb-h3server --listen "$SVC4" --config "$WORK/cids.$1" --many-cids --root "$WORK/root" --name "s$1" \
		--tls-cert "$WORK/tls-cert.pem" --tls-key "$WORK/tls-key.pem" "${@:2}" >>"$WORK/s$1.log" 2>&1
}

# in_root NAMESPACE ROOT COMMAND...: in the root of another release, which has the checkout as /tmp/tree, and the test's files where they are
in_root() {
	# shellcheck disable=SC2016 # the inner shell expands it
	spawn "$1" unshare -m sh -ec '
		root=$1 tree=$2 work=$3
		shift 3
		mount --bind /dev "$root/dev"
		mount -t tmpfs tmpfs "$root/tmp"
		mkdir -p "$root/proc" "$root/tmp/tree" "$root$work"
		mount -t proc proc "$root/proc"
		mount --bind "$tree" "$root/tmp/tree"
		mount --bind "$work" "$root$work"
		# no script of a package has run in some of them
		if [ ! -e "$root/etc/passwd" ]; then
			mount -t tmpfs tmpfs "$root/etc"
			echo root:x:0:0::/: >"$root/etc/passwd"
			echo root:x:0: >"$root/etc/group"
		fi
		exec chroot "$root" "$@"' _ "$2" "$tree" "$WORK" "${@:3}" >>"$WORK/$1.log" 2>&1
}

aioquic() {
	in_root "s$1" "$AIOQUIC" env PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/tmp/tree/bindings/python \
		QUICLB_LIBRARY=/tmp/tree/userspace/lib/libquiclb.so python3 -X faulthandler \
		/tmp/tree/tools/testing/selftests/ip_vs_quic/servers_aioquic.py \
		"${@:2}" "$VIP4" "$PORT" "$WORK/cids.$1" "$WORK/tls-cert.pem" "$WORK/tls-key.pem" "$WORK/root"
}

# nginx_conf N [LINE...]: lines for its main context, or for its server if they begin with "quic_retry"
nginx_conf() {
	local temp="$WORK/nginx.$1" line main='master_process off;' server=''
	mkdir -p "$temp"
	for line in "${@:2}"; do
		case $line in
		quic_retry*) server+=" $line" ;;
		*) main=$line ;;
		esac
	done
	cat >"$temp/conf" <<-END
		$main
		daemon off; user root; pid $temp/pid; error_log stderr;
		events { worker_connections 64; }
		http {
			access_log off;
			client_body_temp_path $temp; proxy_temp_path $temp; fastcgi_temp_path $temp; uwsgi_temp_path $temp; scgi_temp_path $temp;
			server {
				listen $VIP4:$PORT quic reuseport;
				ssl_certificate $WORK/tls-cert.pem;
				ssl_certificate_key $WORK/tls-key.pem;
				root $WORK/root;
				$server
			}
		}
	END
}

# nginx N [LINE...]: as it is in its package
nginx() {
	nginx_conf "$@"
	in_root "s$1" "$NGINX" /usr/sbin/nginx -c "$WORK/nginx.$1/conf"
}

# quiclb_nginx N [LINE...]: the same, with connection IDs by examples/nginx
quiclb_nginx() {
	nginx_conf "$@"
	QUICLB_CONFIG=$WORK/cids.$1 in_root "s$1" "$NGINX" /lib64/ld-linux-x86-64.so.2 --preload /tmp/tree/examples/nginx/quiclb_nginx.so \
		/usr/sbin/nginx -c "$WORK/nginx.$1/conf"
}

# A pool of different ones
mixed() {
	local names=(quic-go aioquic h3server)
	"${names[$1 - 1]}" "$1"
}

# --- the pool ----------------------------------------------------------------

# configs KIND [NEW]: what the servers read
configs() {
	local n key=
	[ "$1" != keyed ] || key=:$WORK/key
	for n in 1 2 3; do
		{
			echo "0:$(sid 2 "$n"):${NONCE_LEN[$1]}$key"
			[ $# = 1 ] || echo "1:$(sid 2 "$n"):${NONCE_LEN[$1]}${key:+${key}2}"
		} >"$WORK/cids.$n"
	done
}

bound() { in_ns "s$1" ss -Huln "src $VIP4" | grep -q .; }

bound_or_ended() { bound "$1" || has_ended "${POOL[$1 - 1]}"; }

# start SERVER [OPTION...]: three of them
start() {
	local n
	POOL_OF=$1
	for n in 1 2 3; do
		: >"$WORK/s$n.log"
		"$1" "$n" "${@:2}"
		POOL+=("$SPAWNED")
	done
	for n in 1 2 3; do
		poll 600 "server $n" bound_or_ended "$n"
		bound "$n" || fail "$1 does not start: $(<"$WORK/s$n.log")"
	done
}

# pool KIND SERVER [OPTION...]: the director, and three servers with these connection IDs
pool() {
	end_pool
	FIRST=unroutable-reserved
	configs "$1"
	fresh "$SVC4" rs4 "0:2:${NONCE_LEN[$1]}$([ "$1" != keyed ] || echo ":$KEY")"
	start "${@:2}"
}

# cookies N: the server IDs of nginx N, one for each of its sockets
cookies() {
	local word
	for word in $(in_ns "s$1" ss -Hulne "src $VIP4"); do
		case $word in
		sk:*) printf ' --server-id 0:%016x' "0x${word#sk:}" ;;
		esac
	done
}

# cookie_pool SOCKETS LINE...: the director, and three nginx with so many sockets each
cookie_pool() {
	local n ids lines=("-A -u $SVC4 -s quic" "config add -u $SVC4 --layout nginx")
	end_pool
	FIRST=unroutable-short
	start nginx "${@:2}"
	for n in 1 2 3; do
		ids=$(cookies "$n")
		same "sockets of nginx $n" "$(grep -o server-id <<<"$ids" | wc -l)" "$1"
		lines+=("-a -u $SVC4 -r $(rs4 "$n") -i$ids")
	done
	q -C
	printf '%s\n' "${lines[@]}" | q -R
}

sockets_are() { [ "$(in_ns "s$1" ss -Huln "src $VIP4" | wc -l)" = "$2" ]; }

# steered_pool: two nginx behind one address of one real server, with the numbers 1 and 2. Connection IDs have 20 octets, the number's
# included.
steered_pool() {
	local n
	end_pool
	POOL_OF="two quiclb_nginx"
	FIRST=unroutable-reserved
	(umask 077 && openssl rand -hex 16 >"$WORK/group-key")
	quiclb-steer create "$GROUP" --key-file "$WORK/group-key" --cid-len 0:20
	defer "quiclb-steer delete $GROUP"
	echo "0:$(sid 2 1):16:$WORK/key" >"$WORK/cids.1"
	q -C
	q -R <<-END
		-A -u $SVC4 -s quic
		config add -u $SVC4 --id 0 --server-id-len 2 --nonce-len 16 --key-file $WORK/key
		-a -u $SVC4 -r $(rs4 1) -i --server-id 0:$(sid 2 1)
	END
	: >"$WORK/s1.log"
	for n in 1 2; do
		QUICLB_WORKER=$n QUICLB_WORKER_KEY=$WORK/group-key quiclb_nginx 1
		POOL+=("$SPAWNED")
		poll 60 "nginx $n" sockets_are 1 "$n"
		quiclb-steer join "$GROUP" "$n" "$SPAWNED" "$(fd_of "$SPAWNED" udp)"
	done
}

# all_end: each server is there still, and ends when it is told to. One that does not shows where it is, Python's threads included, and
# does not keep the servers after it from their cases.
all_end() {
	local pid stuck=
	for pid in "${POOL[@]}"; do
		kill "$pid" || fail "a server had ended: $(tail -n 40 "$WORK"/s[123].log)"
	done
	for pid in "${POOL[@]}"; do
		! (poll 120 "the end of a server" has_ended "$pid") || continue
		stuck+=" $pid"
		head -n 60 "/proc/$pid"/{comm,status} "/proc/$pid"/task/*/{wchan,stack} || true
		kill -ABRT "$pid"
		(poll 20 "its end after SIGABRT" has_ended "$pid") || kill -KILL "$pid"
	done
	[ -z "$stuck" ] || fail "after SIGTERM did not end:$stuck; $(tail -n 40 "$WORK"/s[123].log)"
}

end_pool() {
	local pid
	[ ${#POOL[@]} -gt 0 ] || return 0
	tcase "$POOL_OF: each process ends when it is told to" all_end
	for pid in "${POOL[@]}"; do
		! has_ended "$pid" 2>/dev/null || wait "$pid" 2>/dev/null || true
	done
	POOL=()
}

# --- events ------------------------------------------------------------------

# The client's first packets have a connection ID of its own, of which the director says $FIRST.
options=(--timeout=30s --dcid=e0a1a2a3a4a5a6a7)

# survived: the body is whole, and all but the first packets were routed by CID
survived() {
	local outcome
	arrived
	stats "$SVC4"
	[ $((STATS[routed] - MARK[routed])) -ge 50 ] || fail "only $((STATS[routed] - MARK[routed])) datagrams were routed by CID"
	same "4-tuples remembered" $((STATS[fallback-new] - MARK[fallback-new])) 1
	for outcome in "${!STATS[@]}"; do
		case " $FIRST " in
		*" $outcome "*) ;;
		*) [[ $outcome != unroutable-* ]] || same "$outcome" $((STATS[$outcome] - MARK[$outcome])) 0 ;;
		esac
	done
}

half_done() { same "in the middle of the body, after $1 octets" $(($1 > 0 && $1 < BLOB_SIZE)) 1; }

# What a case that fails may have left
box_away() { in_ns rt nft delete table ip box; }

reachable() { ip -n "$LAB-rt" route del "$FROM" 2>/dev/null || true; }

# The client moves so long after the handshake. On a slow machine the body may begin later; then it is another client's turn.
moves() {
	local after
	defer reachable
	for after in 1s 3s 9s; do
		mark "$SVC4"
		fetch_moving "$FROM" "$TO" "${options[@]}" --change-local-addr="$after"
		[ "$MOVED_AT" = 0 ] || break
		arrived
	done
	half_done "$MOVED_AT"
	survived
}

# What the client has of the body, and how it is stopped. In Chromium's cases these are other functions.
octets() { stat -c %s "$WORK/got-files/blob"; }

pause() { kill -STOP "$FETCH"; }

resume() { kill -CONT "$FETCH"; }

# rebinds [COMMAND]: which starts the client, and returns in the middle of the body
rebinds() {
	mark "$SVC4"
	defer box_away
	nat_box "$FROM"
	"${1:-fetch_behind_box}"
	# A client that is stopped cannot finish while the box changes, however slow the machine is.
	pause
	half_done "$(octets)"
	# what is under way to the old address arrives, so that the client has something to acknowledge: it is silent otherwise
	nat_box "$TO" "$FROM"
	resume
	(poll 60 "the server's packets to the new address" answered "$TO") || {
		tail -n 20 "$WORK/client.log"
		exit 1
	}
	nat_box "$TO" "$FROM" drop
	fetch_wait
	survived
}

fetch_behind_box() {
	fetch_start "$CLIENT" "${options[@]}"
	in_the_middle
}

# client_in_root ROOT COMMAND...: a client behind the box; it has no route but with this address
client_in_root() {
	rm -f "$WORK/got-files/blob"
	: >"$WORK/client.log"
	source_is "$CLIENT"
	ln -sf client.log "$WORK/cl.log"
	in_root cl "$@"
	FETCH=$SPAWNED
}

curl_behind_box() {
	client_in_root "$CURL" curl --http3-only --silent --show-error --insecure --max-time 250 --output "$WORK/got-files/blob" \
		"https://$VIP4/blob"
	poll 120 "the body's first octets" test -s "$WORK/got-files/blob"
}

# through_box: octets that have come for the client
through_box() { in_ns rt nft list chain ip box pre | sed -n "s/.*ip daddr $FROM counter packets [0-9]* bytes \([0-9]*\).*/\1/p"; }

has_passed() { [ "$(through_box)" -gt "$1" ]; }

# freeze 0|1: a control group instead of one process
freeze() {
	echo "$1" >"$FREEZER/cgroup.freeze"
	poll 60 "the control group" grep -qx "frozen $1" "$FREEZER/cgroup.events"
}

no_chromium() {
	echo 1 >"$FREEZER/cgroup.kill"
	poll 60 "the end of Chromium's processes" rmdir "$FREEZER"
}

# Chromium knows the certificate by its key. It prints the page when it has all of it.
chromium_behind_box() {
	local key
	octets() { through_box; }
	pause() { freeze 1; }
	resume() { freeze 0; }
	intact() { cmp -s <(cat "$WORK/root/page.html" && echo) "$WORK/got-files/blob"; }
	key=$(openssl x509 -in "$WORK/tls-cert.pem" -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64)
	FREEZER=/sys/fs/cgroup/$GROUP
	mkdir "$FREEZER"
	defer no_chromium
	# shellcheck disable=SC2016 # expanded by the inner shell
	client_in_root "$CHROMIUM" env HOME=/tmp sh -c 'exec "$@" >"$0"' "$WORK/got-files/blob" chromium-headless-shell --no-sandbox \
		--disable-gpu --disable-dev-shm-usage --disable-background-networking --disable-component-update --user-data-dir=/tmp/chromium \
		--enable-quic --origin-to-force-quic-on=www.example:443 --host-resolver-rules="MAP www.example $VIP4" \
		--ignore-certificate-errors-spki-list="$key" --dump-dom https://www.example/page.html
	echo "$FETCH" >"$FREEZER/cgroup.procs"
	poll 900 "a fifth of the page" has_passed $((BLOB_SIZE / 5))
}

# The Retry's connection ID leads the client's next packet to the server that sent it.
retries() {
	moves
	grep -q ' type=Retry ' "$WORK/client.log" || fail "there was no Retry"
}

# steered EVENT: the client's datagrams went by their number
steered() {
	local before after
	before=$(by_number)
	"$1"
	after=$(by_number)
	[ $((after - before)) -ge 50 ] || fail "only $((after - before)) datagrams went by their number"
}

by_number() { quiclb-steer list "$GROUP" | sed -n '1s/[^ ]* [^ ]* \([0-9]*\).*/\1/p'; }

has_datagrams() { [ "$(q config list -u "$SVC4" -j | jq -r --argjson id "$1" '.[] | select(.id == $id) | .datagrams')" -gt "$2" ]; }

# A download by which servers show that they make connection IDs of config 1
renewed() {
	in_ns cl gtlsclient -q --no-quic-dump --no-http-dump --exit-on-all-streams-close "${options[@]}" "$VIP4" 443 \
		https://www.example/small >/dev/null
	has_datagrams 1 0
}

# What has the servers read their configs again
reload() { kill -HUP "${POOL[@]}"; }

# rotates KIND: new connections have IDs of the new config; one that exists keeps those of the old one, and moves with them. The client is
# stopped while commands run.
rotates() {
	local n before key=()
	defer reachable
	[ "$1" != keyed ] || key=(--key-file "$WORK/key2")
	mark "$SVC4"
	fetch_start "$FROM" "${options[@]}" --change-local-addr=3s
	in_the_middle
	kill -STOP "$FETCH"
	half_done "$(stat -c %s "$WORK/got-files/blob")"
	! grep -q "Local address is now" "$WORK/client.log" || fail "the client has moved already"
	q config add -u "$SVC4" --id 1 --server-id-len 2 --nonce-len "${NONCE_LEN[$1]}" "${key[@]}"
	for n in 1 2 3; do
		q server-id add -u "$SVC4" -r "$(rs4 "$n")" --server-id "1:$(sid 2 "$n")"
	done
	configs "$1" new
	reload
	before=$(q config list -u "$SVC4" -j | jq '.[] | select(.id == 0) | .datagrams')
	source_is "$TO"
	kill -CONT "$FETCH"
	poll 120 "the client's move" grep -q "Local address is now" "$WORK/client.log"
	ip -n "$LAB-rt" route replace blackhole "$FROM"
	fetch_wait
	survived
	has_datagrams 0 "$before" || fail "the connection has no datagrams of the old config"
	poll 60 "connection IDs of the new config" renewed
}

# Each server of the pool in turn is the only one that takes new connections.
each_moves() {
	local n m
	for n in 1 2 3; do
		for m in 1 2 3; do
			q -e -u "$SVC4" -r "$(rs4 "$m")" -i -w $((m == n))
		done
		moves
	done
}

# programmed NAME RETRY-OPTION: a server that reads our configs
programmed() {
	local kind
	for kind in plaintext keyed; do
		pool "$kind" "$1"
		tcase "$1, $kind: move" moves
		tcase "$1, $kind: rebinding" rebinds
		tcase "$1, $kind: rotation" rotates "$kind"
		pool "$kind" "$1" "$2"
		tcase "$1, $kind: Retry" retries
	done
}

nginxes() {
	cookie_pool 1
	tcase "nginx, socket cookie: move" moves
	tcase "nginx, socket cookie: rebinding" rebinds
	cookie_pool 1 "quic_retry on;"
	FIRST+=" unroutable-server-id" # a Retry's is random
	tcase "nginx, socket cookie: Retry" retries
	cookie_pool 2 "quic_bpf on; worker_processes 2;"
	tcase "nginx, socket cookies of 2 workers: move" moves
	tcase "nginx, socket cookies of 2 workers: rebinding" rebinds
	cookie_pool 2 "quic_bpf on; worker_processes 2;" "quic_retry on;"
	FIRST+=" unroutable-server-id"
	tcase "nginx, socket cookies of 2 workers: Retry" retries
}

# It reads a file that has changed by itself. SIGHUP would have it open its sockets again.
quiclb_nginxes() {
	local name="nginx with quiclb_nginx.so"
	reload() { :; }
	pool keyed quiclb_nginx
	tcase "$name, keyed: move" moves
	tcase "$name, keyed: rebinding" rebinds
	tcase "$name, keyed: rotation" rotates keyed
	pool keyed quiclb_nginx "quic_retry on;"
	tcase "$name, keyed: Retry" retries
	steered_pool
	tcase "$name, keyed with 2 processes: move" steered moves
	tcase "$name, keyed with 2 processes: rebinding" steered rebinds
	reload() { kill -HUP "${POOL[@]}"; }
}

# Other clients do not move by themselves. Their first packets have a random connection ID.
other_client() { # NAME COMMAND
	pool keyed h3server
	FIRST="unroutable-reserved unroutable-config unroutable-server-id unroutable-short"
	tcase "quiclb-h3server for $1, keyed: rebinding" rebinds "$2"
}

curls() { other_client curl curl_behind_box; }

# page: as large as the blob, and just as Chromium prints it
page() {
	local begin=$'<!DOCTYPE html>\n<html><head></head><body><pre>' end='</pre></body></html>'
	openssl rand -base64 -out "$WORK/text" $BLOB_SIZE
	printf %s "$begin"
	head -c $((BLOB_SIZE - ${#begin} - ${#end})) "$WORK/text"
	printf %s "$end"
}

chromiums() {
	page >"$WORK/root/page.html"
	other_client Chromium chromium_behind_box
}

for name in $SERVERS; do
	case $name in
	quic-go) programmed quic-go -retry ;;
	quinn) programmed quinn --retry ;;
	curl) curls ;;
	chromium) chromiums ;;
	aioquic) programmed aioquic --retry ;;
	nginx)
		nginxes
		quiclb_nginxes
		;;
	mixed)
		pool keyed mixed
		tcase "quic-go with aioquic and quiclb-h3server, keyed: move" each_moves
		;;
	esac
done
end_pool
finish
