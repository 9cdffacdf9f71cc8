package smtp

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Errors of [Client], beside those of replies and connections.
var (
	// ErrBusy is what a call gets while another call of the same client is under
	// way: a session does one thing at a time.
	ErrBusy = errors.New("smtp: the session is busy")
	// ErrTLSRequired means that the connection is in the clear, where the
	// options or a password need TLS.
	ErrTLSRequired = errors.New("smtp: TLS is required")
	// ErrNotUTF8 means that an address needs SMTPUTF8, which the server does not
	// offer (RFC 6531 §3.2). It is permanent: 5.6.7.
	ErrNotUTF8 = errors.New("smtp: the server does not offer SMTPUTF8")
	// ErrTooLarge means that the message is larger than the server takes
	// (RFC 1870 §6.1). It is permanent: 5.3.4.
	ErrTooLarge = errors.New("smtp: larger than the server takes")
	// ErrUnsupported means that the server does not offer what the call or the
	// message's octets need: AUTH, 8BITMIME, BINARYMIME. For a message it is
	// permanent: 5.6.3.
	ErrUnsupported = errors.New("smtp: not offered by the server")
)

// callError tells during which command of a client something went wrong.
type callError struct {
	command string
	err     error
}

func during(command string, err error) error {
	_, refused := errors.AsType[*ReplyError](err)
	_, told := err.(*callError)
	if err == nil || refused || told {
		return err // it names the command
	}
	return &callError{command, err}
}

func (e *callError) Error() string {
	return "smtp: " + e.command + ": " + strings.TrimPrefix(e.err.Error(), "smtp: ")
}

func (e *callError) Unwrap() error { return e.err }

// timedOut tells which of the client's timeouts has passed.
func timedOut(name string, d time.Duration) error {
	return fmt.Errorf("%w: %w", &LimitError{Name: "Timeouts." + name, Max: int64(d)}, os.ErrDeadlineExceeded)
}

// isTimeout tells that a deadline has passed.
func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// quoted is a peer's text as an error shows it.
func quoted(s string) string { return strconv.QuoteToASCII(s[:min(len(s), maxQuoted)]) }
