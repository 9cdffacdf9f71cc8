package testkit_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
)

func TestCertificate(t *testing.T) {
	tests := []struct {
		name    string
		names   []string
		dialled string // "" leaves the client's ServerName
		trusted bool
	}{
		{"localhost without names", nil, "", true},
		{"IPv4 loopback without names", nil, "127.0.0.1", true},
		{"IPv6 loopback without names", nil, "::1", true},
		{"the first name is the client's", []string{"mail.example.org", "example.org"}, "", true},
		{"a further name", []string{"mail.example.org", "192.0.2.1"}, "192.0.2.1", true},
		{"another name", []string{"mail.example.org"}, "example.org", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server, client := testkit.Certificate(t, tt.names...)
			if tt.dialled != "" {
				client.ServerName = tt.dialled
			}
			err := handshake(t, server, client)
			if tt.trusted {
				assert.NoError(t, err)
				return
			}
			assert.ErrorAs(t, err, new(x509.HostnameError))
		})
	}
}

func TestCertificateOfAnotherAuthority(t *testing.T) {
	server, client := testkit.Certificate(t)
	client.RootCAs = x509.NewCertPool()
	err := handshake(t, server, client)
	assert.ErrorAs(t, err, new(x509.UnknownAuthorityError))
}

// handshake returns the client's error.
func handshake(t *testing.T, server, client *tls.Config) error {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		tls.Server(nc, server).Handshake() // the client's result is judged
	}()
	nc, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer nc.Close()
	return tls.Client(nc, client).HandshakeContext(t.Context())
}
