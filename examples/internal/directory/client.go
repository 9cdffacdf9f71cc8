package directory

import (
	"fmt"
	"io"
	"net/netip"
	"strings"

	"applayer/internal/line"
)

// Client is the peer's end of a session.
type Client struct {
	w       io.Writer
	replies *line.Reader
}

// NewClient returns a client that speaks over rw.
func NewClient(rw io.ReadWriter) *Client {
	return &Client{w: rw, replies: line.NewReader(rw, Format)}
}

// RefusedError is a reply that is not OK.
type RefusedError struct{ Reply string }

func (e *RefusedError) Error() string { return fmt.Sprintf("refused: %.100q", e.Reply) }

// Login says who we are and where we listen: a port, or address:port.
func (c *Client) Login(user, password, listening string) error {
	_, err := c.ask("OK ", "LOGIN", user, password, listening)
	return err
}

// Where asks where user listens.
func (c *Client) Where(user string) (netip.AddrPort, error) {
	rest, err := c.ask("AT "+user+" ", "WHERE", user)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.ParseAddrPort(rest)
}

// Logout has the server forget where we are; it answers and closes.
func (c *Client) Logout() error {
	_, err := c.ask("OK", "LOGOUT")
	return err
}

// ask sends the words as a request and returns what follows want in its reply.
func (c *Client) ask(want string, words ...string) (rest string, err error) {
	for _, w := range words {
		if w == "" || strings.ContainsAny(w, " \r\n") {
			return "", fmt.Errorf("%s: not a word", words[0])
		}
	}
	if _, err := io.WriteString(c.w, strings.Join(words, " ")+"\r\n"); err != nil {
		return "", err
	}
	b, err := c.replies.ReadLine()
	if err != nil {
		return "", err
	}
	rest, ok := strings.CutPrefix(string(b), want)
	if !ok {
		return "", &RefusedError{Reply: string(b)}
	}
	return rest, nil
}
