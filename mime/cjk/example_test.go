package cjk_test

import (
	"fmt"
	"io"
	"strings"

	"applayer/mime"
	"applayer/mime/cjk"
)

func ExampleDecoder() {
	opts := &mime.Options{Charset: cjk.Decoder}
	d, err := mime.NewDecoder("ISO-2022-JP", opts)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := io.ReadAll(mime.NewTextReader(strings.NewReader("\x1b$BF|K\\8l\x1b(B"), d))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(text))
	// Output: 日本語
}
