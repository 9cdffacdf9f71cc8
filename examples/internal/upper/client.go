package upper

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
)

// Conn is what the client needs of a connection: *net.TCPConn, *net.UnixConn
// and a socket of the Berkeley calls have it.
type Conn interface {
	io.ReadWriteCloser
	CloseWrite() error
}

// Client has lines converted by a server over TCP or a Unix-domain stream
// socket. It dials when it has a line and no connection: a server may close
// after each reply. One line at a time; not safe for concurrent use.
type Client struct {
	// Dial opens a connection.
	Dial func() (Conn, error)

	conn Conn
	r    *bufio.Reader
}

// errNoReply means that the server closed before the first octet of a reply.
var errNoReply = errors.New("no reply")

// Convert sends line and returns the server's reply, line end included. A
// line without a line end is the last one: the sending side is closed after
// it, and the reply is all that comes. The reply is shorter than the line
// where the server closed early.
func (c *Client) Convert(line []byte) ([]byte, error) {
	fresh := c.conn == nil
	reply, err := c.exchange(line)
	if errors.Is(err, errNoReply) && !fresh {
		// The server had closed after its last reply; a new connection serves.
		reply, err = c.exchange(line)
	}
	return reply, err
}

// Close closes the connection, if there is one.
func (c *Client) Close() error {
	if c.conn == nil {
		return nil
	}
	conn := c.conn
	c.conn, c.r = nil, nil
	return conn.Close()
}

// sentWhole is the length of a line that any connection takes without a wait,
// so that send comes before recv.
const sentWhole = 4096

func (c *Client) exchange(line []byte) (reply []byte, err error) {
	if c.conn == nil {
		if c.conn, err = c.Dial(); err != nil {
			c.conn = nil
			return nil, err
		}
		c.r = bufio.NewReader(c.conn)
	}
	last := len(line) == 0 || line[len(line)-1] != '\n'
	var sending sync.WaitGroup
	var sendErr error
	conn := c.conn
	send := func() {
		if _, sendErr = conn.Write(line); sendErr == nil && last {
			sendErr = conn.CloseWrite()
		}
	}
	if len(line) <= sentWhole {
		send()
	} else {
		// Sending goes beside receiving: a long line's beginning comes back
		// before its end is sent, and would fill both directions.
		sending.Go(send)
	}
	if last {
		if reply, err = io.ReadAll(c.r); err == nil && len(reply) == 0 && len(line) > 0 {
			err = io.EOF
		}
	} else {
		reply, err = c.r.ReadBytes('\n')
	}
	if err != nil || last {
		c.Close()
	}
	sending.Wait()
	switch {
	case err == nil:
		return reply, nil
	case !errors.Is(err, io.EOF) && !closedByPeer(err):
		return nil, err
	case len(reply) == 0:
		return nil, fmt.Errorf("%w: %w", errNoReply, firstError(sendErr, io.ErrUnexpectedEOF))
	default:
		return reply, nil
	}
}

// closedByPeer tells whether err is one of the ways in which a peer's close
// is seen when it had not read all that was sent.
func closedByPeer(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func firstError(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
