package sasl_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/sasl"
)

// The exchanges of RFC 5802 §5 and RFC 7677 §3: user, pencil.
var vectors = []struct {
	name                     string
	hash                     crypto.Hash
	mechanism                string
	clientNonce, serverNonce string
	salt                     string
	clientFirst, serverFirst string
	clientFinal, serverFinal string
}{
	{
		"5802-5", crypto.SHA1, "SCRAM-SHA-1",
		"fyko+d2lbbFgONRv9qkxdawL", "3rfcNHYJY1ZVvWVs7j", "QSXCR+Q6sek8bf92",
		"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
		"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
		"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
		"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
	},
	{
		"7677-3", crypto.SHA256, "SCRAM-SHA-256",
		"rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", "W22ZaJ0SNY7soEsUEjb6gQ==",
		"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
		"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
		"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
	},
}

// verifier is what a server keeps of the password pencil.
func verifier(t testing.TB, hash crypto.Hash, salt string, iterations int) sasl.Verifier {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(salt)
	require.NoError(t, err)
	v, err := sasl.NewVerifier(hash, "pencil", raw, iterations)
	require.NoError(t, err)
	return v
}

// lookup knows one user, called user, who has v.
func lookup(v sasl.Verifier) func(ctx context.Context, identity, user string) (sasl.Verifier, error) {
	return func(_ context.Context, _, user string) (sasl.Verifier, error) {
		switch user {
		case "user":
			return v, nil
		case "down":
			return sasl.Verifier{}, errDown
		}
		return sasl.Verifier{}, sasl.ErrRefused
	}
}

func TestSCRAMVectors(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			c := &sasl.SCRAMClient{Hash: v.hash, User: "user", Password: "pencil"}
			c.SetNonce(v.clientNonce)
			mechanism, initial, err := c.Start()
			require.NoError(t, err)
			assert.Equal(t, v.mechanism, mechanism)
			assert.Equal(t, v.clientFirst, string(initial))
			final, err := c.Next([]byte(v.serverFirst), true)
			require.NoError(t, err)
			assert.Equal(t, v.clientFinal, string(final))
			empty, err := c.Next([]byte(v.serverFinal), true)
			require.NoError(t, err)
			assert.NotNil(t, empty)
			assert.Empty(t, empty)
			_, err = c.Next(nil, false)
			assert.NoError(t, err)
			_, err = c.Next([]byte(v.serverFinal), false)
			assert.Error(t, err, "something behind the proof")

			s := &sasl.SCRAMServer{Hash: v.hash, Lookup: lookup(verifier(t, v.hash, v.salt, 4096))}
			s.SetNonce(v.serverNonce)
			assert.Equal(t, v.mechanism, s.Mechanism())
			steps(t, s, []step{
				{nil, "", "", nil}, // no initial response
				{[]byte(v.clientFirst), v.serverFirst, "", nil},
				{[]byte(v.clientFinal), v.serverFinal, "user", nil},
				{[]byte(v.clientFirst), v.serverFirst, "", nil}, // another exchange
				{[]byte(v.clientFinal), v.serverFinal, "user", nil},
			})
		})
	}
}

// What a server sends with its success, in protocols that can, is looked at too.
func TestSCRAMClientSuccessData(t *testing.T) {
	v := vectors[1]
	start := func() *sasl.SCRAMClient {
		c := &sasl.SCRAMClient{Hash: v.hash, User: "user", Password: "pencil"}
		c.SetNonce(v.clientNonce)
		_, _, err := c.Start()
		require.NoError(t, err)
		_, err = c.Next([]byte(v.serverFirst), true)
		require.NoError(t, err)
		return c
	}
	_, err := start().Next([]byte(v.serverFinal), false)
	assert.NoError(t, err)
	_, err = start().Next([]byte("v=AAAA"), false)
	assert.ErrorIs(t, err, sasl.ErrNotProved)
	_, err = start().Next(nil, false)
	assert.ErrorIs(t, err, sasl.ErrNotProved)
}

// A server that is not what it says, or asks for what nobody should do
// (CVE-2026-42256: iterations without a bound).
func TestSCRAMClientRefuses(t *testing.T) {
	v := vectors[1]
	const nonce = "r=rOprNGfwEbeRWgbNEkqO%hv"
	tests := []struct {
		name, first, final string
		want               error
	}{
		{"5802-5.1 another nonce", "r=sOprNGfwEbeRWgbNEkqO%hv,s=W22Z,i=4096", "", sasl.ErrChallenge},
		{"5802-5.1 our nonce and nothing else", "r=rOprNGfwEbeRWgbNEkqO,s=W22Z,i=4096", "", sasl.ErrChallenge},
		{"5802-5.1 a mandatory extension", "m=x," + nonce + ",s=W22Z,i=4096", "", sasl.ErrChallenge},
		{"5802-5.1 a mandatory extension behind", nonce + ",s=W22Z,i=4096,m=x", "", sasl.ErrChallenge},
		{"7677-4 too few iterations", nonce + ",s=W22Z,i=4095", "", sasl.ErrChallenge},
		{"5802-9 too many iterations", nonce + ",s=W22Z,i=1000001", "", sasl.ErrChallenge},
		{"5802-9 an endless number of them", nonce + ",s=W22Z,i=" + strings.Repeat("9", 5000), "", sasl.ErrChallenge},
		{"iterations with a zero in front", nonce + ",s=W22Z,i=04096", "", sasl.ErrChallenge},
		{"iterations with a sign", nonce + ",s=W22Z,i=+4096", "", sasl.ErrChallenge},
		{"no salt", nonce + ",s=,i=4096", "", sasl.ErrChallenge},
		{"a salt that is not base64", nonce + ",s=W22,i=4096", "", sasl.ErrChallenge},
		{"a salt with a line end in it", nonce + ",s=W2\n2Z,i=4096", "", sasl.ErrChallenge},
		{"order", nonce + ",i=4096,s=W22Z", "", sasl.ErrChallenge},
		{"a comma at the end", nonce + ",s=W22Z,i=4096,", "", sasl.ErrChallenge},
		{"a nonce with a space", "r=rOprNGfwEbeRWgbNEkqO hv,s=W22Z,i=4096", "", sasl.ErrChallenge},
		{"an extension without a name", nonce + ",s=W22Z,i=4096,=x", "", sasl.ErrChallenge},
		{"an extension without a value", nonce + ",s=W22Z,i=4096,x=", "", sasl.ErrChallenge},
		{"5802-7 NUL in an extension", nonce + ",s=W22Z,i=4096,x=a\x00b", "", sasl.ErrChallenge},
		{"5802-7 an extension outside UTF-8", nonce + ",s=W22Z,i=4096,x=a\xff", "", sasl.ErrChallenge},
		{"5802-5.1 a second count behind", nonce + ",s=W22Z,i=4096,i=5000", "", sasl.ErrChallenge},
		{"5802-5.1 a second nonce behind", nonce + ",s=W22Z,i=4096,x=y,r=a", "", sasl.ErrChallenge},
		{"iterations with a letter", nonce + ",s=W22Z,i=4096a", "", sasl.ErrChallenge},
		{"no iterations at all", nonce + ",s=W22Z,i=0", "", sasl.ErrChallenge},
		{"a salt in the alphabet of URLs", nonce + ",s=_-22,i=4096", "", sasl.ErrChallenge},
		{"a salt with bits left over", nonce + ",s=W23=,i=4096", "", sasl.ErrChallenge},
		{"an error at once", "e=unknown-user", "", sasl.ErrChallenge},
		{"nothing", "", "", sasl.ErrChallenge},
		{"5802-3 another signature", v.serverFirst, "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", sasl.ErrNotProved},
		{"5802-3 half a signature", v.serverFirst, "v=6rriTRBi23WpRR/wtup+mA==", sasl.ErrNotProved},
		{"5802-5.1 an error", v.serverFirst, "e=invalid-proof", sasl.ErrRefused},
		{"5802-5.1 an error behind the signature", v.serverFirst, v.serverFinal + ",e=other-error", nil},
		{"5802-5.1 two signatures", v.serverFirst, v.serverFinal + ",v=AAAA", nil},
		{"5802-7 a signature and a comma", v.serverFirst, v.serverFinal + ",", nil},
		{"no signature", v.serverFirst, "x", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &sasl.SCRAMClient{Hash: v.hash, User: "user", Password: "pencil"}
			c.SetNonce(v.clientNonce)
			_, _, err := c.Start()
			require.NoError(t, err)
			response, err := c.Next([]byte(tt.first), true)
			if tt.final != "" {
				require.NoError(t, err)
				response, err = c.Next([]byte(tt.final), true)
			}
			require.Error(t, err)
			assert.Nil(t, response)
			if tt.want != nil {
				assert.ErrorIs(t, err, tt.want)
			}
			assert.Less(t, len(err.Error()), 400)
			_, err = c.Next(nil, false)
			assert.ErrorIs(t, err, sasl.ErrNotProved, "a success afterwards")
			_, err = c.Next([]byte(v.serverFirst), true)
			assert.ErrorIs(t, err, sasl.ErrChallenge, "another challenge afterwards")
		})
	}
}

// A server's optional extensions are passed over (RFC 5802 §5.1).
func TestSCRAMClientIgnoresExtensions(t *testing.T) {
	v := vectors[1]
	c := &sasl.SCRAMClient{Hash: v.hash, User: "user", Password: "pencil"}
	c.SetNonce(v.clientNonce)
	_, _, err := c.Start()
	require.NoError(t, err)
	response, err := c.Next([]byte(v.serverFirst+",x=1,Y=a=b"), true)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(response), "c=biws,r="))
}

// A client that is used again draws another nonce: to the old one somebody could
// play the server's old messages, and be believed (RFC 5802 §5.1).
func TestSCRAMClientNonceIsFresh(t *testing.T) {
	c := &sasl.SCRAMClient{Hash: crypto.SHA256, User: "user", Password: "pencil"}
	_, first, err := c.Start()
	require.NoError(t, err)
	_, second, err := c.Start()
	require.NoError(t, err)
	assert.NotEqual(t, first, second)
}

// Attributes that the RFC does not define are passed over in each message of a
// client's, and what was said of them is proved too (RFC 5802 §7). Names have
// their case, and commas and signs in a user's name their escapes.
func TestSCRAMServerIgnoresExtensions(t *testing.T) {
	v := verifier(t, crypto.SHA256, "QSXCR+Q6sek8bf92", 4096)
	var asked string
	s := &sasl.SCRAMServer{Hash: crypto.SHA256, Lookup: func(_ context.Context, identity, user string) (sasl.Verifier, error) {
		asked = identity + "|" + user
		return v, nil
	}}
	s.SetNonce("def")
	const server = "r=abcdef,s=QSXCR+Q6sek8bf92,i=4096"
	steps(t, s, []step{{[]byte("n,a=b=3D=2C,n==2Ca=3D2C,r=abc,x=1,N=2,z=a=b"), server, "", nil}})
	assert.Equal(t, "b=,|,a=2C", asked)
}

func TestSCRAMServerRefuses(t *testing.T) {
	v := vectors[1]
	const nonce = "r=rOprNGfwEbeRWgbNEkqO"
	combined := nonce + v.serverNonce
	proof := v.clientFinal[strings.Index(v.clientFinal, ",p="):]
	tests := []struct {
		name, first, final string
		want               error
	}{
		{"5802-6 -PLUS hidden from the client", "y,,n=user," + nonce, "", sasl.ErrRefused},
		{"5802-6 bound without -PLUS", "p=tls-exporter,,n=user," + nonce, "", sasl.ErrRefused},
		{"5802-7 no flag", ",,n=user," + nonce, "", sasl.ErrSyntax},
		{"5802-7 a flag in capitals", "N,,n=user," + nonce, "", sasl.ErrSyntax},
		{"5802-7 another flag", "x,,n=user," + nonce, "", sasl.ErrSyntax},
		{"5802-7 bound to nothing", "p=,,n=user," + nonce, "", sasl.ErrSyntax},
		{"5802-7 bound to no name", "p=a b,,n=user," + nonce, "", sasl.ErrSyntax},
		{"5802-7 no authzid", "n,n=user," + nonce, "", sasl.ErrSyntax},
		{"5802-7 an empty authzid", "n,a=,n=user," + nonce, "", sasl.ErrSyntax},
		{"5802-7 half a header", "n,", "", sasl.ErrSyntax},
		{"5802-7 a flag alone", "n", "", sasl.ErrSyntax},
		{"5802-7 no user", "n,,n=," + nonce, "", sasl.ErrSyntax},
		{"5802-7 no name at all", "n,," + nonce, "", sasl.ErrSyntax},
		{"5802-5.1 a name with =", "n,,n=us=er," + nonce, "", sasl.ErrSyntax},
		{"5802-5.1 a name with =2c", "n,,n=us=2cer," + nonce, "", sasl.ErrSyntax},
		{"5802-5.1 a mandatory extension", "n,,m=x,n=user," + nonce, "", sasl.ErrRefused},
		{"5802-7 a nonce with a space", "n,,n=user," + nonce + " ", "", sasl.ErrSyntax},
		{"5802-7 a nonce beyond ASCII", "n,,n=user," + nonce + "é", "", sasl.ErrSyntax},
		{"5802-7 no nonce", "n,,n=user", "", sasl.ErrSyntax},
		{"5802-5.1 a second user behind", "n,,n=user," + nonce + ",n=admin", "", sasl.ErrSyntax},
		{"5802-5.1 a second nonce behind", "n,,n=user," + nonce + ",x=y,r=abc", "", sasl.ErrSyntax},
		{"5802-5.1 an identity behind", "n,,n=user," + nonce + ",a=admin", "", sasl.ErrSyntax},
		{"5802-7 order", "n,," + nonce + ",n=user", "", sasl.ErrSyntax},
		{"5802-7 two identities", "n,a=user,a=admin,n=user," + nonce, "", sasl.ErrSyntax},
		{"5802-7 a nonce with a comma", "n,,n=user," + nonce + ",,", "", sasl.ErrSyntax},
		{"5802-7 an empty nonce", "n,,n=user,r=", "", sasl.ErrSyntax},
		{"5802-5.1 half an escape", "n,,n=user=2," + nonce, "", sasl.ErrSyntax},
		{"5802-7 UTF-8", "n,,n=us\xffer," + nonce, "", sasl.ErrSyntax},
		{"5802-7 NUL", "n,,n=us\x00er," + nonce, "", sasl.ErrSyntax},
		{"empty", "", "", sasl.ErrSyntax},
		{"4013-2.1 a name that comes to nothing", "n,,n=\u00ad," + nonce, "", sasl.ErrRefused},
		{"4013-2.3 a name with a control", "n,,n=us\x01er," + nonce, "", sasl.ErrRefused},
		{"the users are away", "n,,n=down," + nonce, "", errDown},

		{"5802-5.1 another nonce", "", "c=biws,r=rOprNGfwEbeRWgbNEkqO" + proof, sasl.ErrRefused},
		{"5802-6 another header", "", "c=eSws," + combined + proof, sasl.ErrRefused},
		{"5802-3 another proof", "", "c=biws," + combined + ",p=eHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", sasl.ErrRefused},
		{"5802-3 a proof and more", "", strings.TrimSuffix(v.clientFinal, "=") + "A", sasl.ErrRefused},
		{"5802-3 half a proof", "", "c=biws," + combined + ",p=dHzbZapWIk4jUhN+Ute9yg==", sasl.ErrRefused},
		{"5802-3 more was said than was proved", "", "c=biws," + combined + ",x=y" + proof, sasl.ErrRefused},
		{"5802-5.1 a mandatory extension in the end", "", "c=biws," + combined + ",m=x" + proof, sasl.ErrRefused},
		{"5802-5.1 a proof in front of the proof", "", strings.Replace(v.clientFinal, ",p=", ",p=AAAA,p=", 1), sasl.ErrSyntax},
		{"5802-5.1 a second binding", "", "c=biws," + combined + ",c=biws" + proof, sasl.ErrSyntax},
		{"5802-7 NUL in the end", "", "c=biws," + combined + ",x=\x00" + proof, sasl.ErrSyntax},
		{"5802-7 no proof", "", "c=biws," + combined, sasl.ErrSyntax},
		{"5802-7 an empty proof", "", "c=biws," + combined + ",p=", sasl.ErrSyntax},
		{"5802-7 a proof without its padding", "", strings.TrimSuffix(v.clientFinal, "="), sasl.ErrSyntax},
		{"5802-7 a proof on two lines", "", v.clientFinal[:len(v.clientFinal)-4] + "\r\n" + v.clientFinal[len(v.clientFinal)-4:], sasl.ErrSyntax},
		{"5802-7 something behind the proof", "", v.clientFinal + ",x=y", sasl.ErrSyntax},
		{"5802-7 no binding", "", combined + proof, sasl.ErrSyntax},
		{"5802-7 a nonce with a space in the end", "", "c=biws,r=a b" + proof, sasl.ErrSyntax},
		{"5802-7 order", "", combined + ",c=biws" + proof, sasl.ErrSyntax},
		{"5802-7 an empty extension", "", "c=biws," + combined + ",x=" + proof, sasl.ErrSyntax},
		{"5802-7 an extension of a digit", "", "c=biws," + combined + ",1=x" + proof, sasl.ErrSyntax},
		{"empty in the end", "", "-", sasl.ErrSyntax},
	}
	bindings := []sasl.Binding{{Type: "tls-exporter", Data: []byte("secret")}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &sasl.SCRAMServer{Hash: v.hash, Bindings: bindings, Lookup: lookup(verifier(t, v.hash, v.salt, 4096))}
			s.SetNonce(v.serverNonce)
			if tt.final == "" {
				steps(t, s, []step{{[]byte(tt.first), "-", "", tt.want}})
			} else {
				steps(t, s, []step{
					{[]byte(v.clientFirst), v.serverFirst, "", nil},
					{[]byte(tt.final), "-", "", tt.want},
				})
			}
			// The failure is no obstacle to a new exchange, and no help in it.
			steps(t, s, []step{
				{[]byte(v.clientFinal), "-", "", sasl.ErrSyntax},
				{[]byte(v.clientFirst), v.serverFirst, "", nil},
				{[]byte(v.clientFinal), v.serverFinal, "user", nil},
			})
		})
	}
}

// Who plays the exchange and what comes of it, with one binding that both have,
// or not.
func TestSCRAMBinding(t *testing.T) {
	exporter := sasl.Binding{Type: "tls-exporter", Data: []byte("this connection")}
	other := sasl.Binding{Type: "tls-exporter", Data: []byte("another connection")}
	endPoint := sasl.Binding{Type: "tls-server-end-point", Data: []byte("this server")}
	unique := sasl.Binding{Type: "tls-unique", Data: []byte("this handshake")}
	tests := []struct {
		name       string
		client     sasl.Binding
		offered    bool // -PLUS, as the client saw it
		server     []sasl.Binding
		serverPlus bool
		want       error
	}{
		{"none at all", sasl.Binding{}, false, nil, false, nil},
		{"bound", exporter, true, []sasl.Binding{exporter, endPoint}, true, nil},
		{"bound to the second type", endPoint, true, []sasl.Binding{exporter, endPoint}, true, nil},
		{"a client without", sasl.Binding{}, true, []sasl.Binding{exporter}, false, nil},
		{"a server without", exporter, false, nil, false, nil},
		{"5802-6 hidden by somebody in the middle", exporter, false, []sasl.Binding{exporter}, false, sasl.ErrRefused},
		{"5802-6 two connections", other, true, []sasl.Binding{exporter}, true, sasl.ErrRefused},
		{"5802-6 a type that the server has not", unique, true, []sasl.Binding{exporter}, true, sasl.ErrRefused},
	}
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
		v := verifier(t, hash, "QSXCR+Q6sek8bf92", 4096)
		for _, tt := range tests {
			t.Run(hash.String()+" "+tt.name, func(t *testing.T) {
				c := &sasl.SCRAMClient{Hash: hash, User: "user", Password: "pencil", Binding: tt.client, Plus: tt.offered}
				s := &sasl.SCRAMServer{Hash: hash, Plus: tt.serverPlus, Bindings: tt.server, Lookup: lookup(v)}
				got, clientErr, serverErr := run(t, c, s)
				assert.NoError(t, clientErr)
				assert.ErrorIs(t, serverErr, tt.want)
				assert.Equal(t, tt.want == nil, got == "user")
			})
		}
	}
	// Nor can one bind to what nobody has, and leave the octets away.
	nothing := sasl.Binding{Type: "tls-unknown"}
	c := &sasl.SCRAMClient{Hash: crypto.SHA256, User: "user", Password: "pencil", Binding: nothing, Plus: true}
	_, _, err := run(t, c, &sasl.SCRAMServer{
		Hash: crypto.SHA256, Plus: true, Bindings: []sasl.Binding{exporter},
		Lookup: lookup(verifier(t, crypto.SHA256, "QSXCR+Q6sek8bf92", 4096)),
	})
	assert.ErrorIs(t, err, sasl.ErrRefused)
	// -PLUS with a client that says he has no binding is no -PLUS.
	s := &sasl.SCRAMServer{Hash: crypto.SHA256, Plus: true, Bindings: []sasl.Binding{exporter}}
	assert.Equal(t, "SCRAM-SHA-256-PLUS", s.Mechanism())
	steps(t, s, []step{{[]byte("n,,n=user,r=abc"), "-", "", sasl.ErrRefused}})
}

func TestSCRAMPasswordsAndIdentities(t *testing.T) {
	v := verifier(t, crypto.SHA256, "QSXCR+Q6sek8bf92", 4096)
	find := func(_ context.Context, identity, user string) (sasl.Verifier, error) {
		switch {
		case user == "user":
			return v, nil
		case user == "a,b=c":
			named := v
			named.Identity = "abc"
			return named, nil
		case user == "boss" && identity == "user":
			acting := v
			acting.Identity = identity
			return acting, nil
		case user == "broken":
			return sasl.Verifier{Salt: v.Salt, Iterations: 1, StoredKey: v.StoredKey}, nil
		case user == "gone": // and shown as he was
			return v, sasl.ErrRefused
		}
		return sasl.Verifier{}, sasl.ErrRefused
	}
	tests := []struct {
		identity, user, password string
		want                     string
		refused                  bool
	}{
		{"", "user", "pencil", "user", false},
		{"user", "user", "pencil", "user", false},
		{"root", "user", "pencil", "", true},
		{"", "\uff55ser", "pen\u00adcil", "user", false}, // RFC 4013 §2
		{"", "user", "pencils", "", true},
		{"", "nobody", "pencil", "", true},
		{"", "gone", "pencil", "", true},
		{"", "a,b=c", "pencil", "abc", false},
		{"user", "boss", "pencil", "user", false},
		{"", "broken", "pencil", "", false}, // our failure, and not the client's
	}
	for _, tt := range tests {
		c := &sasl.SCRAMClient{Hash: crypto.SHA256, Identity: tt.identity, User: tt.user, Password: tt.password}
		s := &sasl.SCRAMServer{Hash: crypto.SHA256, Lookup: find}
		got, clientErr, serverErr := run(t, c, s)
		assert.NoError(t, clientErr)
		assert.Equal(t, tt.want, got, "%v", tt)
		if tt.refused {
			assert.ErrorIs(t, serverErr, sasl.ErrRefused, "%v", tt)
		} else {
			assert.Equal(t, tt.want == "", serverErr != nil, "%v", tt)
			assert.NotErrorIs(t, serverErr, sasl.ErrRefused, "%v", tt)
		}
	}
	for _, c := range []*sasl.SCRAMClient{
		{Hash: crypto.SHA256, Password: "pencil"},
		{Hash: crypto.SHA256, User: "us\x00er", Password: "pencil"},
		{Hash: crypto.SHA256, User: "user", Identity: "\x00", Password: "pencil"},
	} {
		_, _, err := c.Start()
		assert.ErrorIs(t, err, sasl.ErrCredentials)
	}
	for _, password := range []string{"", "pen\x01cil"} {
		_, err := sasl.NewVerifier(crypto.SHA256, password, []byte("salt"), 4096)
		assert.ErrorIs(t, err, sasl.ErrCredentials)
		c := &sasl.SCRAMClient{Hash: crypto.SHA256, User: "user", Password: password}
		_, clientErr, serverErr := run(t, c, &sasl.SCRAMServer{Hash: crypto.SHA256, Lookup: find})
		assert.NoError(t, serverErr)
		assert.ErrorIs(t, clientErr, sasl.ErrCredentials)
	}
}

// Who has logged in before is nobody in the next exchange.
func TestSCRAMServerForgets(t *testing.T) {
	v := verifier(t, crypto.SHA256, "QSXCR+Q6sek8bf92", 4096)
	s := &sasl.SCRAMServer{Hash: crypto.SHA256, Lookup: lookup(v)}
	login := func(identity string) (string, error) {
		got, _, err := run(t, &sasl.SCRAMClient{Hash: crypto.SHA256, Identity: identity, User: "user", Password: "pencil"}, s)
		return got, err
	}
	got, err := login("")
	require.NoError(t, err)
	assert.Equal(t, "user", got)
	got, err = login("root")
	assert.ErrorIs(t, err, sasl.ErrRefused)
	assert.Empty(t, got)
}

// A proof is for the nonce of its own exchange, even if it is right for all that
// the client says: what was overheard is not played again (RFC 5802 §5.1).
func TestSCRAMServerReplay(t *testing.T) {
	salted := sha256.Sum256([]byte("a salted password"))
	s := &sasl.SCRAMServer{Hash: crypto.SHA256, Lookup: lookup(sasl.VerifierOf(crypto.SHA256, salted[:], []byte("salt"), 4096))}
	clientKey := digest(salted[:], "Client Key")
	storedKey := sha256.Sum256(clientKey)
	for _, tt := range []struct {
		without string
		ok      bool
	}{
		{"c=biws,r=abcnow", true},
		{"c=biws,r=abcthen", false},
		{"c=biws,r=abc", false},
		{"c=eSws,r=abcnow", false},
	} {
		s.SetNonce("now")
		challenge, _, err := s.Step(t.Context(), []byte("n,,n=user,r=abc"))
		require.NoError(t, err)
		proof := digest(storedKey[:], "n=user,r=abc,"+string(challenge)+","+tt.without)
		for i := range proof {
			proof[i] ^= clientKey[i]
		}
		_, identity, err := s.Step(t.Context(), []byte(tt.without+",p="+base64.StdEncoding.EncodeToString(proof)))
		assert.Equal(t, tt.ok, err == nil, tt.without)
		assert.Equal(t, tt.ok, identity == "user", tt.without)
	}
}

// Somebody who asks for users learns nothing by what he is shown: a name that is
// not there has a salt, always the same and another than the next.
func TestSCRAMUnknownUser(t *testing.T) {
	first := func(user string) string {
		s := &sasl.SCRAMServer{Hash: crypto.SHA256, Lookup: lookup(sasl.Verifier{})}
		s.SetNonce("def")
		challenge, identity, err := s.Step(t.Context(), []byte("n,,n="+user+",r=abc"))
		require.NoError(t, err)
		assert.Empty(t, identity)
		return string(challenge)
	}
	assert.Regexp(t, `^r=abcdef,s=[A-Za-z0-9+/]{22}==,i=4096$`, first("nobody"))
	assert.Equal(t, first("nobody"), first("nobody"))
	assert.NotEqual(t, first("nobody"), first("no-one"))

	like := &sasl.SCRAMServer{Hash: crypto.SHA256, Lookup: func(context.Context, string, string) (sasl.Verifier, error) {
		return sasl.Verifier{Salt: []byte("abc"), Iterations: 10000}, sasl.ErrRefused
	}}
	like.SetNonce("def")
	steps(t, like, []step{{[]byte("n,,n=user,r=abc"), "r=abcdef,s=YWJj,i=10000", "", nil}})
}
