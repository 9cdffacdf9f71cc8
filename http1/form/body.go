package form

import (
	"bytes"
	"io"

	"applayer/http1"
	"applayer/internal/boundary"
)

// Upload is a file to be sent.
type Upload struct {
	// Name is the field's name.
	Name string
	// FileName is what to call the file. Receivers keep its last element alone.
	FileName string
	// ContentType is its media type; empty stands for application/octet-stream.
	ContentType string
	// Content is read up to its end. It must have Size octets.
	Content io.Reader
	Size    int64
}

// NewRequest returns a POST request that sends a form to a URL: urlencoded if
// there are no files, else as multipart/form-data.
func NewRequest(rawURL string, fields Fields, files []Upload) (*http1.Request, error) {
	body, kind, length, err := newBody(fields, files)
	if err != nil {
		return nil, err
	}
	r, err := http1.NewRequest(http1.MethodPost, rawURL, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", kind)
	r.Length = length
	return r, nil
}

func newBody(fields Fields, files []Upload) (body io.Reader, kind string, length int64, err error) {
	if len(files) > 0 {
		return NewBody(fields, files)
	}
	b, err := AppendURLEncoded(nil, fields)
	return bytes.NewReader(b), "application/x-www-form-urlencoded", int64(len(b)), err
}

// NewBody returns a multipart/form-data body, its Content-Type and its length,
// for a request with a Content-Length. It reads the files when it is read, one
// after the other; a Bare field goes as one with an empty value. A file that
// turns out to be of another size is an error, io.ErrUnexpectedEOF if it is
// shorter. Where all files are io.Seekers that can, the body is one too, so
// that it can be sent again.
func NewBody(fields Fields, files []Upload) (body io.Reader, kind string, length int64, err error) {
	delimiter := boundary.Random()
	s := &sequence{}
	var text []byte // not yet a section
	first := true
	begin := func(h *partHeader) error {
		header, err := appendPartHeader(nil, h)
		text = boundary.AppendPart(text, delimiter, first, header)
		first = false
		return err
	}
	for i := range fields {
		err := checkValue(fields[i].Value)
		if err == nil {
			err = begin(&partHeader{name: fields[i].Name})
		}
		if err != nil {
			return nil, "", 0, err
		}
		text = append(text, fields[i].Value...)
	}
	for i := range files {
		f := &files[i]
		if f.Size < 0 {
			return nil, "", 0, errSize
		}
		if err := begin(fileHeader(f.Name, f.FileName, f.ContentType)); err != nil {
			return nil, "", 0, err
		}
		s.add(bytes.NewReader(text), int64(len(text)))
		s.add(f.Content, f.Size)
		text = nil
	}
	text = boundary.AppendClose(text, delimiter, first)
	s.add(bytes.NewReader(text), int64(len(text)))
	kind = contentType(delimiter)
	if s.seekable() {
		return seekableSequence{s}, kind, s.size, nil
	}
	return s, kind, s.size, nil
}
