package house_test

import (
	"testing"

	"applayer/internal/house"
)

func TestReadmeCode(t *testing.T) {
	none(t, house.CheckReadmeCode(module(t), house.Importer(list(t))))
}

func TestReadmePaths(t *testing.T) { none(t, house.CheckReadmePaths(module(t))) }

func TestReadmeFindsPlantedFaults(t *testing.T) {
	outer := compile(t, "m/sockets", "package sockets\nfunc Dial() {}")
	check := func(m *house.Module) []house.Fault {
		return append(house.CheckReadmeCode(m, given{outer}), house.CheckReadmePaths(m)...)
	}
	tests := []struct{ name, text, want string }{
		{"code", "```go\npackage main\n\nimport \"m/sockets\"\n\nfunc main() { sockets.Dial() }\n```\n", ""},
		{"a name that is not there", "one\n\n```go\npackage main\n\nimport \"m/sockets\"\n\nfunc main() { sockets.Dail() }\n```\n", "README.md:3: the code does not compile"},
		{"an import not used", "```go\npackage main\n\nimport \"m/sockets\"\n```\n", "does not compile"},
		{"no Go", "```go\nfunc\n```\n", "does not compile"},
		{"another language", "```text\nfunc\n```\n", ""},
		{"a command", "```sh\ngo run ./sockets # comment\ngo test ./...\n```\n", ""},
		{"a command that leads nowhere", "```sh\ngo run ./gone\n```\n", "there is no ./gone"},
		{"the same in a sentence", "Run `go run ./gone` now.", "there is no ./gone"},
		{"a link", "[a](sockets/) and [b](sockets/a.go) and [c](https://example.org/x)", ""},
		{"a link that leads nowhere", "[a](sockets/b.go)", "a link leads to sockets/b.go"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			planted(t, check, tt.want, "README.md", tt.text, "sockets/a.go", "package sockets\n")
		})
	}
}
