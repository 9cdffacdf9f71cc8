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
