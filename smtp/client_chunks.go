package smtp

import (
	"io"
)

// chunker cuts a message into chunks and sends them, each behind its BDAT
// (RFC 3030 §2).
type chunker struct {
	t       *transaction
	size    int // of a chunk
	most    int // chunks that may wait for their replies
	waiting int // chunks that do
	last    bool
}

// sendChunks sends the message by BDAT. A chunk that is refused ends it, and the
// transaction is to be reset then.
func (t *transaction) sendChunks(s *source) error {
	c := t.c
	k := &chunker{t: t, size: c.opts.ChunkSize, most: 1}
	if c.pipelining() {
		k.most = 2 // one is on its way while the server works on another
	}
	c.chunk = c.chunk[:0]
	err := k.send(s)
	if err == nil {
		return t.finish("BDAT")
	}
	c.unclean = true
	if k.last && c.opts.LMTP {
		c.calls.End(err) // how many replies there will be is not known
	}
	for ; k.waiting > 0; k.waiting-- {
		if _, ended := k.reply(); ended != nil {
			break
		}
	}
	return during("BDAT", err)
}

// send sends all, and takes the replies to all chunks but the last.
func (k *chunker) send(s *source) error {
	var w io.Writer = k
	text := NewTextWriter(k, PolicyNormalize)
	if k.t.env.Body != BodyBinaryMIME {
		w = text
	}
	if err := s.copyTo(w); err != nil {
		return err
	}
	if w == text {
		if err := text.Close(); err != nil {
			return err
		}
	}
	if err := k.flush(true); err != nil {
		return err
	}
	return k.settle(1)
}

// Write sends what makes whole chunks with what there is already. One is kept
// back, since it may be the last.
func (k *chunker) Write(p []byte) (int, error) {
	c := k.t.c
	for n := 0; n < len(p); {
		if len(c.chunk) == k.size {
			if err := k.flush(false); err != nil {
				return n, err
			}
		}
		m := min(len(p)-n, k.size-len(c.chunk))
		c.chunk = append(c.chunk, p[n:n+m]...)
		n += m
	}
	return len(p), nil
}

// flush sends the chunk, when few enough others wait for their replies.
func (k *chunker) flush(last bool) error {
	c := k.t.c
	if err := k.settle(k.most - 1); err != nil {
		return err
	}
	if k.waiting == 0 {
		if err := c.unasked(); err != nil { // it would be taken for the chunk's
			return err
		}
	}
	k.t.ending = last
	if err := k.write(last); err != nil {
		return k.t.lastWords("BDAT", err)
	}
	k.last = last
	k.waiting++
	c.chunk = c.chunk[:0]
	return nil
}

func (k *chunker) write(last bool) error {
	c := k.t.c
	arg, err := AppendBDAT(nil, int64(len(c.chunk)), last)
	if err != nil {
		return err
	}
	if err := c.conn.WriteCommand(Command{Verb: VerbBDAT, Arg: arg}); err != nil {
		return err
	}
	if _, err := c.conn.write(c.chunk); err != nil {
		return err
	}
	return c.conn.Flush()
}

// settle takes replies until at most n chunks wait for theirs.
func (k *chunker) settle(n int) error {
	for k.waiting > n {
		r, err := k.reply()
		if err != nil {
			return err
		}
		k.waiting--
		if err := k.t.c.verdict("BDAT", r, 0, "RFC 3030 §2"); err != nil {
			k.t.receipt.Reply = r
			return err
		}
	}
	return nil
}

func (k *chunker) reply() (Reply, error) {
	c := k.t.c
	return c.reply(k.t.ctx, "BDAT", "Command", c.opts.Timeouts.Command)
}
