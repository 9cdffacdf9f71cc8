package mime_test

import (
	"fmt"
	"strings"

	"applayer/mime"
)

func ExampleMessage() {
	var m mime.Message
	m.Header.Add("From", "Alice <alice@example.org>")
	m.Header.Add("To", "bob@example.net")
	m.Header.Add("Subject", "That document")
	m.Header.Add("Date", "Wed, 13 Nov 2002 19:55:47 -0000")
	m.Header.Add("Message-ID", "<1@example.org>")
	m.Text("The menu: crème brûlée, and more in the file.\n")
	var b strings.Builder
	if _, err := m.WriteTo(&b); err != nil {
		fmt.Println(err)
	}
	fmt.Println(strings.ReplaceAll(b.String(), "\r\n", "\n"))
	// Output:
	// From: Alice <alice@example.org>
	// To: bob@example.net
	// Subject: That document
	// Date: Wed, 13 Nov 2002 19:55:47 -0000
	// Message-ID: <1@example.org>
	// MIME-Version: 1.0
	// Content-Type: text/plain; charset=utf-8
	// Content-Transfer-Encoding: quoted-printable
	//
	// The menu: cr=C3=A8me br=C3=BBl=C3=A9e, and more in the file.
}

func ExampleMessage_Attach() {
	var m mime.Message
	m.Header.Add("From", "alice@example.org")
	m.Header.Add("Subject", "Picture and file")
	m.HTML(`<img src="cid:logo@example.org"> See the report.`)
	m.Inline("logo@example.org", "image/gif", strings.NewReader("GIF89a\x00"))
	m.Attach("report.zip", "application/zip", strings.NewReader("PK\x03\x04\x00"))
	var b strings.Builder
	if _, err := m.WriteTo(&b); err != nil {
		fmt.Println(err)
	}
	e, err := mime.ParseBytes([]byte(b.String()), nil)
	if err != nil {
		fmt.Println(err)
	}
	for depth, part := range e.Walk() {
		h, _ := part.Header()
		name, _, _ := strings.Cut(h.Get("Content-Type"), ";")
		fmt.Printf("%*s%s %s\n", 2*depth, "", name, h.Get("Content-Transfer-Encoding"))
	}
	// Output:
	// multipart/mixed 7bit
	//   multipart/related 7bit
	//     text/html 7bit
	//     image/gif base64
	//   application/zip base64
}

func ExampleWriter() {
	var h, part mime.Header
	h.Add("Content-Type", `multipart/mixed; boundary="simple boundary"`)
	var b strings.Builder
	w, err := mime.NewWriter(&b, &h, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	part.Add("Content-Type", "application/octet-stream")
	part.Add("Content-Transfer-Encoding", "base64")
	body, err := w.CreatePart(&part)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprint(body, "any octets")
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	fmt.Println(strings.ReplaceAll(b.String(), "\r\n", "\n"))
	// Output:
	// Content-Type: multipart/mixed; boundary="simple boundary"
	//
	// --simple boundary
	// Content-Type: application/octet-stream
	// Content-Transfer-Encoding: base64
	//
	// YW55IG9jdGV0cw==
	//
	// --simple boundary--
}

func ExampleNewBase64Reader() {
	r := mime.NewBase64Reader(strings.NewReader("TWVz-c2Fn\r\nZXMu"))
	b := make([]byte, 100)
	n, _ := r.Read(b)
	fmt.Printf("%s, %d octets passed over\n", b[:n], r.Junk())
	// Output: Messages., 1 octets passed over
}

func ExampleNewQPWriter() {
	var b strings.Builder
	w := mime.NewQPWriter(&b, nil)
	fmt.Fprint(w, "From Zürich \n.\n")
	w.Close()
	fmt.Println(strings.ReplaceAll(b.String(), "\r\n", "\n"))
	// Output:
	// =46rom Z=C3=BCrich=20
	// =2E
}

func ExampleReply() {
	original, err := mime.ParseBytes([]byte("From: Alice <alice@example.org>\r\nTo: bob@example.net, Carol <carol@example.org>\r\n"+
		"Subject: Lunch\r\nDate: Fri, 15 Nov 2002 13:58:49 -0500\r\nMessage-ID: <1@example.org>\r\n\r\nAt one?\r\n"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := mime.Reply(original, &mime.ReplyOptions{
		From:  mime.Mailbox{Name: "Bob", Local: "bob", Domain: "example.net"},
		All:   true,
		Quote: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	m.Flowed(m.Quoted() + "\nYes.\n")
	for f := range m.Header.Fields() {
		fmt.Printf("%s: %s\n", f.Name(), f.Value())
	}
	fmt.Print(m.Quoted())
	// Output:
	// From: Bob <bob@example.net>
	// To: Alice <alice@example.org>
	// Cc: Carol <carol@example.org>
	// Subject: Re: Lunch
	// In-Reply-To: <1@example.org>
	// References: <1@example.org>
	// On Fri, 15 Nov 2002 13:58:49 -0500, Alice wrote:
	// > At one?
}

func ExampleForward() {
	original, err := mime.ParseBytes([]byte("From: alice@example.org\r\nSubject: Lunch\r\n\r\nAt one?\r\n"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := mime.Forward(original, &mime.ForwardOptions{From: mime.Mailbox{Local: "bob", Domain: "example.net"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	m.Text("See below.")
	fmt.Println(m.Header.Get("Subject"))
	// Output: Fwd: Lunch
}

func ExampleDowngrade() {
	e, err := mime.ParseBytes([]byte("MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nEin Gruß aus dem Süden, und bis bald\n"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	var b strings.Builder
	if err := mime.Downgrade(&b, e, nil); err != nil {
		fmt.Println(err)
	}
	fmt.Println(strings.ReplaceAll(b.String(), "\r\n", "\n"))
	// Output:
	// MIME-Version: 1.0
	// Content-Type: text/plain; charset=utf-8
	// Content-Transfer-Encoding: quoted-printable
	//
	// Ein Gru=C3=9F aus dem S=C3=BCden, und bis bald
}
