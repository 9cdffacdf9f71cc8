package cookie

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"iter"
	"sync"
	"time"
)

// ErrNoSession means that a request has no id, or none that was issued and is
// still good.
var ErrNoSession = errors.New("cookie: no session")

// Sessions is a server's side of a cookie: it issues ids, knows again those
// that come back, and keeps data for each. An id is 130 random bits, means
// nothing, and is good only if it was issued here and has neither expired nor
// ended; so nobody can bring an id of his own choice, or have a victim bring
// it. Goroutines may share it.
type Sessions struct {
	options SessionOptions
	limits  Limits

	// sweeping keeps sweeps apart.
	sweeping sync.Mutex

	mu      sync.Mutex
	created int       // since the last sweep
	full    time.Time // until then there is no room
}

// SessionOptions says how [Sessions] behave.
type SessionOptions struct {
	// Database keeps the sessions; nil means a [MemoryDatabase].
	Database Database
	// Cookie is what carries the id: its name (default "id"), Path (default
	// "/"), Domain, Secure and SameSite (default Lax). The other fields are set
	// by Sessions, and HttpOnly always. Over TLS the name should be __Host-id,
	// with Secure, so that no other host can set it.
	Cookie SetCookie
	// Idle ends a session that was not used for so long (default 30 days;
	// negative: never). Uses are noted when a 64th of it has passed.
	Idle time.Duration
	// Absolute ends a session so long after it began (default 400 days;
	// negative: never). It is also the cookie's lifetime.
	Absolute time.Duration
	// Limits bounds the sessions, their data, and Cookie fields.
	Limits Limits
	// NewID makes ids; nil means crypto/rand.Text. Another must be as hard to
	// guess, unless nothing hangs on it.
	NewID func() string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Session is what a server knows of one visitor.
type Session struct {
	// ID is what the visitor's cookie has; empty where nobody brought it.
	ID string
	// Created is when the session began, Used when it was used before.
	Created, Used time.Time
	// Data is the server's, and kept by [Sessions.Update].
	Data []byte

	key   Key
	noted time.Time // the use that the database has
}

// NewSessions returns sessions in the options' database. It copies options;
// nil means the defaults. The error is about options.Cookie.
func NewSessions(options *SessionOptions) (*Sessions, error) {
	s := &Sessions{}
	if options != nil {
		s.options = *options
	}
	o := &s.options
	s.limits = o.Limits.filled()
	o.Idle = limit(o.Idle, 30*24*time.Hour, time.Duration(maxInt64))
	o.Absolute = limit(o.Absolute, 400*24*time.Hour, time.Duration(maxInt64))
	if o.Database == nil {
		o.Database = &MemoryDatabase{}
	}
	if o.NewID == nil {
		o.NewID = rand.Text
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &o.Cookie
	c.Name, c.Path = cmp.Or(c.Name, "id"), cmp.Or(c.Path, "/")
	c.HttpOnly, c.Expires = true, time.Time{}
	if c.SameSite == SameSiteUnset {
		c.SameSite = SameSiteLax
	}
	if _, err := s.field("x", -1); err != nil {
		return nil, err
	}
	return s, nil
}

// field is the value of a Set-Cookie field.
func (s *Sessions) field(id string, maxAge int64) (string, error) {
	c := s.options.Cookie
	c.Value, c.MaxAge = id, maxAge
	b, err := AppendSetCookie(nil, &c)
	return string(b), err
}

// SetCookie returns the value of the Set-Cookie field that gives x to its
// visitor.
func (s *Sessions) SetCookie(x Session) string {
	left := min(s.options.Absolute-max(s.options.Now().Sub(x.Created), 0), 400*24*time.Hour)
	field, err := s.field(x.ID, max(int64(left/time.Second), 1))
	if err != nil {
		// The cookie was checked by NewSessions and the id when it was issued.
		panic(err)
	}
	return field
}

// Forget returns the value of the Set-Cookie field that takes the id away from
// a visitor whose session has ended.
func (s *Sessions) Forget() string {
	field, err := s.field("", -1)
	if err != nil {
		panic(err) // as above
	}
	return field
}

// Find returns the session whose id stands in a Cookie field, and notes that it
// was used. The error is [ErrNoSession] where there is none that is good, a
// [ParseError] or [LimitError] for a field that cannot be read, or the
// database's. Where the field has several ids, the first that is good counts.
func (s *Sessions) Find(field string) (Session, error) {
	cookies, err := ParseCookie(nil, field, &s.options.Limits)
	if err != nil {
		return Session{}, err
	}
	for _, c := range cookies {
		if c.Name != s.options.Cookie.Name || c.Value == "" {
			continue
		}
		x, err := s.load(c.Value)
		if !errors.Is(err, ErrNoSession) {
			return x, err
		}
	}
	return Session{}, ErrNoSession
}

func (s *Sessions) load(id string) (Session, error) {
	k := Key(sha256.Sum256([]byte(id)))
	r, found, err := s.options.Database.Load(k)
	if err != nil {
		return Session{}, err
	}
	if !found || subtle.ConstantTimeCompare(r.Key[:], k[:]) != 1 {
		return Session{}, ErrNoSession
	}
	now := s.options.Now()
	if s.expired(&r, now) {
		return Session{}, errors.Join(ErrNoSession, s.options.Database.Delete(k))
	}
	x := r.session()
	x.ID = id
	if unused := now.Sub(r.Used); unused >= s.options.Idle/64 || unused > 0 && r.Used.Equal(r.Created) {
		if err := s.options.Database.Touch(k, now); err != nil {
			return Session{}, err
		}
		x.noted = now
	}
	return x, nil
}

// session is what the record says, without the id.
func (r *Record) session() Session {
	return Session{Created: r.Created, Used: r.Used, Data: bytes.Clone(r.Data), key: r.Key, noted: r.Used}
}

func (s *Sessions) expired(r *Record, now time.Time) bool {
	return now.Sub(r.Used) >= s.options.Idle || now.Sub(r.Created) >= s.options.Absolute
}

// Create begins a session with a new id. When it returns, the session is safe
// in the database, and the visitor may have it.
func (s *Sessions) Create(data []byte) (Session, error) {
	if err := s.makeRoom(); err != nil {
		return Session{}, err
	}
	now := s.options.Now()
	return s.insert(Record{Created: now, Used: now, Data: data})
}

// insert finds an id that nobody has. Of those of crypto/rand the first will
// do; a generator of few ids gets some chances.
func (s *Sessions) insert(r Record) (Session, error) {
	if len(r.Data) > s.limits.MaxSessionData {
		return Session{}, &LimitError{Name: "MaxSessionData", Max: int64(s.limits.MaxSessionData), Reply: 413}
	}
	for range 100 {
		id := s.options.NewID()
		if _, err := s.field(id, 1); err != nil {
			return Session{}, err
		}
		if id == "" {
			break
		}
		r.Key = sha256.Sum256([]byte(id))
		done, err := s.options.Database.Insert(r)
		if err != nil {
			return Session{}, err
		}
		if done {
			x := r.session()
			x.ID = id
			return x, nil
		}
	}
	return Session{}, errors.New("cookie: NewID gave no new id")
}

// Visit is Find, and Create where there is no session; then fresh is true, and
// the response should have [Sessions.SetCookie].
func (s *Sessions) Visit(field string) (x Session, fresh bool, err error) {
	x, err = s.Find(field)
	if errors.Is(err, ErrNoSession) {
		x, err = s.Create(nil)
		return x, err == nil, err
	}
	return x, false, err
}

// Update keeps x.Data. The error is [ErrNoSession] if the session has ended
// meanwhile: it stays so.
func (s *Sessions) Update(x Session) error {
	if len(x.Data) > s.limits.MaxSessionData {
		return &LimitError{Name: "MaxSessionData", Max: int64(s.limits.MaxSessionData), Reply: 413}
	}
	// That the server does something with a session does not mean that its
	// visitor has brought the id back.
	done, err := s.options.Database.Update(Record{Key: x.key, Created: x.Created, Used: x.noted, Data: x.Data})
	if err == nil && !done {
		return ErrNoSession
	}
	return err
}

// Renew gives a session a new id and ends the old one, as a server should when
// its visitor logs in: whoever knew the id before knows nothing now. The
// absolute lifetime goes on.
func (s *Sessions) Renew(x Session) (Session, error) {
	if _, found, err := s.options.Database.Load(x.key); err != nil || !found {
		return Session{}, cmp.Or(err, ErrNoSession)
	}
	renewed, err := s.insert(Record{Created: x.Created, Used: s.options.Now(), Data: x.Data})
	if err != nil {
		return Session{}, err
	}
	return renewed, s.End(x)
}

// End ends a session, as when its visitor logs out.
func (s *Sessions) End(x Session) error { return s.options.Database.Delete(x.key) }

// All yields the sessions that have not expired, in any order and without
// their ids, which nobody knows but the visitors.
func (s *Sessions) All() iter.Seq2[Session, error] {
	return func(yield func(Session, error) bool) {
		now := s.options.Now()
		for r, err := range s.options.Database.All() {
			if err == nil && s.expired(&r, now) {
				continue
			}
			if !yield(r.session(), err) {
				return
			}
		}
	}
}

// Close closes the database.
func (s *Sessions) Close() error { return s.options.Database.Close() }
