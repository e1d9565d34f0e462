# SPDX-License-Identifier: GPL-2.0-only
# A million connections, 64 servers; what the model says. The data are before this.
set terminal svg size 720,420 font "sans-serif,13" background "white"
set title "Connections that break in an hour because directors and servers are restarted once a week"
set xlabel "directors (64 servers, 1,000,000 connections of 600 s)"
set ylabel "connections"
set logscale xy
set xtics (2, 4, 8, 16, 32, 64)
set yrange [1e-5:1e7]
set ytics 100
set format y "10^{%T}"
set grid ytics lc rgb "#dddddd"
set key outside right
plot $rr with linespoints lw 2 pt 7 lc rgb "#c0392b" title "rr", \
	$rr_sync with linespoints lw 2 pt 5 lc rgb "#e08e0b" title "rr+sync", \
	$mh_port with linespoints lw 2 pt 9 lc rgb "#7f5aa8" title "mh-port", \
	$quic with linespoints lw 3 pt 13 lc rgb "#1f7a4d" title "quic"
