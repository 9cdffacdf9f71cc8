package mime

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"unicode/utf8"
)

// Paragraph is a paragraph of text/plain, of which Format=Flowed makes several
// lines (RFC 3676 §4.1).
type Paragraph struct {
	// Quote is how often it is quoted: the number of ">" before its lines.
	Quote int
	// Text is one line, in which "-- " separates the signature that follows
	// (RFC 3676 §4.3).
	Text string
	// More tells that the paragraph was too long and goes on in the next.
	More bool
}

// signatureSeparator is the line before a signature (RFC 3676 §4.3).
const signatureSeparator = "-- "

// maxFlowedQuote is how deep a quote is written: a line of 78 characters has room
// for it. Each line has the marks, so that text which came with a line of a million
// would fill any disk.
const maxFlowedQuote = 50

// maxParagraph is where a paragraph that is read is cut, in octets.
const maxParagraph = 64 << 10

// FlowedReader reads text in Format=Flowed (RFC 3676): either the paragraphs by
// [FlowedReader.Next] or, as [io.Reader], text in which each paragraph is a line.
type FlowedReader struct {
	r     *bufio.Reader
	delSp bool

	begun   bool // the marks before the line that is next were read:
	quote   int  // how many ">" there were
	stuffed bool // and whether a space

	goesOn bool   // the paragraph that is next was begun, and cut
	held   []byte // what was read of it

	out []byte // text to be read by Read
	at  int
	mid bool // out's last paragraph goes on
}

// NewFlowedReader returns a reader of text in Format=Flowed, in any charset that
// has ASCII in it. delSp is for the parameter DelSp=Yes: a space before a line end
// that is no end of the paragraph is not part of it (RFC 3676 §4.1). A lone LF is
// a line end too.
func NewFlowedReader(r io.Reader, delSp bool) *FlowedReader {
	return &FlowedReader{r: bufio.NewReader(r), delSp: delSp}
}

// Next returns the next paragraph, [io.EOF] at the end. One of more than 64 kB
// comes in pieces.
func (f *FlowedReader) Next() (Paragraph, error) {
	if !f.goesOn {
		if err := f.beginLine(); err != nil {
			return Paragraph{}, err
		}
		if f.signature() {
			return f.separator()
		}
	}
	p := Paragraph{Quote: f.quote}
	text := append([]byte(nil), f.held...)
	f.goesOn, f.held = false, f.held[:0]
	for {
		piece, err := f.r.ReadSlice('\n')
		text = append(text, piece...)
		switch {
		case err == bufio.ErrBufferFull:
			if len(text) >= maxParagraph {
				keep := heldBack(text)
				f.held = append(f.held, text[keep:]...)
				return f.cut(p, text[:keep]), nil
			}
			continue
		case err != nil && err != io.EOF:
			return Paragraph{}, err
		}
		f.begun = false
		text = trimLineEnd(text)
		if !bytes.HasSuffix(text, []byte(" ")) {
			p.Text = string(text)
			return p, nil
		}
		if f.delSp {
			text = text[:len(text)-1]
		}
		err = f.beginLine()
		switch {
		case err == io.EOF, err == nil && (f.quote != p.Quote || f.signature()):
			// Both end a paragraph that was not ended (RFC 3676 §4.5, §4.3).
			p.Text = string(text)
			return p, nil
		case err != nil:
			return Paragraph{}, err
		case len(text) >= maxParagraph:
			return f.cut(p, text), nil
		}
	}
}

// cut returns the first piece of a paragraph.
func (f *FlowedReader) cut(p Paragraph, text []byte) Paragraph {
	f.goesOn = true
	p.Text, p.More = string(text), true
	return p
}

// heldBack returns where the octets at text's end begin that are not to be cut
// from what follows: a CR or space before a line end, or a character.
func heldBack(text []byte) int {
	n := len(text) - 2
	for range utf8.UTFMax - 1 {
		if utf8.RuneStart(text[n]) {
			break
		}
		n--
	}
	return n
}

// beginLine reads the marks before a line, if it has not been done: those of the
// quote, then a space (RFC 3676 §4.4, §4.5).
func (f *FlowedReader) beginLine() error {
	if f.begun {
		return nil
	}
	f.quote, f.stuffed = 0, false
	for {
		c, err := f.r.ReadByte()
		switch {
		case err == io.EOF && f.quote > 0: // a line of marks alone
			f.begun = true
			return nil
		case err != nil:
			return err
		case c == '>':
			f.quote++
			continue
		case c == ' ':
			f.stuffed = true
		default:
			if err := f.r.UnreadByte(); err != nil {
				return err
			}
		}
		f.begun = true
		return nil
	}
}

// signature tells whether the line, whose marks were read, is "-- ". One that is
// stuffed and not quoted is none (RFC 3676 §4.3).
func (f *FlowedReader) signature() bool {
	if f.stuffed && f.quote == 0 {
		return false
	}
	b, _ := f.r.Peek(len(signatureSeparator) + 2)
	rest, ok := bytes.CutPrefix(b, []byte(signatureSeparator))
	return ok && (len(rest) == 0 || rest[0] == '\n' || len(rest) == 2 && rest[0] == '\r' && rest[1] == '\n')
}

// separator reads the line "-- ".
func (f *FlowedReader) separator() (Paragraph, error) {
	f.begun = false
	if _, err := f.r.ReadSlice('\n'); err != nil && err != io.EOF {
		return Paragraph{}, err
	}
	return Paragraph{Quote: f.quote, Text: signatureSeparator}, nil
}

// Read implements [io.Reader]: each paragraph is a line that ends in LF, with the
// marks of its quote and a space before it. A space also goes before text that
// begins with ">" and is no quote.
func (f *FlowedReader) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	if f.at == len(f.out) {
		paragraph, err := f.Next()
		if err != nil {
			return 0, err
		}
		f.out, f.at = f.out[:0], 0
		if !f.mid {
			f.out = appendQuote(f.out, paragraph.Quote)
			if paragraph.Quote == 0 && strings.HasPrefix(paragraph.Text, ">") {
				f.out = append(f.out, ' ')
			}
		}
		f.out = append(f.out, paragraph.Text...)
		if f.mid = paragraph.More; !f.mid {
			f.out = append(f.out, '\n')
		}
	}
	n = copy(p, f.out[f.at:])
	f.at += n
	return n, nil
}

// appendQuote appends the marks of a quote and a space.
func appendQuote(dst []byte, quote int) []byte {
	if quote == 0 {
		return dst
	}
	for range quote {
		dst = append(dst, '>')
	}
	return append(dst, ' ')
}

// FlowedOptions says how text in Format=Flowed is written.
type FlowedOptions struct {
	// DelSp is for the parameter DelSp=Yes: lines may be broken where the text
	// has no space, as between Chinese characters.
	DelSp bool
	// Width is how many characters a line has at most (default 72, no more than
	// 78, RFC 3676 §4.2), if it can be broken.
	Width int
}

// AppendFlowed appends text to dst in Format=Flowed (RFC 3676 §4.2). Each line of
// the text is a paragraph, and the ">" before it are the marks of its quote. Lines
// written end in CRLF. A word of more than 998 octets is broken only with DelSp.
func AppendFlowed(dst []byte, text string, opts *FlowedOptions) []byte {
	for line := range strings.Lines(text) {
		line = trimLineEnd(line)
		rest := strings.TrimLeft(line, ">")
		p := Paragraph{Quote: len(line) - len(rest), Text: rest}
		if p.Quote > 0 {
			p.Text = strings.TrimPrefix(rest, " ")
		}
		dst = AppendParagraph(dst, p, opts)
	}
	return dst
}

// AppendParagraph appends a paragraph to dst in Format=Flowed. Spaces at its end
// are left out, as they would flow it into the next (RFC 3676 §4.2). A line end
// within its text makes it two, and a quote deeper than 50 is written as one of 50.
func AppendParagraph(dst []byte, p Paragraph, opts *FlowedOptions) []byte {
	for {
		line, rest, more := cutLine(p.Text)
		dst = appendLineFlowed(dst, p.Quote, line, opts)
		if !more {
			return dst
		}
		p.Text = rest
	}
}

// cutLine cuts s behind its first line end: CRLF, LF or CR.
func cutLine(s string) (line, rest string, more bool) {
	i := strings.IndexAny(s, "\r\n")
	if i < 0 {
		return s, "", false
	}
	if rest = s[i+1:]; s[i] == '\r' {
		rest = strings.TrimPrefix(rest, "\n")
	}
	return s[:i], rest, true
}

// appendLineFlowed writes one paragraph.
func appendLineFlowed(dst []byte, quote int, text string, opts *FlowedOptions) []byte {
	quote = min(quote, maxFlowedQuote)
	if text == signatureSeparator {
		return append(append(appendQuote(dst, quote), text...), "\r\n"...)
	}
	var o FlowedOptions
	if opts != nil {
		o = *opts
	}
	if o.Width <= 0 {
		o.Width = 72
	}
	width := max(min(o.Width, 78)-quote-1, 20)
	if o.DelSp {
		width--
	}
	if text = strings.TrimRight(text, " "); text == "" {
		return append(append(dst, strings.Repeat(">", quote)...), "\r\n"...)
	}
	for {
		n := len(text)
		if utf8.RuneCountInString(text[:min(n, 4*width+4)]) > width {
			n = o.lineBreak(text, width)
		}
		dst = appendQuote(dst, quote)
		if quote == 0 && stuff(text) {
			dst = append(dst, ' ')
		}
		dst = append(dst, text[:n]...)
		if text = text[n:]; text == "" {
			return append(dst, "\r\n"...)
		}
		if o.DelSp {
			dst = append(dst, ' ')
		}
		dst = append(dst, "\r\n"...)
	}
}

// stuff tells whether a space has to be put before a line (RFC 3676 §4.4).
func stuff(line string) bool {
	return strings.HasPrefix(line, " ") || strings.HasPrefix(line, ">") || strings.HasPrefix(line, "From ")
}

// lineBreak returns where to break text, which has more than width characters:
// behind the last space that fits, else, with DelSp, before or behind a character
// beyond ASCII, else behind the first space. The line before it must not be the
// separator of a signature (RFC 3676 §4.2).
func (o *FlowedOptions) lineBreak(text string, width int) int {
	space, anywhere, count, wide := 0, 0, 0, false
	for i, r := range text {
		if i > 0 && !separates(text[:i]) {
			switch {
			case text[i-1] == ' ':
				space = i
			case o.DelSp && (wide || r >= utf8.RuneSelf):
				anywhere = i
			case o.DelSp && i > 900: // the line would be too long (RFC 5322 §2.1.1)
				return i
			}
		}
		if count >= width && space+anywhere > 0 {
			break
		}
		wide = r >= utf8.RuneSelf
		count++
	}
	switch {
	case space > 0:
		return space
	case anywhere > 0:
		return anywhere
	}
	return len(text)
}

// separates tells whether a line that is broken behind s may be taken for the
// separator of a signature.
func separates(s string) bool { return s == "--" || s == "-- " }

// FlowedWriter writes text in Format=Flowed. It holds one paragraph.
type FlowedWriter struct {
	w    io.Writer
	opts FlowedOptions
	line []byte // the beginning of a line
	out  []byte
}

// NewFlowedWriter returns a writer of text to w in Format=Flowed. The text is as
// [AppendFlowed] has it; [FlowedWriter.Close] writes its last line.
func NewFlowedWriter(w io.Writer, opts *FlowedOptions) *FlowedWriter {
	f := &FlowedWriter{w: w}
	if opts != nil {
		f.opts = *opts
	}
	return f
}

// Write implements [io.Writer].
func (f *FlowedWriter) Write(p []byte) (n int, err error) {
	whole := bytes.LastIndexByte(p, '\n') + 1
	if whole == 0 {
		f.line = append(f.line, p...)
		return len(p), nil
	}
	f.line = append(f.line, p[:whole]...)
	err = f.flush()
	f.line = append(f.line[:0], p[whole:]...)
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close writes the last line, if it had no end. It does not close what is below.
func (f *FlowedWriter) Close() error {
	if len(f.line) == 0 {
		return nil
	}
	err := f.flush()
	f.line = f.line[:0]
	return err
}

func (f *FlowedWriter) flush() error {
	f.out = AppendFlowed(f.out[:0], string(f.line), &f.opts)
	_, err := f.w.Write(f.out)
	return err
}
