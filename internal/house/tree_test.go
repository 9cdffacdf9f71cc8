package house_test

import (
	"testing"

	"applayer/internal/house"
)

func TestTopLevel(t *testing.T) { none(t, house.CheckTopLevel(module(t))) }

func TestPackageNames(t *testing.T) { none(t, house.CheckPackageNames(module(t))) }

func TestParseErrors(t *testing.T) { none(t, house.CheckParseErrors(module(t))) }

func TestPlaces(t *testing.T) { none(t, house.CheckPlaces(module(t))) }

func TestTopLevelFindsPlantedFaults(t *testing.T) {
	all := []string{".ci/run", "", ".gitattributes", "", ".gitignore", "", "LICENSE", "", "README.md", ""}
	planted(t, house.CheckTopLevel, "", all...)
	planted(t, house.CheckTopLevel, "notes.md: does not belong", append(all, "notes.md", "")...)
	planted(t, house.CheckTopLevel, "pkg: does not belong", append(all, "pkg/a/a.go", "package a\n")...)
	planted(t, house.CheckTopLevel, "README.md: is missing", all[:8]...)
}

func TestPackageNamesFindPlantedFaults(t *testing.T) {
	planted(t, house.CheckPackageNames, "", "sockets/link/a.go", "package link\n")
	planted(t, house.CheckPackageNames, "", "examples/upper/udpserver/main.go", "package main\n")
	planted(t, house.CheckPackageNames, "the name util says nothing", "internal/util/a.go", "package util\n")
	planted(t, house.CheckPackageNames, "is named conn", "sockets/link/a.go", "package conn\n")
}

func TestParseErrorsFindPlantedFaults(t *testing.T) {
	const methods = "func (e *ParseError) Error() string { return \"\" }\nfunc (e *ParseError) Unwrap() error { return e.Err }\n"
	tests := []struct{ name, src, want string }{
		{"whole", "type ParseError struct {\n\tOffset int64\n\tWhat, Ref string\n\tReply int\n\tErr error\n\tLine int\n}\n" + methods, ""},
		{"no Reply", "type ParseError struct {\n\tOffset int64\n\tWhat, Ref string\n\tErr error\n}\n" + methods, "lacks the common field Reply int"},
		{"another type", "type ParseError struct {\n\tOffset int\n\tWhat, Ref string\n\tReply int\n\tErr error\n}\n" + methods, "lacks the common field Offset int64"},
		{"in a group", "type (\n\tX int\n\tParseError struct {\n\tOffset int64\n\tWhat string\n\tReply int\n\tErr error\n})\n" + methods, "lacks the common field Ref string"},
		{"no cause", "type ParseError struct {\n\tOffset int64\n\tWhat, Ref string\n\tReply int\n\tErr error\n}\nfunc (*ParseError) Error() string { return \"\" }\n", "lacks the method Unwrap"},
		{"none", "type OtherError struct{}\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			planted(t, house.CheckParseErrors, tt.want, "a/errors.go", "package a\n"+tt.src)
		})
	}
}

func TestPlacesFindPlantedFaults(t *testing.T) {
	const r = "/" // keeps this file itself free of what it plants
	planted(t, house.CheckPlaces, "doc.md:2: \""+r+"root/x\" holds", "doc.md", "one\ntwo "+r+"root/x\n")
	planted(t, house.CheckPlaces, "holds on one machine", "a/a.go", "package a\n\nconst dir = \""+r+"work/here\"\n")
	planted(t, house.CheckPlaces, "holds on one machine", "a.sh", "GOPROXY=https://"+"proxy."+"golang.org\n")
	planted(t, house.CheckPlaces, "", "doc.md", "testdata/root/x, net"+r+"work/y, "+r+"root, "+r+"tmp/x.sock\n")
}
