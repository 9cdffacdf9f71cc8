package webmail

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/netip"
	"time"

	"applayer/http1"
	"applayer/http1/cookie"
	"applayer/http1/form"
)

// visit is a request of somebody who has logged in.
type visit struct {
	Account
	session cookie.Session
	user    user
}

// user is what is kept of a session.
type user struct {
	Name  string
	Token string
}

// within leads who has not logged in to where he can.
func (h *Handler) within(page func(context.Context, *http1.ResponseWriter, *http1.Request, *visit)) func(context.Context, *http1.ResponseWriter, *http1.Request) {
	return func(ctx context.Context, w *http1.ResponseWriter, r *http1.Request) {
		v := new(visit)
		var err error
		if v.session, err = h.sessions.Find(r.Header.Get("Cookie")); err == nil {
			err = json.Unmarshal(v.session.Data, &v.user)
		}
		if err != nil {
			redirect(w, "/login")
			return
		}
		if v.Account, err = h.mail.Account(ctx, v.user.Name); err != nil {
			h.fail(w, r, err)
			return
		}
		page(ctx, w, r, v)
	}
}

func (h *Handler) loginForm(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
	h.page(w, r, http1.StatusOK, "login", "")
}

// loginLimits are those of a form that anybody may send: a name and a password.
// What form lets through by default is a memory's size for each connection.
var loginLimits = form.Options{Limits: form.Limits{MaxBody: 8 << 10}}

// login begins a session, and ends the one that the visitor had.
func (h *Handler) login(ctx context.Context, w *http1.ResponseWriter, r *http1.Request) {
	f, ok := h.form(w, r, &loginLimits)
	if !ok {
		return
	}
	if !h.opts.Secure && !onLoopback(r) {
		h.page(w, r, http1.StatusForbidden, "login", "Not in the clear: log in over TLS.")
		return
	}
	name, wait, err := h.attempt(ctx, peerOf(r), f)
	switch {
	case errors.Is(err, errTooMany):
		h.page(w, r, http1.StatusTooManyRequests, "login", "Too many logins were refused: come back later.")
		return
	case errors.Is(err, ErrRefused):
		h.opts.Logger.Warn("login refused", "peer", r.RemoteAddr)
		pause(ctx, wait)
		h.page(w, r, http1.StatusForbidden, "login", "User and password do not match.")
		return
	case err != nil:
		h.fail(w, r, err)
		return
	}
	data, err := json.Marshal(user{Name: name, Token: rand.Text()})
	if err != nil {
		h.fail(w, r, err)
		return
	}
	if old, err := h.sessions.Find(r.Header.Get("Cookie")); err == nil {
		if err := h.sessions.End(old); err != nil {
			h.fail(w, r, err)
			return
		}
	}
	x, err := h.sessions.Create(data)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.opts.Logger.Info("login", "peer", r.RemoteAddr, "user", name)
	w.Header().Add("Set-Cookie", h.sessions.SetCookie(x))
	redirect(w, "/")
}

// errTooMany means a guesser, who hears no more whether he is right.
var errTooMany = errors.New("too many logins refused")

// attempt is a login. Where it is refused, wait is after how long to say so.
func (h *Handler) attempt(ctx context.Context, peer netip.Prefix, f form.Fields) (name string, wait time.Duration, err error) {
	if h.guesses.TooMany(peer) {
		return "", 0, errTooMany
	}
	name, err = h.mail.Login(ctx, f.Get("user"), f.Get("password"))
	tooMany := false
	if errors.Is(err, ErrRefused) {
		wait, tooMany = h.guesses.Refused(peer)
	} else {
		tooMany = h.guesses.TooMany(peer) // others came meanwhile
	}
	if tooMany {
		return "", 0, errTooMany
	}
	return name, wait, err
}

// onLoopback tells whether the visitor is on this host.
func onLoopback(r *http1.Request) bool { return peerOf(r).Addr().IsLoopback() }

// pause waits, as long as there is somebody to answer.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// EndOthers ends the sessions of users who may not go on: whose password was
// changed, as it may have been stolen, or who are users no more.
func (h *Handler) EndOthers(mayGoOn func(user string) bool) error {
	var errs []error
	for x, err := range h.sessions.All() {
		var u user
		if err == nil {
			err = json.Unmarshal(x.Data, &u)
		}
		if err == nil && !mayGoOn(u.Name) {
			err = h.sessions.End(x)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// logout ends a session.
func (h *Handler) logout(_ context.Context, w *http1.ResponseWriter, r *http1.Request, v *visit) {
	if _, ok := h.signed(w, r, v); !ok {
		return
	}
	if err := h.sessions.End(v.session); err != nil {
		h.fail(w, r, err)
		return
	}
	w.Header().Add("Set-Cookie", h.sessions.Forget())
	redirect(w, "/login")
}

// form reads what a form sent, or answers why it cannot.
func (h *Handler) form(w *http1.ResponseWriter, r *http1.Request, opts *form.Options) (form.Fields, bool) {
	f, err := form.ReadRequest(r, opts)
	if err != nil {
		h.page(w, r, form.Status(err), "problem", problem{"The form could not be read.", r.Target.Path})
		return nil, false
	}
	defer f.Close()
	return f.Fields, true
}

// signed reads a form that must carry the session's token.
func (h *Handler) signed(w *http1.ResponseWriter, r *http1.Request, v *visit) (form.Fields, bool) {
	f, ok := h.form(w, r, nil)
	if ok && subtle.ConstantTimeCompare([]byte(f.Get("token")), []byte(v.user.Token)) != 1 {
		h.page(w, r, http1.StatusForbidden, "problem", problem{"The form is not one of this session.", "/"})
		return nil, false
	}
	return f, ok
}
