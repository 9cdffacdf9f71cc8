package cjk

import (
	"bytes"
	"compress/flate"
	"embed"
	"encoding/binary"
	"io"
	"sync"
)

//go:generate python3 testdata/gen/tables.py

//go:embed tables
var packed embed.FS

// The tables, as functions that unpack them once. A cell is 0 for nothing.
var (
	jis0208     = table("jis0208", 120*94) // row by row; those from 94 on are of Windows
	jis0212     = table("jis0212", 94*94)
	cp949       = table("cp949", 126*190) // leads from 81, trails from 41
	gb18030     = table("gb18030", 126*190)
	gb18030Four = table("gb18030four", 39420)
	cp950       = table("cp950", 126*157)
	big5HKSCS   = table("big5hkscs", 126*157)
)

// table returns a function that unpacks a table of n cells when it is first
// called.
func table(name string, n int) func() []rune {
	return sync.OnceValue(func() []rune {
		b, err := packed.ReadFile("tables/" + name + ".bin")
		if err != nil {
			panic(err)
		}
		return unpack(b, n)
	})
}

// unpack reads a table: deflated, each cell a number that is 0 for nothing, else
// 1 and the zigzag form of how much the character is off the one that follows the
// character before. It panics on a table that is not so, since that is the
// program's own.
func unpack(b []byte, n int) []rune {
	flat, err := io.ReadAll(flate.NewReader(bytes.NewReader(b)))
	if err != nil {
		panic("cjk: table: " + err.Error())
	}
	cells := make([]rune, n)
	before := int64(-1)
	for i := range cells {
		v, size := binary.Uvarint(flat)
		if size <= 0 {
			panic("cjk: table is short")
		}
		flat = flat[size:]
		if v == 0 {
			continue
		}
		v--
		before += 1 + int64(v>>1)
		if v&1 != 0 {
			before -= 2*int64(v>>1) + 1
		}
		cells[i] = rune(before)
	}
	return cells
}
