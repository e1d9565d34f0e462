# SPDX-License-Identifier: GPL-2.0-only
# Processors for a rate of datagrams, by path. The data are before this.
set terminal svg size 720,420 font "sans-serif,13" background "white"
set title "Processors that a rate takes (3 GHz, an instruction per cycle)"
set ylabel "processors"
set logscale y
set yrange [0.1:300]
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 noborder
set xtics nomirror
set grid ytics lc rgb "#dddddd"
set key outside top center horizontal
plot $paths using 3:xtic(1) lc rgb "#9fc5b1" title "1 million datagrams/s", \
	'' using 4 lc rgb "#4f9d76" title "10 million", \
	'' using 5 lc rgb "#1f7a4d" title "100 million"
