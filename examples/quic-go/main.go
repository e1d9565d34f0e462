// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

// quic-go serves a directory over HTTP/3 behind a director.
//
//	quic-go [-retry] VIP:443 0:0a01:8:/etc/quiclb.key cert.pem key.pem /srv/www
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"quiclb"
)

// newTransport binds to the VIP itself: a socket of the wildcard address would answer from the address of the device by which a datagram
// came, which is the tunnel's.
func newTransport(address string, generator quic.ConnectionIDGenerator) (*quic.Transport, error) {
	udp, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, err
	}
	if udp.IP == nil || udp.IP.IsUnspecified() {
		return nil, fmt.Errorf("%s: name the VIP, not the wildcard address", address)
	}
	conn, err := net.ListenUDP("udp", udp)
	if err != nil {
		return nil, err
	}
	return &quic.Transport{Conn: conn, ConnectionIDGenerator: generator}, nil
}

// reloadOnHangup rotates: append a line to the file of configs, and send SIGHUP.
func reloadOnHangup(source *quiclb.Source) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	for range hangup {
		if _, err := source.Reload(); err != nil {
			log.Print(err)
		}
	}
}

func run(retry bool, address, configs, cert, key, root string) error {
	certificate, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return err
	}
	source, err := quiclb.Open(configs)
	if err != nil {
		return err
	}
	transport, err := newTransport(address, quiclb.For(source, quic.ConnectionIDFromBytes))
	if err != nil {
		return err
	}
	transport.VerifySourceAddress = func(net.Addr) bool { return retry }
	go reloadOnHangup(source)
	listener, err := transport.ListenEarly(http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{certificate}}), nil)
	if err != nil {
		return err
	}
	server := http3.Server{Handler: http.FileServer(http.Dir(root))}
	return server.ServeListener(listener)
}

func main() {
	retry := flag.Bool("retry", false, "have each client's address validated by a Retry")
	flag.Parse()
	if flag.NArg() != 5 {
		log.Fatal("usage: quic-go [-retry] VIP:PORT CONFIG CERT KEY DIRECTORY")
	}
	log.Fatal(run(*retry, flag.Arg(0), flag.Arg(1), flag.Arg(2), flag.Arg(3), flag.Arg(4)))
}
