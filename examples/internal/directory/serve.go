package directory

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"strings"
	"time"

	"applayer/internal/ascii"
	"applayer/internal/line"
	"applayer/sockets"
)

const (
	// WrongDelay is how long the reply to a wrong password waits.
	WrongDelay = 500 * time.Millisecond
	// MaxWrong is how many of them end a connection.
	MaxWrong = 3
)

// Format is what a request and a reply are: lines that end in CRLF or LF.
var Format = line.Format{Max: 512, BareLF: line.Accept}

// Serve speaks with the peer at remote until it logs out or the stream ends.
func (d *Directory) Serve(ctx context.Context, rw io.ReadWriter, remote netip.AddrPort) error {
	s := d.Session(remote)
	defer s.End()
	requests := line.NewReader(rw, Format)
	for s.State() != StateGone {
		b, err := requests.ReadLine()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		wrong := s.WrongPasswords()
		reply := s.Do(string(b))
		if s.WrongPasswords() > wrong {
			if err := pause(ctx, WrongDelay); err != nil {
				return err
			}
		}
		if _, err := io.WriteString(rw, reply+"\r\n"); err != nil {
			return err
		}
		if s.WrongPasswords() >= MaxWrong {
			return errors.New("too many wrong passwords")
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Redact blanks what follows the user in a LOGIN, for the dialogue that -v
// prints: a password with a space in it must not show either, nor one in a
// request that is refused for a space too many or a tab.
func Redact(l sockets.TranscriptLine) sockets.TranscriptLine {
	words := strings.Fields(l.Text)
	if !l.Server && len(words) > 2 && ascii.EqualFold(words[0], "LOGIN") {
		l.Text = words[0] + " " + words[1] + " ***"
	}
	return l
}
