# SPDX-License-Identifier: GPL-2.0-only
#
# How many connections break when a fleet changes. Documentation/scale.rst has the formulas in words; each function here is one of them.
# Servers and directors are counted, times are in seconds, rates are per hour.

# rerouted(DIRECTORS, RESILIENT): share of flows that the router sends to another director when one comes or goes. A router that keeps
# other flows where they are: RFC 2992's best. Linux and most others divide the hash among the directors in their order, and the last of
# the list goes or comes: half.
function rerouted(directors, resilient) { return resilient ? 1 / directors : 1 / 2 }

# elsewhere(SERVERS): that a flow which is scheduled once more, without a memory, gets another server
function elsewhere(servers) { return (servers - 1) / servers }

# moved(SERVERS): share of the slots of consistent hashing that a server which comes to SERVERS - 1 gets, or leaves behind
function moved(servers) { return 1 / servers }

# changed(SERVERS, CHANGES, LIFE): that the slot of a connection is another server's by now. Changes come at random, CHANGES in an hour,
# and the ages of connections are distributed exponentially with mean LIFE.
function changed(servers, changes, life,  times) {
	times = changes / 3600 * life * moved(servers)
	return times / (1 + times)
}

# broken(SCHEDULER, ...): connections that break in an hour, but for those of a server that goes. The site's figures are global: directors,
# servers, connections, life, handshake (seconds), director_changes, pool_changes, moves (of a client in an hour), sync (seconds that
# IPVS's sync daemon is late), resilient.
function broken(scheduler,  reroute, begun) {
	reroute = rerouted(directors, resilient)
	begun = connections / life	# in a second
	if (scheduler == "quic")
		# handshakes that see a change of the pool and one of the directors
		return 2 * pool_changes * director_changes * handshake / 3600 * begun * handshake * reroute * moved(servers)
	if (scheduler == "mh-port")
		return connections * (director_changes * reroute * changed(servers, pool_changes, life) + moves * elsewhere(servers))
	if (scheduler == "rr")
		return connections * (director_changes * reroute + moves) * elsewhere(servers)
	if (scheduler == "rr+sync")
		return (begun * sync * director_changes * reroute + connections * moves) * elsewhere(servers)
	return -1
}

# expected(EVENT, SCHEDULER): the share of connections that the lab's event breaks, -1 if the model says nothing. The lab has two servers
# and a third for what happens, or three, and its router takes the last director from the list, or adds it. See fleet.rst.
function expected(event, scheduler,  half, ours, hash, roundrobin, synced) {
	half = rerouted(2, 0)
	ours = scheduler == "quic"
	hash = scheduler ~ /^mh/
	roundrobin = scheduler == "rr"
	synced = scheduler == "rr+sync"
	if (event ~ /\/dead-server$/)
		return 1
	if (event ~ /^(server-join|server-drain|server-death|weight-change|restore|handshakes:pool-change|rotation)$/)
		return 0
	if (event == "module-upgrade")
		return roundrobin ? elsewhere(3) : 0
	if (event ~ /^director-(death|join|drain)$/)
		return roundrobin ? half * elsewhere(3) : 0
	if (event ~ /^(server-join|weight-change|server-drain)\+director-death$/)
		# 2 to 3; 1,1,1 to 4,1,1; 3 to 2, where a third has to go and of the others one half does
		return hash ? half * moved(3) : roundrobin ? half * elsewhere(3) : 0
	if (event == "server-death+director-death")
		# stock mh also moves a few slots of servers that live
		return hash ? 0.01 : roundrobin ? half * elsewhere(2) : 0
	if (event == "client-migration")
		return ours ? 0 : elsewhere(3)
	if (event ~ /^nat-rebinding/) {
		# mh looks at addresses alone
		if (ours || scheduler == "mh")
			return 0
		return event ~ /death/ && roundrobin ? elsewhere(3) * (1 + moved(3) * half) : elsewhere(3)
	}
	if (event ~ /^icmp-elsewhere/)
		return hash || roundrobin
	if (event == "handshakes:director-change")
		return roundrobin || synced ? elsewhere(3) : 0
	if (event == "handshakes:pool-and-director-change")
		return roundrobin || synced ? elsewhere(3) : moved(3)
	return -1
}
