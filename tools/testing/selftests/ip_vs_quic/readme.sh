#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# README's command blocks for a director and for a real server are taken from README and run as they are, in their order: from "make"
# to an HTTP/3 client that gets its file, and again after the director has lost all that a reboot removes.  Then "make uninstall",
# and a kernel that loads only signed modules.
#
# All files are written to the guest's own layer, and some stay until the guest's end.  So this needs a guest for itself,
# "run_all.sh alone".
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=h3.sh
. "$(dirname "$0")/h3.sh"
TOP=$(cd "$here/../../../.." && pwd -P)
[ -n "${QLB_LAB:-}" ] || skip_all "this installs programs and modules: only in the lab"
lab_up
# The director's namespace is deleted and made again, so this script must not be in it.
if [ -z "${OUTSIDE:-}" ]; then
	rm -rf "$WORK"
	OUTSIDE=1 LAB_OWNED=$own_lab exec nsenter --net=/proc/1/ns/net "$0"
fi
need_h3

# A machine that has nothing but the sources: no module that modprobe finds, no programs installed.  README's sudo runs as root
# already.
bare_machine() {
	rm -f "/lib/modules/$(uname -r)/updates/ip_vs_quic.ko"
	depmod
	unset LD_LIBRARY_PATH
	PATH=$WORK/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	mkdir -p "$WORK/bin" /srv/www
	printf '#!/bin/sh\nexec "$@"\n' >"$WORK/bin/sudo"
	chmod +x "$WORK/bin/sudo"
	find /usr/local ! -type d | sort >"$WORK/before"
}

# The sources, in the directory where the lab has compiled them for this kernel: compiling is slow in here, and "make" compares
# directory, flags and times.  Sets $SOURCES.
sources() {
	local built='' entry kernel
	# shellcheck source=/dev/null
	. /run/lab/settings
	SOURCES=$TOP
	kernel=$(readlink -f "/lib/modules/$(uname -r)/build")
	read -r compiler <"${kernel%%/usr/src/*}/toolchain"
	[ -e "$built/kmod/ip_vs_quic.ko" ] && cmp -s "$TOP/VERSION" "$built/VERSION" && same_sources "$built" || return 0
	for entry in "$TOP"/*; do
		[ -e "$built/${entry##*/}" ] || ln -s "$entry" "$built/"
	done
	SOURCES=$built
	export MAKEFLAGS=W=1
}

same_sources() {
	local file
	for file in "$TOP"/kmod/*.[ch] "$TOP"/kmod/*/*.[ch] "$TOP"/kmod/*/*/*.[ch] "$TOP"/kmod/Kbuild "$TOP"/kmod/*/Kbuild*; do
		cmp -s "$file" "$1${file#"$TOP"}" || return 1
	done
}

# The headers of this kernel have tools that need another Debian release's libraries: the module that the lab has built with them is
# used.
only_programs() {
	cat >"$WORK/bin/make" <<-'END'
		#!/bin/sh
		[ $# -gt 0 ] || set -- programs
		exec /usr/bin/make "$@"
	END
	chmod +x "$WORK/bin/make"
}

# blocks NAME SECTION: writes what is indented there to $WORK/NAME.1, .2 ...; text ends a block
blocks() {
	awk -v section="$2" -v out="$WORK/$1" '
		/^#/ { on = $0 == section; inside = 0 }
		!on || /^$/ { next }
		!/^    / { inside = 0; next }
		{
			n += !inside
			inside = 1
			print substr($0, 5) >(out "." n)
		}' "$TOP/README.md"
}

# README has exactly these blocks; a new block has to be added here.
all_blocks() {
	blocks director "## On a real director"
	blocks server "## On a real server"
	same "README's blocks" "$(cd "$WORK" && head -qn 1 director.* server.*)" "\
sudo tools/setup
ip addr add 192.0.2.1/32 dev lo
quiclbadm genkey > /etc/quiclb.key && chmod 600 /etc/quiclb.key
quiclbadm -S /etc/quiclbadm.rules
quiclbadm -R /etc/quiclbadm.rules
modprobe ipip
quiclb-h3server --listen 192.0.2.1:443 --tls-cert cert.pem --tls-key key.pem \\"
}

# block NAME NAMESPACE: runs the block in $SOURCES, and stops when a command fails
block() { (cd "$SOURCES" && PS4='+ ${SECONDS}s ' nsenter --net="/run/netns/$LAB-$2" bash -ex "$WORK/$1"); }

quiclbadm() { in_ns lb /usr/local/sbin/quiclbadm "$@"; }

no_link() { [ -z "$(ip -n "$LAB-rt" -o link show dev lb 2>/dev/null)" ]; }

# A director that has just started has an address and a default route, nothing else.  The router still has its MAC address.
director_starts() {
	ip netns del "$LAB-lb"
	poll 60 "the end of the old director" no_link
	ip netns add "$LAB-lb"
	ip -n "$LAB-rt" link add lb type veth peer name eth0 address 02:00:00:00:00:01 netns "$LAB-lb"
	ip -n "$LAB-rt" link set lb master br0 up
	ip -n "$LAB-lb" -b - <<-END
		link set lo up
		link set eth0 up
		addr add 10.0.0.1/24 dev eth0
		route add default via 10.0.0.254
	END
	in_ns lb sysctl -qw net.ipv4.ip_forward=0
}

# servers_start: servers without README's set-up, and with the rp_filter that many distributions switch on
servers_start() {
	local n
	for n in 1 2; do
		ip -n "$LAB-s$n" -b - <<-END
			addr del $VIP4/32 dev lo
			link set tunl0 down
		END
		in_ns s$n sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.tunl0.rp_filter=1
	done
}

build() {
	local begin=$SECONDS
	block director.1 lb >"$WORK/log" 2>&1 || { cat "$WORK/log" && exit 1; }
	sed -n 's/^+ /# /p' "$WORK/log" >"$WORK/took"
	printf '# %ss in all, %s files compiled\n' $((SECONDS - begin)) "$(grep -c ' CC ' "$WORK/log" || true)" >>"$WORK/took"
	same "version of the loaded module" "$(</sys/module/ip_vs_quic/version)" "$(<"$TOP/VERSION")"
	same "the installed module" "$(modinfo -n ip_vs_quic | sed -E 's#/(extra|updates)/#/*/#')" "/lib/modules/$(uname -r)/*/ip_vs_quic.ko"
	same "the installed program" "$(type -P quiclbadm)" /usr/local/sbin/quiclbadm
	ldconfig -p | grep -q "libquiclb.so.1 .*=> /usr/local/lib/" || fail "the loader does not know libquiclb"
}

configure() {
	block director.2 lb
	block director.3 lb
	same "key's mode" "$(stat -c %a /etc/quiclb.key)" 600
	same "servers" "$(quiclbadm -L -n | awk '$1 == "->" && $2 ~ /^[0-9]/ { print $2, $NF }')" "\
10.0.0.11:443 0:0a01
10.0.0.12:443 0:0a02"
}

tunnels() {
	block server.1 s1
	block server.1 s2
}

# server N: README's is the first one
server() {
	local command
	command=$(sed "s/0a01/0a0$1/" "$WORK/server.2")
	spawn "s$1" bash -c "cd '$WORK/server' && exec $command" >"$WORK/s$1.log" 2>&1
}

answered() { grep -q '^request ' "$WORK/s$1.log"; }

fetch() {
	rm -f "$WORK/got/blob"
	in_ns cl gtlsclient --no-quic-dump --no-http-dump --exit-on-all-streams-close --timeout=20s --download="$WORK/got" \
		"$VIP4" 443 https://www.example/blob >"$WORK/client.log" 2>&1 || fail "the client: status $?: $(tail -n 3 "$WORK/client.log")"
	cmp /srv/www/blob "$WORK/got/blob" || fail "the client: $(tail -n 3 "$WORK/client.log")"
}

# Each connection has a port of its own, by which it is hashed: each server gets about half of them.
fetches() {
	local n=0
	: >"$WORK/s1.log"
	: >"$WORK/s2.log"
	until answered 1 && answered 2; do
		[ $((n += 1)) -le 20 ] || fail "20 connections, all of them to one server"
		fetch
	done
	stats "$SVC4"
	[ "${STATS[routed]}" -gt $((4 * n)) ] || fail "only ${STATS[routed]} datagrams of $n connections were routed by their CID"
}

module_goes() { rmmod ip_vs_quic; }

restart() {
	local rules
	block director.4 lb
	rules=$(</etc/quiclbadm.rules)
	quiclbadm -C
	poll 30 "the module without users" module_goes
	director_starts
	block director.2 lb
	block director.5 lb
	same "restored rules" "$(quiclbadm -S)" "$rules"
}

# The modules of this guest are not signed by a key that its kernel trusts.
signed_only() {
	local sentence="Error: kernel: it takes only signed modules (Secure Boot), and ip_vs_quic has no signature that it trusts: \
install it by make dkms-install, which signs, and enrol the key by mokutil --import /var/lib/dkms/mok.pub."
	quiclbadm -C
	poll 30 "the module without users" module_goes
	echo 1 >/sys/module/module/parameters/sig_enforce
	if modprobe ip_vs_quic 2>"$WORK/refusal"; then
		fail "the kernel took a module that is not signed"
	fi
	grep -q "Key was rejected by service" "$WORK/refusal" || fail "modprobe: $(<"$WORK/refusal")"
	refused 1 "$sentence" quiclbadm -A -u "$SVC4"
	# refused() reads from /dev/null
	restore() { quiclbadm -R </etc/quiclbadm.rules; }
	refused 1 "$sentence" restore
	(cd "$SOURCES" && sudo make -s modules_install) >"$WORK/log" 2>&1 || { cat "$WORK/log" && exit 1; }
	grep -q '^Warning: this kernel takes only signed modules' "$WORK/log" || fail "make modules_install: $(<"$WORK/log")"
}

# The command that README has in a sentence.
uninstall() {
	local command='sudo make uninstall modules_uninstall'
	grep -qF "\`$command\`" "$TOP/README.md" || fail "README does not say $command"
	(cd "$SOURCES" && $command) >"$WORK/log" 2>&1 || { cat "$WORK/log" && exit 1; }
	same "what is left in /usr/local" "$(find /usr/local ! -type d | sort)" "$(<"$WORK/before")"
	if modprobe -n ip_vs_quic 2>/dev/null; then
		fail "modprobe still finds the module"
	fi
}

compiler=host
bare_machine
sources
[ "$compiler" = host ] || only_programs
mkdir "$WORK/server" "$WORK/got"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=www.example -days 2 \
	-keyout "$WORK/server/key.pem" -out "$WORK/server/cert.pem" 2>/dev/null
head -c 200000 /dev/urandom >/srv/www/blob
director_starts
servers_start

tcase "README's blocks are the known ones" all_blocks
tcase "README: make, install, modprobe" build
cat "$WORK/took" 2>/dev/null || true
tcase "README: VIP, key, service, two servers" configure
tcase "README: the servers' tunnels" tunnels
server 1
server 2
tcase "README: HTTP/3 clients reach both servers" fetches
tcase "README: save, a director that starts anew, restore" restart
tcase "README: HTTP/3 clients reach both servers again" fetches
tcase "a kernel that takes only signed modules: quiclbadm says so" signed_only
tcase "README: what was installed goes again" uninstall
finish
