package sasl_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/sasl"
)

// digest is HMAC with SHA-256.
func digest(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// Whatever a client says: who is let in has sent, behind a header that the
// server can take, the proof for all that was said; and he is answered by the
// signature for it.
func FuzzScramServer(f *testing.F) {
	for _, v := range vectors {
		f.Add([]byte(v.clientFirst), []byte(v.clientFinal))
	}
	f.Add([]byte("p=tls-exporter,a=user,n=user,r=abc,x=y"), []byte("c=,r=abc,x=y,p=AAAA"))
	f.Add([]byte("y,,m=x,n=us=3Der,r=abc"), []byte("c=eSws,r=abcserver,m=x,p=AAAA"))
	salted := sha256.Sum256([]byte("a salted password"))
	v := sasl.VerifierOf(crypto.SHA256, salted[:], []byte("salt"), 4096)
	clientKey := digest(salted[:], "Client Key")
	storedKey := sha256.Sum256(clientKey)
	binding := []sasl.Binding{{Type: "tls-exporter", Data: []byte("octets")}}

	// prove puts the right proof into the place of the one in final.
	prove := func(first, challenge, final []byte) []byte {
		without := final
		if i := bytes.LastIndex(final, []byte(",p=")); i >= 0 {
			without = final[:i]
		}
		header := bytes.SplitAfterN(first, []byte(","), 3)
		said := string(header[2]) + "," + string(challenge) + "," + string(without)
		proof := digest(storedKey[:], said)
		for i := range proof {
			proof[i] ^= clientKey[i]
		}
		return base64.StdEncoding.AppendEncode(append(bytes.Clone(without), ",p="...), proof)
	}

	f.Fuzz(func(t *testing.T, first, final []byte) {
		for _, plus := range []bool{false, true} {
			s := &sasl.SCRAMServer{Hash: crypto.SHA256, Plus: plus, Bindings: binding, Lookup: lookup(v)}
			s.SetNonce("server")
			challenge, identity, err := s.Step(t.Context(), bytes.Clone(first))
			require.Empty(t, identity)
			if err != nil {
				require.Nil(t, challenge)
				continue
			}
			require.Equal(t, plus, first[0] == 'p')
			require.NotEqual(t, byte('y'), first[0])
			nonce, _, iterations, ok := sasl.ServerFirst(challenge)
			require.True(t, ok, "%q", challenge)
			require.Equal(t, 4096, iterations)
			require.True(t, strings.HasSuffix(nonce, "server"))
			require.Contains(t, string(first), "r="+strings.TrimSuffix(nonce, "server"))

			_, identity, err = s.Step(t.Context(), bytes.Clone(final))
			require.Error(t, err, "a proof by chance")
			require.Empty(t, identity)

			// The same with the right proof, and then with all else right.
			header := bytes.SplitAfterN(first, []byte(","), 3)
			data := append(bytes.Clone(header[0]), header[1]...)
			if plus {
				data = append(data, binding[0].Data...)
			}
			right := append(base64.StdEncoding.AppendEncode([]byte("c="), data), ",r="+nonce...)
			for i, final := range [][]byte{prove(first, challenge, final), prove(first, challenge, right)} {
				again, _, err := s.Step(t.Context(), first)
				require.NoError(t, err)
				require.Equal(t, challenge, again)
				signature, identity, err := s.Step(t.Context(), final)
				if identity == "" {
					require.Error(t, err)
					if i == 1 {
						// Only somebody who is not there, or who asks to be
						// somebody else.
						require.True(t, !bytes.HasPrefix(header[2], []byte("n=user,")) || len(header[1]) > 1, "%q", first)
					}
					continue
				}
				require.NoError(t, err)
				require.Equal(t, "user", identity)
				require.True(t, bytes.HasPrefix(final, right), "%q", final)
				said := string(header[2]) + "," + string(challenge) + "," + string(final[:bytes.LastIndex(final, []byte(",p="))])
				want := digest(digest(salted[:], "Server Key"), said)
				require.Equal(t, "v="+base64.StdEncoding.EncodeToString(want), string(signature))
			}
		}
	})
}

// Whatever a server says: the client answers only a nonce that goes on from his
// and a count that is sane, and believes only the signature for what was said.
func FuzzScramClient(f *testing.F) {
	for _, v := range vectors {
		f.Add([]byte(v.serverFirst), []byte(v.serverFinal))
	}
	f.Add([]byte("r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=4096,x=y"), []byte("e=other-error"))
	f.Add([]byte("m=x,r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=99999999999"), []byte("v=,"))
	f.Fuzz(func(t *testing.T, first, final []byte) {
		nonce, salt, iterations, ok := sasl.ServerFirst(first)
		if iterations > 5000 && iterations <= 1_000_000 {
			t.Skip("takes long, and is like others")
		}
		v := vectors[1]
		c := &sasl.SCRAMClient{Hash: crypto.SHA256, User: "user", Password: "pencil"}
		c.SetNonce(v.clientNonce)
		_, _, err := c.Start()
		require.NoError(t, err)
		response, err := c.Next(bytes.Clone(first), true)
		if err != nil {
			require.Nil(t, response)
			_, err = c.Next(nil, false)
			require.ErrorIs(t, err, sasl.ErrNotProved)
			return
		}
		require.True(t, ok)
		require.True(t, strings.HasPrefix(nonce, v.clientNonce))
		require.GreaterOrEqual(t, iterations, sasl.MinIterations)
		require.LessOrEqual(t, iterations, 1_000_000)

		verifier, err := sasl.NewVerifier(crypto.SHA256, "pencil", salt, iterations)
		require.NoError(t, err)
		without := string(response[:bytes.LastIndex(response, []byte(",p="))])
		require.Equal(t, "c=biws,r="+nonce, without)
		said := v.clientFirst[len("n,,"):] + "," + string(first) + "," + without
		signature := "v=" + base64.StdEncoding.EncodeToString(digest(verifier.ServerKey, said))
		_, err = c.Next(bytes.Clone(final), true)
		right := string(final) == signature || strings.HasPrefix(string(final), signature+",")
		if !right {
			require.Error(t, err)
		} else if string(final) == signature {
			require.NoError(t, err)
		}
		_, after := c.Next(nil, false)
		assert.Equal(t, err == nil, after == nil)
	})
}

// What is prepared stays as it is, is within the rules, and is the same however
// it was composed.
func FuzzSaslprep(f *testing.F) {
	for _, s := range []string{"user", "I\u00adX", "\u2168", "u\u0308ber", "\u0627\u0031\u0628", "q\u0307\u0323", "\u1112\u1161\u11ab", "\u0221", "a\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		query, err := sasl.Saslprep(s, sasl.Query)
		stored, storedErr := sasl.Saslprep(s, sasl.Stored)
		if err != nil {
			require.Error(t, storedErr)
			require.Empty(t, query+stored)
			return
		}
		require.True(t, utf8.ValidString(query))
		again, err := sasl.Saslprep(query, sasl.Query)
		require.NoError(t, err)
		require.Equal(t, query, again)
		if storedErr == nil {
			require.Equal(t, query, stored)
		}
		for _, r := range query {
			require.Falsef(t, r < ' ' || r == 0x7f || r == 0xad || r == 0x200b || r == 0xa0, "%U", r)
		}
	})
}

// A server never lets in whom its check does not name.
func FuzzPlainServer(f *testing.F) {
	f.Add([]byte("\x00tim\x00tanstaaftanstaaf"))
	f.Add([]byte("a\x00b\x00c\x00"))
	f.Fuzz(func(t *testing.T, message []byte) {
		var asked []string
		s := &sasl.PlainServer{Check: func(_ context.Context, identity, user, password string) (string, error) {
			asked = []string{identity, user, password}
			return user, nil
		}}
		challenge, identity, err := s.Step(t.Context(), message)
		if message == nil {
			require.NotNil(t, challenge)
			return
		}
		require.Nil(t, challenge)
		require.Equal(t, err == nil, identity != "")
		require.Equal(t, err == nil, asked != nil)
		if err != nil {
			return
		}
		require.Equal(t, 2, bytes.Count(message, []byte{0}))
		require.NotEmpty(t, asked[1])
		require.NotEmpty(t, asked[2])
		require.NotContains(t, strings.Join(asked, ""), "\x00")
		c := &sasl.PlainClient{Identity: asked[0], User: asked[1], Password: asked[2]}
		_, initial, err := c.Start()
		require.NoError(t, err)
		_, again, err := s.Step(t.Context(), initial)
		require.NoError(t, err)
		require.Equal(t, identity, again)
	})
}
