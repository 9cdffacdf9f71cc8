package page_test

import (
	"fmt"
	"log"
	"net/url"
	"strings"

	"applayer/http1/page"
)

func ExampleReferences() {
	base, err := url.Parse("http://www.example.com/dir/home.html")
	if err != nil {
		log.Fatal(err)
	}
	html := `<link rel=stylesheet href=/style.css> <img src="a.jpg?x=1&amp;y=2"> <a href=next.html>next</a>`
	for ref, err := range page.References(strings.NewReader(html), base) {
		if err != nil {
			log.Fatal(err) // of the stream
		}
		fmt.Println(ref.Element, ref.URL)
	}
	// Output:
	// link http://www.example.com/style.css
	// img http://www.example.com/dir/a.jpg?x=1&y=2
}

func ExampleTokenizer() {
	t := page.NewTokenizer(strings.NewReader(`<p>See <A HREF='/x'>x</A>.`), nil)
	for {
		tag, err := t.Next()
		if err != nil {
			break // io.EOF
		}
		href, _ := tag.Attr("href")
		fmt.Printf("%s %t %q\n", tag.Name, tag.End, href)
	}
	// Output:
	// p false ""
	// a false "/x"
	// a true ""
}
