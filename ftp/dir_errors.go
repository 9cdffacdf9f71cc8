package ftp

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
)

// fileError tells an error of the system in the words of [FS], so that the reply
// does not depend on the system. Its path is the one that the client knows.
func fileError(op, name string, err error) error {
	kind := kindOf(err)
	if kind == nil || errors.Is(err, kind) {
		return &fs.PathError{Op: op, Path: name, Err: innermost(err)}
	}
	return &fs.PathError{Op: op, Path: name, Err: &systemError{kind: kind, err: innermost(err)}}
}

// innermost takes away what tells of paths on the machine.
func innermost(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// systemError is an error of the system that we know as one of [FS].
type systemError struct{ kind, err error }

func (e *systemError) Error() string   { return e.kind.Error() + ": " + e.err.Error() }
func (e *systemError) Unwrap() []error { return []error{e.kind, e.err} }

// kindOf returns the error of [FS] that an error is, nil if it is another.
func kindOf(err error) error {
	for _, k := range kinds {
		if slices.ContainsFunc(k.numbers, func(n error) bool { return errors.Is(err, n) }) {
			return k.kind
		}
	}
	// The one error of os.Root that has no name: a link that leads out. What
	// is there is no affair of the client's.
	if strings.HasSuffix(err.Error(), "path escapes from parent") {
		return fs.ErrNotExist
	}
	return nil
}
