# SPDX-License-Identifier: GPL-2.0-only
#
# For fish: the candidates are those of the completion for bash, which is run as a program, so that there is one list.

function __quiclbadm_complete
    set -l candidates (bash /usr/local/share/bash-completion/completions/quiclbadm (commandline -cp) 2>/dev/null)
    if test "$candidates[1]" = FILES
        __fish_complete_path (commandline -ct)
    else
        printf '%s\n' $candidates
    end
end

complete -c quiclbadm -f -a '(__quiclbadm_complete)'
