package form_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/http1/form"
	"applayer/internal/testkit"
)

// receive takes one form from a connection and answers 200.
func receive(nc net.Conn) (*form.Form, error) {
	defer nc.Close()
	in := bufio.NewReader(nc)
	var head []byte
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return nil, err
		}
		head = append(head, line...)
	}
	var r http1.Request
	if _, err := r.Parse(head, nil); err != nil {
		return nil, err
	}
	r.Body = io.LimitReader(in, r.Length)
	f, err := form.ReadRequest(&r, nil)
	if err != nil {
		return nil, err
	}
	_, err = io.WriteString(nc, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	return f, err
}

// formOf runs the command that posts to the address it is given, and returns
// the form that came.
func formOf(t *testing.T, command func(address string) *exec.Cmd) *form.Form {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	// A program that fails never comes.
	require.NoError(t, ln.(*net.TCPListener).SetDeadline(time.Now().Add(20*time.Second)))
	cmd := command("http://" + ln.Addr().String())
	var said bytes.Buffer
	cmd.Stderr = &said
	require.NoError(t, cmd.Start())
	nc, accepted := ln.Accept()
	var f *form.Form
	if accepted == nil {
		f, err = receive(nc)
	} else {
		_ = cmd.Process.Kill()
	}
	waited := cmd.Wait()
	require.NoError(t, accepted, said.String())
	require.NoError(t, err)
	require.NoError(t, waited, said.String())
	return f
}

// TestCurl reads what curl sends: odd names, two files of one name, a form
// urlencoded, a query.
func TestCurl(t *testing.T) {
	curl := testkit.Program(t, "curl")
	dir := t.TempDir()
	odd := filepath.Join(dir, "odd.bin")
	require.NoError(t, os.WriteFile(odd, []byte("\r\n--\x00\xff\r\n"), 0o600))
	tests := []struct {
		name       string
		args       []string
		path       string
		fields     form.Fields
		query      form.Fields
		file, want string
	}{
		{"multipart", []string{"-F", "größe=ein Meter", "-F", "empty=", "-F", "f=@" + odd + `;filename="a\"b\\c.bin"`, "-F", "f=@" + odd + ";filename=/x/y.txt;type=text/x"},
			"/", form.Fields{pair("größe", "ein Meter"), pair("empty", "")}, nil, `c.bin`, "y.txt"},
		{"urlencoded", []string{"--data-urlencode", "a=1&2=ü +", "-d", "bare"}, "/?monkeys&banana", form.Fields{pair("a", "1&2=ü +"), bare("bare")}, form.Fields{bare("monkeys"), bare("banana")}, "", ""},
		{"query", []string{"-G", "--data-urlencode", "q=a b"}, "/", nil, form.Fields{pair("q", "a b")}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := formOf(t, func(address string) *exec.Cmd {
				args := append([]string{"-q", "-sS", "--noproxy", "*", "-H", "Expect:", "--max-time", "20"}, tt.args...)
				return exec.CommandContext(t.Context(), curl, append(args, address+tt.path)...)
			})
			assert.Equal(t, tt.fields, f.Fields)
			assert.Equal(t, tt.query, f.Query)
			if tt.file == "" {
				assert.Empty(t, f.Files)
				return
			}
			require.Len(t, f.Files, 2)
			for i, name := range []string{tt.file, tt.want} {
				assert.Equal(t, name, f.Files[i].FileName)
				assert.Equal(t, "\r\n--\x00\xff\r\n", content(t, f.Files[i]))
			}
		})
	}
}

// TestTextBrowsers reads the forms that w3m and Lynx post.
func TestTextBrowsers(t *testing.T) {
	const posted = "name=A+B&city=K%C3%B6ln&monkeys"
	file := filepath.Join(t.TempDir(), "form")
	require.NoError(t, os.WriteFile(file, []byte(posted), 0o600))
	for name, args := range map[string][]string{
		"w3m":  {"-config", os.DevNull, "-no-proxy", "-dump", "-post", file},
		"lynx": {"-cfg=" + os.DevNull, "-dump", "-post_data"},
	} {
		t.Run(name, func(t *testing.T) {
			program := testkit.Program(t, name)
			f := formOf(t, func(address string) *exec.Cmd {
				cmd := exec.CommandContext(t.Context(), program, append(args, address+"/")...)
				cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "http_proxy=", "TERM=dumb")
				cmd.Stdin = strings.NewReader(posted + "\n---\n")
				return cmd
			})
			assert.Equal(t, form.Fields{pair("name", "A B"), pair("city", "Köln"), bare("monkeys")}, f.Fields)
		})
	}
}

// TestNode lets Node.js read what we write, by the rules of HTML.
func TestNode(t *testing.T) {
	node := testkit.Program(t, "node")
	body, kind, _, err := form.NewBody(
		form.Fields{pair("title", "Möwe\r\n--"), pair(`quote"d`, ""), pair("title", "2")},
		[]form.Upload{{Name: "f", FileName: `a"b.txt`, ContentType: "text/x", Content: strings.NewReader("one\r\n"), Size: 5}},
	)
	require.NoError(t, err)
	const script = `
const chunks = []
process.stdin.on('data', c => chunks.push(c)).on('end', async () => {
  const f = await new Response(Buffer.concat(chunks), {headers: {'content-type': process.argv[1]}}).formData()
  const out = []
  for (const [name, v] of f) out.push(typeof v === 'string' ? [name, v] : [name, v.name, v.type, await v.text()])
  console.log(JSON.stringify(out))
})`
	cmd := exec.CommandContext(t.Context(), node, "-e", script, kind)
	cmd.Stdin = body
	out, err := cmd.Output()
	require.NoError(t, err, "%v", err)
	var got [][]string
	require.NoError(t, json.Unmarshal(out, &got), "%s", out)
	for _, v := range got { // before version 20 it leaves a quotation mark encoded
		v[0], v[1] = strings.ReplaceAll(v[0], "%22", `"`), strings.ReplaceAll(v[1], "%22", `"`)
	}
	assert.Equal(t, [][]string{{"title", "Möwe\r\n--"}, {`quote"d`, ""}, {"title", "2"}, {"f", `a"b.txt`, "text/x", "one\r\n"}}, got)
}

// TestPython lets Python's e-mail package read what we write, by the rules of
// MIME.
func TestPython(t *testing.T) {
	python := testkit.Program(t, "python3")
	body, kind, _, err := form.NewBody(
		form.Fields{pair("title", "Gull"), pair(`back\slash\`, "x")},
		[]form.Upload{{Name: "f", FileName: "a.txt", ContentType: "text/x", Content: strings.NewReader("one\r\n"), Size: 5}},
	)
	require.NoError(t, err)
	const script = `
import email, sys
m = email.message_from_bytes(sys.stdin.buffer.read())
for p in m.get_payload():
    print(p.get_param('name', header='content-disposition'), p.get_filename(), repr(p.get_payload(decode=True)))`
	cmd := exec.CommandContext(t.Context(), python, "-c", script)
	cmd.Stdin = io.MultiReader(strings.NewReader(fmt.Sprintf("Content-Type: %s\r\n\r\n", kind)), body)
	out, err := cmd.Output()
	require.NoError(t, err, "%v", err)
	assert.Equal(t, "title None b'Gull'\nback\\slash\\ None b'x'\nf a.txt b'one\\r\\n'\n", strings.ReplaceAll(string(out), "\r\n", "\n"))
}
