package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"slices"

	"applayer/examples/internal/cli"
)

// account is where a server is, and who one is there.
type account struct {
	addr, user, password string
	mode, ca             string
	upgrade              string // the mode that begins in the clear: starttls or stls
}

// flags declares the flags of an account.
func (a *account) flags(fs *flag.FlagSet, upgrade, addrUsage string) {
	a.upgrade = upgrade
	fs.StringVar(&a.addr, "server", "", addrUsage)
	fs.StringVar(&a.mode, "tls", "auto", "`MODE` of TLS: auto (from the start on the port for it, else if the server offers it), "+upgrade+", implicit or off")
	fs.StringVar(&a.ca, "ca", "", "`FILE` of certificates (PEM) to trust in place of the system's")
	fs.StringVar(&a.user, "user", "", "log in as `U`")
	fs.StringVar(&a.password, "pass", "", "with the password `P`")
}

// check looks for wrong usage.
func (a *account) check() error {
	if a.addr != "" {
		if _, _, err := net.SplitHostPort(a.addr); err != nil {
			return cli.Usagef("-server %s: give host:port", a.addr)
		}
	}
	switch {
	case !slices.Contains([]string{"auto", a.upgrade, "implicit", "off"}, a.mode):
		return cli.Usagef("-tls %s: is none of auto, %s, implicit and off", a.mode, a.upgrade)
	case (a.user == "") != (a.password == ""):
		return cli.Usagef("-user and -pass: one is not enough")
	}
	return nil
}

// implicit tells whether the session begins with TLS: where that was asked for, or
// the port is one for it.
func (a *account) implicit(ports ...string) bool {
	_, port, _ := net.SplitHostPort(a.addr)
	return a.mode == "implicit" || a.mode == "auto" && slices.Contains(ports, port)
}

// config is the TLS with the server.
func (a *account) config() (*tls.Config, error) {
	host, _, err := net.SplitHostPort(a.addr)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{ServerName: host}
	if a.ca == "" {
		return c, nil
	}
	pem, err := os.ReadFile(a.ca)
	if err != nil {
		return nil, err
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: %w", a.ca, errors.New("no certificate in it"))
	}
	return c, nil
}
