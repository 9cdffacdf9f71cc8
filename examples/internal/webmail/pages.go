package webmail

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"html/template"
	"io"
	"strconv"
	"strings"

	"applayer/examples/internal/mailview"
	"applayer/http1"
	"applayer/http1/form"
	"applayer/mime"
	"applayer/mime/cjk"
)

// pages are the pages, each by its name.
var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"line": func(text string) string { return line(text, maxCell) },
}).Parse(`
{{define "head"}}<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{.}}</title></head><body>
{{end}}
{{define "foot"}}</body></html>
{{end}}
{{define "bar"}}<form method="post" action="/logout"><a href="/">Messages</a> · <a href="/send">Write</a> ·
<input type="hidden" name="token" value="{{.Token}}">{{.Name}} <button>Log out</button></form>
{{end}}
{{define "login"}}{{template "head" "Log in"}}<h1>Log in</h1>
{{with .}}<p role="alert">{{.}}</p>
{{end}}<form method="post" action="/login">
<p><label>User <input name="user" autocomplete="username" required autofocus></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>
<p><button>Log in</button></p></form>
{{template "foot"}}{{end}}
{{define "list"}}{{template "head" "Messages"}}{{template "bar" .User}}<h1>Messages</h1>
{{with .Messages}}<table><tr><th>From<th>Subject<th>Date<th>Octets</tr>
{{range .}}<tr><td>{{.From}}<td><a href="/message/{{.UID}}">{{if .Seen}}{{.Subject}}{{else}}<b>{{.Subject}}</b>{{end}}</a><td>{{if not .Date.IsZero}}{{.Date.Format "2006-01-02 15:04"}}{{end}}<td>{{.Size}}</tr>
{{end}}</table>
{{else}}<p>There are none.</p>
{{end}}{{with .Older}}<p><a href="/?before={{.}}">Older messages</a></p>
{{end}}{{template "foot"}}{{end}}
{{define "message"}}{{template "head" .Subject}}{{template "bar" .User}}<h1>{{.Subject}}</h1>
<table>{{range .Fields}}<tr><th>{{index . 0}}<td>{{index . 1}}</tr>
{{end}}</table>
<pre>
{{.Text}}</pre>
{{if .Cut}}<p>The text goes on: fetch the message to read it whole.</p>
{{end}}{{with .Attachments}}<h2>Attachments</h2><ul>
{{range .}}<li>{{line .Name}} ({{line .Part.Type}}, {{.Part.Size}} octets)
{{end}}</ul>
{{end}}{{template "foot"}}{{end}}
{{define "send"}}{{template "head" "Write"}}{{template "bar" .User}}<h1>Write</h1>
{{with .Problem}}<p role="alert">{{.}}</p>
{{end}}<form method="post" action="/send"><input type="hidden" name="token" value="{{.User.Token}}">
<p><label>To <input name="to" size="60" value="{{.To}}" required></label></p>
<p><label>Subject <input name="subject" size="60" value="{{.Subject}}"></label></p>
<p><textarea name="text" cols="72" rows="20">
{{.Text}}</textarea></p>
<p><button>Send</button></p></form>
{{template "foot"}}{{end}}
{{define "sent"}}{{template "head" "Sent"}}{{template "bar" .User}}<h1>Sent</h1>
<p>The message to {{.To}} is on its way.</p>
{{template "foot"}}{{end}}
{{define "problem"}}{{template "head" "Problem"}}<h1>Problem</h1><p role="alert">{{.What}}</p><p><a href="{{.Back}}">Go back</a></p>
{{template "foot"}}{{end}}
`))

// problem is what the page of that name tells.
type problem struct{ What, Back string }

// page answers with a page.
func (h *Handler) page(w *http1.ResponseWriter, r *http1.Request, status int, name string, data any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		h.opts.Logger.Error("web page", "peer", r.RemoteAddr, "path", r.Target.Path, "err", err)
		w.Error(http1.StatusInternalServerError, "the page could not be made")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b.Bytes()) // an error ends the connection
}

// perPage is how many messages a page lists.
const perPage = 100

// list shows the messages.
func (h *Handler) list(ctx context.Context, w *http1.ResponseWriter, r *http1.Request, v *visit) {
	before := uint32(0)
	if f, err := form.ReadRequest(r, nil); err == nil {
		n, _ := strconv.ParseUint(f.Query.Get("before"), 10, 32) // what is no number lists all
		before = uint32(n)
		f.Close()
	}
	messages, err := v.Messages(ctx, before, perPage)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	older := uint32(0)
	if len(messages) == perPage {
		older = messages[perPage-1].UID
	}
	for i := range messages {
		m := &messages[i]
		m.From, m.Subject = line(m.From, maxCell), cmp.Or(line(strings.TrimSpace(m.Subject), maxCell), "(no subject)")
	}
	h.page(w, r, http1.StatusOK, "list", struct {
		User     user
		Messages []Entry
		Older    uint32
	}{v.user, messages, older})
}

// shownFields are what is shown of a header, in this order.
var shownFields = []string{"From", "To", "Cc", "Date", "Subject"}

// message shows a message.
func (h *Handler) message(ctx context.Context, w *http1.ResponseWriter, r *http1.Request, v *visit) {
	uid, err := strconv.ParseUint(r.PathValue("uid"), 10, 32)
	var c Content
	if err == nil {
		c, err = v.Open(ctx, uint32(uid))
	} else {
		err = ErrNoMessage
	}
	switch {
	case errors.Is(err, ErrNoMessage):
		h.page(w, r, http1.StatusNotFound, "problem", problem{"There is no such message.", "/"})
		return
	case err != nil:
		h.fail(w, r, err)
		return
	}
	defer c.Close()
	view, err := look(c)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	shown := struct {
		User          user
		Subject, Text string
		Cut           bool
		Fields        [][2]string
		Attachments   []*mailview.Attachment
	}{User: v.user, Subject: cmp.Or(line(view.Field("Subject"), maxField), "(no subject)"), Text: view.Text, Cut: view.Cut, Attachments: view.Attachments}
	for _, name := range shownFields {
		if text := line(view.Field(name), maxField); text != "" {
			shown.Fields = append(shown.Fields, [2]string{name, text})
		}
	}
	h.page(w, r, http1.StatusOK, "message", shown)
}

// What is shown has a bound, as what others send has hardly one.
const (
	maxText  = 1 << 20 // octets
	maxField = 2000    // characters, beside the text
	maxCell  = 200     // in the list
)

// line is a field in one line of so many characters at most, in which can be seen
// what would turn the direction of what stands beside it.
func line(text string, most int) string {
	n := 0
	for i := range text {
		if n++; n > most {
			text = text[:i] + "\u2026"
			break
		}
	}
	return mailview.Visible(text)
}

// look takes a message apart.
func look(c Content) (*mailview.View, error) {
	e, err := mime.Parse(c, c.Size(), &mime.Options{Charset: cjk.Decoder})
	if err != nil {
		return nil, err
	}
	return mailview.New(e, maxText)
}

// draft is a message being written.
type draft struct {
	User              user
	To, Subject, Text string
	Problem           string
}

func (h *Handler) sendForm(_ context.Context, w *http1.ResponseWriter, r *http1.Request, v *visit) {
	h.page(w, r, http1.StatusOK, "send", draft{User: v.user})
}

// send sends a message.
func (h *Handler) send(ctx context.Context, w *http1.ResponseWriter, r *http1.Request, v *visit) {
	f, ok := h.signed(w, r, v)
	if !ok {
		return
	}
	d := draft{User: v.user, To: f.Get("to"), Subject: f.Get("subject"), Text: f.Get("text")}
	to, message, err := d.compose(v.Address())
	if err == nil {
		err = v.Send(ctx, to, message)
	}
	refused, isRefused := errors.AsType[*AddressError](err)
	bad, isBad := errors.AsType[*draftError](err)
	switch {
	case isRefused:
		d.Problem = refused.Error()
	case isBad:
		d.Problem = bad.Error()
	case err != nil:
		h.fail(w, r, err)
		return
	default:
		h.page(w, r, http1.StatusOK, "sent", d)
		return
	}
	h.page(w, r, http1.StatusUnprocessableContent, "send", d)
}

// draftError tells what is wrong with a draft.
type draftError struct{ what string }

func (e *draftError) Error() string { return e.what }

// compose makes a message of a draft.
func (d *draft) compose(from string) (to []string, message io.Reader, err error) {
	if strings.ContainsAny(d.To+d.Subject, "\r\n\x00") {
		return nil, nil, &draftError{"A line end stands where none can be."}
	}
	list, toUTF8, err := mailview.ParseAddresses(d.To)
	if err != nil {
		return nil, nil, &draftError{"To: " + err.Error()}
	}
	for m := range list.Mailboxes() {
		to = append(to, m.Addr())
	}
	if len(to) == 0 {
		return nil, nil, &draftError{"To: nobody is named."}
	}
	author, fromUTF8, err := mailview.ParseAddresses(from)
	if err != nil {
		return nil, nil, err
	}
	var m mime.Message
	m.Options.UTF8 = fromUTF8 || toUTF8
	m.Text(d.Text)
	if err := m.Header.SetAddressList("From", author, &m.Options); err != nil {
		return nil, nil, err
	}
	if err := m.Header.SetAddressList("To", list, &m.Options); err != nil {
		return nil, nil, &draftError{"To: " + err.Error()}
	}
	if err := m.Header.SetText("Subject", d.Subject, &m.Options); err != nil {
		return nil, nil, &draftError{"Subject: " + err.Error()}
	}
	var b bytes.Buffer
	_, err = m.WriteTo(&b)
	return to, &b, err
}
