// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

package quiclb

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"sync/atomic"
)

// State says what a CID is to a source.
type State int

// A CID is Old if it is of an earlier config, or of none while there is one: give the client another one and retire it, where your QUIC
// library can.
const (
	Foreign State = iota
	Old
	Current
)

// nonces are a counter that starts at a random number: encrypted, it looks like any other nonce, and none is used twice.
type nonces struct {
	first []byte
	used  atomic.Uint64
}

func newNonces(length int) (*nonces, error) {
	n := &nonces{first: make([]byte, length)}
	_, err := rand.Read(n.first)
	return n, err
}

// limit: of eight octets and more there are 2^64 and more; the counter has one less.
func (n *nonces) limit() uint64 {
	if len(n.first) >= 8 {
		return math.MaxUint64
	}
	return 1 << (8 * len(n.first))
}

func (n *nonces) left() uint64 { return n.limit() - n.used.Load() }

// take returns a nonce that was not given out before, or false when there is none any more, then and ever after.
func (n *nonces) take() ([]byte, bool) {
	var used uint64
	for {
		if used = n.used.Load(); used >= n.limit() {
			return nil, false
		}
		if n.used.CompareAndSwap(used, used+1) {
			break
		}
	}
	nonce := append([]byte{}, n.first...)
	carry := used
	for i := len(nonce) - 1; i >= 0 && carry != 0; i-- {
		sum := uint64(nonce[i]) + carry&0xff
		nonce[i] = byte(sum)
		carry = carry>>8 + sum>>8
	}
	return nonce, true
}

type entry struct {
	*Config
	serverID []byte
	nonces   *nonces // nil: plaintext, whose nonces can be seen and so are random
}

func newEntry(text string) (*entry, error) {
	l, err := parseLine(text)
	if err != nil {
		return nil, err
	}
	config, err := l.config()
	if err != nil {
		return nil, err
	}
	e := &entry{Config: config, serverID: l.serverID}
	if config.key != nil {
		e.nonces, err = newNonces(config.nonceLen)
	}
	return e, err
}

func (e *entry) mint() ([]byte, error) {
	random := make([]byte, 1+e.nonceLen)
	if _, err := rand.Read(random); err != nil {
		return nil, err
	}
	nonce := random[1:]
	if e.nonces != nil {
		var ok bool
		if nonce, ok = e.nonces.take(); !ok {
			return MintUnroutable(e.CIDLen())
		}
	}
	return e.Encode(e.serverID, nonce, random[0])
}

func (e *entry) left() uint64 {
	if e.nonces == nil {
		return math.MaxUint64
	}
	return e.nonces.left()
}

// set has the configs of a moment; the last one mints.
type set []*entry

func (s set) newest() *entry { return s[len(s)-1] }

func (s set) find(firstOctet byte) *entry {
	for _, e := range s {
		if int(firstOctet>>5) == e.id {
			return e
		}
	}
	return nil
}

// add refuses what cannot stand beside the others.
func (s *set) add(e *entry) error {
	for _, other := range *s {
		if other.id == e.id {
			return errors.New("two lines have this config ID; give each its own")
		}
		if (other.key == nil) != (e.key == nil) && bytes.Equal(other.serverID, e.serverID) {
			return errors.New("a plaintext config and one with a key have the same server ID; give the plaintext one another, " +
				"or the key can be attacked")
		}
	}
	*s = append(*s, e)
	return nil
}

// keepNonces: a key that is read once more goes on with its nonces.
func (s set) keepNonces(old set) {
	for _, e := range s {
		for _, o := range old {
			if e.same(o.Config) && bytes.Equal(e.serverID, o.serverID) {
				e.nonces = o.nonces
			}
		}
	}
}

func readFile(path string) (set, error) {
	var s set
	text, err := readLimited(path, specFileMax, func(*os.File) error { return nil })
	if err != nil {
		return nil, err
	}
	for number, content := range strings.Split(text, "\n") {
		content, _, _ = strings.Cut(content, "#")
		if content = strings.TrimSpace(content); content == "" {
			continue
		}
		e, err := newEntry(content)
		if err == nil {
			err = s.add(e)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, number+1, err)
		}
	}
	if len(s) == 0 {
		return nil, fmt.Errorf("%s: there is no config in it", path)
	}
	return s, nil
}

func readSet(spec string) (set, error) {
	if spec == "" || spec[0] < '0' || spec[0] > '9' {
		return readFile(spec)
	}
	e, err := newEntry(spec)
	return set{e}, err
}

// Source has the configs of one server: the last line of a file mints, all of them decode. Goroutines may share it.
type Source struct {
	spec   string
	reload sync.Mutex // of set's writers, and of fixed
	set    atomic.Pointer[set]
	fixed  int // the length of all CIDs, or 0
}

// Open reads one config, ID:SERVER-ID:NONCE-LENGTH[,self-len][:KEY-FILE], or, if spec does not begin with a digit, the file of that
// name, with such lines, empty ones and "#" comments. Take nonces of 8 octets or more: then CIDs do not repeat after a restart.
func Open(spec string) (*Source, error) {
	s, err := readSet(spec)
	if err != nil {
		return nil, err
	}
	source := &Source{spec: spec}
	source.set.Store(&s)
	return source, nil
}

// Reload reads the files again. It returns true if another config mints now. What there was stays after an error; a config that is still
// there goes on with its nonces.
func (s *Source) Reload() (bool, error) {
	next, err := readSet(s.spec)
	if err != nil {
		return false, err
	}
	s.reload.Lock()
	defer s.reload.Unlock()
	if s.fixed != 0 && next.newest().CIDLen() != s.fixed {
		return false, fmt.Errorf("%s: connection IDs of the new config would have %d octets, and this QUIC library can have one length "+
			"only, which is %d; choose another nonce length", s.spec, next.newest().CIDLen(), s.fixed)
	}
	old := *s.set.Load()
	next.keepNonces(old)
	s.set.Store(&next)
	n, o := next.newest(), old.newest()
	return !n.same(o.Config) || !bytes.Equal(n.serverID, o.serverID), nil
}

// Mint makes a fresh CID. When all nonces of the newest config are used up, CIDs of the same length with the reserved config ID 0b111 are
// made, which a director routes by address: watch NoncesLeft.
func (s *Source) Mint() ([]byte, error) { return s.set.Load().newest().mint() }

// CIDLen is the length of the CIDs that are minted now.
func (s *Source) CIDLen() int { return s.set.Load().newest().CIDLen() }

// NoncesLeft is how many CIDs the newest config can still make; without a key, always the largest number.
func (s *Source) NoncesLeft() uint64 { return s.set.Load().newest().left() }

// LenOf returns the length of this server's CIDs with that first octet, or 0, for reading short headers.
func (s *Source) LenOf(firstOctet byte) int {
	if firstOctet>>5 == unroutable {
		if length := 1 + int(firstOctet&0x1f); length <= CIDLenMax {
			return length
		}
		return 0
	}
	if e := s.set.Load().find(firstOctet); e != nil {
		return e.CIDLen()
	}
	return 0
}

// Check says what a CID is to this server. A CID with 0b111 is as good as any as long as there is nothing better.
func (s *Source) Check(cid []byte) State {
	set := *s.set.Load()
	if len(cid) == 0 {
		return Foreign
	}
	if cid[0]>>5 == unroutable {
		if set.newest().left() > 0 {
			return Old
		}
		return Current
	}
	e := set.find(cid[0])
	if e == nil {
		return Foreign
	}
	serverID, _, err := e.Decode(cid)
	switch {
	case err != nil || !bytes.Equal(serverID, e.serverID):
		return Foreign
	case e == set.newest():
		return Current
	}
	return Old
}

// Generator is a source for a QUIC library whose CIDs all have one length and a type of their own, such as quic-go's. It is a
// quic.ConnectionIDGenerator if ID is quic.ConnectionID.
type Generator[ID any] struct {
	source  *Source
	length  int
	convert func([]byte) ID
}

// For makes a generator: quiclb.For(source, quic.ConnectionIDFromBytes). From then on Reload refuses configs of another length.
func For[ID any](source *Source, convert func([]byte) ID) *Generator[ID] {
	source.reload.Lock()
	defer source.reload.Unlock()
	source.fixed = source.CIDLen()
	return &Generator[ID]{source: source, length: source.fixed, convert: convert}
}

// GenerateConnectionID makes a fresh CID.
func (g *Generator[ID]) GenerateConnectionID() (ID, error) {
	cid, err := g.source.Mint()
	if err != nil {
		var none ID
		return none, err
	}
	return g.convert(cid), nil
}

// ConnectionIDLen is the length of all CIDs.
func (g *Generator[ID]) ConnectionIDLen() int { return g.length }
