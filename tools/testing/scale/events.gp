# SPDX-License-Identifier: GPL-2.0-only
# What was measured with two directors. The data are before this.
set terminal svg size 980,560 font "sans-serif,12" background "white"
set title "Connections lost, two directors, measured (Documentation/fleet.rst)"
set ylabel "percent of the connections"
set yrange [0:105]
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 noborder
set xtics rotate by -50 nomirror
set bmargin 12
set rmargin 16
set grid ytics lc rgb "#dddddd"
set key top left
plot $lost using 2:xtic(1) lc rgb "#1f7a4d" title "quic", \
	'' using 3 lc rgb "#b39ddb" title "mh", \
	'' using 4 lc rgb "#7f5aa8" title "mh-port", \
	'' using 5 lc rgb "#c0392b" title "rr", \
	'' using 6 lc rgb "#e08e0b" title "rr+sync"
