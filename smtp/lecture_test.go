package smtp_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
)

// The dialogue of the lecture, as it is typed: with a space behind the colons.
const lectureDialogue = `S: 220 hamburger.edu
C: HELO crepes.fr
S: 250 Hello crepes.fr, pleased to meet you
` + lectureMessage + `C: QUIT
S: 221 hamburger.edu closing connection
`

const lectureMessage = `C: MAIL FROM: <alice@crepes.fr>
S: 250
C: RCPT TO: <bob@hamburger.edu>
S: 250
C: DATA
S: 354
C: Do you like ketchup?
C: How about pickles?
C: .
S: 250
`

// talkLecture types the lines of C: and compares what comes with those of S:,
// of which the numbers alone may be given. Enhanced codes are left out, since the
// lecture does.
func talkLecture(t *testing.T, c *caller, dialogue string) {
	t.Helper()
	for l := range strings.Lines(dialogue) {
		text := strings.TrimSuffix(l[3:], "\n")
		if l[0] == 'C' {
			c.send(text + "\r\n")
			continue
		}
		got := c.line()
		if code, rest, _ := strings.Cut(got, " "); len(rest) > 6 && rest[1] == '.' && rest[3] == '.' {
			got = code + rest[5:]
		}
		require.True(t, strings.HasPrefix(got, text), "got %q, want %q", got, text)
	}
}

func TestLecture(t *testing.T) {
	box := &mailbox{}
	c := call(t, &smtp.Server{Hostname: "hamburger.edu", Backend: box})
	talkLecture(t, c, lectureDialogue)
	c.end()
	got := box.got()
	require.Len(t, got, 1)
	assert.Equal(t, "alice@crepes.fr", got[0].From.String())
	assert.Equal(t, "bob@hamburger.edu", got[0].To[0].Path.String())
	assert.Equal(t, "Do you like ketchup?\r\nHow about pickles?\r\n", got[0].Text)
	assert.Equal(t, "SMTP", got[0].Protocol)
}

// SMTP connections are persistent: several messages, then QUIT.
func TestLecturePersistent(t *testing.T) {
	box := &mailbox{}
	c := call(t, &smtp.Server{Hostname: "hamburger.edu", Backend: box})
	talkLecture(t, c, strings.Replace(lectureDialogue, lectureMessage, strings.Repeat(lectureMessage, 3), 1))
	c.end()
	assert.Len(t, box.got(), 3)
}

// Our client says the same, and the replies are those of the lecture:
// 220 250 250 250 354 250 221.
func TestLectureClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := &mailbox{}
		near, far := testkit.Pipe()
		done := make(chan error, 1)
		go func() {
			done <- (&smtp.Server{Hostname: "hamburger.edu", Backend: box}).ServeConn(context.Background(), far)
		}()
		var said, codes []string
		c, err := smtp.NewClient(t.Context(), near, &smtp.Options{
			Hello: "crepes.fr", NoExtensions: true, TLS: smtp.TLSOff,
			Trace: &smtp.Trace{Line: func(server bool, line []byte) {
				if server {
					codes = append(codes, string(line[:3]))
					return
				}
				said = append(said, string(line))
			}},
		})
		require.NoError(t, err)
		_, err = c.Send(t.Context(), fromAlice("bob@hamburger.edu"), strings.NewReader("Do you like ketchup?\r\nHow about pickles?\r\n"))
		require.NoError(t, err)
		require.NoError(t, c.Quit(t.Context()))
		require.NoError(t, <-done)
		assert.Equal(t, []string{"220", "250", "250", "250", "354", "250", "221"}, codes)
		assert.Equal(t, []string{"HELO crepes.fr", "MAIL FROM:<alice@crepes.fr>", "RCPT TO:<bob@hamburger.edu>", "DATA", "QUIT"}, said)
		require.Len(t, box.got(), 1)
		assert.Equal(t, "Do you like ketchup?\r\nHow about pickles?\r\n", box.got()[0].Text)
	})
}
