# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For scripts about "quiclbadm metrics": a director that has something of everything, and its metrics; sourced after lib.sh.
# shellcheck disable=SC2034,SC2153,SC2154

# everything: two configs, one of a layout, a masqueraded server, one that is drained, one that another program has set to weight 0, one that
# is not in the pool; a service for a firewall mark; a device with the express path
everything() {
	q -C
	q -R <<-END
		-A -u $SVC4 -s quic
		config add -u $SVC4 --id 0 --server-id-len 3 --nonce-len 4
		config add -u $SVC4 --id 1 --server-id-len 8 --nonce-len 8 --key-file $WORK/key
		-a -u $SVC4 -r $(rs4 1) -i -w 1 --server-id 0:$(sid 3 1) --server-id 1:$(sid 8 1)
		-a -u $SVC4 -r $(rs4 2) -i -w 1 --server-id 0:$(sid 3 2) --server-id 1:$(sid 8 2)
		-a -u $SVC4 -r $(rs4 3) -i -w 1 --server-id 0:$(sid 3 3)
		-a -u $SVC4 -r $(rs4 4) -m -w 1 --server-id 0:$(sid 3 4)
		-a -u $SVC4 -r $(rs4 5) -i -w 0
		server-id add -u $SVC4 -r $(rs4 9) --absent --server-id 0:eeeeee
		-A -f 17 -6 -s quic
		config add -f 17 -6 --layout katran-v2@8
		-A -u $VIP4:53 -s rr
		express add eth0
	END
	ipvsadm -e -u "$SVC4" -r "$(rs4 4):443" -m -w 0
}

# shape FILE: of metrics in the older format, a line "NAME TYPE LABEL,..." for each, sorted; labels as they come first
shape() {
	awk '
		/^# TYPE / { type[$3] = $4; next }
		/^#/ { next }
		{
			name = line = $0
			sub(/[{ ].*/, "", name)
			if (!match(line, /{.*}/))
				next
			line = substr(line, RSTART + 1, RLENGTH - 2)
			while (match(line, /^,?[a-z_]+="([^"\\]|\\.)*"/)) {
				label = substr(line, RSTART, RLENGTH)
				line = substr(line, RLENGTH + 1)
				gsub(/^,|=.*/, "", label)
				if (!((name, label) in seen))
					labels[name] = labels[name] (labels[name] == "" ? "" : ",") label
				seen[name, label]
			}
		}
		END { for (name in type) print name, type[name], labels[name] }' "$1" | sort
}

# documented: the same, from Documentation/metrics.rst
documented() {
	sed -n '/^\.\. table begins/,/^\.\. table ends/p' "$here/../../../../Documentation/metrics.rst" | awk '
		/^=/ { rules++; next }
		rules != 2 || !NF { next }
		/^quiclb_/ {
			name = $1
			type[name] = substr($0, 42, 7)
			sub(/ *$/, "", type[name])
		}
		{ labels[name] = labels[name] substr($0, 51, 24) }
		END {
			for (name in type) {
				gsub(/ /, "", labels[name])
				print name, type[name] == "info" ? "gauge" : type[name], labels[name]
			}
		}' | sort
}

# value NAME{LABELS}: in $WORK/metrics
value() { awk -v wanted="$1" '{ at = length($0) - length($NF) } substr($0, 1, at - 1) == wanted { print $NF }' "$WORK/metrics"; }
