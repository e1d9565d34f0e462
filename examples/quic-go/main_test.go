// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"quiclb"
)

const cidLen = 11

// recorder remembers the destination CIDs of what a client sends, in its order.
type recorder struct {
	*net.UDPConn
	lock sync.Mutex
	long [][]byte
	next map[string]bool // of short headers
}

func (r *recorder) note(datagram []byte) {
	r.lock.Lock()
	defer r.lock.Unlock()
	if datagram[0]&0x80 == 0 {
		r.next[string(datagram[1:1+cidLen])] = true
	} else {
		r.long = append(r.long, append([]byte{}, datagram[6:6+datagram[5]]...))
	}
}

func (r *recorder) WriteTo(datagram []byte, to net.Addr) (int, error) {
	r.note(datagram)
	return r.UDPConn.WriteTo(datagram, to)
}

func (r *recorder) WriteMsgUDP(datagram, oob []byte, to *net.UDPAddr) (int, int, error) {
	r.note(datagram)
	return r.UDPConn.WriteMsgUDP(datagram, oob, to)
}

func certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, NextProtos: []string{"echo"}}
}

// serve answers each stream with what it was sent.
func serve(t *testing.T, g quic.ConnectionIDGenerator, retry bool) net.Addr {
	t.Helper()
	transport, err := newTransport("127.0.0.1:0", g)
	if err != nil {
		t.Fatal(err)
	}
	transport.VerifySourceAddress = func(net.Addr) bool { return retry }
	listener, err := transport.Listen(certificate(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { transport.Close(); transport.Conn.Close() })
	go func() {
		for {
			conn, err := listener.Accept(context.Background())
			if err != nil {
				return
			}
			go func() {
				for {
					stream, err := conn.AcceptStream(context.Background())
					if err != nil {
						return
					}
					_, _ = io.Copy(stream, stream)
					stream.Close()
				}
			}()
		}
	}()
	return listener.Addr()
}

func listen(t *testing.T) *recorder {
	t.Helper()
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { udp.Close() })
	return &recorder{UDPConn: udp, next: map[string]bool{}}
}

func ask(t *testing.T, ctx context.Context, conn *quic.Conn) {
	t.Helper()
	stream, err := conn.OpenStreamSync(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = stream.Write([]byte("ping"))
	stream.Close()
	answer, err := io.ReadAll(stream)
	if err != nil || string(answer) != "ping" {
		t.Fatalf("%q, %v", answer, err)
	}
}

// visit makes a connection and moves it to another socket, whose CIDs are those of NEW_CONNECTION_ID frames.
func visit(t *testing.T, address net.Addr) (first, second *recorder) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	first, second = listen(t), listen(t)
	transport := &quic.Transport{Conn: first}
	defer transport.Close()
	conn, err := transport.Dial(ctx, address, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"echo"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ask(t, ctx, conn)
	other := &quic.Transport{Conn: second}
	defer other.Close()
	path, err := conn.AddPath(other)
	if err != nil {
		t.Fatal(err)
	}
	if err = path.Probe(ctx); err != nil {
		t.Fatal(err)
	}
	if err = path.Switch(); err != nil {
		t.Fatal(err)
	}
	ask(t, ctx, conn)
	_ = conn.CloseWithError(0, "")
	return first, second
}

func TestConnectionIDs(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("8f95f09245765f80256934e50c66207f"), 0o600); err != nil {
		t.Fatal(err)
	}
	source, err := quiclb.Open("0:0a01:8:" + key)
	if err != nil {
		t.Fatal(err)
	}
	encrypted := func(cid []byte) bool { return source.Check(cid) == quiclb.Current }
	plain := func(cid []byte) bool { return len(cid) == cidLen && bytes.HasPrefix(cid, []byte{0, 0x0a, 0x01}) }
	for _, retry := range []bool{false, true} {
		checkServer(t, "package quiclb", quiclb.For(source, quic.ConnectionIDFromBytes), encrypted, retry)
		checkServer(t, "twenty lines", generator{[2]byte{0x0a, 0x01}}, plain, retry)
	}
}

// checkServer: all that a client sends leads to the server, but for its first packets, whose CID is its own choice. With a Retry, the
// second packet has the Retry's.
func checkServer(t *testing.T, name string, g quic.ConnectionIDGenerator, ours func([]byte) bool, retry bool) {
	t.Helper()
	first, second := visit(t, serve(t, g, retry))
	random := 0
	for random < len(first.long) && bytes.Equal(first.long[random], first.long[0]) {
		random++
	}
	cids := append([][]byte{}, first.long[random:]...)
	for _, r := range []*recorder{first, second} {
		if len(r.next) == 0 {
			t.Errorf("%s: there were no short headers", name)
		}
		for cid := range r.next {
			cids = append(cids, []byte(cid))
		}
	}
	fresh := 0
	for cid := range second.next {
		if !first.next[cid] {
			fresh++
		}
	}
	if fresh == 0 {
		t.Errorf("%s: the client has moved without a CID of a NEW_CONNECTION_ID frame", name)
	}
	different := map[string]bool{}
	for _, cid := range cids {
		different[string(cid)] = true
		if !ours(cid) {
			t.Errorf("%s, retry %v: %x leads elsewhere", name, retry, cid)
		}
	}
	// of the handshake, and of the move; with a Retry, its own
	if least := map[bool]int{false: 2, true: 3}[retry]; len(different) < least {
		t.Errorf("%s, retry %v: only %d CIDs", name, retry, len(different))
	}
}

func TestWildcard(t *testing.T) {
	for _, address := range []string{":4433", "0.0.0.0:4433", "[::]:4433"} {
		if transport, err := newTransport(address, nil); err == nil {
			transport.Conn.Close()
			t.Errorf("%s is not refused", address)
		}
	}
}

// published is the arithmetic of the generator that was published with kyache (its example/cidgen.go, of 2025): two octets of the
// address and then two of the port are shifted into a number that has 16 bits.
func published(address net.IP, port int, clock byte) []byte {
	id := binary.BigEndian.Uint16(address.To4()[2:])
	for _, octet := range []byte{byte(port), byte(port >> 8)} {
		id = id<<8 | uint16(octet)
	}
	return append(binary.BigEndian.AppendUint16([]byte{0}, id), 0, 0, 0, 0, clock)
}

// With it all servers on port 443 have the same ID, so a director cannot tell them apart; and there are 256 CIDs in all, so two clients of a
// server get the same one.
func TestPublishedGenerator(t *testing.T) {
	config, err := quiclb.NewConfig(0, 2, 5, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	cids := map[string]bool{}
	for host := 1; host < 255; host++ {
		for clock := 0; clock < 256; clock++ {
			cid := published(net.IPv4(10, 0, 3, byte(host)), 443, byte(clock))
			serverID, _, err := config.Decode(cid)
			if err != nil || hex.EncodeToString(serverID) != "bb01" {
				t.Fatalf("10.0.3.%d: %x: %x, %v", host, cid, serverID, err)
			}
			cids[string(cid)] = true
		}
	}
	if len(cids) != 256 {
		t.Errorf("%d CIDs, not 256", len(cids))
	}
	one, another := generator{[2]byte{0x0a, 0x01}}, generator{[2]byte{0x0a, 0x02}}
	a, _ := one.GenerateConnectionID()
	b, _ := another.GenerateConnectionID()
	if bytes.Equal(a.Bytes()[1:3], b.Bytes()[1:3]) || bytes.Equal(a.Bytes()[3:], b.Bytes()[3:]) {
		t.Errorf("two servers: %s and %s", a, b)
	}
}
