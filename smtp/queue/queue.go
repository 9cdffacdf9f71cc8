package queue

import (
	"cmp"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"applayer/smtp"
)

// Queue is mail on its way. Its fields are set before it is opened and not
// changed after. Goroutines may share it.
//
//	q := &queue.Queue{Dir: "/var/spool/example", Deliverer: d, Hostname: "mx.example.org"}
//	if err := q.Open(); err != nil { … }
//	defer q.Close()
//	go q.Run(ctx)
//	id, err := q.Submit(ctx, envelope, message)  // nil: the message is safe
type Queue struct {
	// Dir is the folder that holds the queue. It is made if it is not there, and
	// is locked: one process has it at a time.
	Dir string
	// Deliverer takes the messages where they go.
	Deliverer Deliverer
	// Hostname is the name of this host in reports (default what the system
	// says, if that is a name). One in UTF-8 has its form of ASCII there.
	Hostname string
	// Destination tells which recipients go the same way, so that one call of
	// the Deliverer gets them all and MaxPerDestination counts them as one. The
	// default is the domain, in its canonical form.
	Destination func(to smtp.Path) string
	// Schedule says when a message is tried again.
	Schedule Schedule
	// MaxAge is after what time a message is given up (default 5 days;
	// RFC 5321 §4.5.4.1 asks for 4 or 5 at least; negative after the first try).
	MaxAge time.Duration
	// DelayAfter is after what time a sender is told of a delay who asked for it
	// by NOTIFY=DELAY (default 4 hours, negative never).
	DelayAfter time.Duration
	// TryTimeout bounds a call of the Deliverer (default 1 hour, negative not at
	// all).
	TryTimeout time.Duration
	// Grace is how long tries may go on that are under way when the context of
	// Run ends (default 10 seconds, negative not at all).
	Grace time.Duration
	// DoubleBounce is who gets the reports that would go to a null reverse-path.
	// They are dropped where it is null too (RFC 5321 §4.5.5).
	DoubleBounce smtp.Path
	// Limits bounds what the queue holds and does at a time.
	Limits Limits
	// Logger hears of what goes on; nil is silent.
	Logger *slog.Logger
	// Trace hears of it too; nil does not.
	Trace *Trace

	spool *spool
	host  string
	log   *slog.Logger
	wake  chan struct{} // something has changed for Run

	mu      sync.Mutex
	open    bool
	closed  chan struct{}  // ends Run
	users   sync.WaitGroup // calls that need the spool
	running bool
	limits  Limits
	engine  *engine
	entries map[string]*entry
	used    room // those included that are being submitted
}

// Defaults of a Queue.
const (
	defaultMaxAge     = 5 * 24 * time.Hour
	defaultDelayAfter = 4 * time.Hour
	defaultTryTimeout = time.Hour
	defaultGrace      = 10 * time.Second
)

// Open makes the queue ready: it takes the lock of the folder and reads what is
// there. Files that are damaged are moved to the folder "corrupt". The error is
// [ErrLocked] where another process has the queue.
func (q *Queue) Open() error {
	var aside []func()
	defer func() {
		for _, tell := range aside {
			tell()
		}
	}()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.open {
		return ErrLocked
	}
	host, err := q.hostname()
	if err != nil {
		return err
	}
	// A report that cannot be addressed could never be made.
	if _, err := smtp.AppendPath(nil, q.DoubleBounce); err != nil {
		return err
	}
	s, err := openSpool(q.Dir)
	if err != nil {
		return err
	}
	q.spool, q.host, q.log = s, host, q.Logger
	if q.log == nil {
		q.log = slog.New(slog.DiscardHandler)
	}
	q.limits = q.Limits.inForce()
	q.engine = q.newEngine()
	q.entries = map[string]*entry{}
	q.used = room{}
	if aside, err = q.load(time.Now()); err != nil {
		return errors.Join(err, s.close())
	}
	q.wake, q.closed = make(chan struct{}, 1), make(chan struct{})
	q.open = true
	return nil
}

func (q *Queue) newEngine() *engine {
	return &engine{
		schedule:   q.Schedule,
		maxAge:     cmp.Or(q.MaxAge, defaultMaxAge),
		delayAfter: cmp.Or(q.DelayAfter, defaultDelayAfter),
		limits:     q.limits,
		random:     rand.Float64,
		tells:      q.tells,
		places:     map[string]*place{},
	}
}

// ready makes a message that is on the disk one that the engine can be given.
func (q *Queue) ready(e *entry) {
	e.msg.Open = func() (io.ReadCloser, error) { return e.file.open(q.spool, e.msg.ID) }
	if q.Destination != nil {
		e.route(q.Destination)
	} else {
		e.route(domain)
	}
}

// domain is where mail goes if nobody says otherwise.
func domain(to smtp.Path) string {
	to = to.Canonical()
	if to.Literal {
		return "[" + to.Domain + "]"
	}
	return to.Domain
}

// Close ends [Queue.Run], waits for what is under way, and gives the folder back.
func (q *Queue) Close() error {
	q.mu.Lock()
	if !q.open {
		q.mu.Unlock()
		return nil
	}
	q.open = false
	close(q.closed)
	q.mu.Unlock()
	q.users.Wait()
	return q.spool.close()
}

// use notes that a call needs the spool until it calls what is returned.
func (q *Queue) use() (done func(), err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.open {
		return nil, ErrClosed
	}
	q.users.Add(1)
	return q.users.Done, nil
}

// changed wakes Run.
func (q *Queue) changed() {
	select {
	case q.wake <- struct{}{}:
	default: // it has been woken already
	}
}

// hostname returns the name of this host. One that is given has to be one that can
// stand in an address. It is ASCII, since each report has it in its header.
func (q *Queue) hostname() (string, error) {
	name := q.Hostname
	if name == "" {
		name, _ = os.Hostname()
	}
	_, err := smtp.ParseMailbox(daemon + "@" + name)
	if err == nil && !isASCII(name) {
		name, err = smtp.ToASCII(name)
	}
	switch {
	case err == nil:
		return name, nil
	case q.Hostname != "":
		return "", err
	}
	return "localhost", nil
}

// tells says whether somebody is to be told something of a message.
func (q *Queue) tells(e *entry) bool { return len(q.news(e)) > 0 }
