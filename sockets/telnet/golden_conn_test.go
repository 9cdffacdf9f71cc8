package telnet_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/golden"
	"applayer/internal/testkit"
	"applayer/sockets/telnet"
)

// TestGoldenSubnegotiations: the parameters that telnet and telnetd sent are
// understood, and written as they were.
func TestGoldenSubnegotiations(t *testing.T) {
	understood := map[telnet.Option]int{}
	eachConversation(t, func(c *golden.Conversation) {
		for _, stream := range [][]byte{c.Client, c.Server} {
			var in telnet.Codec
			all, err := events(t, &in, stream)
			require.NoError(t, err)
			for _, ev := range all {
				if ev.Kind != telnet.EventSubnegotiation {
					continue
				}
				s, err := telnet.ParseSubnegotiation(ev.Option, ev.Data)
				if errors.Is(err, telnet.ErrUnknownOption) {
					continue
				}
				require.NoError(t, err, "%s: %v", c.Name, ev)
				assert.Equal(t, string(ev.Data), string(s.AppendParameters(nil)), "%s: %v", c.Name, ev)
				understood[ev.Option]++
			}
		}
	})
	for _, o := range []telnet.Option{telnet.OptionNAWS, telnet.OptionTerminalType, telnet.OptionTerminalSpeed, telnet.OptionLineMode, telnet.OptionFlowControl, telnet.OptionNewEnviron} {
		assert.Positive(t, understood[o], "%v", o)
	}
}

// TestGoldenServerAccepted: our client reads what telnetd said, to the end.
func TestGoldenServerAccepted(t *testing.T) {
	eachConversation(t, func(conv *golden.Conversation) {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := testkit.Pipe()
			defer theirs.Close()
			var bad []error
			opts := telnet.ClientOptions()
			opts.Trace = &telnet.Trace{Malformed: func(err error) { bad = append(bad, err) }}
			c := telnet.NewClient(ours, opts)
			defer c.Close()
			go io.Copy(io.Discard, theirs)
			for _, s := range conv.Segments {
				if !s.FromClient {
					_, err := theirs.Write(s.Data)
					require.NoError(t, err)
				}
			}
			theirs.(interface{ CloseWrite() error }).CloseWrite()
			got, err := io.ReadAll(c)
			require.NoError(t, err, conv.Name)
			assert.Empty(t, bad)
			assert.Contains(t, string(got), "login: ")
			assert.NotContains(t, string(got), "\xff\xf2")
			assert.True(t, bytes.ContainsAny(got, "\r\n"))
		})
	})
}

// TestGoldenClientServed: our server has the user of each recording log in by
// the keys that he pressed then, and learns his window and terminal.
func TestGoldenClientServed(t *testing.T) {
	eachConversation(t, func(conv *golden.Conversation) {
		synctest.Test(t, func(t *testing.T) {
			var users []string
			var windows []telnet.Window
			srv := &telnet.Server{
				Authenticator: telnet.AuthenticatorFunc(func(_ context.Context, user, password string) (bool, error) {
					users = append(users, user)
					return user == "student" && password == "lecture", nil
				}),
				Handler: telnet.HandlerFunc(func(_ context.Context, s *telnet.Session) {
					for {
						if _, err := s.ReadLine("$ "); err != nil && !errors.Is(err, telnet.ErrInterrupted) {
							return
						}
						w, _ := s.Window()
						windows = append(windows, w)
					}
				}),
			}
			p, ended := serve(t, srv)
			var shown strings.Builder
			done := make(chan struct{})
			go func() { defer close(done); io.Copy(&shown, p.nc) }()
			for _, s := range conv.Segments {
				if s.FromClient {
					p.send(string(s.Data))
				}
			}
			p.nc.(interface{ CloseWrite() error }).CloseWrite()
			<-done
			p.nc.Close()
			<-ended
			require.NotEmpty(t, users)
			assert.Equal(t, "student", users[0], conv.Name)
			assert.Contains(t, shown.String(), "login: ")
			for _, w := range windows {
				assert.Contains(t, []telnet.Window{{Columns: 80, Rows: 24}, {Columns: 100, Rows: 40}}, w)
			}
			if strings.Contains(shown.String(), "incorrect") {
				assert.Empty(t, windows)
			} else {
				assert.NotEmpty(t, windows, conv.Name)
			}
		})
	})
}
