package webmail_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/webmail"
	"applayer/http1"
	"applayer/mime"
)

// office is the mail of bob, hungry.
type office struct {
	inbox []string
	seen  map[uint32]bool
	sent  []string
	to    []string
	fail  error
	open  int // messages that were not closed

	slow   time.Duration // that a login takes
	logins atomic.Int32  // that were looked at
}

func (o *office) Login(_ context.Context, user, password string) (string, error) {
	o.logins.Add(1)
	time.Sleep(o.slow)
	if o.fail != nil {
		return "", o.fail
	}
	if user != "bob" || password != "hungry" {
		return "", webmail.ErrRefused
	}
	return user, nil
}

func (o *office) Account(context.Context, string) (webmail.Account, error) { return o, nil }
func (o *office) Address() string                                          { return "bob@hamburger.edu" }

func (o *office) Messages(_ context.Context, before uint32, most int) (list []webmail.Entry, err error) {
	for i, m := range o.inbox {
		if before > 0 && uint32(i+1) >= before {
			break
		}
		e, err := mime.ParseBytes([]byte(m), nil)
		if err != nil {
			return nil, err
		}
		h, err := e.Header()
		if err != nil {
			return nil, err
		}
		subject, _ := h.Text("Subject")
		uid := uint32(i + 1)
		list = append([]webmail.Entry{{UID: uid, From: h.Get("From"), Subject: subject, Size: int64(len(m)), Seen: o.seen[uid], Date: time.Date(2002, 11, 15, 13, 58, 49, 0, time.UTC)}}, list...)
	}
	return list[:min(len(list), most)], o.fail
}

func (o *office) Open(_ context.Context, uid uint32) (webmail.Content, error) {
	if uid < 1 || int(uid) > len(o.inbox) {
		return nil, webmail.ErrNoMessage
	}
	o.seen[uid] = true
	o.open++
	return content{bytes.NewReader([]byte(o.inbox[uid-1])), o}, nil
}

func (o *office) Send(_ context.Context, to []string, message io.Reader) error {
	for _, a := range to {
		if strings.HasPrefix(a, "nobody@") {
			return &webmail.AddressError{Address: a, Why: "no such mailbox"}
		}
	}
	b, err := io.ReadAll(message)
	o.to, o.sent = append(o.to, to...), append(o.sent, string(b))
	return errors.Join(err, o.fail)
}

type content struct {
	*bytes.Reader
	office *office
}

func (c content) Close() error {
	c.office.open--
	return nil
}

// browser is a visitor with a cookie.
type browser struct {
	t      *testing.T
	h      http1.Handler
	cookie string
	addr   net.IP // default 127.0.0.1
	ctx    context.Context
}

func newBrowser(t *testing.T, o *office) *browser {
	o.seen = map[uint32]bool{}
	h, err := webmail.New(o, nil)
	require.NoError(t, err)
	t.Cleanup(func() { h.Close() })
	return &browser{t: t, h: h}
}

func (b *browser) do(method, path string, fields url.Values) (status int, body string, r *http1.Response) {
	b.t.Helper()
	var content io.Reader
	if method == "POST" {
		content = strings.NewReader(fields.Encode())
	}
	req, err := http1.NewRequest(method, "http://mail.hamburger.edu"+path, content)
	require.NoError(b.t, err)
	if content != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.cookie != "" {
		req.Header.Set("Cookie", b.cookie)
	}
	from := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4000}
	if b.addr != nil {
		from.IP = b.addr
	}
	ctx := b.ctx
	if ctx == nil {
		ctx = b.t.Context()
	}
	r, err = http1.Record(ctx, http1.HandlerFunc(func(ctx context.Context, w *http1.ResponseWriter, r *http1.Request) {
		r.RemoteAddr = from
		b.h.ServeHTTP(ctx, w, r)
	}), req)
	if ctx.Err() != nil {
		return 0, "", nil // he hung up
	}
	require.NoError(b.t, err)
	all, err := io.ReadAll(r.Body)
	require.NoError(b.t, err)
	if set := r.Header.Get("Set-Cookie"); set != "" {
		b.cookie, _, _ = strings.Cut(set, ";")
	}
	return r.Status, string(all), r
}

func (b *browser) login() {
	b.t.Helper()
	status, _, r := b.do("POST", "/login", url.Values{"user": {"bob"}, "password": {"hungry"}})
	require.Equal(b.t, http1.StatusSeeOther, status)
	require.Equal(b.t, "/", r.Header.Get("Location"))
}

var tokenField = regexp.MustCompile(`name="token" value="([A-Z2-7]+)"`)

// token is the one that the forms carry.
func (b *browser) token() string {
	b.t.Helper()
	_, page, _ := b.do("GET", "/send", nil)
	found := tokenField.FindStringSubmatch(page)
	require.NotNil(b.t, found, page)
	return found[1]
}

const letter = "From: alice@crepes.fr\r\nTo: bob@hamburger.edu\r\nSubject: <script>Pickles?</script>\r\n" +
	"Content-Type: text/html\r\n\r\n<p>How about <b>pickles</b>?<script>alert(1)</script></p><img src=//x>\r\n"

func TestReading(t *testing.T) {
	b := newBrowser(t, &office{inbox: []string{letter, "From: carol@crepes.fr\r\n\r\nHello & goodbye.\r\n"}})
	for _, path := range []string{"/", "/message/1", "/send"} {
		status, _, r := b.do("GET", path, nil)
		assert.Equal(t, http1.StatusSeeOther, status, path)
		assert.Equal(t, "/login", r.Header.Get("Location"), path)
	}
	b.login()
	status, page, r := b.do("GET", "/", nil)
	require.Equal(t, http1.StatusOK, status)
	assert.Less(t, strings.Index(page, "carol@crepes.fr"), strings.Index(page, "alice@crepes.fr"), "the newest is first")
	assert.Contains(t, page, `<a href="/message/1"><b>&lt;script&gt;Pickles?&lt;/script&gt;</b></a>`)
	assert.Contains(t, page, "(no subject)")
	assert.Contains(t, r.Header.Get("Content-Security-Policy"), "default-src 'none'")
	assert.Equal(t, "no-store", r.Header.Get("Cache-Control"))

	status, page, _ = b.do("GET", "/message/1", nil)
	require.Equal(t, http1.StatusOK, status)
	assert.Contains(t, page, "How about pickles?")
	assert.NotContains(t, page, "<script>")
	assert.NotContains(t, page, "<img")
	_, page, _ = b.do("GET", "/message/2", nil)
	assert.Contains(t, page, "Hello &amp; goodbye.")
	_, page, _ = b.do("GET", "/", nil)
	assert.NotContains(t, page, "<b>", "both were seen")

	for _, path := range []string{"/message/3", "/message/0", "/message/-1", "/message/4294967297", "/message/x"} {
		status, _, _ = b.do("GET", path, nil)
		assert.Equal(t, http1.StatusNotFound, status, path)
	}
}

// What others send has no bound, what a page shows of it has one. And no field
// turns the direction of what stands beside it.
func TestHostileMessages(t *testing.T) {
	long := strings.Repeat("\u00fc", 60_000)
	o := &office{inbox: []string{
		"From: a@x.example\r\nSubject: " + strings.Repeat("<<<<<<<<< ", 5_000) + "\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + strings.Repeat("'", 2<<20),
		"From: =?utf-8?q?=E2=80=AEelpmaxe=2Eknab=40ecila?= <a@x.example>\r\nSubject: =?utf-8?q?a=00=1B]0;b=E2=80=AEc?=\r\n" +
			"To: " + long + "@x.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
			"--b\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+ADw-script+AD4-alert(1)+ADw-/script+AD4-\r\n" +
			"--b\r\nContent-Type: image/svg+xml; name=\"<svg onload=x>\xe2\x80\xaegpj.exe\"\r\n\r\n<svg/>\r\n--b--\r\n",
		"Subject: \r\nContent-Type: text/plain; charset=x-unknown\r\n\r\n\x80\xc0\xbcscript\xc0\xbe\x00\r\n",
		"Content-Type: image/" + strings.Repeat("x", 60_000) + "\r\n\r\n",
	}}
	b := newBrowser(t, o)
	b.login()
	_, page, _ := b.do("GET", "/", nil)
	assert.Less(t, len(page), 10_000)
	assert.Contains(t, page, "\u2026</b></a>")
	assert.NotContains(t, page, "\u202e")
	assert.NotContains(t, page, "<script")

	_, page, _ = b.do("GET", "/message/1", nil)
	assert.Less(t, len(page), 6<<20, "a quote is five octets in HTML")
	assert.Contains(t, page, "The text goes on")
	_, page, _ = b.do("GET", "/message/2", nil)
	assert.Less(t, len(page), 20_000)
	assert.NotContains(t, page, "\u202e")
	assert.NotContains(t, page, "<script")
	assert.NotContains(t, page, "<svg")
	assert.Contains(t, page, "a \\u001b]0;b\\u202ec")
	assert.NotContains(t, page, "The text goes on")
	_, page, _ = b.do("GET", "/message/3", nil)
	assert.True(t, utf8.ValidString(page))
	assert.NotContains(t, page, "<script")
	assert.NotContains(t, page, "\x00")
	_, page, _ = b.do("GET", "/message/4", nil)
	assert.Less(t, len(page), 2_000)
	assert.Zero(t, o.open)
}

func TestOlderMessages(t *testing.T) {
	o := &office{inbox: slices.Repeat([]string{"Subject: s\r\n\r\n"}, 150)}
	b := newBrowser(t, o)
	b.login()
	_, page, _ := b.do("GET", "/", nil)
	assert.Contains(t, page, "/message/150\"")
	assert.NotContains(t, page, "/message/50\"")
	assert.Contains(t, page, `<a href="/?before=51">`)
	_, page, _ = b.do("GET", "/?before=51", nil)
	assert.Contains(t, page, "/message/50\"")
	assert.Contains(t, page, "/message/1\"")
	assert.NotContains(t, page, "/message/51\"")
	assert.NotContains(t, page, "Older")
	_, page, _ = b.do("GET", "/?before=x", nil)
	assert.Contains(t, page, "/message/150\"")
}

func TestAnEmptyBox(t *testing.T) {
	b := newBrowser(t, &office{})
	b.login()
	_, page, _ := b.do("GET", "/", nil)
	assert.Contains(t, page, "There are none.")
}

func TestLoginRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBrowser(t, &office{})
		status, page, _ := b.do("GET", "/login", nil)
		assert.Equal(t, http1.StatusOK, status)
		assert.Contains(t, page, `type="password"`)
		begun := time.Now()
		status, page, r := b.do("POST", "/login", url.Values{"user": {"bob"}, "password": {"thirsty"}})
		assert.Equal(t, http1.StatusForbidden, status)
		assert.Contains(t, page, "do not match")
		assert.Empty(t, r.Header.Get("Set-Cookie"))
		assert.Equal(t, time.Second, time.Since(begun), "guessing takes time")
	})
}

// Each refusal takes longer. Guesses that arrive at the same time are not all
// told, nor looked at any more, and who hangs up instead of waiting has had his.
func TestGuesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &office{slow: time.Millisecond}
		b := newBrowser(t, o)
		wrong := url.Values{"user": {"bob"}, "password": {"thirsty"}}
		guess := func(ctx context.Context, status chan<- int) {
			got, _, _ := (&browser{t: t, h: b.h, ctx: ctx}).do("POST", "/login", wrong)
			status <- got
		}
		for _, wait := range []time.Duration{1, 2, 4, 8, 16, 16} {
			begun := time.Now()
			b.do("POST", "/login", wrong)
			assert.Equal(t, wait*time.Second+time.Millisecond, time.Since(begun))
		}
		b.login()
		begun := time.Now()
		b.do("POST", "/login", wrong)
		assert.Equal(t, 16*time.Second+time.Millisecond, time.Since(begun), "his own account makes him no freer")
		time.Sleep(10 * time.Minute)

		told := map[int]int{}
		status := make(chan int, 200)
		for i := range 200 {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%2 == 0 {
				time.AfterFunc(10*time.Millisecond, cancel)
			}
			go guess(ctx, status)
		}
		for range 200 {
			told[<-status]++
		}
		assert.Equal(t, 150, told[http1.StatusTooManyRequests])
		looked := o.logins.Load()
		got, _, _ := b.do("POST", "/login", url.Values{"user": {"bob"}, "password": {"hungry"}})
		assert.Equal(t, http1.StatusTooManyRequests, got)
		assert.Equal(t, looked, o.logins.Load(), "not looked at")
		other := &browser{t: t, h: b.h, addr: net.IPv4(127, 0, 0, 2)}
		other.login()
		time.Sleep(10 * time.Minute)
		b.login()
	})
}

// Who guesses right while others of his are refused is not told.
func TestGuessRightAmongMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &office{slow: time.Second}
		b := newBrowser(t, o)
		right := make(chan int)
		go func() {
			time.Sleep(10 * time.Millisecond)
			got, _, _ := (&browser{t: t, h: b.h}).do("POST", "/login", url.Values{"user": {"bob"}, "password": {"hungry"}})
			right <- got
		}()
		var others sync.WaitGroup
		for range 60 {
			others.Go(func() {
				(&browser{t: t, h: b.h}).do("POST", "/login", url.Values{"user": {"bob"}, "password": {"thirsty"}})
			})
		}
		assert.Equal(t, http1.StatusTooManyRequests, <-right)
		others.Wait()
	})
}

// A password that goes in the clear over the network is not looked at.
func TestLoginInTheClear(t *testing.T) {
	b := newBrowser(t, &office{})
	b.addr = net.IPv4(192, 0, 2, 1)
	status, page, r := b.do("POST", "/login", url.Values{"user": {"bob"}, "password": {"hungry"}})
	assert.Equal(t, http1.StatusForbidden, status)
	assert.Contains(t, page, "over TLS")
	assert.Empty(t, r.Header.Get("Set-Cookie"))
}

func TestSending(t *testing.T) {
	o := &office{}
	b := newBrowser(t, o)
	b.login()
	fields := url.Values{"to": {"Alice <alice@crepes.fr>, carol@crepes.fr"}, "subject": {"Grüße"}, "text": {"Yes.\r\n.\r\nNo."}}
	status, _, _ := b.do("POST", "/send", fields)
	assert.Equal(t, http1.StatusForbidden, status, "without a token")
	fields.Set("token", "AAAA")
	status, _, _ = b.do("POST", "/send", fields)
	assert.Equal(t, http1.StatusForbidden, status, "with another's token")
	assert.Empty(t, o.sent)

	fields.Set("token", b.token())
	status, page, _ := b.do("POST", "/send", fields)
	require.Equal(t, http1.StatusOK, status, page)
	assert.Equal(t, []string{"alice@crepes.fr", "carol@crepes.fr"}, o.to)
	require.Len(t, o.sent, 1)
	e, err := mime.ParseBytes([]byte(o.sent[0]), nil)
	require.NoError(t, err)
	h, err := e.Header()
	require.NoError(t, err)
	assert.Equal(t, "bob@hamburger.edu", h.Get("From"))
	subject, err := h.Text("Subject")
	require.NoError(t, err)
	assert.Equal(t, "Grüße", subject)
	assert.True(t, h.Has("Date") && h.Has("Message-ID"))
	text, err := io.ReadAll(e.Text())
	require.NoError(t, err)
	assert.Equal(t, "Yes.\r\n.\r\nNo.", strings.TrimSuffix(string(text), "\r\n"))
}

func TestSendingRefused(t *testing.T) {
	tests := []struct {
		name, to, subject string
		fail              error
		status            int
		says              string
	}{
		{"nobody", "", "s", nil, http1.StatusUnprocessableContent, "To: "},
		{"no address", "alice", "s", nil, http1.StatusUnprocessableContent, "To: "},
		{"an unknown mailbox", "nobody@crepes.fr", "s", nil, http1.StatusUnprocessableContent, "nobody@crepes.fr: no such mailbox"},
		{"a field smuggled in the subject", "alice@crepes.fr", "s\r\nBcc: eve@crepes.fr", nil, http1.StatusUnprocessableContent, "A line end"},
		{"a field smuggled in an address", "alice@crepes.fr\r\nBcc: eve@crepes.fr", "s", nil, http1.StatusUnprocessableContent, "A line end"},
		{"a failure of ours", "alice@crepes.fr", "s", errors.New("disk on fire"), http1.StatusInternalServerError, "could not"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := &office{}
			b := newBrowser(t, o)
			b.login()
			token := b.token()
			o.fail = tt.fail
			status, page, _ := b.do("POST", "/send", url.Values{"to": {tt.to}, "subject": {tt.subject}, "text": {"kept <text>"}, "token": {token}})
			assert.Equal(t, tt.status, status)
			assert.Contains(t, page, tt.says)
			assert.NotContains(t, page, "on fire")
			if tt.status == http1.StatusUnprocessableContent {
				assert.Contains(t, page, "kept &lt;text&gt;")
			}
		})
	}
}

func TestLogout(t *testing.T) {
	b := newBrowser(t, &office{})
	b.login()
	token, session := b.token(), b.cookie
	status, _, _ := b.do("POST", "/logout", url.Values{"token": {"other"}})
	assert.Equal(t, http1.StatusForbidden, status)
	status, _, r := b.do("POST", "/logout", url.Values{"token": {token}})
	assert.Equal(t, http1.StatusSeeOther, status)
	assert.Contains(t, r.Header.Get("Set-Cookie"), "Max-Age=0", "the browser is to forget it")
	b.cookie = session
	status, _, r = b.do("GET", "/", nil)
	assert.Equal(t, http1.StatusSeeOther, status)
	assert.Equal(t, "/login", r.Header.Get("Location"), "the old cookie is worth nothing")
}

func TestCookie(t *testing.T) {
	b := newBrowser(t, &office{})
	_, _, r := b.do("POST", "/login", url.Values{"user": {"bob"}, "password": {"hungry"}})
	set := r.Header.Get("Set-Cookie")
	assert.Contains(t, set, "SameSite=Strict")
	assert.Contains(t, set, "HttpOnly")
	assert.NotContains(t, set, "Secure")

	o := &office{}
	h, err := webmail.New(o, &webmail.Options{Secure: true})
	require.NoError(t, err)
	t.Cleanup(func() { h.Close() })
	_, _, r = (&browser{t: t, h: h, addr: net.IPv4(192, 0, 2, 1)}).do("POST", "/login", url.Values{"user": {"bob"}, "password": {"hungry"}})
	assert.Regexp(t, `^__Host-id=.*; Secure; `, r.Header.Get("Set-Cookie"))
}

// Who logs in again has one session, and not the one that he came with.
func TestLoginEndsTheSessionBefore(t *testing.T) {
	b := newBrowser(t, &office{})
	b.login()
	first := b.cookie
	b.login()
	assert.NotEqual(t, first, b.cookie)
	b.cookie = first
	status, _, _ := b.do("GET", "/", nil)
	assert.Equal(t, http1.StatusSeeOther, status)
	b.cookie = "id=chosen"
	b.login()
	assert.NotEqual(t, "id=chosen", b.cookie, "the id is the server's")
}

// What anybody may send is small.
func TestLoginFormIsSmall(t *testing.T) {
	o := &office{}
	b := newBrowser(t, o)
	status, _, _ := b.do("POST", "/login", url.Values{"user": {"bob"}, "password": {strings.Repeat("x", 8<<10)}})
	assert.Equal(t, http1.StatusContentTooLarge, status)
	assert.Zero(t, o.logins.Load())
}

// Whose page the browser shows is in its hands, and who is asked is in the name:
// neither another site's form nor another's name for this host is answered.
func TestOtherSites(t *testing.T) {
	h, err := webmail.New(&office{seen: map[uint32]bool{}}, &webmail.Options{Hosts: []string{"hamburger.edu", "mx.burgers.example"}})
	require.NoError(t, err)
	t.Cleanup(func() { h.Close() })
	post := func(host, field, value string) int {
		req, err := http1.NewRequest("POST", "http://"+host+"/login", strings.NewReader("user=bob&password=hungry"))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if field != "" {
			req.Header.Set(field, value)
		}
		r, err := http1.Record(t.Context(), http1.HandlerFunc(func(ctx context.Context, w *http1.ResponseWriter, r *http1.Request) {
			r.RemoteAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4000}
			h.ServeHTTP(ctx, w, r)
		}), req)
		require.NoError(t, err)
		assert.Equal(t, r.Status == http1.StatusSeeOther, r.Header.Get("Set-Cookie") != "")
		return r.Status
	}
	for _, host := range []string{
		"localhost:8080", "LOCALHOST", "mail.localhost", "127.0.0.1:8080", "[::1]:8080", "192.0.2.2",
		"hamburger.edu", "mail.Hamburger.edu:80", "mx.burgers.example",
	} {
		assert.Equal(t, http1.StatusSeeOther, post(host, "", ""), host)
	}
	for _, host := range []string{"evil.example", "evil.example:8080", "hamburger.edu.evil.example", "evilhamburger.edu", "edu", "burgers.example", "127.0.0.1.evil.example"} {
		assert.Equal(t, http1.StatusMisdirectedRequest, post(host, "", ""), host)
	}
	for _, tt := range []struct {
		field, value string
		status       int
	}{
		{"Sec-Fetch-Site", "same-origin", http1.StatusSeeOther},
		{"Sec-Fetch-Site", "none", http1.StatusSeeOther},
		{"Sec-Fetch-Site", "same-site", http1.StatusForbidden}, // another port of this host
		{"Sec-Fetch-Site", "cross-site", http1.StatusForbidden},
		{"Origin", "http://localhost:8080", http1.StatusSeeOther},
		{"Origin", "http://localhost:9090", http1.StatusForbidden},
		{"Origin", "http://localhost:8080.evil.example", http1.StatusForbidden},
		{"Origin", "null", http1.StatusForbidden},
	} {
		assert.Equal(t, tt.status, post("localhost:8080", tt.field, tt.value), tt)
	}
}

func TestFailures(t *testing.T) {
	o := &office{fail: errors.New("disk on fire")}
	b := newBrowser(t, o)
	status, page, _ := b.do("POST", "/login", url.Values{"user": {"bob"}, "password": {"hungry"}})
	assert.Equal(t, http1.StatusInternalServerError, status)
	assert.NotContains(t, page, "fire")
	o.fail = nil
	b.login()
	o.fail = errors.New("disk on fire")
	status, _, _ = b.do("GET", "/", nil)
	assert.Equal(t, http1.StatusInternalServerError, status)
	req, err := http1.NewRequest("POST", "http://mail.hamburger.edu/login", strings.NewReader("%zz"))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r, err := http1.Record(t.Context(), http1.HandlerFunc(func(ctx context.Context, w *http1.ResponseWriter, r *http1.Request) {
		r.RemoteAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4000}
		b.h.ServeHTTP(ctx, w, r)
	}), req)
	require.NoError(t, err)
	assert.Equal(t, http1.StatusBadRequest, r.Status)
}
