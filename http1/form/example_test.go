package form_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"strings"

	"applayer/http1"
	"applayer/http1/form"
)

func ExampleParseURLEncoded() {
	fields, err := form.ParseURLEncoded("monkeys&banana&colour=light+yellow", nil)
	if err != nil {
		log.Fatal(err)
	}
	for name, value := range fields.All() {
		fmt.Printf("%s=%s\n", name, value)
	}
	// Output:
	// monkeys=
	// banana=
	// colour=light yellow
}

func ExampleAppendURLEncoded() {
	var fields form.Fields
	fields.Add("q", "fish & chips")
	fields.Add("lang", "en")
	query, err := form.AppendURLEncoded([]byte("/search?"), fields)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(query))
	// Output: /search?q=fish+%26+chips&lang=en
}

// A handler takes what a request sends, here what a client makes of a form.
func ExampleReadRequest() {
	search := http1.HandlerFunc(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
		f, err := form.ReadRequest(r, nil)
		if err != nil {
			w.Error(form.Status(err), err.Error())
			return
		}
		defer f.Close()
		for _, name := range f.Fields.Values("animal") {
			fmt.Fprintf(w, "no %s found\n", name)
		}
	})
	var fields form.Fields
	fields.Add("animal", "monkeys")
	fields.Add("animal", "grey geese")
	r, err := form.NewRequest("http://www.example.com/animalsearch", fields, nil)
	if err != nil {
		log.Fatal(err)
	}
	response, err := http1.Record(context.Background(), search, r)
	if err != nil {
		log.Fatal(err)
	}
	page, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(page))
	// Output:
	// no monkeys found
	// no grey geese found
}

// A server takes a whole form, with files on disk until it closes the form.
func ExampleRead() {
	body, contentType, _, err := form.NewBody(
		form.Fields{{Name: "title", Value: "Gulls"}},
		[]form.Upload{{Name: "picture", FileName: "gull.txt", ContentType: "text/plain", Content: strings.NewReader("(v)"), Size: 3}},
	)
	if err != nil {
		log.Fatal(err)
	}
	f, err := form.Read(body, contentType, &form.Options{Disk: true})
	if err != nil {
		log.Fatal(err) // a server answers the Reply of the error
	}
	defer f.Close()
	fmt.Println(f.Fields.Get("title"))
	picture := f.File("picture")
	fmt.Println(picture.FileName, picture.ContentType, picture.Size)
	// Output:
	// Gulls
	// gull.txt text/plain 3
}

// A server looks at parts as they come and stores none.
func ExampleReader() {
	body := "--b\r\nContent-Disposition: form-data; name=\"log\"; filename=\"today.log\"\r\n\r\nall quiet\r\n--b--\r\n"
	r, err := form.NewReader(strings.NewReader(body), "multipart/form-data; boundary=b", nil)
	if err != nil {
		log.Fatal(err)
	}
	for part, err := range r.Parts() {
		if err != nil {
			log.Fatal(err)
		}
		n, err := io.Copy(io.Discard, part)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(part.Name, part.FileName, n)
	}
	// Output: log today.log 9
}

func ExampleWriter() {
	var body strings.Builder
	w := form.NewWriter(&body)
	if err := w.Field("name", "value"); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.HasPrefix(w.ContentType(), "multipart/form-data; boundary="))
	fmt.Println(strings.Contains(body.String(), "Content-Disposition: form-data; name=\"name\"\r\n\r\nvalue\r\n"))
	// Output:
	// true
	// true
}
