package ftp_test

import (
	"io"
	"io/fs"
	"net"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// liar is a file system whose files say that they are longer than they are.
type liar struct{ fs.FS }

func (l liar) Open(name string) (fs.File, error) {
	f, err := l.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return lie{f.(seekFile)}, nil
}

type seekFile interface {
	fs.File
	io.Seeker
}

type lie struct{ seekFile }

func (f lie) Stat() (fs.FileInfo, error) {
	info, err := f.seekFile.Stat()
	return longer{info}, err
}

type longer struct{ fs.FileInfo }

func (i longer) Size() int64 { return i.FileInfo.Size() + 1 }

// A short file that lost its end since it was looked at is not told to be whole.
func TestServerShortFileShrinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &ftp.Server{Auth: userP(ftp.ReadOnly(liar{fstest.MapFS{
			"some": {Data: []byte("hello")}, "none": {},
		}}))})
		c := s.login()
		c.do("TYPE I", "200")
		for name, text := range map[string]string{"some": "hello", "none": ""} {
			data := c.passive()
			c.do("RETR "+name, "125")
			got, err := io.ReadAll(data)
			require.NoError(t, err)
			assert.Equal(t, text, string(got))
			c.want("451")
		}
	})
}

// Strangers who come to a passive port before the client does are turned away,
// however many (RFC 2577 §8).
func TestServerTCPStrangers(t *testing.T) {
	addr := serveDir(t, openDir(t, tree(t, map[string]string{"a": "hello"}), nil))
	c := dialTCP(t, addr)
	defer c.c.Close()
	c.do("TYPE I", "200")
	strangers := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 66)}}
	for _, n := range []int{0, 1, 50} {
		port, err := ftp.Parse229(c.do("EPSV", "229")[len("229 "):])
		require.NoError(t, err)
		at := net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(port)}
		var thieves []net.Conn
		for range n {
			thief, err := strangers.DialContext(t.Context(), "tcp", at.String())
			if err != nil {
				t.Skip("no second address on loopback:", err)
			}
			defer thief.Close()
			thieves = append(thieves, thief)
		}
		data, err := net.Dial("tcp", at.String())
		require.NoError(t, err)
		c.do("RETR a", "1")
		got, err := io.ReadAll(data)
		require.NoError(t, err)
		assert.Equal(t, "hello", string(got))
		data.Close()
		c.want("226")
		for _, thief := range thieves {
			got, _ := io.ReadAll(thief) // it is cut, by an end or a reset
			assert.Empty(t, got)
		}
	}
}
