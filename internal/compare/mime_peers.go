package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-message"
	"github.com/jhillyerd/enmime/v2"
)

// eachMail reads the whole corpus b.N times, a message at a time. read returns
// the octets of all decoded bodies, so that nobody leaves some out.
func eachMail(b *testing.B, read func(msg []byte) (int64, error)) error {
	m := mailCorpus()
	return each(b, len(m.mbox), func() error {
		var octets int64
		for i, msg := range m.messages {
			n, err := read(msg)
			if err != nil {
				return fmt.Errorf("message %d: %w", i, err)
			}
			octets += n
		}
		if octets < int64(len(m.mbox))/2 {
			return fmt.Errorf("%d octets of bodies", octets)
		}
		return nil
	})
}

// readStandardMail reads with net/mail and mime/multipart. They decode neither
// base64 nor, at the top, quoted-printable themselves.
func readStandardMail(b *testing.B) error {
	return eachMail(b, func(msg []byte) (int64, error) { return standardMessage(bytes.NewReader(msg)) })
}

func standardMessage(r io.Reader) (int64, error) {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return 0, err
	}
	return standardBody(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
}

func standardBody(contentType, encoding string, body io.Reader) (int64, error) {
	mediaType, params, err := mime.ParseMediaType(contentType)
	if contentType != "" && err != nil {
		return 0, err
	}
	switch {
	case strings.HasPrefix(mediaType, "multipart/"):
		return standardParts(mediaType, multipart.NewReader(body, params["boundary"]))
	case mediaType == "message/rfc822":
		return standardMessage(body)
	case strings.EqualFold(encoding, "base64"):
		body = base64.NewDecoder(base64.StdEncoding, body)
	case strings.EqualFold(encoding, "quoted-printable"):
		body = quotedprintable.NewReader(body)
	}
	return io.Copy(io.Discard, body)
}

func standardParts(mediaType string, r *multipart.Reader) (octets int64, err error) {
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return octets, nil
		}
		if err != nil {
			return octets, err
		}
		contentType := p.Header.Get("Content-Type")
		if contentType == "" && mediaType == "multipart/digest" {
			contentType = "message/rfc822"
		}
		n, err := standardBody(contentType, p.Header.Get("Content-Transfer-Encoding"), p)
		octets += n
		if err != nil {
			return octets, err
		}
	}
}

// readEmersionMail reads with go-message.
func readEmersionMail(b *testing.B) error {
	return eachMail(b, func(msg []byte) (int64, error) { return emersionMessage("", bytes.NewReader(msg)) })
}

func emersionMessage(parent string, r io.Reader) (int64, error) {
	e, err := message.Read(r)
	if err != nil && !message.IsUnknownCharset(err) {
		return 0, err
	}
	return emersionEntity(parent, e)
}

func emersionEntity(parent string, e *message.Entity) (octets int64, err error) {
	mediaType, _, _ := e.Header.ContentType()
	if parent == "multipart/digest" && !e.Header.Has("Content-Type") {
		mediaType = "message/rfc822"
	}
	mr := e.MultipartReader()
	switch {
	case mediaType == "message/rfc822":
		return emersionMessage("", e.Body)
	case mr == nil:
		return io.Copy(io.Discard, e.Body)
	}
	for {
		p, err := mr.NextPart()
		if err == io.EOF {
			return octets, nil
		}
		if err != nil && !message.IsUnknownCharset(err) {
			return octets, err
		}
		n, err := emersionEntity(mediaType, p)
		octets += n
		if err != nil {
			return octets, err
		}
	}
}

// readEnmimeMail reads with enmime, which holds all in memory and leaves
// messages within messages as they are.
func readEnmimeMail(b *testing.B) error {
	return eachMail(b, func(msg []byte) (octets int64, err error) {
		root, err := enmime.ReadParts(bytes.NewReader(msg))
		if err != nil {
			return 0, err
		}
		root.DepthMatchAll(func(p *enmime.Part) bool {
			octets += int64(len(p.Content))
			return false
		})
		return octets, nil
	})
}

// gmimeReader is a program over GMime, built from the source that the interop
// tests use.
var gmimeReader = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "applayer-gmime-")
	if err != nil {
		return "", err
	}
	madeForMail = append(madeForMail, dir)
	flags, err := exec.Command("pkg-config", "--cflags", "--libs", "gmime-3.0").Output()
	if err != nil {
		return dir, err
	}
	args := append([]string{"-O2", "-o", filepath.Join(dir, "reader"), "../../mime/testdata/gmime/reader.c"}, strings.Fields(string(flags))...)
	out, err := exec.Command("gcc", args...).CombinedOutput()
	if err != nil {
		return dir, fmt.Errorf("gcc: %s: %w", out, err)
	}
	return dir, nil
})

// readGMimeMail reads with GMime, in a process of its own.
func readGMimeMail(b *testing.B) error {
	dir, err := gmimeReader()
	if err != nil {
		return err
	}
	file, err := mboxFile()
	if err != nil {
		return err
	}
	b.SetBytes(int64(len(mailCorpus().mbox)))
	b.ResetTimer()
	out, err := exec.Command(filepath.Join(dir, "reader"), "-n", strconv.Itoa(b.N), file).Output()
	if err != nil {
		return err
	}
	var messages, octets int64
	if _, err := fmt.Fscan(bufio.NewReader(bytes.NewReader(out)), &messages, &octets); err != nil {
		return err
	}
	if messages != int64(b.N)*mailMessages {
		return fmt.Errorf("%d messages", messages)
	}
	return nil
}

// madeForMail are the files and folders of the mail subjects.
var madeForMail []string

// removeMail removes them.
func removeMail() {
	for _, path := range madeForMail {
		os.RemoveAll(path)
	}
}
