package pop3

import "sync"

// Sizes of buffers: commands are short, what is answered is long.
const (
	smallBuffer = 4 << 10
	largeBuffer = 32 << 10
)

var (
	smallBuffers = sync.Pool{New: func() any { return new([smallBuffer]byte) }}
	largeBuffers = sync.Pool{New: func() any { return new([largeBuffer]byte) }}
)

func getSmall() []byte { return smallBuffers.Get().(*[smallBuffer]byte)[:] }

func getLarge() []byte { return largeBuffers.Get().(*[largeBuffer]byte)[:] }

// putBuffer gives b back, if it is one of a pool's.
func putBuffer(b []byte) {
	switch cap(b) {
	case smallBuffer:
		smallBuffers.Put((*[smallBuffer]byte)(b[:smallBuffer]))
	case largeBuffer:
		largeBuffers.Put((*[largeBuffer]byte)(b[:largeBuffer]))
	}
}
