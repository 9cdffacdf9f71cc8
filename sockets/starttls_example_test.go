package sockets_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"time"

	"applayer/sockets"
)

// A client and a server agree in plain text to go on under TLS. Each says how
// much it holds of what came before the handshake: that would be taken for
// what the other said under TLS.
func ExampleConn_StartTLS() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	serverTLS, clientTLS, err := throwAway("localhost")
	if err != nil {
		fmt.Println(err)
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	s := &sockets.Server{Handler: sockets.HandlerFunc(func(ctx context.Context, c *sockets.Conn) {
		r := bufio.NewReader(c)
		if line, err := r.ReadString('\n'); err != nil || line != "STARTTLS\n" {
			return
		}
		if r.Buffered() > 0 {
			return // pipelined behind the command: it would pass for TLS's
		}
		io.WriteString(c, "OK\n")
		if err := c.StartTLS(ctx, serverTLS, sockets.SideServer, r.Buffered()); err != nil {
			return
		}
		io.WriteString(c, "HELLO\n")
	})}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()

	nc, err := new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	c := sockets.NewConn(nc, nil)
	defer c.Close()
	defer sockets.WithContext(ctx, c)()
	io.WriteString(c, "STARTTLS\n")
	r := bufio.NewReader(c)
	line, err := r.ReadString('\n')
	fmt.Printf("%q %v\n", line, err)
	if err := c.StartTLS(ctx, clientTLS, sockets.SideClient, r.Buffered()); err != nil {
		fmt.Println(err)
		return
	}
	line, err = r.ReadString('\n')
	state, ok := c.TLS()
	fmt.Printf("%q %v, TLS %v with %s\n", line, err, ok, state.ServerName)
	fmt.Println(s.Shutdown(ctx), <-served)
	// Output:
	// "OK\n" <nil>
	// "HELLO\n" <nil>, TLS true with localhost
	// <nil> sockets: server closed
}

// throwAway makes a certificate for name that only the client configuration
// beside it trusts.
func throwAway(name string) (server, client *tls.Config, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	server = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	return server, &tls.Config{RootCAs: roots, ServerName: name}, nil
}
