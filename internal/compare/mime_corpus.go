package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"mime/quotedprintable"
	"os"
	"sync"
)

// mailMessages is how many messages the corpus has. They are about 110 MB.
const mailMessages = 1200

// corpus is all of them: messages as they are on the wire, in one piece as an mbox
// and each for itself.
type corpus struct {
	mbox     []byte
	messages [][]byte
}

// mailCorpus makes the corpus, the same one each time.
var mailCorpus = sync.OnceValue(func() *corpus {
	g := &mailGenerator{rng: rand.New(rand.NewPCG(5322, 2045))}
	var ends [][2]int
	for i := range mailMessages {
		g.printf("From alice@crepes.fr Sun Nov 22 02:40:00 2026\r\n")
		start := g.out.Len()
		g.message(i)
		ends = append(ends, [2]int{start, g.out.Len()})
		g.printf("\r\n")
	}
	m := &corpus{mbox: g.out.Bytes()}
	for _, at := range ends {
		m.messages = append(m.messages, m.mbox[at[0]:at[1]:at[1]])
	}
	return m
})

// parts is how many entities a message has at least: one, the three of text and
// HTML, the three of a text with an attachment, or the eleven of a text beside
// two messages.
func (*corpus) parts(i int) int { return [4]int{1, 3, 3, 11}[i%4] }

// mboxFile is the corpus as a file, for a program that reads files, until
// removeMail.
var mboxFile = sync.OnceValues(func() (string, error) {
	f, err := os.CreateTemp("", "applayer-mail-*.mbox")
	if err != nil {
		return "", err
	}
	madeForMail = append(madeForMail, f.Name())
	if _, err = f.Write(mailCorpus().mbox); err != nil {
		f.Close()
		return f.Name(), err
	}
	return f.Name(), f.Close()
})

// mailGenerator writes messages as mail programs do: one of four is text, one
// text and HTML, one has attachments, one holds other messages.
type mailGenerator struct {
	rng  *rand.Rand
	out  bytes.Buffer
	next int // the next boundary
}

func (g *mailGenerator) printf(format string, args ...any) { fmt.Fprintf(&g.out, format, args...) }

func (g *mailGenerator) boundary() string {
	g.next++
	return fmt.Sprintf("----=_Part_%d_%016x", g.next, g.rng.Uint64())
}

func (g *mailGenerator) message(i int) {
	g.header(i)
	switch i % 4 {
	case 0:
		g.text("plain", 2000+g.rng.IntN(20_000))
	case 1:
		g.alternative()
	case 2:
		g.attachments()
	default:
		g.nested(i)
	}
}

// header is what a message has gathered on its way.
func (g *mailGenerator) header(i int) {
	for hop := range 3 {
		g.printf("Received: from mx%d.crepes.fr (mx%d.crepes.fr [192.0.2.%d])\r\n\tby mail.hamburger.edu (Postfix) with ESMTPS id %016X\r\n\tfor <bob@hamburger.edu>; Sun, 22 Nov 2026 02:%02d:00 +0100 (CET)\r\n", hop, hop, hop+1, g.rng.Uint64(), hop)
	}
	g.printf("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=crepes.fr; s=mail;\r\n\tbh=%s;\r\n\tb=%s\r\n", g.base64(33), g.base64(90))
	g.printf("Message-ID: <%016x.%d@crepes.fr>\r\nDate: Sun, 22 Nov 2026 02:40:%02d +0100\r\n", g.rng.Uint64(), i, i%60)
	g.printf("From: =?utf-8?Q?Alice_Cr=C3=AApe?= <alice@crepes.fr>\r\nTo: Bob <bob@hamburger.edu>,\r\n \"Carol, C.\" <carol@hamburger.edu>\r\n")
	g.printf("Subject: =?utf-8?B?%s?= number %d\r\nMIME-Version: 1.0\r\n", base64.StdEncoding.EncodeToString([]byte("Grüße aus Crêpeville")), i)
}

var mailWords = []string{"ketchup", "pickles", "crêpes", "do", "you", "like", "how", "about", "the", "a", "and", "Grüße", "tomorrow", "=", "€", "report"}

// words is text of about n octets in lines.
func (g *mailGenerator) words(n int) []byte {
	var b bytes.Buffer
	for b.Len() < n {
		for range 8 + g.rng.IntN(5) {
			b.WriteString(mailWords[g.rng.IntN(len(mailWords))])
			b.WriteByte(' ')
		}
		b.WriteString(".\r\n")
	}
	return b.Bytes()
}

// base64 is n octets at random.
func (g *mailGenerator) base64(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.rng.Uint32())
	}
	return base64.StdEncoding.EncodeToString(b)
}

// text is a leaf of text, 8bit or quoted-printable.
func (g *mailGenerator) text(subtype string, n int) {
	text := g.words(n)
	if g.rng.IntN(2) == 0 {
		g.printf("Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s\r\n", subtype, text)
		return
	}
	g.printf("Content-Type: text/%s; charset=\"UTF-8\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", subtype)
	w := quotedprintable.NewWriter(&g.out)
	w.Write(text)
	w.Close()
	g.printf("\r\n")
}

func (g *mailGenerator) alternative() {
	b := g.boundary()
	g.printf("Content-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\nThis is a message in MIME.\r\n--%s\r\n", b, b)
	n := 2000 + g.rng.IntN(15_000)
	g.text("plain", n)
	g.printf("--%s\r\n", b)
	g.text("html", 3*n)
	g.printf("--%s--\r\n", b)
}

func (g *mailGenerator) attachments() {
	b := g.boundary()
	g.printf("Content-Type: multipart/mixed;\r\n boundary=\"%s\"\r\n\r\n--%s\r\n", b, b)
	g.text("plain", 1000)
	for i := range 1 + g.rng.IntN(3) {
		g.printf("--%s\r\nContent-Type: application/zip; name=\"report%d.zip\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n filename*0*=utf-8''%%C3%%9Cbersicht%%20;\r\n filename*1*=%d.zip\r\n\r\n", b, i, i)
		g.encoded(10_000 + g.rng.IntN(74_000))
	}
	g.printf("--%s--\r\n", b)
}

// encoded is base64 of n octets in lines.
func (g *mailGenerator) encoded(n int) {
	text := g.base64(n)
	for len(text) > 76 {
		g.printf("%s\r\n", text[:76])
		text = text[76:]
	}
	g.printf("%s\r\n", text)
}

// nested is a message that forwards two others, the second one within a
// multipart.
func (g *mailGenerator) nested(i int) {
	b := g.boundary()
	g.printf("Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n--%s\r\n", b, b)
	g.text("plain", 500)
	g.printf("--%s\r\nContent-Type: message/rfc822\r\n\r\n", b)
	g.header(i)
	g.attachments()
	g.printf("--%s\r\n", b)
	inner := g.boundary()
	g.printf("Content-Type: multipart/digest; boundary=\"%s\"\r\n\r\n--%s\r\n\r\n", inner, inner)
	g.header(i)
	g.alternative()
	g.printf("--%s--\r\n--%s--\r\n", inner, b)
}
