# SPDX-License-Identifier: GPL-2.0-only
#
# With model.awk: what the model says of sites. Reads lines "NAME DIRECTORS SERVERS CONNECTIONS", and prints for each and for each
# scheduler "NAME SCHEDULER FLEET MOVES STATE": connections that break in an hour because directors and servers come and go, and because
# clients get other addresses; and octets of connection state on a director.

BEGIN {
	count = split("quic mh-port rr rr+sync", scheduler, " ")
	week = 7 * 24
	life = 600		# HTTP/3 with its idle time
	handshake = 1		# until the client has a connection ID of the server's
	client_moves = 0.5	# of an address, in an hour
	sync = 2
	resilient = 0
	entry = 68		# a 4-tuple of ours and its share of empty room; seconds that it lives
	entry_life = 60
	connection = 328	# of IPVS's
}

# state(SCHEDULER): of a director
function state(scheduler) {
	if (scheduler == "quic")
		return connections / life * entry_life * entry / directors
	return connections * connection / (scheduler == "rr+sync" ? 1 : directors)
}

{
	directors = $2
	servers = $3
	connections = $4
	# each is restarted once a week: it goes and comes
	director_changes = 2 * directors / week
	pool_changes = 2 * servers / week
	for (i = 1; i <= count; i++) {
		moves = 0
		fleet = broken(scheduler[i])
		moves = client_moves
		printf "%s %s %.3g %.3g %.3g\n", $1, scheduler[i], fleet, broken(scheduler[i]) - fleet, state(scheduler[i])
	}
}
