package sasl_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/sasl"
	"applayer/internal/testkit"
)

// secured is the server's end of a TLS connection, as sockets gives it.
type secured struct {
	*tls.Conn
	shown *x509.Certificate
}

func (s secured) TLS() (tls.ConnectionState, bool) {
	return s.ConnectionState(), s.ConnectionState().HandshakeComplete
}

func (s secured) Certificate() *x509.Certificate { return s.shown }

// handshake returns both ends after a handshake.
func handshake(t *testing.T, serverConfig, clientConfig *tls.Config) (client *tls.Conn, server secured) {
	t.Helper()
	a, b := testkit.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	c, s := tls.Client(a, clientConfig), tls.Server(b, serverConfig)
	done := make(chan error, 1)
	go func() { done <- s.HandshakeContext(t.Context()) }()
	require.NoError(t, c.HandshakeContext(t.Context()))
	require.NoError(t, <-done)
	return c, secured{s, c.ConnectionState().PeerCertificates[0]}
}

func types(all []sasl.Binding) (names []string) {
	for _, b := range all {
		names = append(names, b.Type)
	}
	return names
}

func TestBindings(t *testing.T) {
	for _, tt := range []struct {
		name    string
		version uint16
		want    []string
	}{
		{"9266-3 TLS 1.3", tls.VersionTLS13, []string{"tls-exporter", "tls-server-end-point"}},
		{"5802-6.1 TLS 1.2", tls.VersionTLS12, []string{"tls-unique", "tls-exporter", "tls-server-end-point"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			serverConfig, clientConfig := testkit.Certificate(t)
			serverConfig.MaxVersion = tt.version
			client, server := handshake(t, serverConfig, clientConfig)
			state := client.ConnectionState()
			bound, all := sasl.ClientBinding(&state), sasl.ServerBindings(server)
			assert.Equal(t, tt.want, types(all))
			assert.Equal(t, all[0], bound, "both ends know the same")
			for _, b := range all {
				assert.GreaterOrEqual(t, len(b.Data), 12, b.Type)
			}
			server.shown = nil
			assert.Equal(t, tt.want[:len(tt.want)-1], types(sasl.ServerBindings(server)), "5929-4 a certificate that nobody saw")

			// Another connection of the two has others.
			client2, server2 := handshake(t, serverConfig, clientConfig)
			state2 := client2.ConnectionState()
			assert.NotEqual(t, bound.Data, sasl.ClientBinding(&state2).Data)
			assert.Equal(t, all[len(all)-1], sasl.ServerBindings(server2)[len(all)-1], "the same server")
		})
	}
}

// A whole login over TLS, and one with somebody in the middle, who has a
// certificate that the client trusts and passes all on.
func TestBindingInTheMiddle(t *testing.T) {
	serverConfig, clientConfig := testkit.Certificate(t)
	client, middleServer := handshake(t, serverConfig, clientConfig)
	_, server := handshake(t, serverConfig, clientConfig)
	state := client.ConnectionState()
	v := verifier(t, crypto.SHA256, "QSXCR+Q6sek8bf92", 4096)
	login := func(at secured) error {
		c := &sasl.SCRAMClient{Hash: crypto.SHA256, User: "user", Password: "pencil", Binding: sasl.ClientBinding(&state), Plus: true}
		s := &sasl.SCRAMServer{Hash: crypto.SHA256, Plus: true, Bindings: sasl.ServerBindings(at), Lookup: lookup(v)}
		_, clientErr, serverErr := run(t, c, s)
		require.NoError(t, clientErr)
		return serverErr
	}
	assert.NoError(t, login(middleServer), "he himself could log him in")
	assert.ErrorIs(t, login(server), sasl.ErrRefused)
}

// Where the peer may renegotiate no secret is that of the connection
// (RFC 9266 §4.2), and only the certificate is left.
func TestBindingRenegotiation(t *testing.T) {
	serverConfig, clientConfig := testkit.Certificate(t)
	serverConfig.MaxVersion = tls.VersionTLS12
	clientConfig.Renegotiation = tls.RenegotiateOnceAsClient
	client, _ := handshake(t, serverConfig, clientConfig)
	state := client.ConnectionState()
	assert.Equal(t, "tls-server-end-point", sasl.ClientBinding(&state).Type)
}

func TestBindingNone(t *testing.T) {
	assert.Zero(t, sasl.ClientBinding(nil))
	assert.Zero(t, sasl.ClientBinding(&tls.ConnectionState{}))
	assert.Zero(t, sasl.ClientBinding(&tls.ConnectionState{PeerCertificates: []*x509.Certificate{{}}}))
	a, b := testkit.Pipe()
	defer a.Close()
	assert.Nil(t, sasl.ServerBindings(secured{Conn: tls.Server(b, &tls.Config{})}))
}

// The hash of tls-server-end-point is that of the certificate's signature, and
// SHA-256 for those that are too weak (RFC 5929 §4.1).
func TestBindingServerEndPoint(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	sum256 := func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }
	sum384 := func(b []byte) []byte { s := sha512.Sum384(b); return s[:] }
	sum512 := func(b []byte) []byte { s := sha512.Sum512(b); return s[:] }
	for _, tt := range []struct {
		key       crypto.Signer
		algorithm x509.SignatureAlgorithm
		want      func([]byte) []byte
	}{
		{p256, x509.ECDSAWithSHA256, sum256},
		{p256, x509.ECDSAWithSHA384, sum384},
		{p256, x509.ECDSAWithSHA512, sum512},
		{rsaKey, x509.SHA256WithRSA, sum256},
		{rsaKey, x509.SHA384WithRSAPSS, sum384},
		{rsaKey, x509.SHA512WithRSA, sum512},
		{edKey, x509.PureEd25519, nil}, // it has no hash
	} {
		t.Run(tt.algorithm.String(), func(t *testing.T) {
			template := &x509.Certificate{
				SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, SignatureAlgorithm: tt.algorithm,
				NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			}
			der, err := x509.CreateCertificate(rand.Reader, template, template, tt.key.Public(), tt.key)
			require.NoError(t, err)
			config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: tt.key}}}
			_, server := handshake(t, config, &tls.Config{InsecureSkipVerify: true})
			all := sasl.ServerBindings(server)
			if tt.want == nil {
				assert.Equal(t, []string{"tls-exporter"}, types(all))
				return
			}
			assert.Equal(t, sasl.Binding{Type: "tls-server-end-point", Data: tt.want(der)}, all[1])
		})
	}
}
