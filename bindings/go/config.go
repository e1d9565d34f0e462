// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

// Package quiclb makes and reads QUIC-LB connection IDs, draft-ietf-quic-load-balancers, for QUIC servers in Go behind a director.
// It needs neither cgo nor libquiclb, and reads the same lines as quiclb_source(3):
//
//	source, err := quiclb.Open("0:0a01:8:/etc/quiclb.key")
//	transport := &quic.Transport{
//		Conn:                  conn, // bound to the VIP
//		ConnectionIDGenerator: quiclb.For(source, quic.ConnectionIDFromBytes),
//	}
package quiclb

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
)

// Limits of the draft, in octets.
const (
	KeyLen         = 16
	ServerIDLenMax = 15
	NonceLenMin    = 4
	NonceLenMax    = 18
	CIDLenMax      = 20

	plaintextLenMax = CIDLenMax - 1
	configIDMax     = 6
	unroutable      = 7 // the reserved config ID, section "Configuration Failover"
	unroutableMin   = 6 // as short as a config's CIDs
)

// What Decode refuses.
var (
	ErrConfigID = errors.New("the connection ID is of another config")
	ErrShort    = errors.New("the connection ID is shorter than the config's")
)

// Config is one QUIC-LB config. It does not change, so goroutines may share it.
type Config struct {
	id          int
	serverIDLen int
	nonceLen    int
	selfLen     bool
	key         []byte
	aes         cipher.Block // nil: plaintext
}

// NewConfig makes a config. Without a key, anyone on the path can read the server ID. With selfLen, the first octet has the length.
func NewConfig(id, serverIDLen, nonceLen int, selfLen bool, key []byte) (*Config, error) {
	switch {
	case id < 0 || id > configIDMax:
		return nil, errors.New("config ID must be 0 to 6")
	case serverIDLen < 1 || serverIDLen > ServerIDLenMax:
		return nil, errors.New("server ID length must be 1 to 15")
	case nonceLen < NonceLenMin || nonceLen > NonceLenMax:
		return nil, errors.New("nonce length must be 4 to 18")
	case serverIDLen+nonceLen > plaintextLenMax:
		return nil, errors.New("server ID and nonce must be 19 octets at most together")
	case key != nil && len(key) != KeyLen:
		return nil, errors.New("the key must be 16 octets")
	}
	c := &Config{id: id, serverIDLen: serverIDLen, nonceLen: nonceLen, selfLen: selfLen}
	if key == nil {
		return c, nil
	}
	c.key = append([]byte{}, key...)
	block, err := aes.NewCipher(c.key)
	c.aes = block
	return c, err
}

// CIDLen is the length of each CID of the config: 6 to 20 octets.
func (c *Config) CIDLen() int { return 1 + c.serverIDLen + c.nonceLen }

// same tells whether two configs make the same CIDs of the same nonces.
func (c *Config) same(other *Config) bool {
	return c.id == other.id && c.serverIDLen == other.serverIDLen && c.nonceLen == other.nonceLen && c.selfLen == other.selfLen &&
		(c.key == nil) == (other.key == nil) && subtle.ConstantTimeCompare(c.key, other.key) == 1
}

// Encode makes the CID of a nonce that the caller chose: with one key and one server ID, never use a nonce twice. The low five bits of
// the first octet are randomBits, unless the config has its length there.
func (c *Config) Encode(serverID, nonce []byte, randomBits byte) ([]byte, error) {
	if len(serverID) != c.serverIDLen || len(nonce) != c.nonceLen {
		return nil, fmt.Errorf("server ID and nonce must have the config's lengths, %d and %d octets", c.serverIDLen, c.nonceLen)
	}
	low := randomBits & 0x1f
	if c.selfLen {
		low = byte(c.CIDLen() - 1)
	}
	cid := make([]byte, 0, c.CIDLen())
	cid = append(cid, byte(c.id)<<5|low)
	cid = append(cid, serverID...)
	cid = append(cid, nonce...)
	block := cid[1:]
	switch {
	case c.aes == nil:
	case len(block) == aes.BlockSize:
		c.aes.Encrypt(block, block)
	default:
		c.feistel(block, []byte{1, 2, 3, 4})
	}
	return cid, nil
}

// Decode reads a CID. It may be longer than the config's: the rest is the server's own. Anything decodes to some server ID.
func (c *Config) Decode(cid []byte) (serverID, nonce []byte, err error) {
	if len(cid) == 0 {
		return nil, nil, ErrShort
	}
	if int(cid[0]>>5) != c.id {
		return nil, nil, ErrConfigID
	}
	if len(cid) < c.CIDLen() {
		return nil, nil, ErrShort
	}
	block := append([]byte{}, cid[1:c.CIDLen()]...)
	switch {
	case c.aes == nil:
	case len(block) == aes.BlockSize:
		c.aes.Decrypt(block, block)
	default:
		c.feistel(block, []byte{4, 3, 2, 1})
	}
	return block[:c.serverIDLen], block[c.serverIDLen:], nil
}

// feistel is the four-pass algorithm, section "General Case: Four-Pass Encryption". Each pass undoes itself, so decoding is the same
// passes in reverse. When the length is odd, both halves have the octet in the middle: the left one its high bits, the right one its low
// bits.
func (c *Config) feistel(octets []byte, passes []byte) {
	var left, right, leftMask, rightMask [aes.BlockSize]byte
	length := len(octets)
	half, offset := (length+1)/2, length/2
	for i := 0; i < half; i++ {
		leftMask[i], rightMask[i] = 0xff, 0xff
	}
	if length%2 == 1 {
		leftMask[half-1], rightMask[0] = 0xf0, 0x0f
	}
	for i := 0; i < half; i++ {
		left[i] = octets[i] & leftMask[i]
		right[i] = octets[offset+i] & rightMask[i]
	}
	for _, pass := range passes {
		if pass%2 == 1 {
			c.pass(&right, &left, &rightMask, byte(length), pass)
		} else {
			c.pass(&left, &right, &leftMask, byte(length), pass)
		}
	}
	copy(octets, left[:half])
	for i := 0; i < half; i++ {
		octets[offset+i] = octets[offset+i]&^rightMask[i] | right[i]
	}
}

// pass: target ^= truncate(AES(expand(length, number, source)))
func (c *Config) pass(target, source, mask *[aes.BlockSize]byte, length, number byte) {
	block := *source
	block[aes.BlockSize-2], block[aes.BlockSize-1] = length, number
	c.aes.Encrypt(block[:], block[:])
	for i := range target {
		target[i] ^= block[i] & mask[i]
	}
}

// MintUnroutable makes a CID for a server without a config, section "Configuration Failover": a director routes it by address. Give a
// client only one of these, and the disable_active_migration transport parameter.
func MintUnroutable(length int) ([]byte, error) {
	if length < unroutableMin || length > CIDLenMax {
		return nil, errors.New("a connection ID without a config must have 6 to 20 octets")
	}
	cid := make([]byte, length)
	if _, err := rand.Read(cid); err != nil {
		return nil, err
	}
	cid[0] = unroutable<<5 | byte(length-1)
	return cid, nil
}
