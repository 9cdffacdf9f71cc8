package queue

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"applayer/mime"
	"applayer/smtp"
)

// Whatever message, reply and host a report is about: it can be written, mime reads
// of it what was meant and no more, and it fits the way that its envelope asks for.
func FuzzBounce(f *testing.F) {
	f.Add("From: a@b.example\r\nSubject: x\r\n\r\nbody\r\n", "No such user", "mx.example.org", "Bob@b.example", byte(0))
	f.Add("Subject: jalapeños\r\n\r\nñ\r\n", "¿quién?", "", "ñ@b.example", byte(0xff))
	f.Add("", "", "", "", byte(1))
	f.Add("\r\n\r\n", "a\r\nAction: delivered\r\n\r\nX: y", "mx\r\n", "x", byte(2))
	f.Add("no header at all", strings.Repeat("x", 2000), strings.Repeat("é", 600), " ", byte(4))
	f.Add("Subject: a\n\nbare\n", "\x00", "\xff", "\xff", byte(8))
	f.Add("Message-ID: <a b@\xff>\r\nSubject: =?utf-8?q?=0A?=\r\n\r\n--=_x--\r\n", "x", "y", "z", byte(3))
	f.Fuzz(func(t *testing.T, content, answer, remote, original string, choice byte) {
		from := smtp.Path{Local: "alice", Domain: "crepes.fr"}
		utf := choice&1 != 0
		if utf && choice&2 != 0 {
			from.Local = "élise"
		}
		to := []smtp.Recipient{{Path: smtp.Path{Local: "bob", Domain: "hamburger.edu"}}, {Path: smtp.Path{Local: `a "b`, Domain: "192.0.2.1", Literal: true}}}
		if original != "" {
			to[0].Original = smtp.OriginalRecipient{Type: "rfc822", Address: original}
		}
		e := newEntry(Message{ID: "id", From: from, Options: smtp.MailOptions{UTF8: utf, EnvelopeID: "QQ"}, Arrived: noonOf(2026)}, to)
		r := Result{Err: smtp.Refuse(550, smtp.EnhancedCode{5, 1, 1}, answer), RemoteMTA: remote}
		if choice&4 != 0 {
			r = Result{Err: errors.New(answer), Permanent: true}
		}
		for i := range e.to {
			e.to[i].way.Do(EventTry)
			e.to[i].do(judge(r, noonOf(2026), noonOf(2027), 1, time.Minute))
		}
		b := &bounce{host: "mx.crepes.fr", e: e, news: items{{0, actionFailed}, {1, actionFailed}}, to: from, now: noonOf(2026), deadline: noonOf(2027), original: []byte(content)}
		b.cut(choice&8 == 0)

		var out bytes.Buffer
		if err := b.write(&out); err != nil {
			t.Fatal(err)
		}
		checkReport(t, b, out.Bytes())
	})
}

func noonOf(year int) time.Time { return time.Date(year, 3, 1, 12, 0, 0, 0, time.UTC) }

func checkReport(t *testing.T, b *bounce, out []byte) {
	t.Helper()
	env := b.envelope()
	for line := range bytes.Lines(out) {
		if !bytes.HasSuffix(line, []byte("\r\n")) || len(line) > 1000 || bytes.ContainsAny(line[:len(line)-2], "\r\x00") {
			t.Fatalf("line %q", line)
		}
	}
	if env.Body == smtp.BodyUnsaid && !env.UTF8 && !isASCII(out) {
		t.Fatalf("beyond ASCII: %q", out)
	}
	e, err := mime.ParseBytes(out, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Report()
	if err != nil {
		t.Fatalf("%v: %q", err, out)
	}
	if len(r.Groups) != 3 {
		t.Fatalf("%d groups: %q", len(r.Groups), out)
	}
	for i, g := range r.Groups[1:] {
		f, _ := g.Field("Final-Recipient")
		if _, who := f.TypedValue(); who != b.e.to[i].String() {
			t.Fatalf("%q: %q", who, out)
		}
		for _, once := range []string{"Action", "Status", "Last-Attempt-Date"} {
			if len(g.Values(once)) != 1 {
				t.Fatalf("%d of %s: %q", len(g.Values(once)), once, out)
			}
		}
		if g.Get("Action") != "failed" || !utf8.ValidString(g.Get("Diagnostic-Code")) {
			t.Fatalf("%q", out)
		}
	}
	if b.full && !b.global() {
		got, err := io.ReadAll(r.Original.Raw())
		if err != nil || !bytes.HasPrefix(got, b.original) || len(got) > len(b.original)+2 {
			t.Fatalf("%v: %q, want %q", err, got, b.original)
		}
	}
}
