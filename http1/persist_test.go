package http1_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/http1"
)

func TestPersists(t *testing.T) {
	tests := []struct {
		name    string
		version http1.Version
		header  http1.Header
		want    bool
	}{
		{"9112-9.3 1.1", http1.HTTP11, fields(), true},
		{"9112-9.3 later", 12, fields(), true},
		{"9112-9.3 1.0", http1.HTTP10, fields(), false},
		{"9112-9.3 1.1 close", http1.HTTP11, fields("Connection", "close"), false},
		{"9110-7.6.1 in any case", http1.HTTP11, fields("CONNECTION", "CLOSE"), false},
		{"9110-7.6.1 in a list", http1.HTTP11, fields("Connection", "te, ,close"), false},
		{"9110-7.6.1 in the second field", http1.HTTP11, fields("Connection", "te", "Connection", "close"), false},
		{"9110-7.6.1 not a part of another option", http1.HTTP11, fields("Connection", "closed"), true},
		{"9112-9.3 1.0 keep-alive", http1.HTTP10, fields("Connection", "Keep-Alive"), true},
		{"9112-9.3 close wins", http1.HTTP10, fields("Connection", "keep-alive, close"), false},
		{"9112-9.6 the field Close is none", http1.HTTP11, fields("Close", "close"), true},
		{"Proxy-Connection is none", http1.HTTP10, fields("Proxy-Connection", "keep-alive"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, http1.Persists(tt.version, &tt.header))
		})
	}
}
