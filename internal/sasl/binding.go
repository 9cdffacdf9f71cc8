package sasl

import (
	"crypto"
	_ "crypto/sha512" // certificates signed with SHA-384 and SHA-512
	"crypto/tls"
	"crypto/x509"
)

// Binding is a channel binding: octets that both ends of a TLS connection know
// and that are others on any other connection (RFC 5056). The zero value is
// none.
type Binding struct {
	Type string // as in "tls-exporter"
	Data []byte
}

// Types of channel bindings.
const (
	typeExporter       = "tls-exporter"         // RFC 9266 §2
	typeUnique         = "tls-unique"           // RFC 5929 §3
	typeServerEndPoint = "tls-server-end-point" // RFC 5929 §4
)

// ClientBinding returns what a client binds to: tls-exporter on TLS 1.3,
// tls-unique before, as the default is (RFC 9266 §3, RFC 5802 §6.1), else the
// server's certificate. The zero value means that there is nothing.
func ClientBinding(state *tls.ConnectionState) Binding {
	if state == nil || len(state.PeerCertificates) == 0 {
		return Binding{}
	}
	all := bindings(state, state.PeerCertificates[0])
	if len(all) == 0 {
		return Binding{}
	}
	return all[0]
}

// ServerBindings returns all that a server takes on a connection, nil without
// TLS. Connections tell their state by the methods of a *sockets.Conn.
func ServerBindings(c interface {
	TLS() (tls.ConnectionState, bool)
	Certificate() *x509.Certificate // shown by this end; nil if that is not known
}) []Binding {
	state, ok := c.TLS()
	if !ok {
		return nil
	}
	return bindings(&state, c.Certificate())
}

// bindings returns all that there are, the default first.
func bindings(state *tls.ConnectionState, server *x509.Certificate) (all []Binding) {
	if !state.HandshakeComplete {
		return nil
	}
	// The exporter fails where the connection's secrets may not be unique:
	// without the extended master secret (RFC 7627), and where the peer may
	// renegotiate. Then tls-unique is not good either (RFC 7677 §4).
	exported, err := state.ExportKeyingMaterial("EXPORTER-Channel-Binding", []byte{}, 32)
	if err == nil {
		if len(state.TLSUnique) > 0 { // TLS 1.3 has none
			all = append(all, Binding{typeUnique, state.TLSUnique})
		}
		all = append(all, Binding{typeExporter, exported})
	}
	if server == nil {
		return all
	}
	if h := endPointHash(server.SignatureAlgorithm); h != 0 {
		sum := h.New()
		sum.Write(server.Raw)
		all = append(all, Binding{typeServerEndPoint, sum.Sum(nil)})
	}
	return all
}

// endPointHash returns the hash that tls-server-end-point is made with, that of
// the certificate's signature or a better one; 0 where there is none, as with
// Ed25519 (RFC 5929 §4.1).
func endPointHash(a x509.SignatureAlgorithm) crypto.Hash {
	switch a {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1,
		x509.SHA256WithRSA, x509.SHA256WithRSAPSS, x509.DSAWithSHA256, x509.ECDSAWithSHA256:
		return crypto.SHA256
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		return crypto.SHA384
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		return crypto.SHA512
	}
	return 0
}
