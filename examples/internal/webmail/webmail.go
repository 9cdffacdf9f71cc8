// Package webmail is mail read and sent by web pages: the third way of the
// lecture, beside POP3 and IMAP. The pages have no script, and what a message
// says is shown as text, its HTML too.
//
//	GET  /login          a form of user and password
//	POST /login          begins a session
//	POST /logout         ends it
//	GET  /               the messages, the newest first; ?before=UID for older ones
//	GET  /message/UID    one of them
//	GET  /send           a form of to, subject and text
//	POST /send           sends it
//
// What changes something needs the token that the forms of the session carry,
// besides its cookie, which other sites' pages cannot make a browser send; and no
// other site's page can send a form, not even the one to log in by.
package webmail

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"applayer/http1"
	"applayer/http1/cookie"
	"applayer/internal/guess"
	"applayer/sockets"
)

// ErrRefused is what [Mail.Login] returns for a wrong user or password.
var ErrRefused = errors.New("user and password do not match")

// ErrNoMessage is what [Account.Open] returns for a message that is not there.
var ErrNoMessage = errors.New("no such message")

// Mail is the mail of a domain.
type Mail interface {
	// Login returns who logs in by this name and password, or ErrRefused.
	Login(ctx context.Context, user, password string) (name string, err error)
	// Account opens the mail of who logged in.
	Account(ctx context.Context, name string) (Account, error)
}

// Account is a user's mail.
type Account interface {
	// Address is what the user's messages come from, as in "bob@hamburger.edu".
	Address() string
	// Messages lists the messages whose UID is below before, all for 0: the
	// newest first, and no more than most.
	Messages(ctx context.Context, before uint32, most int) ([]Entry, error)
	// Open opens a message, and notes that it was seen.
	Open(ctx context.Context, uid uint32) (Content, error)
	// Send sends a message, and returns when it is safe. An error that is not
	// ours but the user's is an *[AddressError].
	Send(ctx context.Context, to []string, message io.Reader) error
}

// AddressError tells which recipient is refused.
type AddressError struct{ Address, Why string }

// Error tells who and why.
func (e *AddressError) Error() string { return e.Address + ": " + e.Why }

// Entry is a message of the list.
type Entry struct {
	UID           uint32
	From, Subject string
	Date          time.Time
	Size          int64
	Seen          bool
}

// Content is the octets of a message.
type Content interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Options are the choices of a [Handler].
type Options struct {
	// Secure says that the pages are served over TLS alone. Without it nobody
	// logs in who is not on this host, as his password could be heard.
	Secure bool
	// LoginDelay is after how long a login is refused (default 1 s), twice that
	// the next time, up to 16 times. After 50 of one address within 10 minutes
	// none is looked at.
	LoginDelay time.Duration
	// Hosts are the names by which the pages are known, for themselves and for
	// what is below them; others but localhost and addresses get 421. Empty is
	// any name, which is safe over TLS alone.
	Hosts []string
	// Logger hears of logins and failures; nil is silent.
	Logger *slog.Logger
}

// Handler serves the pages.
type Handler struct {
	mail     Mail
	opts     Options
	mux      http1.Mux
	sessions *cookie.Sessions
	guesses  guess.Counter
}

// New returns the pages of a domain's mail.
func New(mail Mail, opts *Options) (*Handler, error) {
	h := &Handler{mail: mail}
	if opts != nil {
		h.opts = *opts
	}
	if h.opts.LoginDelay == 0 {
		h.opts.LoginDelay = time.Second
	}
	h.guesses.Delay = h.opts.LoginDelay
	if h.opts.Logger == nil {
		h.opts.Logger = slog.New(slog.DiscardHandler)
	}
	c := cookie.SetCookie{SameSite: cookie.SameSiteStrict}
	if h.opts.Secure {
		c.Name, c.Secure = "__Host-id", true
	}
	var err error
	h.sessions, err = cookie.NewSessions(&cookie.SessionOptions{Cookie: c, Idle: 12 * time.Hour, Absolute: 7 * 24 * time.Hour})
	if err != nil {
		return nil, err
	}
	h.mux.HandleFunc("GET /login", h.loginForm)
	h.mux.HandleFunc("POST /login", h.login)
	h.mux.HandleFunc("POST /logout", h.within(h.logout))
	h.mux.HandleFunc("GET /", h.within(h.list))
	h.mux.HandleFunc("GET /message/{uid}", h.within(h.message))
	h.mux.HandleFunc("GET /send", h.within(h.sendForm))
	h.mux.HandleFunc("POST /send", h.within(h.send))
	return h, nil
}

// Close ends all sessions.
func (h *Handler) Close() error { return h.sessions.Close() }

// ServeHTTP answers a request.
func (h *Handler) ServeHTTP(ctx context.Context, w *http1.ResponseWriter, r *http1.Request) {
	head := w.Header()
	head.Set("Cache-Control", "no-store")
	head.Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	head.Set("Referrer-Policy", "same-origin") // with "no-referrer" a form tells no Origin
	head.Set("X-Content-Type-Options", "nosniff")
	switch {
	case !h.isOurs(r):
		w.Error(http1.StatusMisdirectedRequest, "not a name of these pages")
		return
	case r.Method == http1.MethodPost && isForeign(r):
		h.page(w, r, http1.StatusForbidden, "problem", problem{"The form is another site's.", "/"})
		return
	}
	h.mux.ServeHTTP(ctx, w, r)
}

// fail answers an error that is not the user's.
func (h *Handler) fail(w *http1.ResponseWriter, r *http1.Request, err error) {
	h.opts.Logger.Error("web page", "peer", r.RemoteAddr, "path", r.Target.Path, "err", err)
	h.page(w, r, http1.StatusInternalServerError, "problem", problem{"The server could not do that. Try again later.", "/"})
}

// redirect leads to another page (RFC 9110 §15.4.4).
func redirect(w *http1.ResponseWriter, path string) {
	w.Header().Set("Location", path)
	w.WriteHeader(http1.StatusSeeOther)
}

// peerOf is what counts as one peer.
func peerOf(r *http1.Request) netip.Prefix {
	if r.RemoteAddr == nil {
		return netip.Prefix{}
	}
	return sockets.DefaultPeerPrefix(r.RemoteAddr)
}
