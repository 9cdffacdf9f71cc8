package house_test

import (
	"testing"

	"applayer/internal/house"
)

func TestDocs(t *testing.T) {
	none(t, house.CheckDocs(module(t)))
}

func TestFront(t *testing.T) { none(t, house.CheckFront(module(t))) }

func TestFuzz(t *testing.T) { none(t, house.CheckFuzz(module(t))) }

func TestDocsFindPlantedFaults(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"a function", "func F() {}", "a/a.go:2: F has no doc comment"},
		{"a documented function", "// F does.\nfunc F() {}", ""},
		{"an inner function", "func f() {}", ""},
		{"a type", "type T int", "T has no doc comment"},
		{"a type in a group whose comment is not its own", "// Types.\ntype (\n\tT int\n)", "T has no doc comment"},
		{"a method", "// T is.\ntype T int\nfunc (t *T) Do() {}", "T.Do has no doc comment"},
		{"a method of a generic type", "// T is.\ntype T[X any] struct{}\nfunc (t *T[X]) Do() {}", "T.Do has no doc comment"},
		{"a method that the standard library explains", "// T is.\ntype T int\nfunc (t T) Error() string { return \"\" }", ""},
		{"a method that nobody can call", "type t int\nfunc (t) Do() {}", ""},
		{"a constant", "const C = 1", "C has no doc comment"},
		{"a group with one comment", "// The colours.\nconst (\n\tRed = 1\n\tBlue = 2\n)", ""},
		{"a comment at the end of the line", "const (\n\tRed = 1 // Red is stop.\n)", ""},
		{"a variable", "var V int", "V has no doc comment"},
		{"a directive is no comment", "//go:noinline\nfunc F() {}", "F has no doc comment"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			planted(t, house.CheckDocs, tt.want, "a/a.go", "package a\n"+tt.src+"\n")
		})
	}
}

func TestFrontFindsPlantedFaults(t *testing.T) {
	const (
		doc     = "// Package a is one letter.\npackage a\n"
		example = "package a_test\nimport \"fmt\"\nfunc Example() {\n\tfmt.Println(1)\n\t// Output: 1\n}\n"
	)
	planted(t, house.CheckFront, "", "a/doc.go", doc, "a/example_test.go", example)
	planted(t, house.CheckFront, "a: no doc.go", "a/a.go", doc, "a/example_test.go", example)
	planted(t, house.CheckFront, "a: no doc.go", "a/doc.go", "package a\n", "a/example_test.go", example)
	planted(t, house.CheckFront, "a: no Example", "a/doc.go", doc)
	planted(t, house.CheckFront, "a: no Example", "a/doc.go", doc, "a/example_test.go", "package a_test\nfunc Example() {}\n")
	planted(t, house.CheckFront, "", "internal/a/a.go", "package a\n")
	planted(t, house.CheckFront, "", "examples/a/main.go", "package main\n")
}

func TestFuzzFindsPlantedFaults(t *testing.T) {
	const parse, method = "package a\nfunc ParseX() {}\n", "package a\ntype X int\nfunc (x *X) Parse() {}\n"
	tests := []struct{ name, src, test, want string }{
		{"no target", parse, "", "a/a.go:2: no fuzz target calls ParseX: add FuzzParseX"},
		{"named for it", parse, "func FuzzParseX(f *testing.F) {}", ""},
		{"named for what it parses", parse, "func FuzzX(f *testing.F) {}", ""},
		{"calls it", parse, "func FuzzAll(f *testing.F) { a.ParseX() }", ""},
		{"a test is no fuzz target", parse, "func TestParseX(t *testing.T) { a.ParseX() }", "no fuzz target calls ParseX"},
		{"another target", parse, "func FuzzParseY(f *testing.F) { a.ParseY() }", "no fuzz target calls ParseX"},
		{"a method", method, "", "no fuzz target calls X.Parse: add FuzzX"},
		{"a method called", method, "func FuzzAll(f *testing.F) { var x a.X; x.Parse() }", ""},
		{"a method of another type called", method, "func FuzzAll(f *testing.F) { var y a.Y; y.Parse() }", "no fuzz target calls X.Parse"},
		{"a method of an inner type", "package a\ntype x int\nfunc (x) Parse() {}\n", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			planted(t, house.CheckFuzz, tt.want, "a/a.go", tt.src, "a/fuzz_test.go", "package a_test\n"+tt.test+"\n")
		})
	}
	planted(t, house.CheckFuzz, "", "internal/a/a.go", parse)
}
