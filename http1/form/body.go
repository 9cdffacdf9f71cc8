package form

import (
	"io"
	"strings"

	"applayer/internal/boundary"
)

// Upload is a file to be sent.
type Upload struct {
	// Name is the field's name.
	Name string
	// FileName is what to call the file.
	FileName string
	// ContentType is its media type; empty stands for application/octet-stream.
	ContentType string
	// Content is read up to its end. It must have Size octets.
	Content io.Reader
	Size    int64
}

// NewBody returns a multipart/form-data body, its Content-Type and its length,
// for a request with a Content-Length. It reads the files when it is read, one
// after the other; a Bare field goes as one with an empty value. A file that turns out to be of another size is an error,
// io.ErrUnexpectedEOF if it is shorter.
func NewBody(fields Fields, files []Upload) (body io.Reader, kind string, length int64, err error) {
	delimiter := boundary.Random()
	var pieces []io.Reader
	var head []byte
	begin := func(h *partHeader) error {
		header, err := appendPartHeader(nil, h)
		head = boundary.AppendPart(head, delimiter, length == 0 && len(head) == 0, header)
		return err
	}
	flush := func() {
		pieces = append(pieces, strings.NewReader(string(head)))
		length += int64(len(head))
		head = head[:0]
	}
	for i := range fields {
		if err := begin(&partHeader{name: fields[i].Name}); err != nil {
			return nil, "", 0, err
		}
		head = append(head, fields[i].Value...)
	}
	for i := range files {
		f := &files[i]
		if f.Size < 0 {
			return nil, "", 0, errSize
		}
		if err := begin(fileHeader(f.Name, f.FileName, f.ContentType)); err != nil {
			return nil, "", 0, err
		}
		flush()
		pieces = append(pieces, &sizedReader{r: f.Content, left: f.Size})
		length += f.Size
	}
	head = boundary.AppendClose(head, delimiter, length == 0 && len(head) == 0)
	flush()
	return io.MultiReader(pieces...), contentType(delimiter), length, nil
}

// sizedReader gives as many octets as were announced, or an error.
type sizedReader struct {
	r    io.Reader
	left int64
}

func (s *sizedReader) Read(b []byte) (int, error) {
	// One more than is left: to give it would be too much, to see it is not.
	if int64(len(b)) > s.left {
		b = b[:s.left+1]
	}
	n, err := s.r.Read(b)
	if int64(n) > s.left {
		return 0, errLonger
	}
	s.left -= int64(n)
	if err == io.EOF && s.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
