package main

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"applayer/mime"
)

// mimeSubjects are what is done with whole messages: 1200 of them, 110 MB.
var mimeSubjects = []subject{
	{name: "mime-read", implementations: []implementation{
		{name: "applayer", bench: readMail}, {name: "net/mail", bench: readStandardMail},
		{name: "go-message", bench: readEmersionMail}, {name: "enmime", bench: readEnmimeMail},
	}},
	{name: "mime-read-gmime", implementations: []implementation{
		{name: "applayer", bench: readMail},
		{name: "gmime", bench: readGMimeMail},
	}, programs: []string{"gcc", "pkg-config"}},
	{name: "mime-structure", implementations: []implementation{
		{name: "applayer", bench: structureMail}, {name: "bytes.Index", bench: indexMail},
	}},
	{name: "mime-structure-message", implementations: []implementation{{name: "applayer", bench: structureMessage}}},
}

// readMail reads messages as streams and decodes all bodies.
func readMail(b *testing.B) error {
	src := bytes.NewReader(nil)
	return eachMail(b, func(msg []byte) (octets int64, err error) {
		src.Reset(msg)
		r := mime.NewReader(src, nil)
		for {
			ev, err := r.Next()
			if err == io.EOF {
				return octets, nil
			}
			if err != nil {
				return octets, err
			}
			if ev.Kind != mime.EventBody {
				continue
			}
			n, err := io.Copy(io.Discard, ev.Part.Body())
			octets += n
			if err != nil {
				return octets, err
			}
		}
	})
}

// structureMail finds where each part of each message is.
func structureMail(b *testing.B) error {
	m := mailCorpus()
	return each(b, len(m.mbox), func() error {
		for i := range m.messages {
			if err := structure(m, i); err != nil {
				return err
			}
		}
		return nil
	})
}

// structureMessage is structureMail of one message after another, for the
// allocations of each.
func structureMessage(b *testing.B) error {
	m, next := mailCorpus(), 0
	return each(b, len(m.mbox)/len(m.messages), func() error {
		next = (next + 1) % len(m.messages)
		return structure(m, next)
	})
}

// structure reads the structure of a message, and counts its parts, so that it
// is known to have been found.
func structure(m *corpus, i int) error {
	e, err := mime.ParseBytes(m.messages[i], nil)
	if err != nil {
		return err
	}
	parts := 0
	for range e.Walk() {
		parts++
	}
	if parts < m.parts(i) || len(e.Defects()) > 0 {
		return fmt.Errorf("message %d: %d parts, %v", i, parts, e.Defects())
	}
	return nil
}

// indexMail looks for what a delimiter begins with in the same octets, and for
// nothing else: what a reader of structure cannot do without.
func indexMail(b *testing.B) error {
	m := mailCorpus()
	return each(b, len(m.mbox), func() error {
		found := 0
		for _, msg := range m.messages {
			for at := 0; ; found++ {
				i := bytes.Index(msg[at:], []byte("\n--"))
				if i < 0 {
					break
				}
				at += i + len("\n--")
			}
		}
		if found < len(m.messages) {
			return fmt.Errorf("%d delimiters", found)
		}
		return nil
	})
}
