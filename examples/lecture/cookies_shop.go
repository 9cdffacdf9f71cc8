package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"applayer/http1"
	"applayer/http1/cookie"
	"applayer/http1/form"
)

// cookieShop is a site that knows its visitors by an id in a cookie. Of the id
// its database keeps the hash alone; what it tells of a customer stands in the
// session's data.
type cookieShop struct {
	sessions *cookie.Sessions
	stop     func()
}

// customer is what the site knows of a visitor.
type customer struct {
	Number string
	Visits int
	Name   string   `json:",omitempty"`
	Cart   []string `json:",omitempty"`
}

func (c customer) String() string {
	parts := []string{fmt.Sprintf("%s: visit %d", c.Number, c.Visits)}
	if c.Name != "" {
		parts = append(parts, c.Name)
	}
	return strings.Join(append(parts, c.Cart...), ", ")
}

// openCookieShop starts a site at a host, on the database in a file, or in
// memory without one.
func openCookieShop(ctx context.Context, n *Net, host, file string, clock *lectureClock, newID func() string) (*cookieShop, error) {
	options := cookie.SessionOptions{NewID: newID, Now: clock.now}
	if file != "" {
		db, err := cookie.OpenFileDatabase(ctx, file)
		if err != nil {
			return nil, err
		}
		options.Database = db
	}
	sessions, err := cookie.NewSessions(&options)
	if err != nil {
		return nil, errors.Join(err, closeDatabase(options.Database))
	}
	s := &cookieShop{sessions: sessions}
	if s.stop, err = serveWeb(ctx, n, &http1.Server{Handler: s}, host+":80"); err != nil {
		return nil, errors.Join(err, sessions.Close())
	}
	return s, nil
}

func closeDatabase(db cookie.Database) error {
	if db == nil {
		return nil
	}
	return db.Close()
}

func (s *cookieShop) close() error {
	s.stop()
	return s.sessions.Close()
}

// entries are those of the database, as the site tells them.
func (s *cookieShop) entries() (lines []string) {
	for x, err := range s.sessions.All() {
		var c customer
		if err == nil {
			err = json.Unmarshal(x.Data, &c)
		}
		if err != nil {
			lines = append(lines, err.Error())
			continue
		}
		lines = append(lines, c.String())
	}
	slices.Sort(lines)
	return lines
}

// ServeHTTP does what is asked, for the customer that the cookie stands for.
func (s *cookieShop) ServeHTTP(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
	input, err := formInput(r)
	if err != nil {
		w.Error(form.Status(err), err.Error())
		return
	}
	x, fresh, err := s.sessions.Visit(r.Header.Get("Cookie"))
	var c customer
	switch {
	case err != nil:
	case fresh:
		c.Number = x.ID
		w.Header().Add("Set-Cookie", s.sessions.SetCookie(x))
	default:
		err = json.Unmarshal(x.Data, &c)
	}
	if err == nil {
		c.Visits++
		c.answer(w, r.Target.Path, input)
		if x.Data, err = json.Marshal(c); err == nil {
			err = s.sessions.Update(x)
		}
	}
	if err != nil {
		w.Error(http1.StatusInternalServerError, err.Error())
	}
}

// answer makes the page for a customer. A shop in earnest would also give him
// a new id when he logs in; here it stays the lecture's.
func (c *customer) answer(w *http1.ResponseWriter, path string, input form.Fields) {
	switch {
	case path == "/cart":
		if item := input.Get("add"); item != "" {
			c.Cart = append(c.Cart, item)
		}
		fmt.Fprintln(w, "in your cart:", strings.Join(c.Cart, ", "))
	case path == "/login":
		if input.Get("name") != "susan" || input.Get("password") != "secret" {
			refuseCustomer(w)
			return
		}
		c.Name = "susan"
		fmt.Fprintln(w, "logged in as", c.Name)
	case path == "/account" && c.Name == "":
		refuseCustomer(w)
	case path == "/account":
		fmt.Fprintln(w, "the account of", c.Name)
	case c.Visits == 1:
		fmt.Fprintf(w, "hello, customer %s, we have not met\n", c.Number)
	case len(c.Cart) > 0:
		fmt.Fprintf(w, "welcome back, customer %s, this is visit %d; who took %s also took a cable\n", c.Number, c.Visits, c.Cart[0])
	default:
		fmt.Fprintf(w, "welcome back, customer %s, this is visit %d\n", c.Number, c.Visits)
	}
}

func refuseCustomer(w *http1.ResponseWriter) {
	w.WriteHeader(http1.StatusForbidden)
	fmt.Fprintln(w, "403: who are you?")
}
