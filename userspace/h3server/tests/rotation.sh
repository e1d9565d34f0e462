# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# shellcheck disable=SC2154 # variables of h3server.sh
#
# Rotation of configs by SIGHUP, and what a server without a key may do.  Sourced by h3server.sh.

key2=00112233445566778899aabbccddeeff

test_rotation()
{
	check "frames: no payload makes the walk leave it" "$(dirname "$program")/test_frames"
	check "SIGHUP in mid-download: new CIDs, old ones retired" rotate_download
	check "SIGHUP for an idle client, which moves afterwards" rotate_idle
	check "other direction: from a key to plaintext" rotate_to_plaintext
	check "without a key: one CID, and one more after a rotation" rotate_single
	check "without a key: NAT rebinding to another address" rebinding_single
	check "rotations until there is no way, then GOAWAY" rotate_often
	check "longer CIDs: answers what was asked, then closes" rotate_length
	check "a config that is wrong changes nothing" rotate_wrong
	check "SIGHUP without --config" hup_without_config
	check "SIGQUIT in mid-download: answers, then ends" leave_download
	check "SIGQUIT with an idle client: GOAWAY twice, a second apart, and it ends" leave_idle
	check "restart with another config: resets for CIDs of the old one" \
		crash_and_rotate
}

# LINE...: the file of configs
configs() { printf '%s\n' '# the last one mints' "$@" > "$work/configs"; }

# NUMBER: as many reloads
reload()
{
	kill -HUP "$server_pid" && logged "$1" '^config'
}

# OPTION...: starts a client in the background, which is $client, and awaits its connection.
begin()
{
	rm -rf "$work/dl" "$work/dl.log"
	fetch_to "$work/dl" 127.0.0.1 "$port" "$@" &
	client=$!
	wait_until test -s "$work/log" && wait_until grep -q '^cid' "$work/log"
}

end_client()
{
	local status=0

	wait "$client" || status=$?
	[ "$status" -eq 0 ] || { tail -5 "$work/dl.log"; return 1; }
}

# NUMBER: of CIDs that the server has issued since the last reload
issued_since()
{
	sed '1,/^config.*generation='"$1"'/d' "$work/log" | sed -n 's/^cid .* issue=//p'
}

# On the wire, as the client saw it.  SEQ: Retire Prior To
saw_retirement()
{
	local seq

	grep -E 'frm rx .*NEW_CONNECTION_ID' "$work/dl.log" | tail -2
	grep -qE "frm rx .* NEW_CONNECTION_ID.* seq=$1 .*retire_prior_to=$1( |\$)" "$work/dl.log" ||
		return 1
	for seq in $(seq 0 $(($1 - 1))); do
		grep -qE "frm tx .* RETIRE_CONNECTION_ID.* seq=$seq\$" "$work/dl.log" || {
			echo "CID $seq is not retired"
			return 1
		}
	done
}

# CONFIG SERVER-ID NONCE-LEN KEY GENERATION: all CIDs since that reload, of which there are some
minted()
{
	local got

	issued_since "$5" > "$work/new"
	[ -s "$work/new" ] || { echo "no new CIDs"; return 1; }
	got=$("$probe" decode "$1" $((${#2} / 2)) "$3" "$4" < "$work/new" | sort -u)
	[ "$got" = "$2" ] || { echo "server IDs: $got"; return 1; }
}

# PATTERN: of the client's last packet's CID
last_dcid_is()
{
	grep -E ' pkt tx .* dcid=0x[0-9a-f]+ .*1RTT' "$work/dl.log" | tail -1
	grep -E ' pkt tx .* dcid=0x[0-9a-f]+ .*1RTT' "$work/dl.log" | tail -1 |
		grep -qE "dcid=0x$1"
}

# The first octets of configs 1 and 2.
one='[23][0-9a-f]' two='[45][0-9a-f]'

# rotate_within_download LINE: the server mints with config 1, then with LINE's, and the client is in the middle of a download
rotate_within_download()
{
	configs "1:0a01:6:$work/qkey"
	start --listen 127.0.0.1:0 --config "$work/configs" || return 1
	begin /huge && wait_until seven_issued && wait_until test -s "$work/dl/huge" ||
		return 1
	configs "1:0a01:6:$work/qkey" "$1"
	reload 1 || return 1
	logged 0 '^request' || { echo "the download was too fast"; return 1; }
}

rotate_download()
{
	rotate_within_download "2:0a01:6:$work/qkey2" || return 1
	end_client && same huge && saw_retirement 7 && minted 2 0a01 6 $key2 1 &&
		last_dcid_is "$two" && logged 7 '^cid .* retire='"$one" &&
		configs "2:0a01:6:$work/qkey2" && reload 2 &&
		fetch /small && same small && stop
}

# The client's new path needs a CID of the new config.
rotate_idle()
{
	configs "1:0a01:6:$work/qkey"
	start --listen 127.0.0.1:0 --config "$work/configs" || return 1
	begin /big --delay-stream=3s --change-local-addr=2s &&
		wait_until seven_issued || return 1
	configs "1:0a01:6:$work/qkey" "2:0a01:6:$work/qkey2"
	reload 1 && wait_until has_retired 7 || return 1
	logged 0 '^migrate' || { echo "the rotation was too slow"; return 1; }
	end_client && same big && saw_retirement 7 && last_dcid_is "$two" &&
		migrated 127.0.0.1 127.0.0.1 && stop
}

has_retired() { [ "$(grep -c '^cid .* retire=' "$work/log")" -ge "$1" ]; }

rotate_to_plaintext()
{
	configs "1:0a01:6:$work/qkey"
	start --listen 127.0.0.1:0 --config "$work/configs" || return 1
	begin /small --delay-stream=2s && wait_until seven_issued || return 1
	configs "1:0a01:6:$work/qkey" "2:0b01:6"
	reload 1 && end_client && same small && saw_retirement 7 &&
		minted 2 0b01 6 - 1 && [ "$(wc -l < "$work/new")" -eq 1 ] && stop
}

rotate_single()
{
	configs 1:0a01:6
	start --listen 127.0.0.1:0 --config "$work/configs" || return 1
	begin /small --delay-stream=3s && wait_until handshake_done || return 1
	configs 1:0a01:6 2:0b01:6
	reload 1 && wait_until has_retired 1 && end_client && same small || return 1
	# not "disable_active_migration", or else the server would not follow a NAT
	grep -q 'remote transport_parameters disable_active_migration=0' \
		"$work/dl.log" || return 1
	issued_cids
	saw_retirement 1 && last_dcid_is "${two}0b01" &&
		[ "$(issued_cids | wc -l)" -eq 2 ] && stop
}

handshake_done() { grep -q 'frm rx .* HANDSHAKE_DONE' "$work/dl.log"; }

rebinding_single()
{
	start --listen 127.0.0.1:0 --config 1:0a01:6 || return 1
	fetch_nat 1000000 /big && same big &&
		migrated 127.0.0.2 127.0.0.3 && [ "$(issued_cids | wc -l)" -eq 1 ] && stop
}

# Each takes seven sequence numbers, and 63 is the last that fits.
rotate_often()
{
	local n kinds=("1:0a01:6:$work/qkey" "2:0a01:6:$work/qkey2")

	configs "${kinds[0]}"
	start --listen 127.0.0.1:0 --config "$work/configs" || return 1
	begin /small --delay-stream=50s && wait_until seven_issued || return 1
	for n in $(seq 12); do
		configs "${kinds[(n + 1) % 2]}" "${kinds[n % 2]}"
		reload "$n" || return 1
		wait_until rotated "$n" || return 1
		! grep -q '^close' "$work/log" || break
	done
	echo "$n rotations"
	wait "$client" || :
	grep '^close' "$work/log"
	# H3_NO_ERROR is 0x100.
	[ "$n" -ge 8 ] && [ "$n" -le 10 ] && grep -q '^close .*reason="old config"' "$work/log" &&
		grep -q 'frm rx .*CONNECTION_CLOSE.*error_code=.*(0x100)' "$work/dl.log" &&
		stop
}

# NUMBER: all new CIDs are out, or the connection is closed
rotated()
{
	grep -q '^close' "$work/log" || [ "$(issued_since "$1" | wc -l)" -ge 7 ]
}

rotate_length()
{
	rotate_within_download "2:0a01:9:$work/qkey2" || return 1
	end_client && same huge || return 1
	[ -z "$(issued_since 1)" ] || { echo "CIDs after the reload"; return 1; }
	logged 1 '^close .*reason="(old config|client closed)"' || return 1
	# an idle one
	fetch /small && same small && cids_have_length 12 || return 1
	begin /small --delay-stream=20s && wait_until handshake_done || return 1
	configs "1:0a01:6:$work/qkey"
	reload 2 || return 1
	SECONDS=0
	wait "$client" || :
	[ "$SECONDS" -lt 15 ] && logged 1 '^close .*reason="old config"' && stop
}

# SIGQUIT was sent: the server has ended by itself.
has_left()
{
	local status=0

	await "$server_pid" || status=$?
	server_pid=
	cat "$work/err"
	[ "$status" -eq 0 ] && [ ! -s "$work/err" ] && logged 1 '^leave .* connections=1$'
}

leave_download()
{
	start --listen 127.0.0.1:0 --config "1:0a01:6:$work/qkey" || return 1
	begin /huge && wait_until test -s "$work/dl/huge" || return 1
	kill -QUIT "$server_pid"
	end_client && same huge && has_left
}

# When the client got them: milliseconds; the server's settings come before them on that stream.
goaways()
{
	sed -nE 's/^I0*([0-9]+) .* frm rx .* STREAM.* id=0x3 .*offset=[1-9].*/\1/p' "$work/dl.log"
}

leave_idle()
{
	local at

	start --listen 127.0.0.1:0 --config "1:0a01:6:$work/qkey" || return 1
	begin /small --delay-stream=20s && wait_until handshake_done || return 1
	kill -QUIT "$server_pid"
	SECONDS=0
	has_left || return 1
	wait "$client" || :
	mapfile -t at < <(goaways)
	if [ ${#at[@]} -ne 2 ] || [ $((at[1] - at[0])) -lt 900 ]; then
		echo "GOAWAY at ${at[*]}"
		return 1
	fi
	[ "$SECONDS" -lt 15 ] && logged 1 '^close .*reason="server leaves"'
}

# OCTETS
cids_have_length()
{
	client_cids "$work/dl.log" > "$work/seen"
	[ -s "$work/seen" ] && ! grep -vxE "[0-9a-f]{$((2 * $1))}" "$work/seen"
}

rotate_wrong()
{
	configs 1:0a01:6
	start --listen 127.0.0.1:0 --config "$work/configs" || return 1
	configs 1:0a01:6 1:0a02:6
	reload 1 && logged 1 '^config .*error=".*configs:3: two lines have this config ID' &&
		rm "$work/configs" && reload 2 && logged 1 '^config .*error=".*No such file' &&
		fetch /small && same small && last_dcid_is "${one}0a01" && stop
}

hup_without_config()
{
	start --listen 127.0.0.1:0 "${lb[@]}" && reload 1 &&
		logged 1 '^config .*error="started without --config' &&
		fetch /small && same small && stop || return 1
	start --listen 127.0.0.1:0 && reload 1 && fetch /small && same small && stop
}

crash_and_rotate()
{
	local same_port status=0

	configs "1:0a01:6:$work/qkey"
	start --listen 127.0.0.1:0 --config "$work/configs" || return 1
	begin /small --delay-stream=3s && wait_until seven_issued || return 1
	kill -KILL "$server_pid"
	await "$server_pid" 2>/dev/null || :
	same_port=$port
	configs "1:0a01:6:$work/qkey" "2:0a01:9:$work/qkey2"
	start --listen "127.0.0.1:$same_port" --config "$work/configs" || return 1
	wait "$client" || status=$?
	tail -3 "$work/dl.log"
	[ ! -s "$work/dl/small" ] && [ "$status" -ne 124 ] || return 1
	grep -q 'pkt rx .* SR token=' "$work/dl.log" && stop
}
