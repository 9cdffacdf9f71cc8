package resolver_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/resolver"
)

// victims is a world in which evil.com says that www.victim.com is its name
// server, and so does shop.com, which is right.
func victims(t *testing.T, limits resolver.Limits) *world {
	w := newWorld(t, &resolver.EngineOptions{NoIPv6: true, Limits: limits})
	w.serve("192.0.2.1", zone(t, ".", "com. 3600 NS a.nic.com.", "a.nic.com. 3600 A 192.0.2.10"))
	w.serve("192.0.2.10", zone(t, "com.", "evil.com. 3600 NS www.victim.com.",
		"victim.com. 3600 NS ns.victim.com.", "ns.victim.com. 3600 A 192.0.2.30",
		"shop.com. 3600 NS www.victim.com.", "worse.com. 3600 NS ns.worse.com.", "ns.worse.com. 3600 A 192.0.2.66"))
	w.serve("192.0.2.66", zone(t, "worse.com.", "www.worse.com. 60 CNAME www.evil.com."))
	w.serve("192.0.2.30", zone(t, "victim.com.", "www.victim.com. 60 A 192.0.2.31"))
	w.serve("192.0.2.31", zone(t, "shop.com.", "www.shop.com. 60 A 198.51.100.7"))
	return w
}

// results waits for so many results.
func (w *world) results(n int) map[uint64]*resolver.Result {
	w.t.Helper()
	all := make(map[uint64]*resolver.Result)
	for range 10000 {
		w.pump()
		if id, r, ok := w.engine.NextResult(); ok {
			if all[id] = r; len(all) == n {
				return all
			}
			continue
		}
		w.step()
	}
	require.Fail(w.t, "no end")
	return nil
}

// What one client's question may cost is not taken from another's, though they
// wait for the same: else who asks for a zone of his own making, that names a
// victim's hosts as its servers, uses up what the victim's name may cost.
func TestEachQuestionHasItsOwnBudget(t *testing.T) {
	for _, row := range []struct {
		name, victim string
		until        string // what the attacker's question has come to
	}{
		{"the name itself", "www.victim.com.", "victim.com. A"},
		{"the address of a server", "www.shop.com.", "evil.com. A"},
	} {
		t.Run(row.name, func(t *testing.T) {
			// worse.com twice, evil.com, victim.com: then nothing is left for
			// www.victim.com.
			w := victims(t, resolver.Limits{MaxMessages: 4})
			w.ask("com.", dns.TypeNS) // priming, and what all know
			w.log = nil
			evil := w.engine.Ask(w.now, asked("www.worse.com.", dns.TypeA))
			var victim uint64
			for range 100 {
				w.pump()
				if seen := w.asked("192.0.2.10"); len(seen) > 0 && seen[len(seen)-1] == row.until {
					victim = w.engine.Ask(w.now, asked(row.victim, dns.TypeA))
					break
				}
				w.step()
			}
			require.NotZero(t, victim)
			all := w.results(2)
			assert.Equal(t, dns.RCodeServFail, all[evil].RCode)
			assert.Equal(t, dns.RCodeNoError, all[victim].RCode, "%v", all[victim].Err)
			assert.Len(t, all[victim].Answer, 1)
			assert.Zero(t, resolver.UnderWay(w.engine))
		})
	}
}

// A question whose time is over is not sent once more, for nobody.
func TestNothingIsAskedForNobody(t *testing.T) {
	w := small(t, &resolver.EngineOptions{Limits: resolver.Limits{MaxTime: 300 * time.Millisecond, FirstTimeout: 400 * time.Millisecond}})
	w.ask("mail.example.com.", dns.TypeA)
	w.serve("192.0.2.20", func(_ string, q *dns.Message) []any {
		m := reply(q)
		m.ID++ // makes TCP the next step
		return []any{m}
	})
	w.delay = 200 * time.Millisecond
	w.ask("www.example.com.", dns.TypeA)
	w.log = nil
	for resolver.UnderWay(w.engine) > 0 {
		w.pump()
		w.step()
	}
	assert.Empty(t, w.log)
}

// Who goes takes nothing from those that asked the same, and leaves nothing
// behind.
func TestTheFirstOfTheJoinedLeaves(t *testing.T) {
	bubble(t, func(t *testing.T, r *resolver.Resolver, m *memory) {
		q := asked("www.example.com.", dns.TypeA)
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Millisecond)
		defer cancel()
		var first, second error
		var answer *resolver.Result
		var both sync.WaitGroup
		both.Go(func() { _, first = r.Lookup(ctx, q) })
		both.Go(func() {
			time.Sleep(5 * time.Millisecond)
			answer, second = r.Lookup(t.Context(), q)
		})
		both.Wait()
		assert.ErrorIs(t, first, context.DeadlineExceeded)
		require.NoError(t, second)
		assert.Len(t, answer.Answer, 1)
		assert.Equal(t, 4, m.count(), "each message was sent once")
		ctx, cancel = context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := r.Lookup(ctx, asked("mail.example.com.", dns.TypeA))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Zero(t, resolver.Waiting(r))

		require.NoError(t, r.Close())
		_, err = r.Lookup(t.Context(), q)
		assert.ErrorIs(t, err, resolver.ErrClosed, "what is known too")
	})
}

// Clients that come and go, some while the Resolver closes, leave nothing behind.
func TestClientsComeAndGo(t *testing.T) {
	bubble(t, func(t *testing.T, r *resolver.Resolver, m *memory) {
		var all sync.WaitGroup
		ask := func(i int) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%7*i%60)*time.Millisecond)
			defer cancel()
			time.Sleep(time.Duration(i%13) * time.Millisecond)
			res, err := r.Lookup(ctx, asked(fmt.Sprintf("h%d.example.com.", i%20), dns.TypeA))
			switch {
			case err == nil:
				assert.Equal(t, dns.RCodeNXDomain, res.RCode)
			case !errors.Is(err, resolver.ErrClosed):
				assert.ErrorIs(t, err, context.DeadlineExceeded)
			}
		}
		for i := range 300 {
			all.Go(func() { ask(i) })
		}
		all.Wait()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		assert.Zero(t, resolver.Waiting(r))
		r.Cache.Flush()
		for i := range 300 {
			all.Go(func() { ask(i) })
		}
		time.Sleep(15 * time.Millisecond)
		assert.NoError(t, r.Close())
		all.Wait()
	})
}
