package queue_test

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
)

// TLS is used where it is offered, without asking whose certificate it is; a
// handshake that fails is no reason to keep the mail (RFC 7435 §3).
func TestRelayTLS(t *testing.T) {
	config, trusting := testkit.Certificate(t, "mail.hamburger.edu")
	other, _ := testkit.Certificate(t, "elsewhere.example")
	nameless := trusting.Clone()
	nameless.ServerName = ""
	tests := []struct {
		name   string
		server *smtp.Server
		relay  smtp.Options
		want   string
		secure bool
		dials  int
	}{
		{"offered", &smtp.Server{TLSConfig: config}, smtp.Options{}, "taken", true, 1},
		{"off", &smtp.Server{TLSConfig: config}, smtp.Options{TLS: smtp.TLSOff}, "taken", false, 1},
		{"a handshake that fails", &smtp.Server{TLSConfig: failing(0)}, smtp.Options{}, "taken", false, 2},
		{"one that hangs", &smtp.Server{TLSConfig: failing(time.Hour)}, smtp.Options{}, "taken", false, 2},
		{"one that fails where TLS is required", &smtp.Server{TLSConfig: failing(0)}, smtp.Options{TLS: smtp.TLSRequired}, "later", false, 1},
		{"with anybody's certificate", &smtp.Server{TLSConfig: other}, smtp.Options{}, "taken", true, 1},
		{"not offered", &smtp.Server{}, smtp.Options{}, "taken", false, 1},
		{"verified where asked to", &smtp.Server{TLSConfig: config}, smtp.Options{TLS: smtp.TLSRequired, TLSConfig: trusting}, "taken", true, 1},
		{"by the name of the host", &smtp.Server{TLSConfig: config}, smtp.Options{TLSConfig: nameless}, "taken", true, 1},
		{"by another name", &smtp.Server{TLSConfig: other}, smtp.Options{TLS: smtp.TLSRequired, TLSConfig: nameless}, "later", false, 1},
		{"anybody's certificate then", &smtp.Server{TLSConfig: other}, smtp.Options{TLS: smtp.TLSRequired, TLSConfig: trusting}, "later", false, 1},
		{"not trusted, in the clear rather than not", &smtp.Server{TLSConfig: other}, smtp.Options{TLSConfig: trusting}, "taken", false, 2},
		{"required and not offered", &smtp.Server{}, smtp.Options{TLS: smtp.TLSRequired}, "later", false, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := hamburger(t, tt.server)
				r := w.relay()
				dial := r.Options.Dial
				r.Options = tt.relay
				r.Options.Dial = dial
				var log strings.Builder
				r.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				got := outcomes(r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob")))
				assert.Contains(t, got[0], tt.want)
				if mails := w.arrived(); tt.want == "taken" {
					require.Len(t, mails, 1)
					assert.Equal(t, tt.secure, mails[0].tls)
					want := `tls=none`
					switch {
					case tt.relay.TLSConfig != nil && tt.secure:
						want = `tls="TLS 1.3"`
					case tt.secure:
						want = `tls="TLS 1.3, not verified"`
					}
					assert.Contains(t, log.String(), want+"\n")
				}
				assert.Len(t, w.dialled(), tt.dials)
			})
		})
	}
}

// failing is a handshake that fails after a time.
func failing(after time.Duration) *tls.Config {
	return &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		time.Sleep(after)
		return nil, errors.New("no")
	}}
}

// A try that is cut short in the handshake does not go on in the clear.
func TestRelayTLSCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, &smtp.Server{TLSConfig: failing(time.Hour)})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		assert.Equal(t, []string{"later"}, outcomes(w.relay().Deliver(ctx, outgoing(), rcpts("hamburger.edu", "bob"))))
		assert.Len(t, w.dialled(), 1)
	})
}

// STARTTLS refused for now leaves the session as it is (RFC 3207 §4).
func TestRelayTLSRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, nil)
		w.script("192.0.2.1", "220 hi", "250-hi\r\n250 STARTTLS", "454 not now", "250 ok", "250 ok", "354 go", "-", "-", "-", "250 ok")
		assert.Equal(t, []string{"relayed by mail.hamburger.edu"}, outcomes(w.relay().Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))))
		assert.Len(t, w.dialled(), 1)
	})
}

// A smart host takes all, after a login.
func TestRelaySmartHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config, trusting := testkit.Certificate(t, "smart.example")
		check := func(_ context.Context, _, user, password string) (string, error) {
			if user != "relay" || password != "secret" {
				return "", smtp.ErrAuthRefused
			}
			return user, nil
		}
		w := newWorld(t)
		w.host("192.0.2.7", "smart.example", &smtp.Server{
			TLSConfig: config, Submission: true,
			Auth: func(*smtp.Conn) []smtp.SASLServer { return []smtp.SASLServer{smtp.ServePlain(check)} },
		})
		w.names = names{"a smart.example": "192.0.2.7"}
		r := w.relay()
		r.SmartHost, r.User, r.Password = "smart.example", "relay", "secret"
		r.Options.TLS, r.Options.TLSConfig = smtp.TLSRequired, trusting
		assert.Equal(t, []string{"taken by smart.example"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))))
		mails := w.arrived()
		require.Len(t, mails, 1)
		assert.Equal(t, "relay", mails[0].who)
		assert.True(t, mails[0].tls)

		unknown := w.relay() // whose certificate is nobody's, if nobody says who to trust
		unknown.SmartHost, unknown.User, unknown.Password = "smart.example", "relay", "secret"
		assert.Equal(t, []string{"later"}, outcomes(unknown.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))))
		assert.Empty(t, w.arrived(), "it does not get the password")

		wrong := w.relay()
		wrong.SmartHost, wrong.User, wrong.Password = "smart.example", "relay", "guess"
		wrong.Options.TLS, wrong.Options.TLSConfig = smtp.TLSRequired, trusting
		results := wrong.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))
		assert.Equal(t, []string{"later"}, outcomes(results), "a wrong password is no reason to return the mail")
		assert.ErrorContains(t, results[0].Err, "535")
		synctest.Wait()
		assert.Equal(t, 1, w.sessions("smart.example"), "that of who was let in")
	})
}

// A smart host that cannot be found is no reason to return the mail either.
func TestRelaySmartHostNotFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newWorld(t).relay()
		r.SmartHost = "smart.example"
		results := r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))
		assert.Equal(t, []string{"later"}, outcomes(results))
		assert.ErrorContains(t, results[0].Err, "smart host: smtp: reply 550 5.4.4")
	})
}

// A smart host is where it is said to be, on this host too; a port that is said
// with it goes before that of hosts.
func TestRelaySmartHostPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.names = names{"a filter.example": "192.0.2.99"}
		r := w.relay()
		r.Self, r.Port, r.SmartHost = []string{"192.0.2.99"}, 26, "filter.example:2525"
		assert.Equal(t, []string{"later"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))))
		assert.Equal(t, []string{"192.0.2.99:2525"}, w.dialled())
		r.SmartHost = "filter.example"
		r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))
		assert.Equal(t, []string{"192.0.2.99:26"}, w.dialled())

		r.Port = 25
		w.host("192.0.2.99", "relay.example", nil) // a filter that has our name
		assert.Equal(t, []string{"taken by filter.example"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))))
	})
}
