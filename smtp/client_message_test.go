package smtp_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
)

// What the server cannot take is refused before an octet of it is sent, or made
// into what it can.
func TestSendBody(t *testing.T) {
	const cafe = "Subject: caf\xc3\xa9\r\n\r\nHi.\r\n"
	down := func(r io.Reader) (io.ReadCloser, error) {
		b, err := io.ReadAll(r)
		return io.NopCloser(strings.NewReader(strings.ReplaceAll(string(b), "\xc3\xa9", "e"))), err
	}
	tests := []struct {
		name     string
		offered  []string
		body     smtp.BodyType
		message  string
		down     func(io.Reader) (io.ReadCloser, error)
		mail     string // what stands behind the path
		sent     string
		err      error
		unspoilt bool // the session goes on
	}{
		{"7 bits to whom offers nothing", nil, smtp.BodySevenBit, "Hi.\r\n", nil, "", "Hi.\r\n", nil, true},
		{"8 bits to whom offers it", []string{"8BITMIME"}, smtp.BodyEightBit, cafe, nil, " BODY=8BITMIME", cafe, nil, true},
		{"8 bits that are not said, but seen", []string{"8BITMIME"}, smtp.BodyUnsaid, cafe, nil, " BODY=8BITMIME", cafe, nil, true},
		{"7 bits that are not said", []string{"8BITMIME"}, smtp.BodyUnsaid, "Hi.\r\n", nil, "", "Hi.\r\n", nil, true},
		{"the size is seen", []string{"SIZE 100"}, smtp.BodyUnsaid, "Hi.\r\n", nil, " SIZE=5", "Hi.\r\n", nil, true},
		{"6152-3 8 bits to whom does not offer it", nil, smtp.BodyEightBit, cafe, nil, "", "", smtp.ErrUnsupported, true},
		{"the same, not said", nil, smtp.BodyUnsaid, cafe, nil, "", "", smtp.ErrUnsupported, true},
		{"said to be 7 bits and not so", nil, smtp.BodySevenBit, cafe, nil, "", "", smtp.ErrUnsupported, false},
		{"seen too late", nil, smtp.BodyUnsaid, strings.Repeat("a\r\n", 20000) + cafe, nil, "", "", smtp.ErrUnsupported, false},
		{"made into 7 bits", nil, smtp.BodyEightBit, cafe, down, "", "Subject: cafe\r\n\r\nHi.\r\n", nil, true},
		{"made into 7 bits, not said", []string{"SIZE"}, smtp.BodyUnsaid, cafe, down, "", "Subject: cafe\r\n\r\nHi.\r\n", nil, true},
		{"3030-3 binary without BINARYMIME", []string{"CHUNKING", "8BITMIME"}, smtp.BodyBinaryMIME, "a\nb", nil, "", "", smtp.ErrUnsupported, true},
		{"binary without CHUNKING", []string{"BINARYMIME", "8BITMIME"}, smtp.BodyBinaryMIME, cafe, down, " BODY=7BIT", "Subject: cafe\r\n\r\nHi.\r\n", nil, true},
		{"1870-6.1 too large", []string{"SIZE 4"}, smtp.BodyUnsaid, "Hi.\r\n", nil, "", "", smtp.ErrTooLarge, true},
		{"1870-6.1 as large as may be", []string{"SIZE 5"}, smtp.BodyUnsaid, "Hi.\r\n", nil, " SIZE=5", "Hi.\r\n", nil, true},
		{"no limit", []string{"SIZE 0"}, smtp.BodyUnsaid, "Hi.\r\n", nil, " SIZE=5", "Hi.\r\n", nil, true},
		{"what cannot be made into 7 bits", nil, smtp.BodyEightBit, cafe, func(io.Reader) (io.ReadCloser, error) { return nil, errSource }, "", "", errSource, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				script := hello(tt.offered...)
				if tt.sent != "" || !tt.unspoilt {
					script += "C: MAIL FROM:<alice@crepes.fr>" + tt.mail + "\nS: 250 ok\nC: RCPT TO:<bob@hamburger.edu>\nS: 250 ok\nC: DATA\nS: 354 go\n"
				}
				if tt.sent != "" {
					script += "C: " + strings.ReplaceAll(strings.TrimSuffix(tt.sent, "\r\n"), "\r\n", "\nC: ") + "\nC: .\nS: 250 ok\n"
				}
				script += "C*\n"
				nc, p := playServer(t, nil, script)
				c, err := smtp.NewClient(t.Context(), nc, &smtp.Options{Hello: "crepes.fr", Downgrade: tt.down})
				require.NoError(t, err)
				e := envelope(bob)
				e.Body = tt.body
				_, err = c.Send(t.Context(), e, struct{ io.Reader }{strings.NewReader(tt.message)})
				if tt.err == nil {
					assert.NoError(t, err)
				} else {
					assert.ErrorIs(t, err, tt.err)
				}
				assert.Equal(t, tt.unspoilt, c.Alive())
				c.Close()
				p.all.Wait()
				assert.NotContains(t, p.rest.String(), "\r\n.\r\n", "no part is taken for the whole")
			})
		})
	}
}

var errSource = errors.New("disk on fire")

// failing is a reader that fails behind some octets.
func failing(s string) io.Reader {
	return io.MultiReader(strings.NewReader(s), readerFunc(func([]byte) (int, error) { return 0, errSource }))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A message that cannot be read to its end is never sent as if it could.
func TestSendSourceFails(t *testing.T) {
	const start = "C: MAIL FROM:<alice@crepes.fr>\nS: 250 ok\nC: RCPT TO:<bob@hamburger.edu>\nS: 250 ok\n"
	tests := []struct {
		name, script string
		size         int
		alive        bool
	}{
		{"by DATA the session ends", hello() + start + "C: DATA\nS: 354 go\nC*\n", 0, false},
		{"by BDAT it goes on", hello("CHUNKING") + start + "C: BDAT 4\nC= a\\r\\nb\nS: 250 ok\nC: RSET\nS: 250 ok\nC: MAIL FROM:<alice@crepes.fr>\nS: 550 no\n", 4, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := client(t, &smtp.Options{ChunkSize: tt.size}, tt.script)
				r, err := c.Send(t.Context(), envelope(bob), failing("a\r\nb\r\nc"))
				assert.ErrorIs(t, err, errSource)
				assert.ErrorIs(t, r.Results[0].Err, errSource)
				assert.False(t, r.Doubtful)
				assert.Equal(t, tt.alive, c.Alive())
				if tt.alive {
					_, err = c.Send(t.Context(), envelope(bob), strings.NewReader("Hi.\r\n"))
					assert.Error(t, err)
				}
			})
		})
	}
	c := client(t, nil, hello()+"C: MAIL FROM:<alice@crepes.fr>\nS: 250 ok\nC: RCPT TO:<bob@hamburger.edu>\nS: 250 ok\nC: DATA\nS: 354 go\nC*\n")
	_, err := c.Send(t.Context(), envelope(bob), readerFunc(func([]byte) (int, error) { return 0, nil }))
	assert.ErrorIs(t, err, io.ErrNoProgress)

	c = client(t, nil, hello("8BITMIME"))
	e := envelope(bob)
	e.Body = smtp.BodyUnsaid
	_, err = c.Send(t.Context(), e, failing("a"))
	assert.ErrorIs(t, err, errSource)
	assert.True(t, c.Alive(), "nothing was sent")
}

func TestSendSize(t *testing.T) {
	name := filepath.Join(t.TempDir(), "message")
	require.NoError(t, os.WriteFile(name, []byte("skipped"+ketchup), 0o600))
	file, err := os.Open(name)
	require.NoError(t, err)
	defer file.Close()
	_, err = file.Seek(7, io.SeekStart)
	require.NoError(t, err)
	c := client(t, nil, hello("SIZE 1000")+`
		C: MAIL FROM:<alice@crepes.fr> SIZE=63
		S: 550 no
		C: MAIL FROM:<alice@crepes.fr> SIZE=900
		S: 550 no
		C: MAIL FROM:<alice@crepes.fr>
		S: 550 no
	`)
	_, err = c.Send(t.Context(), envelope(bob), file)
	assert.ErrorContains(t, err, "550")
	e := envelope(bob)
	e.Size = 900
	_, err = c.Send(t.Context(), e, strings.NewReader("Hi.\r\n"))
	assert.ErrorContains(t, err, "550")
	e.Size = 1001
	_, err = c.Send(t.Context(), e, strings.NewReader("Hi.\r\n"))
	assert.ErrorIs(t, err, smtp.ErrTooLarge)
	_, err = c.Send(t.Context(), envelope(bob), struct{ io.Reader }{strings.NewReader("Hi.\r\n")})
	assert.ErrorContains(t, err, "550")
}

// Addresses beyond ASCII need SMTPUTF8, but for their domains.
func TestSendUTF8(t *testing.T) {
	const rest = "S: 250 ok\nC: DATA\nS: 354 go\nC: Hi.\nC: .\nS: 250 ok\n"
	zoe := smtp.Path{Local: "zoé", Domain: "bücher.example"}
	bücher := smtp.Path{Local: "bob", Domain: "bücher.example"}
	tests := []struct {
		name, script string
		from         smtp.Path
		to           []smtp.Path
		utf8         bool
		want         []error
	}{
		{"6531-3.4 said where it is needed", hello("SMTPUTF8") + "C: MAIL FROM:<zoé@bücher.example> SMTPUTF8\nS: 250 ok\nC: RCPT TO:<bob@hamburger.edu>\n" + rest, zoe, []smtp.Path{bob}, false, []error{nil}},
		{"and where a recipient needs it", hello("SMTPUTF8") + "C: MAIL FROM:<alice@crepes.fr> SMTPUTF8\nS: 250 ok\nC: RCPT TO:<zoé@bücher.example>\n" + rest, alice, []smtp.Path{zoe}, false, []error{nil}},
		{"and where it is asked for", hello("SMTPUTF8") + "C: MAIL FROM:<alice@crepes.fr> SMTPUTF8\nS: 250 ok\nC: RCPT TO:<bob@hamburger.edu>\n" + rest, alice, []smtp.Path{bob}, true, []error{nil}},
		{"and not where not", hello("SMTPUTF8") + "C: MAIL FROM:<alice@crepes.fr>\nS: 250 ok\nC: RCPT TO:<bob@hamburger.edu>\n" + rest, alice, []smtp.Path{bob}, false, []error{nil}},
		{"a domain has a form in ASCII", hello() + "C: MAIL FROM:<bob@xn--bcher-kva.example>\nS: 250 ok\nC: RCPT TO:<bob@xn--bcher-kva.example>\n" + rest, bücher, []smtp.Path{bücher}, false, []error{nil}},
		{"never dropped", hello(), alice, []smtp.Path{bob}, true, []error{smtp.ErrNotUTF8}},
		{"a reverse-path has none", hello(), zoe, []smtp.Path{bob}, false, []error{smtp.ErrNotUTF8}},
		{"a recipient has none, the others get it", hello() + "C: MAIL FROM:<alice@crepes.fr>\nS: 250 ok\nC: RCPT TO:<bob@hamburger.edu>\n" + rest, alice, []smtp.Path{zoe, bob}, false, []error{smtp.ErrNotUTF8, nil}},
		{"no recipient has one", hello(), alice, []smtp.Path{zoe}, false, []error{smtp.ErrNotUTF8}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := client(t, nil, tt.script)
			e := envelope(tt.to...)
			e.From, e.UTF8 = tt.from, tt.utf8
			r, _ := c.Send(t.Context(), e, strings.NewReader("Hi.\r\n"))
			for i, want := range tt.want {
				assert.Equal(t, tt.to[i], r.Results[i].To)
				assert.ErrorIs(t, r.Results[i].Err, want)
			}
			assert.True(t, c.Alive())
		})
	}
}

// Parameters go to those who offer them, and the receipt tells.
func TestSendParameters(t *testing.T) {
	who := "alice@crepes.fr"
	e := envelope(bob)
	e.Return, e.EnvelopeID, e.Auth = smtp.ReturnHeader, "a+b", &who
	e.To[0].Notify = smtp.NotifySuccess | smtp.NotifyDelay
	e.To[0].Original = smtp.OriginalRecipient{Type: "rfc822", Address: "bob@hamburger.edu"}
	const data = "S: 250 ok\nC: DATA\nS: 354 go\nC: Hi.\nC: .\nS: 250 ok\n"
	for _, tt := range []struct {
		script string
		dsn    bool
	}{
		{hello() + "C: MAIL FROM:<alice@crepes.fr>\nS: 250 ok\nC: RCPT TO:<bob@hamburger.edu>\n" + data, false},
		{hello("DSN", "AUTH PLAIN") + "C: MAIL FROM:<alice@crepes.fr> RET=HDRS ENVID=a+2Bb AUTH=alice@crepes.fr\nS: 250 ok\nC: RCPT TO:<bob@hamburger.edu> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;bob@hamburger.edu\n" + data, true},
	} {
		r, err := client(t, nil, tt.script).Send(t.Context(), e, strings.NewReader("Hi.\r\n"))
		assert.NoError(t, err)
		assert.Equal(t, tt.dsn, r.DSN)
	}
}
