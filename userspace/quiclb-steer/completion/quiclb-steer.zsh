#compdef quiclb-steer
# SPDX-License-Identifier: GPL-2.0-only
#
# For zsh: the candidates are those of the completion for bash, which is run as a program, so that there is one list.

_quiclb_steer() {
	local -a candidates
	candidates=(${(f)"$(bash /usr/local/share/bash-completion/completions/quiclb-steer "${(j: :)words[1,CURRENT]}" 2>/dev/null)"})
	if [[ ${candidates[1]} == FILES ]]; then
		_files
	else
		compadd -- $candidates
	fi
}

_quiclb_steer "$@"
