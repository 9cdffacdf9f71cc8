package upper

import (
	"io"
	"sync"
)

// BufferSize is the size in octets of the buffers for datagrams, as the
// lecture has it; for streams it is only a piece.
const BufferSize = 2048

var buffers = sync.Pool{New: func() any { return new(streamBuffer) }}

type streamBuffer struct{ in, out [16 << 10]byte }

// ServeStream converts and returns what arrives on conn, piece by piece and
// without waiting for a line end, until the peer closes its sending side.
func ServeStream(conn io.ReadWriter) error {
	buf := buffers.Get().(*streamBuffer)
	defer buffers.Put(buf)
	var c Converter
	for {
		n, err := conn.Read(buf.in[:])
		out := c.Append(buf.out[:0], buf.in[:n])
		if err != nil {
			out = c.Flush(out)
		}
		if len(out) > 0 {
			if _, err := conn.Write(out); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
