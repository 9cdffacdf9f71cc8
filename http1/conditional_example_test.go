package http1_test

import (
	"fmt"
	"time"

	"applayer/http1"
)

// A client that has the current version is told so; one that would overwrite
// another's change is refused.
func ExampleCheckPreconditions() {
	page := http1.Validators{ETag: `"v2"`, Exists: true}

	get := http1.NewHeader("If-None-Match", `"v1", "v2"`)
	fmt.Println("GET:", http1.CheckPreconditions(http1.MethodGet, &get, page, time.Now()))

	put := http1.NewHeader("If-Match", `"v1"`)
	fmt.Println("PUT:", http1.CheckPreconditions(http1.MethodPut, &put, page, time.Now()))
	// Output:
	// GET: not modified
	// PUT: failed
}

func ExampleSelectRanges() {
	specs, err := http1.ParseRange("bytes=0-99, 50-149, -100")
	if err != nil {
		fmt.Println(err)
		return
	}
	parts, status := http1.SelectRanges(specs, 1234, 0)
	fmt.Println(status, http1.StatusText(status))
	for _, p := range parts {
		fmt.Println(http1.ContentRange{First: p.First, Last: p.Last, Size: 1234})
	}
	// Output:
	// 206 Partial Content
	// bytes 0-149/1234
	// bytes 1134-1233/1234
}
