// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

package main

import (
	"crypto/rand"

	"github.com/quic-go/quic-go"
)

// generator is all that a server needs if anyone may read its server ID: config ID 0, two octets of ID, eight random ones. It is the line
// 0:SERVER-ID:8 of package quiclb, which also encrypts and rotates.
type generator struct{ serverID [2]byte }

func (g generator) GenerateConnectionID() (quic.ConnectionID, error) {
	cid := make([]byte, g.ConnectionIDLen())
	if _, err := rand.Read(cid[3:]); err != nil {
		return quic.ConnectionID{}, err
	}
	copy(cid[1:], g.serverID[:])
	return quic.ConnectionIDFromBytes(cid), nil
}

func (generator) ConnectionIDLen() int { return 1 + 2 + 8 }
