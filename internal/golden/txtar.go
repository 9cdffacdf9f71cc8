package golden

import "bytes"

// File is one file of a text archive.
type File struct {
	// Name is what stands between the dashes.
	Name string
	// Data is what follows up to the next such line.
	Data []byte
}

// ParseTxtar takes the files of a text archive: each begins with a line
// "-- name --"; what comes before the first is a comment.
func ParseTxtar(b []byte) []File {
	var files []File
	for len(b) > 0 {
		line, rest := b, []byte(nil)
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			line, rest = b[:i+1], b[i+1:]
		}
		if name, ok := fileName(line); ok {
			files = append(files, File{Name: name})
		} else if n := len(files); n > 0 {
			files[n-1].Data = append(files[n-1].Data, line...)
		}
		b = rest
	}
	return files
}

// fileName takes the name from a line "-- name --".
func fileName(line []byte) (string, bool) {
	line = bytes.TrimRight(line, "\r\n")
	name, ok := bytes.CutPrefix(line, []byte("-- "))
	if !ok {
		return "", false
	}
	name, ok = bytes.CutSuffix(name, []byte(" --"))
	name = bytes.TrimSpace(name)
	return string(name), ok && len(name) > 0
}
