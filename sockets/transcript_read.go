package sockets

import (
	"errors"
	"io"

	"applayer/internal/dialogue"
)

// ReadTranscript reads what [Transcript.WriteTo] wrote, or what was written by
// hand in that form: empty lines and those that start with # are left out. It
// returns the lines before the first error, which is a [*ParseError], a
// [*LimitError] for a line longer than a mebibyte, or r's own.
func ReadTranscript(r io.Reader) ([]TranscriptLine, error) {
	var lines []TranscriptLine
	for l, err := range dialogue.Read(r) {
		if err != nil {
			return lines, transcriptError(err)
		}
		lines = append(lines, TranscriptLine(l))
	}
	return lines, nil
}

func transcriptError(err error) error {
	if e, ok := errors.AsType[*dialogue.SyntaxError](err); ok {
		return &ParseError{Offset: int64(e.Offset), What: "transcript line", Err: err}
	}
	if errors.Is(err, dialogue.ErrTooLong) {
		return &LimitError{Name: "MaxLine", Max: dialogue.MaxLine}
	}
	return err
}
