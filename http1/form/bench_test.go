package form_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/http1/form"
)

func BenchmarkParseURLEncoded(b *testing.B) {
	for name, in := range map[string]string{
		"plain":   "monkeys&banana&colour=yellow&number=12&page=3",
		"encoded": "name=Xavier+Xantico&verdict=Yes&colour=Blue&happy=sad&Utf%C3%B6r=Send",
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				_, err := form.ParseURLEncoded(in, nil)
				require.NoError(b, err)
			}
		})
	}
}

func BenchmarkReader(b *testing.B) {
	part := "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\n"
	for name, in := range map[string]string{
		"ten fields":    strings.Repeat(part+"value\r\n", 10) + "--b--\r\n",
		"a file of 1 M": part + strings.Repeat("a line\r\n", 1<<17) + "\r\n--b--\r\n",
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				r, err := form.NewReader(strings.NewReader(in), typeB, nil)
				require.NoError(b, err)
				for p, err := range r.Parts() {
					require.NoError(b, err)
					_, err = io.Copy(io.Discard, p)
					require.NoError(b, err)
				}
			}
		})
	}
}
