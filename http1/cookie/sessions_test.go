package cookie_test

import (
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/cookie"
)

func newSessions(t *testing.T, o cookie.SessionOptions) *cookie.Sessions {
	t.Helper()
	s, err := cookie.NewSessions(&o)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func openDatabase(t *testing.T, name string) *cookie.FileDatabase {
	t.Helper()
	d, err := cookie.OpenFileDatabase(t.Context(), name)
	require.NoError(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

// The lecture's scene at Amazon: the first visit makes an id and an entry; a
// week later, after a restart, it is still known; without its database the
// site does not trust it.
func TestSessionsLecture(t *testing.T) {
	c := newClock()
	name := filepath.Join(t.TempDir(), "db")
	next := 1677
	options := cookie.SessionOptions{Now: c.now, Absolute: 14 * 24 * time.Hour, NewID: func() string {
		next++
		return fmt.Sprint(next)
	}}
	options.Database = openDatabase(t, name)
	s := newSessions(t, options)
	x, fresh, err := s.Visit("")
	require.NoError(t, err)
	assert.True(t, fresh)
	assert.Equal(t, "id=1678; Max-Age=1209600; Path=/; HttpOnly; SameSite=Lax", s.SetCookie(x))
	x.Data = []byte("cart: 1 book")
	require.NoError(t, s.Update(x))
	x, fresh, err = s.Visit("lang=en; id=1678")
	require.NoError(t, err)
	assert.False(t, fresh)
	assert.Equal(t, "cart: 1 book", string(x.Data))
	require.NoError(t, s.Close())

	c.wait(7 * 24 * time.Hour)
	options.Database = openDatabase(t, name)
	s = newSessions(t, options)
	x, err = s.Find("id=1678")
	require.NoError(t, err)
	assert.Equal(t, "cart: 1 book", string(x.Data))
	assert.Equal(t, lecture, x.Created)
	assert.Equal(t, "id=1678; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax", s.SetCookie(x))

	options.Database = nil
	s = newSessions(t, options)
	_, err = s.Find("id=1678")
	assert.ErrorIs(t, err, cookie.ErrNoSession)
	x, fresh, err = s.Visit("id=1678")
	require.NoError(t, err)
	assert.True(t, fresh)
	assert.Equal(t, "1679", x.ID)
}

func TestSessionsIDs(t *testing.T) {
	s := newSessions(t, cookie.SessionOptions{})
	seen := map[string]bool{}
	for range 100 {
		x, err := s.Create(nil)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, len(x.ID), 26, "26 characters of 5 bits")
		assert.False(t, seen[x.ID])
		seen[x.ID] = true
		got, err := s.Find("id=" + x.ID)
		require.NoError(t, err)
		assert.Equal(t, x.ID, got.ID)
	}
	for x, err := range s.All() {
		require.NoError(t, err)
		assert.Empty(t, x.ID, "the database has no ids")
	}
}

// An id that was not issued here is not taken, whatever it looks like.
func TestSessionsFixation(t *testing.T) {
	s := newSessions(t, cookie.SessionOptions{})
	x, err := s.Create(nil)
	require.NoError(t, err)
	for _, field := range []string{
		"", "id=", "id=1678", "id=ABCDEFGHIJKLMNOPQRSTUVWXYZ", "id=" + strings.ToLower(x.ID), "id=" + x.ID[1:], "id=" + x.ID + "A",
		"ID=" + x.ID, "other=" + x.ID, `id="` + x.ID + `"`,
	} {
		got, fresh, err := s.Visit(field)
		require.NoError(t, err)
		assert.True(t, fresh, field)
		assert.NotContains(t, field, got.ID)
	}
	_, err = s.Find("id=\x00")
	assert.IsType(t, &cookie.ParseError{}, err)
	got, err := s.Find("id=evil; id=" + x.ID)
	require.NoError(t, err, "a cookie of that name from elsewhere does not hide the good one")
	assert.Equal(t, x.ID, got.ID)
}

func TestSessionsRenew(t *testing.T) {
	c := newClock()
	s := newSessions(t, cookie.SessionOptions{Now: c.now})
	x, err := s.Create([]byte("guest"))
	require.NoError(t, err)
	c.wait(time.Hour)
	x.Data = []byte("susan")
	y, err := s.Renew(x)
	require.NoError(t, err)
	assert.NotEqual(t, x.ID, y.ID)
	_, err = s.Find("id=" + x.ID)
	assert.ErrorIs(t, err, cookie.ErrNoSession, "who knew the old id knows nothing")
	got, err := s.Find("id=" + y.ID)
	require.NoError(t, err)
	assert.Equal(t, "susan", string(got.Data))
	assert.Equal(t, lecture, got.Created)
	_, err = s.Renew(x)
	assert.ErrorIs(t, err, cookie.ErrNoSession)
}

func TestSessionsEnd(t *testing.T) {
	s := newSessions(t, cookie.SessionOptions{Cookie: cookie.SetCookie{Name: "__Host-id", Secure: true, SameSite: cookie.SameSiteStrict}})
	x, err := s.Create(nil)
	require.NoError(t, err)
	require.NoError(t, s.End(x))
	_, err = s.Find("__Host-id=" + x.ID)
	assert.ErrorIs(t, err, cookie.ErrNoSession)
	assert.ErrorIs(t, s.Update(x), cookie.ErrNoSession, "a request that was under way does not bring it back")
	_, err = s.Find("__Host-id=" + x.ID)
	assert.ErrorIs(t, err, cookie.ErrNoSession)
	assert.Equal(t, "__Host-id=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict", s.Forget())
	// The jar does as it is told.
	j := &cookie.Jar{}
	u := mustURL("https://h.example/x")
	require.NoError(t, j.SetCookie(u, nil, s.SetCookie(x)))
	assert.Equal(t, "__Host-id="+x.ID, j.Cookie(u, nil, "GET"))
	require.NoError(t, j.SetCookie(u, nil, s.Forget()))
	assert.Empty(t, j.Cookie(u, nil, "GET"))
}

func TestSessionsExpire(t *testing.T) {
	c := newClock()
	s := newSessions(t, cookie.SessionOptions{Now: c.now, Idle: time.Hour, Absolute: 3 * time.Hour})
	idle, err := s.Create(nil)
	require.NoError(t, err)
	busy, err := s.Create(nil)
	require.NoError(t, err)
	for range 5 {
		c.wait(30 * time.Minute)
		_, err = s.Find("id=" + busy.ID)
		require.NoError(t, err)
	}
	_, err = s.Find("id=" + idle.ID)
	assert.ErrorIs(t, err, cookie.ErrNoSession, "an hour idle")
	n := 0
	for range s.All() {
		n++
	}
	assert.Equal(t, 1, n)
	c.wait(30*time.Minute - 1)
	_, err = s.Find("id=" + busy.ID)
	assert.NoError(t, err)
	c.wait(1)
	_, err = s.Find("id=" + busy.ID)
	assert.ErrorIs(t, err, cookie.ErrNoSession, "three hours in all")

	s = newSessions(t, cookie.SessionOptions{Now: c.now, Idle: -1, Absolute: -1})
	x, err := s.Create(nil)
	require.NoError(t, err)
	c.wait(100 * 365 * 24 * time.Hour)
	_, err = s.Find("id=" + x.ID)
	assert.NoError(t, err, "never")
	assert.Contains(t, s.SetCookie(x), "Max-Age=34560000;", "400 days is what browsers allow")
}

func TestSessionsLimits(t *testing.T) {
	c := newClock()
	s := newSessions(t, cookie.SessionOptions{Now: c.now, Idle: time.Hour, Limits: cookie.Limits{MaxSessions: 32, MaxSessionData: 4}})
	_, err := s.Create([]byte("12345"))
	assert.Equal(t, &cookie.LimitError{Name: "MaxSessionData", Max: 4, Reply: 413}, err)
	var all []cookie.Session
	for range 32 {
		x, err := s.Create(nil)
		require.NoError(t, err)
		all = append(all, x)
		c.wait(time.Second)
	}
	x := all[0]
	x.Data = []byte("12345")
	assert.IsType(t, &cookie.LimitError{}, s.Update(x))
	for _, x := range all[:16] {
		_, err := s.Find("id=" + x.ID)
		require.NoError(t, err)
	}
	for range 1000 {
		c.wait(1)
		x, err := s.Create(nil)
		require.NoError(t, err)
		c.wait(1)
		x.Data = []byte("made")
		require.NoError(t, s.Update(x), "which is no use by its visitor")
	}
	for i, x := range all {
		_, err := s.Find("id=" + x.ID)
		assert.Equal(t, i < 16, err == nil, "%d: who brought his id back keeps it in a flood", i)
	}
	c.wait(time.Second)
	for {
		x, err := s.Create(nil)
		if err != nil {
			assert.Equal(t, &cookie.LimitError{Name: "MaxSessions", Max: 32, Reply: 503}, err)
			break
		}
		c.wait(time.Second)
		_, err = s.Find("id=" + x.ID)
		require.NoError(t, err)
	}
	_, err = s.Create(nil)
	assert.IsType(t, &cookie.LimitError{}, err, "still")
	c.wait(time.Hour)
	_, err = s.Create(nil)
	assert.NoError(t, err, "they have expired")
}

// Data that is kept does not undo that the session was used.
func TestSessionsUpdateKeepsUse(t *testing.T) {
	c := newClock()
	s := newSessions(t, cookie.SessionOptions{Now: c.now, Idle: time.Hour})
	x, err := s.Create(nil)
	require.NoError(t, err)
	c.wait(50 * time.Minute)
	x, err = s.Find("id=" + x.ID)
	require.NoError(t, err)
	assert.Equal(t, lecture, x.Used, "when it was used before")
	require.NoError(t, s.Update(x))
	c.wait(50 * time.Minute)
	x, err = s.Find("id=" + x.ID)
	require.NoError(t, err)
	assert.Equal(t, lecture.Add(50*time.Minute), x.Used)
}

// Expired sessions go even if nobody asks for them.
func TestSessionsSweep(t *testing.T) {
	c := newClock()
	d := &cookie.MemoryDatabase{}
	s := newSessions(t, cookie.SessionOptions{Database: d, Now: c.now, Idle: time.Hour})
	for range 1000 {
		_, err := s.Create(nil)
		require.NoError(t, err)
	}
	c.wait(time.Hour)
	_, err := s.Create(nil)
	require.NoError(t, err)
	assert.Equal(t, 1, d.Len())
}

func TestSessionsNewID(t *testing.T) {
	ids := []string{"1", "1", "2", "a;b"}
	s := newSessions(t, cookie.SessionOptions{NewID: func() string {
		id := ids[0]
		ids = ids[1:]
		return id
	}})
	x, err := s.Create(nil)
	require.NoError(t, err)
	assert.Equal(t, "1", x.ID)
	y, err := s.Create(nil)
	require.NoError(t, err)
	assert.Equal(t, "2", y.ID, "1 is taken")
	_, err = s.Create(nil)
	assert.IsType(t, &cookie.ParseError{}, err, "no cookie can have it")
	for _, id := range []string{"", "same"} {
		s = newSessions(t, cookie.SessionOptions{NewID: func() string { return id }})
		_, _ = s.Create(nil)
		_, err = s.Create(nil)
		assert.EqualError(t, err, "cookie: NewID gave no new id")
	}
	_, err = cookie.NewSessions(&cookie.SessionOptions{Cookie: cookie.SetCookie{Name: "__Host-id"}})
	assert.ErrorIs(t, err, cookie.ErrPrefix)
}

// broken is a database whose disk has gone.
type broken struct{ cookie.MemoryDatabase }

var errDisk = errors.New("disk")

func (*broken) Load(cookie.Key) (cookie.Record, bool, error) { return cookie.Record{}, false, errDisk }
func (*broken) Insert(cookie.Record) (bool, error)           { return false, errDisk }
func (*broken) All() iter.Seq2[cookie.Record, error] {
	return func(yield func(cookie.Record, error) bool) { yield(cookie.Record{}, errDisk) }
}

func TestSessionsDatabaseFails(t *testing.T) {
	s := newSessions(t, cookie.SessionOptions{Database: &broken{}})
	_, fresh, err := s.Visit("id=1678")
	assert.ErrorIs(t, err, errDisk, "what cannot be looked up is not known to be unknown")
	assert.False(t, fresh)
	_, err = s.Create(nil)
	assert.ErrorIs(t, err, errDisk)
	_, err = s.Renew(cookie.Session{})
	assert.ErrorIs(t, err, errDisk)
	for _, err := range s.All() {
		assert.ErrorIs(t, err, errDisk)
	}
	s = newSessions(t, cookie.SessionOptions{Database: &broken{}, Limits: cookie.Limits{MaxSessions: 1}})
	for range 1001 {
		_, err = s.Create(nil)
	}
	assert.ErrorIs(t, err, errDisk)
}

func TestSessionsConcurrent(t *testing.T) {
	for _, d := range []cookie.Database{&cookie.MemoryDatabase{}, openDatabase(t, filepath.Join(t.TempDir(), "db"))} {
		s := newSessions(t, cookie.SessionOptions{Database: d, Limits: cookie.Limits{MaxSessions: 64}})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for i := range 20 {
					x, err := s.Create(nil)
					if !assert.NoError(t, err) {
						return
					}
					x.Data = []byte(x.ID)
					assert.NoError(t, s.Update(x))
					got, err := s.Find("id=" + x.ID)
					assert.NoError(t, err)
					assert.Equal(t, x.ID, string(got.Data))
					if i%3 > 0 {
						assert.NoError(t, s.End(got))
					}
				}
			})
		}
		wg.Wait()
		n := 0
		for _, err := range s.All() {
			assert.NoError(t, err)
			n++
		}
		assert.Equal(t, 8*7, n)
	}
}
