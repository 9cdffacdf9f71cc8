package maildomain

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"applayer/mime"
	"applayer/smtp"
	"applayer/smtp/queue"
)

// Deliver implements [queue.Deliverer]: to mailboxes here, or on to another host.
func (d *Domain) Deliver(ctx context.Context, m *queue.Message, to []smtp.Recipient) []queue.Result {
	if !d.accounts.isLocal(to[0].Path) {
		return d.relay.Deliver(ctx, m, to)
	}
	results := queue.Same(len(to), queue.Result{Err: errNoMailbox})
	var users []string
	var places []int
	for i, r := range to {
		if user, ok := d.accounts.user(r.Path); ok {
			users, places = append(users, user), append(places, i)
		}
	}
	if len(users) == 0 {
		return results
	}
	content, err := m.Open()
	if err != nil {
		return queue.Same(len(to), queue.Result{Err: err})
	}
	defer content.Close()
	for i, err := range d.store.DeliverEach(ctx, users, d.final(m.From, content)) {
		results[places[i]] = queue.Result{Err: refusal(err), Delivered: err == nil}
	}
	return results
}

// destination has local recipients go one way, whatever form their address has.
func (d *Domain) destination(to smtp.Path) string {
	if d.accounts.isLocal(to) {
		return d.opts.Name
	}
	to = to.Canonical()
	if to.Literal {
		return "[" + to.Domain + "]" // which a domain of digits is not
	}
	return to.Domain
}

// final is a message as it goes into a mailbox: its reverse-path stands before
// it (RFC 5321 §4.4).
func (d *Domain) final(from smtp.Path, message io.Reader) io.Reader {
	field, err := smtp.AppendReturnPath(nil, from)
	if err != nil {
		return failed{err}
	}
	return behind(field, message)
}

// behind is a message behind a field.
func behind(field []byte, message io.Reader) io.Reader {
	return io.MultiReader(bytes.NewReader(field), message)
}

// failed is a reader of nothing but an error.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }

// maxHeader is how much of a submitted message is looked at for its header. The
// server takes no longer one.
const maxHeader = 1 << 20

// completed is a submitted message behind a trace field, with the Date and
// Message-ID that it must have and may lack (RFC 6409 §8.2, §8.3).
func completed(field []byte, message io.Reader, host string) (io.Reader, error) {
	head, err := readHead(message)
	if err != nil {
		return nil, err
	}
	h, _, _, err := mime.ParseHeader(head, nil)
	if err != nil {
		// What cannot be read as a header goes on as it is.
		return io.MultiReader(bytes.NewReader(field), bytes.NewReader(head), message), nil
	}
	var missing mime.Header
	if !h.Has("Date") {
		if err := missing.SetDate(mime.Date{Time: time.Now()}); err != nil {
			return nil, err
		}
	}
	if !h.Has("Message-ID") {
		if err := missing.SetMessageIDs("Message-ID", mime.NewMessageID(host)); err != nil {
			return nil, err
		}
	}
	for f := range missing.Fields() {
		field = append(field, f.Raw()...)
	}
	return io.MultiReader(bytes.NewReader(field), bytes.NewReader(head), message), nil
}

// readHead reads from the front of a message what has its header and perhaps
// more.
func readHead(message io.Reader) ([]byte, error) {
	var head bytes.Buffer
	buf := make([]byte, 4096)
	for looked := 0; head.Len() < maxHeader; {
		n, err := message.Read(buf)
		head.Write(buf[:n])
		if bytes.Contains(head.Bytes()[looked:], []byte("\r\n\r\n")) || bytes.HasPrefix(head.Bytes(), []byte("\r\n")) {
			return head.Bytes(), nil
		}
		looked = max(head.Len()-3, 0)
		switch {
		case errors.Is(err, io.EOF):
			return head.Bytes(), nil
		case err != nil:
			return nil, err
		}
	}
	return head.Bytes(), nil
}
