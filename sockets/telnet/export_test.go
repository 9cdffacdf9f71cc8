package telnet

import "io"

// NewLineEnds gives tests the writer of text.
func NewLineEnds(w io.Writer) io.Writer { return &lineEnds{w: w} }
