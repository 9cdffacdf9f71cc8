package dns_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/golden"
	"applayer/internal/testkit"
)

// framed is messages behind their lengths.
func framed(messages ...[]byte) (b []byte) {
	for _, m := range messages {
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(m))), m...)
	}
	return b
}

// readerConn reads from a reader.
type readerConn struct {
	net.Conn
	r io.Reader
}

func (c readerConn) Read(b []byte) (int, error) { return c.r.Read(b) }
func (c readerConn) Close() error               { return nil }

// TestConnRead: messages of any length, however the octets come.
func TestConnRead(t *testing.T) {
	large := bytes.Repeat([]byte("large"), dns.MaxMessage/5)
	want := [][]byte{[]byte("one"), {}, large, []byte("four"), large[:3000], large[:2046]}
	cuts := map[string]func(io.Reader) io.Reader{
		"as it comes": func(r io.Reader) io.Reader { return r },
		"one by one":  iotest.OneByteReader,
		"by halves":   iotest.HalfReader,
		"with EOF":    iotest.DataErrReader,
	}
	for name, cut := range cuts {
		t.Run(name, func(t *testing.T) {
			c := dns.NewConn(readerConn{r: cut(bytes.NewReader(framed(want...)))})
			for _, w := range want {
				got, err := c.ReadMessage()
				require.NoError(t, err)
				assert.True(t, bytes.Equal(w, got), "%d octets", len(w))
			}
			for range 2 {
				_, err := c.ReadMessage()
				assert.Equal(t, io.EOF, err)
			}
			assert.Zero(t, c.Buffered())
		})
	}
}

// TestConnCut: the end within a message is no end between two.
func TestConnCut(t *testing.T) {
	b := framed([]byte("one"), []byte("two"))
	for n := range b {
		for _, cut := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.DataErrReader} {
			c := dns.NewConn(readerConn{r: cut(bytes.NewReader(b[:n]))})
			var err error
			count := 0
			for err == nil {
				if _, err = c.ReadMessage(); err == nil {
					count++
				}
			}
			assert.Equal(t, n/5, count)
			if n%5 == 0 {
				assert.Equal(t, io.EOF, err, "%d octets", n)
			} else {
				assert.Equal(t, io.ErrUnexpectedEOF, err, "%d octets", n)
			}
		}
	}
}

// TestConnLength: a length alone makes nobody hold memory.
func TestConnLength(t *testing.T) {
	in := framed(bytes.Repeat([]byte{1}, dns.MaxMessage))[:100]
	c := dns.NewConn(readerConn{r: bytes.NewReader(in)})
	_, err := c.ReadMessage()
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.LessOrEqual(t, c.Held(), 4<<10)
}

// TestConnWrite: each message is one Write, and an error stays.
func TestConnWrite(t *testing.T) {
	client, server := testkit.Pipe()
	c, s := dns.NewConn(client), dns.NewConn(server)
	for _, w := range []string{"one", "", "three"} {
		require.NoError(t, c.WriteMessage([]byte(w)))
		got, err := s.ReadMessage()
		require.NoError(t, err)
		assert.Equal(t, w, string(got))
	}
	assert.ErrorIs(t, c.WriteMessage(make([]byte, dns.MaxMessage+1)), dns.ErrMessageTooLong)
	require.NoError(t, c.WriteMessage([]byte("four")), "nothing was sent")
	require.NoError(t, s.Close())
	err := c.WriteMessage([]byte("five"))
	require.Error(t, err)
	assert.Equal(t, err, c.WriteMessage([]byte("six")))
	require.NoError(t, c.Close())
	assert.Equal(t, client, c.NetConn())
}

// FuzzConn: any octets give the same messages and the same end, however they
// come.
func FuzzConn(f *testing.F) {
	for b := range golden.Streams(f, captures) {
		f.Add(b, 1)
	}
	f.Add(framed([]byte("one"), nil, []byte("three")), 3)
	f.Add([]byte{0, 5, 'c', 'u', 't'}, 1)
	f.Fuzz(func(t *testing.T, b []byte, size int) {
		read := func(r io.Reader) (all [][]byte, err error) {
			c := dns.NewConn(readerConn{r: r})
			for {
				m, err := c.ReadMessage()
				if err != nil {
					return all, err
				}
				all = append(all, bytes.Clone(m))
			}
		}
		whole, end := read(bytes.NewReader(b))
		assert.LessOrEqual(t, len(framed(whole...)), len(b))
		assert.True(t, bytes.HasPrefix(b, framed(whole...)))
		assert.Equal(t, len(framed(whole...)) == len(b), end == io.EOF)
		cut, cutEnd := read(&sizedReader{bytes.NewReader(b), 1 + int(uint(size)%100)})
		assert.Equal(t, whole, cut)
		assert.Equal(t, end, cutEnd)
	})
}

// sizedReader gives no more than n octets at a time.
type sizedReader struct {
	r io.Reader
	n int
}

func (s *sizedReader) Read(b []byte) (int, error) { return s.r.Read(b[:min(len(b), s.n)]) }
