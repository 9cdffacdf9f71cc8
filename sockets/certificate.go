package sockets

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
)

var errNoCertificate = errors.New("sockets: no certificate for the client")

// Certificate returns the certificate that this end has shown as a server of
// TLS, which the state of TLS does not tell: logins may be tied to it, as
// RFC 5929 §4 has it. It is nil where none was shown: without TLS, at a client,
// and in a session that goes on from another.
func (c *Conn) Certificate() *x509.Certificate {
	if c.tls.Load() == nil || c.shown == nil {
		return nil
	}
	// Not its Leaf, which a program may have set to anything.
	certificate, err := x509.ParseCertificate(c.shown)
	if err != nil {
		return nil
	}
	return certificate
}

// shownBy is the key of a handshake's context for the *Conn that it is for.
type shownBy struct{}

// watched returns a copy of a server's configuration that tells the Conn in a
// handshake's context which certificate is shown.
func watched(config *tls.Config) *tls.Config {
	if config == nil {
		return nil
	}
	given := config.Clone()
	config = config.Clone()
	if len(given.Certificates) > 0 || given.GetCertificate != nil {
		config.Certificates = nil // or GetCertificate would not always be asked
		config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			shown, err := choose(given, hello)
			if c, ok := hello.Context().Value(shownBy{}).(*Conn); ok && err == nil && len(shown.Certificate) > 0 {
				c.shown = shown.Certificate[0]
			}
			return shown, err
		}
	}
	if given.GetConfigForClient != nil {
		config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			special, err := given.GetConfigForClient(hello)
			if special == nil || err != nil {
				return special, err
			}
			return watched(special), nil
		}
	}
	return config
}

// choose returns the certificate for a client as crypto/tls does: that of
// GetCertificate, if it is asked and has one, else the first that fits, else the
// first.
func choose(config *tls.Config, hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if config.GetCertificate != nil && (len(config.Certificates) == 0 || hello.ServerName != "") {
		certificate, err := config.GetCertificate(hello)
		if certificate != nil || err != nil {
			return certificate, err
		}
	}
	if len(config.Certificates) == 0 {
		return nil, errNoCertificate
	}
	for i := range config.Certificates {
		if hello.SupportsCertificate(&config.Certificates[i]) == nil {
			return &config.Certificates[i], nil
		}
	}
	return &config.Certificates[0], nil
}
