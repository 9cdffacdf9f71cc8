package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"applayer/mime"
)

var mimeScene = Scene{
	Name:  "mime",
	Title: "parts of any type in seven bits: a document attached, a careless sender's message, nesting",
	Run: func(_ context.Context, n *Net) error {
		return playMIME(n, carried)
	},
}

const (
	mimeBoundary = "----next part"
	mimeText     = "Here is that document.\r\n"
)

// report is report.zip of the slide: 45 octets, 60 characters of base64.
var report = append([]byte("PK\x05\x06"), bytes.Repeat([]byte{0}, 41)...)

func playMIME(n *Net, way carry) error {
	for _, act := range []func(*Net, carry) error{carefulSender, carelessSender, threeBecomeFour, nestedParts} {
		if err := act(n, way); err != nil {
			return err
		}
	}
	return nil
}

// carefulSender builds the slide's message, writes it and reads it back.
func carefulSender(n *Net, way carry) error {
	message, err := thatDocument()
	if err != nil {
		return err
	}
	n.Printf("the message with a document, %d octets:", len(message))
	for line := range strings.Lines(string(message)) {
		n.Printf("  %q", line)
	}
	e, err := mime.ParseBytes(way(message), nil)
	if err != nil {
		return err
	}
	h, err := e.Header()
	if err != nil {
		return err
	}
	n.Expect("subject", "That document", h.Get("Subject"))
	date, err := h.Date()
	if err != nil {
		return err
	}
	n.Expect("date", "Wed, 13 Nov 2002 19:55:47 -0000", date.String())
	n.Expect("version", "1.0", h.Get("MIME-Version"))
	n.Expect("fields that MIME brought", []string{"MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-ID", "Content-Disposition"}, mimeFields(e))
	n.Expect("defects", []mime.DefectCode{}, defectsOf(e))
	return checkDocument(n, e)
}

// thatDocument is the slide's message, written part by part.
func thatDocument() ([]byte, error) {
	var b bytes.Buffer
	head, err := fields("From", "alice@crepes.fr", "To", "bob@hamburger.edu", "Subject", "That document",
		"Date", "Wed, 13 Nov 2002 19:55:47 -0000", "MIME-Version", "1.0",
		"Content-Type", `multipart/mixed; boundary="`+mimeBoundary+`"`)
	if err != nil {
		return nil, err
	}
	w, err := mime.NewWriter(&b, head, nil)
	if err != nil {
		return nil, err
	}
	for _, part := range []struct {
		fields []string
		body   []byte
	}{
		{[]string{"Content-Type", "text/plain; charset=iso-8859-1", "Content-Transfer-Encoding", "7bit"}, []byte(mimeText)},
		{[]string{"Content-Type", "application/x-zip-compressed", "Content-Transfer-Encoding", "base64",
			"Content-ID", "<report@crepes.fr>", "Content-Disposition", `attachment; filename="report.zip"`}, report},
	} {
		head, err := fields(part.fields...)
		if err != nil {
			return nil, err
		}
		p, err := w.CreatePart(head)
		if err != nil {
			return nil, err
		}
		if _, err := p.Write(part.body); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return b.Bytes(), err
}

// fields makes a header of names and values in turn.
func fields(namesAndValues ...string) (*mime.Header, error) {
	var h mime.Header
	for pair := range slices.Chunk(namesAndValues, 2) {
		if err := h.Add(pair[0], pair[1]); err != nil {
			return nil, err
		}
	}
	return &h, nil
}

// checkDocument checks both parts of the message, and prints where they are.
func checkDocument(n *Net, e *mime.Entity) error {
	rows := [][]string{{"part", "type", "octets", "lines", "decoded"}}
	var parts []*mime.Entity
	for _, part := range e.Walk() {
		body := part.BodySpan()
		row := []string{part.Path(), part.MediaType().Name(), fmt.Sprintf("%d to %d", body.Start, body.End), fmt.Sprint(body.Lines), ""}
		if part.Kind() == mime.KindLeaf {
			parts = append(parts, part)
			size, err := io.Copy(io.Discard, part.Body())
			if err != nil {
				return err
			}
			row[4] = fmt.Sprint(size)
		}
		rows = append(rows, row)
	}
	n.Table(rows...)
	if !n.Expect("parts", 2, len(parts)) {
		return errNoPart
	}
	text, err := textOf(parts[0])
	if err != nil {
		return err
	}
	n.Expect("text", mimeText, text)
	n.Expect("type of the attachment", "application/x-zip-compressed", parts[1].MediaType().Name())
	disposition, err := parts[1].Disposition()
	if err != nil {
		return err
	}
	n.Expect("its disposition", "attachment", disposition.Type)
	n.Expect("its name", "report.zip", parts[1].Filename())
	octets, err := io.ReadAll(parts[1].Body())
	if err != nil {
		return err
	}
	n.Expect("its octets", report, octets)
	return nil
}

// mimeFields are the names of fields that MIME brought, each once.
func mimeFields(e *mime.Entity) (names []string) {
	for _, part := range e.Walk() {
		h, err := part.Header()
		if err != nil {
			continue
		}
		for f := range h.Fields() {
			if name := f.Name(); (name == "MIME-Version" || strings.HasPrefix(name, "Content-")) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// carelessMessage is the same message as a careless sender writes it: quotes
// that a word processor made, and a character of base64 too many.
func carelessMessage() ([]byte, error) {
	base64, err := encoded(report)
	return []byte("From: alice@crepes.fr\r\nTo: bob@hamburger.edu\r\nSubject: That document\r\n" +
		"Date: Wed, 13 Nov 2002 19:55:47 -0000\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=“" + mimeBoundary + "”\r\n\r\n" +
		"--" + mimeBoundary + "\r\nContent-Type: text/plain; charset=“iso-8859-1”\r\nContent-Transfer-Encoding: 7bit\r\n\r\n" + mimeText +
		"\r\n--" + mimeBoundary + "\r\nContent-Type: application/x-zip-compressed\r\nContent-Transfer-Encoding: base64\r\n" +
		"Content-Disposition: attachment; filename=“report.zip”\r\n\r\n" + base64 + "A\r\n--" + mimeBoundary + "--\r\n"), err
}

// encoded is octets as base64, in one line.
func encoded(octets []byte) (string, error) {
	var b strings.Builder
	w := mime.NewBase64Writer(&b)
	if _, err := w.Write(octets); err != nil {
		return "", err
	}
	err := w.Close()
	return strings.TrimSuffix(b.String(), "\r\n"), err
}

// carelessSender reads the message of one: with defects, and nothing lost.
func carelessSender(n *Net, way carry) error {
	message, err := carelessMessage()
	if err != nil {
		return err
	}
	message = way(message)
	n.Printf("the same by a careless sender: typographic quotes, 61 characters of base64")
	e, err := mime.ParseBytes(message, nil)
	if err != nil {
		return err
	}
	for _, d := range listDefects(e) {
		n.Printf("  defect: %s", d)
	}
	n.Expect("its defects", []mime.DefectCode{mime.DefectWrongQuotes, mime.DefectWrongQuotes, mime.DefectWrongQuotes, mime.DefectBase64Cut}, defectsOf(e))
	source, err := io.ReadAll(e.Source())
	if err != nil {
		return err
	}
	n.Expect("octets of it that were lost", 0, len(message)-len(source))
	_, err = mime.ParseBytes(message, &mime.Options{Strict: true})
	n.Expect("a strict reader refuses it", true, err != nil)
	return checkDocument(n, e)
}

// listDefects are the defects of structure, fields and encodings.
func listDefects(e *mime.Entity) (defects []mime.Defect) {
	seen := map[int64]bool{}
	add := func(list []mime.Defect) {
		for _, d := range list {
			if !seen[d.Offset] {
				seen[d.Offset] = true
				defects = append(defects, d)
			}
		}
	}
	add(e.Defects())
	for _, part := range e.Walk() {
		h, err := part.Header()
		if err != nil {
			continue
		}
		add(h.CheckPart(nil))
		body := part.Body()
		if _, err := io.Copy(io.Discard, body); err != nil {
			continue
		}
		add(body.Defects())
	}
	return defects
}

func defectsOf(e *mime.Entity) []mime.DefectCode {
	codes := []mime.DefectCode{}
	for _, d := range listDefects(e) {
		codes = append(codes, d.Code)
	}
	return codes
}

// threeBecomeFour counts what base64 costs.
func threeBecomeFour(n *Net, way carry) error {
	rows := [][]string{{"octets", "characters"}}
	for _, octets := range []int{3, 45} {
		text, err := encoded(report[:octets])
		if err != nil {
			return err
		}
		text = string(way([]byte(text)))
		rows = append(rows, []string{fmt.Sprint(octets), fmt.Sprint(len(text))})
		n.Expect(fmt.Sprintf("characters for %d octets", octets), octets/3*4, len(text))
		back, err := io.ReadAll(mime.NewBase64Reader(strings.NewReader(text)))
		if err != nil {
			return err
		}
		n.Expect("and back", report[:octets], back)
	}
	n.Table(rows...)
	return nil
}

// nestedParts writes a part of each top-level type into multiparts, five deep,
// and reads them back.
func nestedParts(n *Net, way carry) error {
	message, err := fiveDeep()
	if err != nil {
		return err
	}
	e, err := mime.ParseBytes(way(message), nil)
	if err != nil {
		return err
	}
	n.Printf("multiparts in multiparts:")
	multiparts, types := 0, []string{}
	for depth, part := range e.Walk() {
		media := part.MediaType()
		n.Printf("  %s%s %s", strings.Repeat("  ", depth), part.Path(), media.Name())
		if part.Kind() == mime.KindMultipart {
			multiparts = max(multiparts, depth+1)
		}
		if !slices.Contains(types, media.Type) {
			types = append(types, media.Type)
		}
	}
	n.Expect("multiparts in one another", 5, multiparts)
	n.Expect("top-level types", []string{"multipart", "text", "image", "audio", "video", "application", "message"}, types)
	n.Expect("defects of the nest", []mime.DefectCode{}, defectsOf(e))
	return nil
}

// fiveDeep is a message of five multiparts in one another, with a part of each
// top-level type.
func fiveDeep() ([]byte, error) {
	var b bytes.Buffer
	head, err := fields("From", "alice@crepes.fr", "MIME-Version", "1.0", "Content-Type", "multipart/mixed")
	if err != nil {
		return nil, err
	}
	w, err := mime.NewWriter(&b, head, nil)
	if err != nil {
		return nil, err
	}
	level := w
	for i, media := range []string{"text/plain", "image/png", "audio/basic", "video/mpeg", "application/octet-stream"} {
		if i > 0 {
			if level, err = part(level, "multipart/mixed", nil); err != nil {
				return nil, err
			}
		}
		if _, err = part(level, media, []byte("x\r\n")); err != nil {
			return nil, err
		}
	}
	m, err := part(level, "message/rfc822", nil)
	if err != nil {
		return nil, err
	}
	if _, err := part(m, "text/plain", []byte("x\r\n")); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}

// part begins a part of a type and writes its body.
func part(w *mime.Writer, media string, body []byte) (*mime.Writer, error) {
	head, err := fields("Content-Type", media)
	if err != nil {
		return nil, err
	}
	p, err := w.CreatePart(head)
	if err == nil && body != nil {
		_, err = p.Write(body)
	}
	return p, err
}
