# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Completes commands, options and, asking the kernel, services, real servers, config IDs and server IDs.
#
# Run as a program, "bash quiclbadm LINE" prints what may stand at the end of LINE, one candidate a line, or the word FILES: the
# completions for zsh and fish do this.

# In the network namespace that the line names; silent for whoever may not ask.
_quiclbadm_netns=()
_quiclbadm_ask() { quiclbadm "${_quiclbadm_netns[@]}" "$@" 2>/dev/null; }

_quiclbadm_services() { # UDP|FWM
	_quiclbadm_ask -L -n | awk -v kind="$1" '$1 == kind { print $2 }' | sort -u
}

# The column of a list of the service that the command line names. 
_quiclbadm_of_service() { # FIRST-WORD COLUMN COMMAND...
	local first=$1 column=$2 i
	local -a service=()
	shift 2
	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		case ${words[i]} in
		-u | --udp-service | -f | --fwmark-service) service+=("${words[i]}" "${words[i + 1]}") ;;
		-6 | --ipv6) service+=(-6) ;;
		esac
	done
	_quiclbadm_ask "$@" "${service[@]}" | awk -v first="$first" -v column="$column" '
		{ sub(/^fwmark [0-9]+( \(IPv6\))?/, "-") }
		/RemoteAddress:Port/ || (NR == 1 && /^Service /) { begun = 1; next }
		begun && (first == "" || $1 == first) { print $column }' | sort -u
}

# Options for the command on the line; those given already are left out by the caller.
_quiclbadm_options() { # COMMAND
	local server="-g -i -m -w -x -y --tun-type --tun-port --tun-nocsum --tun-csum --tun-remcsum --server-id"
	case $1 in
	-A | -E | --add-service | --edit-service) printf "%s" "-u -f -6 -s -o -p -M --pe -b" ;;
	-D | -Z | --delete-service | --zero) printf "%s" "-u -f -6" ;;
	-a | -e | --add-server | --edit-server) printf "%s" "-u -f -6 -r $server" ;;
	-d | --delete-server) printf "%s" "-u -f -6 -r --keep-server-ids" ;;
	-L | -l | --list) printf "%s" "-u -f -6 -n -j --sort --stats --rate --exact --all --thresholds --persistent-conn --tun-info -c --timeout --daemon" ;;
	-S | --save) printf "%s" "-n --keys --yang -u -f -6 -j" ;;
	set) printf "%s" "-u -f -6 --tuple-timeout --tuple-max --table-bits --dcid-max --dcid-timeout --source4 --source6" ;;
	"config add" | "config replace") printf "%s" "-u -f -6 --id --tenant --server-id-len --nonce-len --key-file --key-fingerprint --check-length --layout" ;;
	"config del") printf "%s" "-u -f -6 --id --tenant --force --seen-within --seen-by" ;;
	"config list") printf "%s" "-u -f -6 -n -j" ;;
	"server-id add" | "server-id move") printf "%s" "-u -f -6 -r --absent --server-id" ;;
	"server-id del") printf "%s" "-u -f -6 -r --server-id" ;;
	rotate) printf "%s" "-u -f -6 --key-file --id --old --server-id-len --nonce-len --check-length --step --force --unseen --seen-by -j" ;;
	"server-id list") printf "%s" "-u -f -6 -r -n -j" ;;
	-R | --restore) printf "%s" "--check --weights --rekey --yang -u -f -6 --absent" ;;
	sync) printf "%s" "--weights --rekey" ;;
	diff) printf "%s" "-j" ;;
	batch) printf "%s" "--force" ;;
	-C | --clear) printf "%s" "--all" ;;
	"express add") printf "%s" "--mode" ;;
	"express list") printf "%s" "-n -j" ;;
	fingerprint) printf "%s" "-u -f -6 -j" ;;
	-v | --version | version) printf "%s" "-j" ;;
	server-config) printf "%s" "-u -f -6 -r --id --tenant --server-id --key-path --yang --keys -j" ;;
	metrics) printf "%s" "--openmetrics --prometheus --http --output" ;;
	decode) printf "%s" "-u -f -6 --id --server-id-len --nonce-len --key-file --layout -j" ;;
	explain) printf "%s" "-u -f -6 --saved -j" ;;
	doctor) printf "%s" "-u -f -6 --role -r -g -i -m --tun-type --tun-port --tun-nocsum --tun-csum --tun-remcsum --client --from --await --seconds -v -j" ;;
	monitor) printf "%s" "-t -j service config server-id pool express" ;;
	probe) printf "%s" "-u -r -g -i -m --tun-type --tun-port --tun-nocsum --tun-csum --tun-remcsum --from --timeout --size -j" ;;
	check-director) printf "%s" "-u --from --timeout -j" ;;
	trace) printf "%s" "-u -f -6 --client --cid --follow --server-id --count --seconds -v -j" ;;
	encode) printf "%s" "-u -f -6 --id --tenant --server-id --server-id-len --nonce-len --nonce --self-len --key-file --layout -j" ;;
	esac
}

_quiclbadm_commands="-A -E -D -C -R -S -a -e -d -L -Z sync diff batch set config server-id rotate express decode encode explain doctor monitor probe check-director trace genkey fingerprint server-config metrics help version"

# The words that may stand after the one before the cursor, when that takes a value.
_quiclbadm_value() { # OPTION COMMAND
	case $1 in
	-u | --udp-service) _quiclbadm_services UDP ;;
	-f | --fwmark-service) _quiclbadm_services FWM ;;
	-r | --real-server) _quiclbadm_of_service '->' 2 -L -n ;;
	-s | --scheduler) echo "quic rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh" ;;
	-b | --sched-flags) echo "flag-1 flag-2 flag-3 sh-fallback sh-port mh-fallback mh-port" ;;
	--pe) echo "sip" ;;
	--tun-type) echo "ipip gue gre" ;;
	--role) echo "director server" ;;
	--mode) echo "auto driver ingress" ;;
	--layout) echo "katran-v1 katran-v2 katran-v3 msquic nginx last16@" ;;
	--tenant) echo "0 1 2 3" ;;
	--step) echo "1 2 3 4 5" ;;
	--old) _quiclbadm_of_service '' 2 config list ;;
	--id)
		case $2 in
		"config add" | rotate) echo "0 1 2 3 4 5 6" ;;
		*) _quiclbadm_of_service '' 2 config list ;;
		esac
		;;
	--server-id)
		case $2 in
		-a | -e | "server-id del" | "server-id move" | server-config) _quiclbadm_of_service '' 2 server-id list ;;
		esac
		;;
	--color) echo "auto always never" ;;
	-N | --netns) find /run/netns -mindepth 1 -printf "%f\n" 2>/dev/null || true ;;
	-w | --weight | -x | --u-threshold | -y | --l-threshold | -M | --netmask | --tun-port | --server-id-len | --nonce-len | --nonce | --client | --from | --cid | --follow | --count | --await | --seconds | --size) ;;
	--timeout) [[ $2 == probe || $2 == check-director ]] ;;
	--tuple-timeout | --tuple-max | --table-bits | --dcid-max | --dcid-timeout | --seen-within | --unseen | --key-fingerprint) ;;
	--key-path) ;;
	--source4 | --source6) echo "none" ;;
	*) return 1 ;;
	esac
}

_quiclbadm() {
	local line words word cur prev command="" i values option
	local -a left=()
	# bash cuts words at colons, which addresses and server IDs are full of
	line=${COMP_LINE:0:COMP_POINT}
	read -ra words <<<"$line"
	[[ $line != *[[:space:]] ]] || words+=("")
	((${#words[@]} > 1)) || return 0
	# what stands in front of the command
	_quiclbadm_netns=()
	while ((${#words[@]} > 2)); do
		case ${words[1]} in
		-N | --netns | --color)
			((${#words[@]} > 3)) || break
			[[ ${words[1]} == --color ]] || _quiclbadm_netns=(-N "${words[2]}")
			words=("${words[0]}" "${words[@]:3}")
			;;
		--netns=*)
			_quiclbadm_netns=("${words[1]}")
			words=("${words[0]}" "${words[@]:2}")
			;;
		--color=*) words=("${words[0]}" "${words[@]:2}") ;;
		*) break ;;
		esac
	done
	cur=${words[-1]} prev=${words[-2]}
	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		case ${words[i]} in
		config | server-id | express | help) command="${words[i]} ${words[i + 1]}" ;;
		sync | diff | batch | set | rotate | decode | encode | explain | doctor | monitor | probe | check-director | trace | genkey | fingerprint | server-config | metrics | version) command=${words[i]} ;;
		-[AEDCRSaedLlZ] | --*-serv* | --clear | --restore | --save | --list | --zero) command=${words[i]} ;;
		*) continue ;;
		esac
		[[ ${words[i]} =~ ^--(udp|fwmark|tcp|sctp)-service$|^--real-server$ ]] || break
		command=
	done

	COMPREPLY=()
	if [[ ($prev == -b && -z $command) || $prev == --key-file || $prev == --seen-by || $prev == --saved || $prev == --output || ($command =~ ^(-[RS]|--restore|--save|sync|diff|batch)$ && $cur != -* && ! $prev =~ ^(-[uf]|--(udp|fwmark)-service)$) || ($command =~ ^(explain|fingerprint)$ && $prev == "$command" && $cur != -*) ]]; then
		((_quiclbadm_alone)) && COMPREPLY=(FILES) && return
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
	fi
	if [[ $prev == config && ${#words[@]} -eq 3 ]]; then
		values="add replace del list"
	elif [[ $prev == server-id && ${#words[@]} -eq 3 ]]; then
		values="add del move list"
	elif [[ $prev == express && ${#words[@]} -eq 3 ]]; then
		values="add del take list"
	elif [[ $command == "express add" && ${#words[@]} -eq 4 && $cur != -* ]]; then
		values=$(cd /sys/class/net 2>/dev/null && echo *)
	elif [[ $command == "express del" && ${#words[@]} -eq 4 ]]; then
		values=$(_quiclbadm_ask express list | awk 'NR > 1 { print $1 }')
	elif [[ $prev =~ ^(-N|--netns|--color)$ ]]; then
		values=$(_quiclbadm_value "$prev" "$command")
	elif [[ -z $command || $command == help* ]]; then
		values="$_quiclbadm_commands -b -N --color"
	elif ! values=$(_quiclbadm_value "$prev" "$command"); then
		for option in $(_quiclbadm_options "$command"); do
			for word in "${words[@]:1:${#words[@]}-2}"; do
				[[ $word != "$option" || $option == --server-id ]] || continue 2
			done
			left+=("$option")
		done
		values=${left[*]}
	fi
	mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur")
	# readline replaces only what is behind the last colon
	if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
		for i in "${!COMPREPLY[@]}"; do
			COMPREPLY[i]=${COMPREPLY[i]#"${cur%"${cur##*:}"}"}
		done
	fi
}

_quiclbadm_alone=0
if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
	_quiclbadm_alone=1 COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDBREAKS=' '
	_quiclbadm
	((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
else
	complete -F _quiclbadm quiclbadm
fi
