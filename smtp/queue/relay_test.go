package queue_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
	"applayer/smtp/queue"
)

// outcome is a result in a word: "taken", "relayed", or the code of the reply
// and who gave it.
func outcome(r queue.Result) string {
	e, replied := errors.AsType[*smtp.ReplyError](r.Err)
	switch {
	case r.Err == nil && r.Relayed:
		return "relayed by " + r.RemoteMTA
	case r.Err == nil:
		return "taken by " + r.RemoteMTA
	case replied:
		return strings.TrimSpace(fmt.Sprint(e.Code, " ", r.RemoteMTA))
	case r.Permanent:
		return "never"
	}
	return "later"
}

func outcomes(results []queue.Result) (all []string) {
	for _, r := range results {
		all = append(all, outcome(r))
	}
	return all
}

// One message, and what becomes of it where hosts are down, refuse or break off.
func TestRelayDeliver(t *testing.T) {
	two := names{"mx b.example": mx("mx1.b.example", "mx2.b.example"), "a mx1.b.example": "192.0.2.1", "a mx2.b.example": "192.0.2.2"}
	refusing := []string{"554 no SMTP here"}
	tests := []struct {
		name  string
		names names
		hosts map[string][]string // address to a script, nil to a server called by its address
		to    []string
		want  []string
		dials []string
	}{
		{"the first host", two, map[string][]string{"192.0.2.1": nil, "192.0.2.2": nil}, []string{"bob"}, []string{"taken by mx1.b.example"}, []string{"192.0.2.1"}},
		{"5321-5.1 the next after a connection that failed", two, map[string][]string{"192.0.2.2": nil}, []string{"bob"}, []string{"taken by mx2.b.example"}, []string{"192.0.2.1", "192.0.2.2"}},
		{"the next after 554 for a greeting", two, map[string][]string{"192.0.2.1": refusing, "192.0.2.2": nil}, []string{"bob"}, []string{"taken by mx2.b.example"}, []string{"192.0.2.1", "192.0.2.2"}},
		{"the next after 421 for a greeting", two, map[string][]string{"192.0.2.1": {"421 busy"}, "192.0.2.2": nil}, []string{"bob"}, []string{"taken by mx2.b.example"}, []string{"192.0.2.1", "192.0.2.2"}},
		{"the next after EHLO was refused", two, map[string][]string{"192.0.2.1": {"220 hi", "550 go"}, "192.0.2.2": nil}, []string{"bob"}, []string{"taken by mx2.b.example"}, []string{"192.0.2.1", "192.0.2.2"}},
		{"the next after a session that broke", two, map[string][]string{"192.0.2.1": {"220 hi", "250 hi", "250 ok"}, "192.0.2.2": nil}, []string{"bob"}, []string{"taken by mx2.b.example"}, []string{"192.0.2.1", "192.0.2.2"}},
		{"the next for who was refused for now", two, map[string][]string{"192.0.2.1": {"220 hi", "250 hi", "250 ok", "451 later", "250 ok"}, "192.0.2.2": nil}, []string{"bob"}, []string{"taken by mx2.b.example"}, []string{"192.0.2.1", "192.0.2.2"}},
		{"the next after 421 to RCPT", two, map[string][]string{"192.0.2.1": {"220 hi", "250 hi", "250 ok", "421 bye"}, "192.0.2.2": nil}, []string{"bob", "carol"}, []string{"taken by mx2.b.example", "taken by mx2.b.example"}, []string{"192.0.2.1", "192.0.2.2"}},
		{"the next after 421 to the message", two, map[string][]string{"192.0.2.1": {"220 hi", "250 hi", "250 ok", "250 ok", "354 go", "-", "-", "-", "421 bye"}, "192.0.2.2": nil}, []string{"bob"}, []string{"taken by mx2.b.example"}, []string{"192.0.2.1", "192.0.2.2"}},
		{"not for a message refused for good", two, map[string][]string{"192.0.2.1": {"220 hi", "250 hi", "250 ok", "250 ok", "354 go", "-", "-", "-", "550 spam"}, "192.0.2.2": nil}, []string{"bob"}, []string{"550 mx1.b.example"}, []string{"192.0.2.1"}},
		{"the next after a reply that cannot be read", two, map[string][]string{"192.0.2.1": {"220 hi", "250 hi", "25 ok"}, "192.0.2.2": nil}, []string{"bob"}, []string{"taken by mx2.b.example"}, []string{"192.0.2.1", "192.0.2.2"}},
		{"the next after a greeting of a loop elsewhere", two, map[string][]string{"192.0.2.1": {"554 5.4.6 loop"}, "192.0.2.2": nil}, []string{"bob"}, []string{"taken by mx2.b.example"}, []string{"192.0.2.1", "192.0.2.2"}},
		{"552 to the message is for good", two, map[string][]string{"192.0.2.1": {"220 hi", "250 hi", "250 ok", "250 ok", "354 go", "-", "-", "-", "552 large"}, "192.0.2.2": nil}, []string{"bob"}, []string{"552 mx1.b.example"}, []string{"192.0.2.1"}},
		{"not for who was refused for good", two, map[string][]string{"192.0.2.1": nil, "192.0.2.2": nil}, []string{"550"}, []string{"550 mx1.b.example"}, []string{"192.0.2.1"}},
		{"each recipient by himself", two, map[string][]string{"192.0.2.1": nil, "192.0.2.2": nil}, []string{"bob", "550", "450", "carol"}, []string{"taken by mx1.b.example", "550 mx1.b.example", "450 mx2.b.example", "taken by mx1.b.example"}, []string{"192.0.2.1", "192.0.2.2"}},
		{"none may have it twice", two, map[string][]string{"192.0.2.1": {"220 hi", "250 hi", "250 ok", "250 ok", "354 go", "-", "-", "-", "-"}, "192.0.2.2": nil}, []string{"bob"}, []string{"later"}, []string{"192.0.2.1"}},
		{"all down", two, nil, []string{"bob"}, []string{"later"}, []string{"192.0.2.1", "192.0.2.2"}},
		{"all refuse for good", two, map[string][]string{"192.0.2.1": refusing, "192.0.2.2": refusing}, []string{"bob"}, []string{"554 mx2.b.example"}, []string{"192.0.2.1", "192.0.2.2"}},
		{"one refuses for good, one is down", two, map[string][]string{"192.0.2.1": refusing}, []string{"bob"}, []string{"later"}, []string{"192.0.2.1", "192.0.2.2"}},
		{"one is down, one refuses for good", two, map[string][]string{"192.0.2.2": refusing}, []string{"bob"}, []string{"later"}, []string{"192.0.2.1", "192.0.2.2"}},
		{"each address of a host in its order", names{"mx b.example": mx("mx.b.example"), "a mx.b.example": "192.0.2.3 192.0.2.1 2001:db8::1"}, map[string][]string{"2001:db8::1": nil}, []string{"bob"}, []string{"taken by mx.b.example"}, []string{"192.0.2.3", "192.0.2.1", "2001:db8::1"}},
		{"5321-5.1 the domain itself", names{"a b.example": "192.0.2.1"}, map[string][]string{"192.0.2.1": nil}, []string{"bob"}, []string{"taken by b.example"}, []string{"192.0.2.1"}},
		{"5321-5.1 no such domain", nil, nil, []string{"bob"}, []string{"550"}, nil},
		{"5321-5.1 no MX has an address", names{"mx b.example": mx("mx.b.example")}, nil, []string{"bob"}, []string{"550"}, nil},
		{"an MX with no address in its answer", names{"mx b.example": mx("mx.b.example"), "a mx.b.example": ""}, nil, []string{"bob"}, []string{"550"}, nil},
		{"one MX has no address, the other is down", names{"mx b.example": mx("mx1.b.example", "mx2.b.example"), "a mx2.b.example": "192.0.2.2"}, nil, []string{"bob"}, []string{"later"}, []string{"192.0.2.2"}},
		{"an MX whose address is not known now", names{"mx b.example": mx("mx.b.example"), "a mx.b.example": errors.New("SERVFAIL")}, nil, []string{"bob"}, []string{"later"}, nil},
		{"the name servers are down", names{"mx b.example": errors.New("SERVFAIL")}, nil, []string{"bob"}, []string{"later"}, nil},
		{"null MX", names{"mx b.example": []*net.MX{{Host: "."}}}, nil, []string{"bob", "carol"}, []string{"556", "556"}, nil},
		{"an alias of an MX", names{"mx b.example": mx("mx.b.example"), "cname mx.b.example": "c.example", "a c.example": "192.0.2.1"}, map[string][]string{"192.0.2.1": nil}, []string{"bob"}, []string{"taken by mx.b.example"}, []string{"192.0.2.1"}},
		{"5321-6.3 a host that greets by our name", two, map[string][]string{"192.0.2.1": {"220 relay.example ESMTP", "250 hi"}, "192.0.2.2": nil}, []string{"bob"}, []string{"554"}, []string{"192.0.2.1"}},
		{"5321-5.1 our own address", names{"mx b.example": mx("mx.b.example"), "a mx.b.example": "192.0.2.99"}, nil, []string{"bob"}, []string{"554"}, nil},
		{"in the form of IPv6", names{"mx b.example": mx("mx.b.example"), "a mx.b.example": "::ffff:192.0.2.99"}, nil, []string{"bob"}, []string{"554"}, nil},
		{"5321-5.1 who is no better than we are by our address", names{"mx b.example": mx("mx1.b.example", "mx2.b.example", "mx3.b.example"), "a mx1.b.example": "192.0.2.1", "a mx2.b.example": "192.0.2.99", "a mx3.b.example": "192.0.2.3"}, map[string][]string{"192.0.2.3": nil}, []string{"bob"}, []string{"later"}, []string{"192.0.2.1"}},
		{"5321-5.1 who is no better than we are by our greeting", names{"mx b.example": mx("mx1.b.example", "mx2.b.example", "mx3.b.example"), "a mx1.b.example": "192.0.2.1", "a mx2.b.example": "192.0.2.2", "a mx3.b.example": "192.0.2.3"}, map[string][]string{"192.0.2.2": {"220 relay.example hi", "250 hi"}, "192.0.2.3": nil}, []string{"bob"}, []string{"later"}, []string{"192.0.2.1", "192.0.2.2"}},
		{"hosts that share an address", names{"mx b.example": mx("mx1.b.example", "mx2.b.example", "mx3.b.example"), "a mx1.b.example": "192.0.2.1", "a mx2.b.example": "192.0.2.1 192.0.2.1", "a mx3.b.example": "192.0.2.1 192.0.2.3"}, nil, []string{"bob"}, []string{"later"}, []string{"192.0.2.1", "192.0.2.3"}},
		{"what another host said of our name is its word", two, map[string][]string{"192.0.2.1": {"220 hi", "250 hi", "554 5.4.6 too many hops"}, "192.0.2.2": nil}, []string{"bob"}, []string{"554 mx1.b.example"}, []string{"192.0.2.1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.names = tt.names
				for addr, script := range tt.hosts {
					if script != nil {
						w.script(addr, script...)
						continue
					}
					w.host(addr, addr, nil)
				}
				r := w.relay()
				r.Self = []string{"192.0.2.99"}
				results := r.Deliver(t.Context(), outgoing(), rcpts("b.example", tt.to...))
				assert.Equal(t, tt.want, outcomes(results))
				var dials []string
				for _, addr := range w.dialled() {
					dials = append(dials, strings.Trim(strings.TrimSuffix(addr, ":25"), "[]"))
				}
				assert.Equal(t, tt.dials, dials)
				for _, m := range w.arrived() {
					assert.Equal(t, letter, m.text)
					assert.Equal(t, "alice@crepes.fr", m.from.String())
				}
			})
		})
	}
}

// hamburger is a world with one domain and one host.
func hamburger(t *testing.T, server *smtp.Server) *world {
	w := newWorld(t)
	w.names = names{"mx hamburger.edu": mx("mail.hamburger.edu"), "a mail.hamburger.edu": "192.0.2.1"}
	if server != nil {
		w.host("192.0.2.1", "mail.hamburger.edu", server)
	}
	return w
}

// Many recipients of one domain are told in one transaction, up to what each host
// must take; and where one takes fewer, in as many as it needs, over one session
// (RFC 5321 §4.5.3.1.8, §4.5.3.1.10).
func TestRelayManyRecipients(t *testing.T) {
	for _, tt := range []struct {
		name   string
		host   smtp.Limits
		limits queue.RelayLimits
		want   []int
	}{
		{"what each must take", smtp.Limits{MaxRecipients: 100}, queue.RelayLimits{}, []int{100, 100, 50}},
		{"all at once", smtp.Limits{}, queue.RelayLimits{MaxRecipients: -1}, []int{250}},
		{"a host that takes fewer", smtp.Limits{MaxRecipients: 70, MaxErrors: -1}, queue.RelayLimits{}, []int{70, 70, 70, 40}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := hamburger(t, &smtp.Server{Limits: tt.host})
				var locals []string
				for i := range 250 {
					locals = append(locals, fmt.Sprint("user", i))
				}
				r := w.relay()
				r.Limits = tt.limits
				for _, result := range r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", locals...)) {
					require.Equal(t, "taken by mail.hamburger.edu", outcome(result))
				}
				var sizes []int
				got := map[string]int{}
				for _, m := range w.arrived() {
					sizes = append(sizes, len(m.to))
					for _, to := range m.to {
						got[to]++
					}
				}
				assert.Equal(t, tt.want, sizes)
				assert.Len(t, got, 250, "each of them once")
				assert.Len(t, w.dialled(), 1)
			})
		})
	}
}

// A host that takes few at a time is asked for few at a time: what it refuses of a
// long list costs a command each, and it may count them.
func TestRelayLearnsHowManyRecipients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, &smtp.Server{Limits: smtp.Limits{MaxRecipients: 2, MaxErrors: -1}})
		r := w.relay()
		var asked int
		r.Options.Trace = &smtp.Trace{Line: func(server bool, line []byte) {
			if !server && strings.HasPrefix(string(line), "RCPT") {
				asked++
			}
		}}
		var locals []string
		for i := range 50 {
			locals = append(locals, fmt.Sprint("user", i))
		}
		for _, result := range r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", locals...)) {
			require.Equal(t, "taken by mail.hamburger.edu", outcome(result))
		}
		assert.Len(t, w.arrived(), 25)
		assert.Equal(t, 50+48, asked)
	})
}

// A session that ends between two transactions leaves the rest to the next host.
func TestRelayRestElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.names = names{"mx b.example": mx("mx1.b.example", "mx2.b.example"), "a mx1.b.example": "192.0.2.1", "a mx2.b.example": "192.0.2.2"}
		w.script("192.0.2.1", "220 hi", "250 hi", "250 ok", "250 ok", "354 go", "-", "-", "-", "250 ok", "421 bye")
		w.host("192.0.2.2", "mx2.b.example", nil)
		r := w.relay()
		r.Limits.MaxRecipients = 1
		assert.Equal(t, []string{"relayed by mx1.b.example", "taken by mx2.b.example", "taken by mx2.b.example"},
			outcomes(r.Deliver(t.Context(), outgoing(), rcpts("b.example", "bob", "carol", "dave"))))
		assert.Len(t, w.arrived(), 2)
	})
}

// A host with no enhanced codes says 452 alone; where it has taken some, the others
// get theirs in another transaction.
func TestRelayTooManyByPlain452(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, nil)
		w.script("192.0.2.1", "220 hi", "250 hi", "250 ok", "250 ok", "452 too many", "354 go", "-", "-", "-", "250 taken",
			"250 ok", "250 ok", "354 go", "-", "-", "-", "250 taken")
		results := w.relay().Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob", "carol"))
		assert.Equal(t, []string{"relayed by mail.hamburger.edu", "relayed by mail.hamburger.edu"}, outcomes(results))
		assert.Len(t, w.dialled(), 1)
	})
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, nil)
		w.script("192.0.2.1", "220 hi", "250 hi", "250 ok", "452 disk full", "250 ok")
		assert.Equal(t, []string{"452 mail.hamburger.edu"}, outcomes(w.relay().Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))))
	})
}

// A relay without a name takes a host without one for another.
func TestRelayNameless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, nil)
		w.script("192.0.2.1", "220 ", "250 hi", "250 ok", "250 ok", "354 go", "-", "-", "-", "250 ok")
		r := w.relay()
		r.Hostname, r.Self = "", []string{"", "."}
		assert.Equal(t, []string{"relayed by mail.hamburger.edu"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))))
	})
}

// It greets by its name, and asks for absolute ones: "mx" of a foreign zone is no
// host of the system's search list.
func TestRelaySaysItsName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, new(smtp.Server))
		r := w.relay()
		asked := absolute{names: w.names}
		r.Resolver = &asked
		assert.Equal(t, []string{"taken by mail.hamburger.edu"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))))
		assert.Equal(t, []string{"hamburger.edu.", "mail.hamburger.edu."}, asked.asked)
		assert.Equal(t, "relay.example", w.arrived()[0].hello)
	})
}

// absolute notes what was asked for.
type absolute struct {
	names
	asked []string
}

func (a *absolute) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	a.asked = append(a.asked, name)
	return a.names.LookupMX(ctx, name)
}

func (a *absolute) LookupHost(ctx context.Context, name string) ([]string, error) {
	a.asked = append(a.asked, name)
	return a.names.LookupHost(ctx, name)
}

// 552 to RCPT is what 452 should be (RFC 5321 §4.5.3.1.10).
func TestRelayTooManyBy552(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, nil)
		w.script("192.0.2.1", "220 hi", "250 hi", "250 ok", "552 too many", "250 ok")
		results := w.relay().Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))
		assert.Equal(t, []string{"452 mail.hamburger.edu"}, outcomes(results))
	})
}

// Where the next host has no DSN, reports of success end here (RFC 3461 §5.2.2).
func TestRelayWithoutDSN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, &smtp.Server{Without: []string{"DSN"}})
		assert.Equal(t, []string{"relayed by mail.hamburger.edu"}, outcomes(w.relay().Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))))
	})
}

// What no host would take is told at once.
func TestRelayCannotSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, &smtp.Server{Without: []string{"SMTPUTF8", "8BITMIME"}, Limits: smtp.Limits{MaxMessageBytes: 1000}})
		r := w.relay()
		results := r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "zoé", "bob"))
		assert.Equal(t, []string{"never", "taken by mail.hamburger.edu"}, outcomes(results))
		assert.ErrorIs(t, results[0].Err, smtp.ErrNotUTF8)

		m := outgoing()
		m.Options.UTF8 = true
		assert.Equal(t, []string{"never"}, outcomes(r.Deliver(t.Context(), m, rcpts("hamburger.edu", "bob"))))
		m = outgoing()
		m.Size, m.Options.Body = 1001, smtp.BodySevenBit
		assert.Equal(t, []string{"never"}, outcomes(r.Deliver(t.Context(), m, rcpts("hamburger.edu", "bob"))))

		// An address that cannot be written would be another command.
		assert.Equal(t, []string{"never", "taken by mail.hamburger.edu"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "a\r\nQUIT", "bob"))))

		// Of 8 bits, 7 are made.
		m = outgoing()
		m.Open = func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\ncafé\r\n")), nil
		}
		m.Size, m.Options.Body = 0, smtp.BodyEightBit
		w.arrived()
		assert.Equal(t, []string{"taken by mail.hamburger.edu"}, outcomes(r.Deliver(t.Context(), m, rcpts("hamburger.edu", "bob"))))
		mails := w.arrived()
		require.Len(t, mails, 1)
		assert.Contains(t, mails[0].text, "\r\n\r\nY2Fmw6kNCg==\r\n")
	})
}

// An operator sees each try, and why there was none.
func TestRelayLogs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.names = names{"mx b.example": mx("mx1.b.example", "mx2.b.example"), "a mx1.b.example": "192.0.2.1", "a mx2.b.example": "192.0.2.2"}
		w.host("192.0.2.2", "mx2.b.example", nil)
		var log strings.Builder
		r := w.relay()
		r.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		r.Deliver(t.Context(), outgoing(), rcpts("b.example", "bob", "550"))
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		require.Len(t, lines, 2)
		assert.Contains(t, lines[0], `level=INFO msg="relay: no session" id=1 peer=192.0.2.1:25 host=mx1.b.example err=`)
		assert.Contains(t, lines[1], `level=INFO msg="relay: sent" id=1 peer=192.0.2.2:25 host=mx2.b.example err="smtp: refused for 1 of 2`)
		log.Reset()
		r.Deliver(t.Context(), outgoing(), rcpts("b.example", "bob"))
		assert.Contains(t, log.String(), `level=DEBUG msg="relay: sent" id=1 peer=192.0.2.2:25 host=mx2.b.example`)
	})
}

func TestRelayMessageGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, new(smtp.Server))
		m := outgoing()
		m.Open = func() (io.ReadCloser, error) { return nil, errors.New("disk on fire") }
		assert.Equal(t, []string{"later"}, outcomes(w.relay().Deliver(t.Context(), m, rcpts("hamburger.edu", "bob"))))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		w.dialled()
		assert.Equal(t, []string{"later"}, outcomes(w.relay().Deliver(ctx, outgoing(), rcpts("hamburger.edu", "bob"))))
		assert.Empty(t, w.relay().Deliver(t.Context(), m, nil))
		assert.Empty(t, w.dialled())
		assert.Empty(t, w.arrived())
	})
}
