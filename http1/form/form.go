package form

import (
	"bytes"
	"io"
	"os"

	"applayer/http1"
)

// Options says how [Read] reads. The zero value, and nil, have the defaults.
type Options struct {
	// Limits bounds the body. Raise MaxBody for large files, and set Disk.
	Limits Limits
	// Disk puts files on disk, in a folder made for this form, mode 0700, which
	// [Form.Close] removes. Otherwise they are in memory, and count for
	// MaxMemory.
	Disk bool
	// Root is where Disk makes that folder; nil is the system's place for
	// temporary files. It must stay open until the form is closed.
	Root *os.Root
}

// Form is what was sent. It may be shared by goroutines that do not change it.
type Form struct {
	// Query are the fields of the request's target, in order. Only
	// [ReadRequest] fills it.
	Query Fields
	// Fields are those of the body, all but files, in order.
	Fields Fields
	// Files are the files, in order.
	Files []*File

	folder *folder
}

// File is a file of a form. A file field in which none was chosen is there too,
// without a FileName and empty.
type File struct {
	// Name is the field's name.
	Name string
	// FileName and ContentType are what the peer says: see [Part].
	FileName, ContentType string
	// Size counts the octets.
	Size int64

	content []byte
	folder  *folder // nil for a file in memory
	entry   string
}

// ReadRequest takes the form that a request sends: the query of its target, and
// the body, if there is one, as [Read] does. The two are kept apart, since who
// wrote a link need not be who filled in the form. opts may be nil.
func ReadRequest(r *http1.Request, opts *Options) (*Form, error) {
	if opts == nil {
		opts = &Options{}
	}
	query, err := ParseURLEncoded(r.Target.Query, &opts.Limits)
	if err != nil {
		return nil, err
	}
	f := &Form{}
	if r.Length != 0 {
		if f, err = Read(r.Body, r.Header.Get("Content-Type"), opts); err != nil {
			return nil, err
		}
	}
	f.Query = query
	return f, nil
}

// Read takes the whole of body, a form of the type that the message's
// Content-Type gave. The caller closes the Form, which removes its files from
// the disk; after an error there is nothing to close. opts may be nil.
//
// Read goes no further than a multipart's last delimiter. An error that is
// neither a [ParseError] nor a [LimitError] comes from body or from the
// disk.
func Read(body io.Reader, contentType string, opts *Options) (*Form, error) {
	if opts == nil {
		opts = &Options{}
	}
	kind, _, err := parseContentType(contentType)
	switch {
	case contentType == "":
		return nil, notAForm()
	case err != nil:
		return nil, err
	case kind == "application/x-www-form-urlencoded":
		return readURLEncoded(body, &opts.Limits)
	case kind != "multipart/form-data":
		return nil, notAForm()
	}
	r, err := NewReader(body, contentType, &opts.Limits)
	if err != nil {
		return nil, err
	}
	f := &Form{}
	if opts.Disk {
		f.folder = &folder{parent: opts.Root}
	}
	if err := f.read(r); err != nil {
		_ = f.Close() // the first error is the one to know
		return nil, err
	}
	return f, nil
}

func readURLEncoded(body io.Reader, lim *Limits) (*Form, error) {
	most := lim.bounds().body
	b, err := io.ReadAll(&limitedReader{r: body, max: most, left: most})
	if err != nil {
		return nil, err
	}
	fields, err := ParseURLEncoded(b, lim)
	if err != nil {
		return nil, err
	}
	return &Form{Fields: fields}, nil
}

// read takes all parts of a multipart.
func (f *Form) read(r *Reader) error {
	memory := bound{"MaxMemory", r.bounds.memory, r.bounds.memory}
	for part, err := range r.Parts() {
		if err != nil {
			return err
		}
		names := int64(len(part.Name) + len(part.FileName) + len(part.ContentType))
		if names > memory.left {
			return tooMuch(memory.name, memory.max)
		}
		memory.left -= names
		if part.IsFile {
			err = f.readFile(part, &memory)
		} else {
			err = f.readField(part, &memory)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *Form) readField(part *Part, memory *bound) error {
	most := part.r.bounds.value
	value, err := part.text(lesser(bound{"MaxValue", most, most}, *memory))
	memory.left -= int64(len(value))
	f.Fields.Add(part.Name, value)
	return err
}

func (f *Form) readFile(part *Part, memory *bound) (err error) {
	file := &File{Name: part.Name, FileName: part.FileName, ContentType: part.ContentType, folder: f.folder}
	f.Files = append(f.Files, file)
	most := bound{"MaxFile", part.r.bounds.file, part.r.bounds.file}
	if f.folder != nil {
		file.entry, file.Size, err = f.folder.store(part, most)
		return err
	}
	var b bytes.Buffer
	err = part.copyTo(&b, lesser(most, *memory))
	file.content, file.Size = b.Bytes(), int64(b.Len())
	memory.left -= file.Size
	return err
}

// File returns the first file of that field, nil if there is none.
func (f *Form) File(name string) *File {
	for _, file := range f.Files {
		if file.Name == name {
			return file
		}
	}
	return nil
}

// Close removes the form's files from the disk. Close what [File.Open] gave
// first: some systems keep files that are open.
func (f *Form) Close() error {
	if f.folder == nil {
		return nil
	}
	return f.folder.remove()
}

// Open returns the file's content from its start, for reading at several places
// at once if need be. The caller closes it, before the form.
func (f *File) Open() (io.ReadSeekCloser, error) {
	if f.folder == nil {
		return memoryFile{bytes.NewReader(f.content)}, nil
	}
	return f.folder.open(f.entry)
}

type memoryFile struct{ *bytes.Reader }

func (memoryFile) Close() error { return nil }
