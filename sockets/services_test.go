package sockets_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets"
)

func TestServicesOfTheLecture(t *testing.T) {
	tests := []struct {
		name, network string
		port          uint16
	}{
		{"ssh", "tcp", 22}, {"smtp", "tcp", 25}, {"http", "tcp", 80}, {"pop3", "tcp", 110},
		{"telnet", "tcp", 23}, {"ftp", "tcp", 21}, {"ftp-data", "tcp", 20},
		{"domain", "udp", 53}, {"domain", "tcp", 53},
		{"imap", "tcp", 143}, {"submission", "tcp", 587}, {"https", "tcp", 443},
		{"submissions", "tcp", 465}, {"imaps", "tcp", 993}, {"pop3s", "tcp", 995},
		{"ftps", "tcp", 990}, {"domain-s", "tcp", 853},
		{"upper", "tcp", 12000}, {"upper", "udp", 12000},
	}
	for _, tt := range tests {
		t.Run(tt.name+"/"+tt.network, func(t *testing.T) {
			i := slices.IndexFunc(sockets.Services(), func(s sockets.Service) bool {
				return s.Name == tt.name && s.Network == tt.network
			})
			require.GreaterOrEqual(t, i, 0)
			assert.Equal(t, tt.port, sockets.Services()[i].Port)
		})
	}
}

func TestServicesTable(t *testing.T) {
	all := sockets.Services()
	assert.True(t, slices.IsSortedFunc(all, func(a, b sockets.Service) int { return cmp.Compare(a.Port, b.Port) }))
	seen := make(map[string]bool)
	for _, s := range all {
		key := s.Network + " " + s.Name
		assert.False(t, seen[key], "%s twice", key)
		seen[key] = true
		assert.NotEmpty(t, s.Title, key)
		assert.NotEmpty(t, s.Ref, key)
		if s.Port < 1024 {
			assert.True(t, s.Assigned, "%s: a well-known port is assigned", key)
		}
	}
	all[0].Port = 1
	assert.NotEqual(t, all[0], sockets.Services()[0], "the caller's slice is his own")
}

func ExampleServices() {
	for _, s := range sockets.Services() {
		if s.Assigned && s.Port < 144 {
			fmt.Println(s.Port, s.Network, s.Name)
		}
	}
	// Output:
	// 20 tcp ftp-data
	// 21 tcp ftp
	// 22 tcp ssh
	// 23 tcp telnet
	// 25 tcp smtp
	// 53 udp domain
	// 53 tcp domain
	// 80 tcp http
	// 110 tcp pop3
	// 143 tcp imap
}
