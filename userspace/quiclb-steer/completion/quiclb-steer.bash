# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Completes commands, options and, asking the kernel, groups and their processes' numbers.
#
# Run as a program, "bash quiclb-steer LINE" prints what may stand at the end of LINE, one candidate a line, or the word FILES: the
# completions for zsh and fish do this.

_quiclb_steer_groups() { quiclb-steer list 2>/dev/null | sed -n 's/^Group \(.*\): [0-9]* datagrams by .*/\1/p'; }

_quiclb_steer_numbers() { quiclb-steer list "$1" 2>/dev/null | awk 'NR > 2 { print $1 }'; }

# UDP sockets of this machine: which processes have one
_quiclb_steer_processes() { ss -Hulnp 2>/dev/null | grep -o 'pid=[0-9]*' | sed 's/pid=//' | sort -nu; }

_quiclb_steer_sockets() { # PID
	ss -Hulnp 2>/dev/null | grep -o "pid=$1,fd=[0-9]*" | sed 's/.*fd=//' | sort -nu
}

# What may stand behind the words, of which the first two are the program and the command.
_quiclb_steer_values() {
	local count=$#
	case $2:$count in
	create:*) [[ ${!count} == --cid-len ]] || printf '%s\n' --key-file --cid-len ;;
	join:2 | leave:2 | drain:2 | give:2 | list:2 | delete:2) _quiclb_steer_groups ;;
	leave:3 | drain:3 | give:3) _quiclb_steer_numbers "$3" ;;
	give:4) _quiclb_steer_numbers "$3" | grep -vx "$4" ;;
	join:4) _quiclb_steer_processes ;;
	join:5 | join:6) _quiclb_steer_sockets "$5" ;;
	esac
}

_quiclb_steer() {
	local line=${COMP_LINE:0:COMP_POINT} cur='' values
	local -a words
	read -ra words <<<"$line"
	if [[ $line != *[[:space:]] ]]; then
		cur=${words[-1]}
		unset 'words[-1]'
	fi
	if [[ ${words[-1]:-} == --key-file ]]; then
		if ((_quiclb_steer_alone)); then
			COMPREPLY=(FILES)
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		fi
		return
	elif ((${#words[@]} < 2)); then
		values="create join leave drain give list delete --help --version"
	else
		values=$(_quiclb_steer_values "${words[@]}")
	fi
	mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur")
}

_quiclb_steer_alone=0
if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
	_quiclb_steer_alone=1 COMP_LINE=$1 COMP_POINT=${#1}
	_quiclb_steer
	((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
else
	complete -F _quiclb_steer quiclb-steer
fi
