package smtp_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
)

const toDATA = "C: MAIL FROM:<alice@crepes.fr>\nS: 250 ok\nC: RCPT TO:<bob@hamburger.edu>\nS: 250 ok\nC: DATA\nS: 354 go\n"

// A message that has nothing to say for ever is given up, also where it is looked
// at before.
func TestSendSourceIdles(t *testing.T) {
	idle := readerFunc(func([]byte) (int, error) { return 0, nil })
	for _, body := range []smtp.BodyType{smtp.BodyUnsaid, smtp.BodySevenBit} {
		script := hello() + "C*\n"
		if body == smtp.BodySevenBit {
			script = hello() + toDATA + "C*\n"
		}
		nc, p := playServer(t, nil, script)
		c, err := smtp.NewClient(t.Context(), nc, &smtp.Options{Hello: "crepes.fr"})
		require.NoError(t, err)
		e := envelope(bob)
		e.Body = body
		_, err = c.Send(t.Context(), e, io.MultiReader(strings.NewReader("a\r\n"), idle))
		assert.ErrorIs(t, err, io.ErrNoProgress)
		assert.Equal(t, body == smtp.BodyUnsaid, c.Alive())
		c.Close()
		p.all.Wait()
		assert.NotContains(t, p.rest.String(), "\r\n.\r\n")
	}
	// A reader may have nothing to say now and then.
	n := 0
	now := readerFunc(func(b []byte) (int, error) {
		if n++; n%100 != 0 {
			return 0, nil
		}
		if n == 400 {
			return 0, io.EOF
		}
		return copy(b, "a\r\n"), nil
	})
	c := client(t, nil, hello()+toDATA+"C: a\nC: a\nC: a\nC: .\nS: 250 ok\n")
	e := envelope(bob)
	e.Body = smtp.BodyUnsaid
	_, err := c.Send(t.Context(), e, now)
	assert.NoError(t, err)
}

// A message that breaks off is none, whatever the error is called: a server's
// Session that passes on what it reads meets this one.
func TestSendSourceBreaksOff(t *testing.T) {
	const start = "C: MAIL FROM:<alice@crepes.fr>\nS: 250 ok\nC: RCPT TO:<bob@hamburger.edu>\nS: 250 ok\n"
	for _, tt := range []struct {
		script string
		body   smtp.BodyType
		sent   string
	}{
		{hello(), smtp.BodyUnsaid, ""},
		{hello("CHUNKING"), smtp.BodyUnsaid, ""},
		{hello() + start + "C: DATA\nS: 354 go\n", smtp.BodySevenBit, ""}, // it waited in the buffer
		{hello("CHUNKING") + start, smtp.BodySevenBit, "QUIT\r\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			nc, p := playServer(t, nil, tt.script+"C*\n")
			c, err := smtp.NewClient(t.Context(), nc, &smtp.Options{Hello: "crepes.fr", Timeouts: smtp.ClientTimeouts{Quit: 1}})
			require.NoError(t, err)
			e := envelope(bob)
			e.Body = tt.body
			cut := io.MultiReader(strings.NewReader("a\r\n"), readerFunc(func([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }))
			r, err := c.Send(t.Context(), e, cut)
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
			assert.False(t, r.Doubtful)
			if tt.sent != "" {
				c.Quit(t.Context())
			}
			c.Close()
			p.all.Wait()
			assert.Equal(t, tt.sent, p.rest.String())
		})
	}
}

// A message that cannot be wound back after its size was looked for would be
// sent as an empty one.
func TestSendSourceCannotSeekBack(t *testing.T) {
	c := client(t, nil, hello("SIZE")+"C: NOOP\nS: 250 ok\n")
	_, err := c.Send(t.Context(), envelope(bob), &oneWay{Reader: strings.NewReader(ketchup)})
	assert.ErrorIs(t, err, errSource)
	assert.NoError(t, c.Noop(t.Context()))
}

// oneWay goes to the end, and not back.
type oneWay struct{ *strings.Reader }

func (o *oneWay) Len() {} // hides that of the Reader

func (o *oneWay) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekStart {
		return 0, errSource
	}
	return o.Reader.Seek(offset, whence)
}

// Who takes NULs out of a message would find CRLF NUL "." CRLF to be its end
// (CVE-2023-51764), and no text holds them (RFC 2045 §2.8): none goes out but by
// BINARYMIME.
func TestSendNUL(t *testing.T) {
	const smuggled = "Subject: a\r\n\r\nb\r\n\x00.\r\nMAIL FROM:<evil@example.com>\r\n"
	const start = "C: MAIL FROM:<alice@crepes.fr>%\nS: 250 ok\nC: RCPT TO:<bob@hamburger.edu>\nS: 250 ok\n"
	late := strings.Repeat("a\r\n", 20000) + smuggled
	encode := func(io.Reader) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("encoded\r\n")), nil }
	tests := []struct {
		name, message, script string
		body                  smtp.BodyType
		down                  func(io.Reader) (io.ReadCloser, error)
		taken, alive          bool
	}{
		{"seen before", smuggled, "C*", smtp.BodyUnsaid, nil, false, true},
		{"seen before, to whom takes 8 bits", smuggled, "8BITMIME", smtp.BodyUnsaid, nil, false, true},
		{"encoded", smuggled, "8BITMIME BODY=7BIT DATA ENCODED", smtp.BodyUnsaid, encode, true, true},
		{"seen too late by DATA", late, "DATA", smtp.BodyUnsaid, nil, false, false},
		{"not looked for by DATA", smuggled, "DATA", smtp.BodySevenBit, nil, false, false},
		{"as 8 bits", smuggled, "8BITMIME BODY=8BITMIME DATA", smtp.BodyEightBit, nil, false, false},
		{"by BDAT", smuggled, "CHUNKING RSET", smtp.BodySevenBit, nil, false, true},
		{"as binary, not offered", smuggled, "CHUNKING", smtp.BodyBinaryMIME, nil, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var offers []string
				param := ""
				var script strings.Builder
				for word := range strings.FieldsSeq(tt.script) {
					switch {
					case word == "8BITMIME", word == "CHUNKING":
						offers = append(offers, word)
					case strings.HasPrefix(word, "BODY="):
						param = " " + word
					case word == "DATA":
						script.WriteString(strings.Replace(start, "%", param, 1) + "C: DATA\nS: 354 go\n")
					case word == "RSET":
						script.WriteString(strings.Replace(start, "%", param, 1) + "C: RSET\nS: 250 ok\n")
					case word == "ENCODED":
						script.WriteString("C: encoded\nC: .\nS: 250 ok\n")
					}
				}
				nc, p := playServer(t, nil, hello(offers...)+script.String()+"C*\n")
				c, err := smtp.NewClient(t.Context(), nc, &smtp.Options{Hello: "crepes.fr", Downgrade: tt.down})
				require.NoError(t, err)
				e := envelope(bob)
				e.Body = tt.body
				_, err = c.Send(t.Context(), e, struct{ io.Reader }{strings.NewReader(tt.message)})
				if tt.taken {
					assert.NoError(t, err)
				} else {
					assert.ErrorIs(t, err, smtp.ErrUnsupported)
				}
				assert.Equal(t, tt.alive, c.Alive())
				if strings.Contains(tt.script, "RSET") {
					assert.NoError(t, c.Reset(t.Context()))
				}
				c.Close()
				p.all.Wait()
				assert.NotContains(t, p.rest.String(), "\x00")
				assert.NotContains(t, p.rest.String(), "evil")
				assert.NotContains(t, p.rest.String(), "\r\n.\r\n")
			})
		})
	}
}

// What Downgrade has made is of 7 bits, or is not sent as if it were.
func TestSendDowngradeFails(t *testing.T) {
	c := client(t, &smtp.Options{Downgrade: func(r io.Reader) (io.ReadCloser, error) { return io.NopCloser(r), nil }},
		hello("CHUNKING", "8BITMIME")+`
		C: MAIL FROM:<alice@crepes.fr> BODY=7BIT
		S: 250 ok
		C: RCPT TO:<bob@hamburger.edu>
		S: 250 ok
		C: RSET
		S: 250 ok
	`)
	e := envelope(bob)
	e.Body = smtp.BodyBinaryMIME
	_, err := c.Send(t.Context(), e, strings.NewReader("caf\xc3\xa9\r\n"))
	assert.ErrorIs(t, err, smtp.ErrUnsupported)
	assert.NoError(t, c.Reset(t.Context()))
}

// RFC 3030 §3: a binary message goes as it is, each octet of it, whatever the
// size of the chunks and the way in which it is read.
func TestSendBinary(t *testing.T) {
	const message = "a\nb\rc\x00\r\r\n.\r\n\x00.\r\n\xff"
	for size := 1; size <= len(message)+1; size++ {
		synctest.Test(t, func(t *testing.T) {
			nc, p := playServer(t, nil, hello("CHUNKING", "BINARYMIME", "PIPELINING")+`
				C: MAIL FROM:<alice@crepes.fr> BODY=BINARYMIME
				C: RCPT TO:<bob@hamburger.edu>
				S: 250 ok
				S: 250 ok
				BDAT
				C*
			`)
			c, err := smtp.NewClient(t.Context(), nc, &smtp.Options{Hello: "crepes.fr", ChunkSize: size})
			require.NoError(t, err)
			e := envelope(bob)
			e.Body = smtp.BodyBinaryMIME
			_, err = c.Send(t.Context(), e, strings.NewReader(message))
			require.NoError(t, err)
			c.Close()
			p.all.Wait()
			var got strings.Builder
			for rest := p.rest.String(); rest != ""; {
				line, behind, ok := strings.Cut(rest, "\r\n")
				require.True(t, ok, "%q", rest)
				n, _, err := smtp.ParseBDAT([]byte(strings.TrimPrefix(line, "BDAT ")))
				require.NoError(t, err)
				got.WriteString(behind[:n])
				rest = behind[n:]
			}
			require.Equal(t, message, got.String())
		})
	}
}

// What the caller gave panics in the middle of the dialogue: nothing can be said
// behind it.
func TestClientPanics(t *testing.T) {
	c := client(t, nil, hello()+toDATA+"C*\n")
	assert.Panics(t, func() {
		c.Send(t.Context(), envelope(bob), readerFunc(func([]byte) (int, error) { panic("message") }))
	})
	assert.False(t, c.Alive())
	assert.Error(t, c.Noop(t.Context()))

	c = client(t, nil, hello("AUTH PLAIN")+"C: AUTH PLAIN\nS: 334 \nC*\n")
	assert.Panics(t, func() { c.Auth(t.Context(), panicking{}) })
	assert.False(t, c.Alive())
}

type panicking struct{}

func (panicking) Start() (string, []byte, error)    { return "PLAIN", nil, nil }
func (panicking) Next([]byte, bool) ([]byte, error) { panic(errors.New("mechanism")) }

// What Downgrade returned is closed once, whatever became of the message.
func TestSendDowngradeCloses(t *testing.T) {
	for _, tt := range []struct {
		extension, script string
	}{
		{"PIPELINING", "C: MAIL FROM:<alice@crepes.fr>\nC: RCPT TO:<bob@hamburger.edu>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: Hi.\nC: .\nS: 250 ok\n"},
		{"CHUNKING", "C: MAIL FROM:<alice@crepes.fr>\nS: 550 no\n"},
		{"CHUNKING", "C: MAIL FROM:<alice@crepes.fr>\nclose\n"},
		{"SIZE 4", "C: MAIL FROM:<alice@crepes.fr>\nS: 550 no\n"}, // it has another size now
	} {
		made := &closed{Reader: strings.NewReader("Hi.\r\n")}
		c := client(t, &smtp.Options{Downgrade: func(io.Reader) (io.ReadCloser, error) { return made, nil }}, hello(tt.extension)+tt.script)
		e := envelope(bob)
		e.Body = smtp.BodyEightBit
		c.Send(t.Context(), e, strings.NewReader("caf\xc3\xa9\r\n"))
		assert.Equal(t, 1, made.times, tt.script)
	}
}

type closed struct {
	io.Reader
	times int
}

func (c *closed) Close() error {
	c.times++
	return nil
}
