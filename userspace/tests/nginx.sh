#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# examples/nginx, without nginx: "openssl rand" draws octets by the same function, and Python asks for a cookie as well.  The suite "servers"
# has it with nginx.  Prints TAP.
set -euo pipefail

cd "$(dirname "$0")"
make -s -C ../../examples/nginx
python=$(readlink -f ../../bindings/python)
library=$PWD/../lib/libquiclb.so
# itself, not a script that starts it
python3=$(python3 -c 'import sys; print(sys.executable)')
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
umask 077
# LD_PRELOAD takes no path with a space
shim=$tmp/quiclb_nginx.so
cp ../../examples/nginx/quiclb_nginx.so "$shim"
cd "$tmp"
echo 8f95f09245765f80256934e50c66207f >key
echo 000102030405060708090a0b0c0d0e0f >group
echo 0001 >short
count=0

# verdict NAME COMMAND...
verdict() {
	local name=$1 status=0
	count=$((count + 1))
	shift
	"$@" >said 2>&1 || status=1
	[ "$status" = 0 ] || { sed 's/^/# /' said && printf 'not '; }
	echo "ok $count - nginx: $name"
}

# preloaded CONFIG COMMAND...
preloaded() { QUICLB_CONFIG=$1 LD_PRELOAD=$shim "${@:2}"; }

# refused WHY NAME=VALUE...: what "openssl rand" says then, in place of octets
refused() {
	local why=$1 said status=0
	shift
	said=$(env "$@" LD_PRELOAD="$shim" openssl rand -hex 20 2>&1) || status=$?
	if [ "$status" != 1 ] || [ "$said" != "quiclb_nginx: Error: $why" ]; then
		echo "$*: status $status: $said"
		return 1
	fi
}

refusals() {
	local status=0
	refused "QUICLB_CONFIG: it has to name a config or a file of configs." || status=1
	refused "QUICLB_CONFIG: nonce length must be 4 to 18." QUICLB_CONFIG=0:0a01:3 || status=1
	refused "QUICLB_WORKER_KEY: the group's key is needed with QUICLB_WORKER." QUICLB_CONFIG=0:0a01:16 QUICLB_WORKER=1 || status=1
	refused "none: No such file or directory." QUICLB_CONFIG=0:0a01:16 QUICLB_WORKER=1 QUICLB_WORKER_KEY=none || status=1
	refused "short: the key is shorter than 32 hex digits." QUICLB_CONFIG=0:0a01:16 QUICLB_WORKER=1 QUICLB_WORKER_KEY=short || status=1
	for number in 256 -1 '' 1x 99999999999999999999; do
		refused "QUICLB_WORKER: it is no number of 0 to 255." QUICLB_CONFIG=0:0a01:16 "QUICLB_WORKER=$number" QUICLB_WORKER_KEY=group ||
			status=1
	done
	for config in 0:0a01:15 0:0a01:17 0:0a01:16,self-len; do
		refused "QUICLB_CONFIG: with QUICLB_WORKER, server ID and nonce must have 18 octets." "QUICLB_CONFIG=$config" QUICLB_WORKER=1 \
			QUICLB_WORKER_KEY=group || status=1
	done
	return "$status"
}

# Other lengths are not nginx's.
others() {
	[ "$(preloaded 0:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:4 openssl rand -hex 21 | cut -c3-32)" != aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ] &&
		[ "$(preloaded 0:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:4 openssl rand -hex 20 | cut -c3-32)" = aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ]
}

cat >minted.py <<'END'
import os, socket, ssl, sys
sys.path.insert(0, sys.argv[1])
import quiclb

COOKIE = 57
configs = sys.argv[2]
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ask = lambda: int.from_bytes(sock.getsockopt(socket.SOL_SOCKET, COOKIE, 8), sys.byteorder)
cookie = ask()
source = quiclb.Source(configs)
cid = ssl.RAND_bytes(20)
assert source.check(cid) == quiclb.State.CURRENT, cid.hex()
assert cid[11:] != ssl.RAND_bytes(20)[11:]
cid = ssl.RAND_bytes(20)
assert len(sock.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE, 8)) == 4
assert ask().to_bytes(8, "big") == cid[:8], "the cookie is not the CID's first octets"
assert ask() == cookie, "only one question is answered for each CID"
# rotation
with open(configs, "a") as file:
    print("1:0b02:8:" + os.path.abspath("key"), file=file)
source.reload()
cid = ssl.RAND_bytes(20)
assert cid[0] >> 5 == 1 and source.check(cid) == quiclb.State.CURRENT, cid.hex()
# what cannot be read changes nothing
with open(configs, "w") as file:
    print("nonsense", file=file)
for i in range(3):
    assert source.check(ssl.RAND_bytes(20)) == quiclb.State.CURRENT
END

# with_cookie CONFIG SCRIPT [ARGUMENT...]: for Python, which loads libcrypto later, that comes with the shim
with_cookie() { QUICLB_LIBRARY=$library QUICLB_CONFIG=$1 LD_PRELOAD="$shim libcrypto.so.3" "$python3" -B "$2" "$python" "${@:3}"; }

whole() {
	echo "0:0a01:8:$tmp/key" >configs
	with_cookie configs minted.py configs >out 2>&1 || { cat out && return 1; }
	diff out - <<-END || return 1
		quiclb_nginx: Error: QUICLB_CONFIG: configs:1: a config is ID:SERVER-ID:NONCE-LENGTH[,self-len][:KEY-FILE].
	END
}

cat >worker.py <<'END'
import ctypes, os, ssl, sys
library = ctypes.CDLL(os.environ["QUICLB_LIBRARY"])
cid = ssl.RAND_bytes(20)
key = bytes(range(16))
assert library.quiclb_worker_of(key, cid, ctypes.c_size_t(20)) == int(os.environ["QUICLB_WORKER"]), cid.hex()
END

workers() {
	local number
	for number in 0 7 255; do
		QUICLB_WORKER=$number QUICLB_WORKER_KEY=group with_cookie "0:0a01:16:$tmp/key" worker.py || return 1
	done
}

# A program that loads libcrypto later has no random numbers, and does not crash.
later() {
	preloaded 0:0a01:8 "$python3" -c 'import ssl
try:
    ssl.RAND_bytes(20)
except ssl.SSLError:
    raise SystemExit(5)' || [ $? = 5 ]
}

verdict "20 octets are a CID, and its first eight the cookie; a file is read again" whole
verdict "other lengths are not changed" others
verdict "the last octet is the number of a process" workers
verdict "refusals are a sentence" refusals
verdict "a program that loads OpenSSL later does not crash" later
echo "1..$count"
