package sockets_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// Whichever way a server comes to its certificate, the connection tells the one
// that the client saw.
func TestCertificate(t *testing.T) {
	first, _ := testkit.Certificate(t, "first.example")
	second, _ := testkit.Certificate(t, "second.example")
	fallback := func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil }
	bySNI := func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if hello.ServerName == "second.example" {
			return &second.Certificates[0], nil
		}
		return &first.Certificates[0], nil
	}
	tests := []struct {
		name   string
		server *tls.Config
		asked  string
		want   *tls.Config // whose certificate; nil for a handshake that fails
	}{
		{"one", first, "first.example", first},
		{"one, and asked for another", first, "second.example", first},
		{"the one that fits", &tls.Config{Certificates: []tls.Certificate{first.Certificates[0], second.Certificates[0]}}, "second.example", second},
		{"none that fits", &tls.Config{Certificates: []tls.Certificate{first.Certificates[0], second.Certificates[0]}}, "third.example", first},
		{"GetCertificate", &tls.Config{GetCertificate: bySNI}, "second.example", second},
		{"GetCertificate without a name", &tls.Config{GetCertificate: bySNI, Certificates: second.Certificates}, "", second},
		{"GetCertificate that leaves it to Certificates", &tls.Config{GetCertificate: fallback, Certificates: second.Certificates}, "x.example", second},
		{"GetConfigForClient", &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return second, nil }}, "x.example", second},
		{"GetConfigForClient that leaves it", &tls.Config{Certificates: first.Certificates, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, nil }}, "x.example", first},
		{"GetConfigForClient that fails", &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, errors.New("no") }}, "x.example", nil},
		{"nothing", &tls.Config{}, "x.example", nil},
		{"nothing in the end", &tls.Config{GetCertificate: fallback}, "x.example", nil},
		{"TLS 1.2", &tls.Config{GetCertificate: bySNI, MaxVersion: tls.VersionTLS12}, "second.example", second},
	}
	for _, implicit := range []bool{false, true} {
		for _, tt := range tests {
			name := "STARTTLS " + tt.name
			if implicit {
				name = "implicit " + tt.name
			}
			t.Run(name, func(t *testing.T) {
				shown := make(chan []byte, 1)
				tell := func(c *sockets.Conn) {
					var raw []byte
					if certificate := c.Certificate(); certificate != nil {
						raw = certificate.Raw
					}
					shown <- raw
				}
				client, server := testkit.Pipe()
				go func() {
					if implicit {
						s := sockets.Server{TLSConfig: tt.server, Handler: sockets.HandlerFunc(func(_ context.Context, c *sockets.Conn) { tell(c) })}
						if s.ServeConn(t.Context(), server) != nil {
							shown <- nil
						}
						return
					}
					c := sockets.NewConn(server, nil)
					defer c.Close()
					_ = c.StartTLS(t.Context(), tt.server, sockets.SideServer, 0)
					tell(c)
				}()
				c := sockets.NewConn(client, nil)
				defer c.Close()
				err := c.StartTLS(t.Context(), &tls.Config{ServerName: tt.asked, InsecureSkipVerify: true}, sockets.SideClient, 0)
				if tt.want == nil {
					require.Error(t, err)
					assert.Nil(t, <-shown)
					return
				}
				require.NoError(t, err)
				raw := <-shown
				assert.Equal(t, tt.want.Certificates[0].Certificate[0], raw)
				state, _ := c.TLS()
				assert.Equal(t, state.PeerCertificates[0].Raw, raw)
				assert.Nil(t, c.Certificate(), "the client has shown none")
			})
		}
	}
}

func TestCertificateWithoutTLS(t *testing.T) {
	nc, other := net.Pipe()
	defer other.Close()
	c := sockets.NewConn(nc, nil)
	defer c.Close()
	assert.Nil(t, c.Certificate())
}
