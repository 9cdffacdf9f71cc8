package mime_test

import (
	"fmt"
	"io"
	"strings"

	"applayer/mime"
)

func ExampleTextReader() {
	d, err := mime.NewDecoder("iso-8859-1", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	r := mime.NewTextReader(strings.NewReader("Gr\xfc\xdfe, 5 \x80"), d)
	text, err := io.ReadAll(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(text))
	for _, d := range r.Defects() {
		fmt.Println(d)
	}
	// Output:
	// Grüße, 5 €
	// wrong charset at byte 9 (RFC 2046 §4.1.2)
}

func ExampleFlowedReader() {
	r := mime.NewFlowedReader(strings.NewReader("> Shall we \r\n> meet?\r\n\r\nYes, at \r\nten.\r\n"), false)
	for {
		p, err := r.Next()
		if err != nil {
			break // io.EOF
		}
		fmt.Printf("%d %q\n", p.Quote, p.Text)
	}
	// Output:
	// 1 "Shall we meet?"
	// 0 ""
	// 0 "Yes, at ten."
}

func ExampleFlowedWriter() {
	var b strings.Builder
	w := mime.NewFlowedWriter(&b, &mime.FlowedOptions{Width: 20})
	if _, err := w.Write([]byte("The quick brown fox jumps over the lazy dog.")); err != nil {
		fmt.Println(err)
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%q", b.String())
	// Output: "The quick brown fox \r\njumps over the lazy \r\ndog.\r\n"
}

func ExampleHTMLReader() {
	page := `<p>Your account: <a href="http://evil.example/">bank.example</a><script>x()</script>`
	r := mime.NewHTMLReader(strings.NewReader(page), &mime.HTMLOptions{Links: true})
	text, err := io.ReadAll(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(text))
	// Output: Your account: bank.example <http://evil.example/>
}

func ExampleMboxReader() {
	file := strings.NewReader("From b@a.example Fri Jul  8 12:08:34 2011\n" +
		"Subject: Hello\n\n>From here it is far.\n\n")
	for m, err := range mime.NewMboxReader(file, nil).Messages() {
		if err != nil {
			fmt.Println(err)
			return
		}
		text, err := io.ReadAll(m)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s %s\n%s", m.From.Sender, m.From.Date.Format("2006-01-02"), text)
	}
	// Output:
	// b@a.example 2011-07-08
	// Subject: Hello
	//
	// From here it is far.
}
