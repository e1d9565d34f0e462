# SPDX-License-Identifier: GPL-2.0-only
#
# For fish: the candidates are those of the completion for bash, which is run as a program, so that there is one list.

function __quiclb_steer_complete
    set -l candidates (bash /usr/local/share/bash-completion/completions/quiclb-steer (commandline -cp) 2>/dev/null)
    if test "$candidates[1]" = FILES
        __fish_complete_path (commandline -ct)
    else
        printf '%s\n' $candidates
    end
end

complete -c quiclb-steer -f -a '(__quiclb_steer_complete)'
