package mime_test

import (
	"fmt"

	"applayer/mime"
)

func ExampleParseMediaType() {
	m, defects, err := mime.ParseMediaType("text/plain; charset='utf-8' (typed by hand); format=flowed", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Name(), m.Get("charset"), m.Get("format"))
	fmt.Println(defects[0])
	fmt.Println(m)
	// Output:
	// text/plain utf-8 flowed
	// wrong quotes at byte 20 (RFC 2045 §5.1)
	// text/plain; charset=utf-8; format=flowed
}

func ExampleParseDisposition() {
	d, _, err := mime.ParseDisposition("attachment; filename*0*=utf-8''gr%C3%B6%C3; filename*1*=%9Fe%2Fpreise.pdf", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Type, d.Filename())
	fmt.Println(mime.SafeFilename(d.Filename(), 1))
	// Output:
	// attachment größe/preise.pdf
	// preise.pdf
}

func ExampleDecodeText() {
	s, _, err := mime.DecodeText("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s)
	// Output: If you can read this you understand the example.
}

func ExampleParseAddressList() {
	list, defects, err := mime.ParseAddressList(`=?utf-8?Q?M=C3=BCller=2C_J.?= <jm@example.org>, friends: <ann@example.net>, bob@example.com (Bob); , "Eve <eve@example.org>`, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for m := range list.Mailboxes() {
		fmt.Println(m.Name, m.Addr())
	}
	fmt.Println(defects)
	// Output:
	// Müller, J. jm@example.org
	//  ann@example.net
	// Bob bob@example.com
	// Eve eve@example.org
	// [unclosed quote at byte 101 (RFC 5322 §3.2.4)]
}

func ExampleAppendAddressList() {
	list := mime.AddressList{{Mailbox: mime.Mailbox{Name: "Müller, J.", Local: "jm", Domain: "example.org"}}}
	b, err := mime.AppendAddressList(nil, list, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(b))
	fmt.Println(list)
	// Output:
	// =?utf-8?B?TcO8bGxlciwgSi4=?= <jm@example.org>
	// "Müller, J." <jm@example.org>
}
