package main

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTablesPrinted(t *testing.T) {
	var out bytes.Buffer
	v := playIn(t, tablesScene, &out, NetOptions{})
	require.True(t, v.ok(), out.String())
	for _, line := range []string{
		"   e-mail                SMTP                 2821, 5321        TCP             \n",
		"   Internet telephony    SIP                  3261              UDP, TCP, SCTP  explained only\n",
		"   HTTP/2    2015              TCP            binary framing, multiplexing                          explained only\n",
		"   FTP         stateful                   both          out of band  one server\n",
		"   Telnet's port           22              23                                           tables\n",
	} {
		assert.Contains(t, out.String(), line)
	}
}

// One fact wrong in each table: the scene must see it.
func TestTablesSpoiled(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(f *facts)
		want  string
	}{
		{"a transport", func(f *facts) { f.applications[0].transports = []string{"UDP"} }, "FAIL  protocols that TCP alone carries"},
		{"an RFC", func(f *facts) { f.applications[0].rfcs = []int{2821, 531} }, "FAIL  their RFCs"},
		{"a row is gone", func(f *facts) { f.applications = f.applications[:8] }, "FAIL  SIP is in the table"},
		{"a year", func(f *facts) { f.versions[3].years[0] = 2005 }, "FAIL  each version is younger"},
		{"a transport of HTTP", func(f *facts) { f.versions[4].transport = "TCP" }, "FAIL  HTTP/3 leaves TCP"},
		{"what a version has", func(f *facts) { f.versions[1].what = "pipelining" }, "FAIL  HTTP/1.1 has"},
		{"telephony", func(f *facts) { f.applications[11].transports = []string{"TCP"} }, "FAIL  what carries Skype"},
		{"a wrong RFC as the right one", func(f *facts) { f.slips[5].right = "532" }, "FAIL  its RFC"},
		{"a state", func(f *facts) { f.characters[0].state = "stateful" }, "FAIL  stateless"},
		{"a direction", func(f *facts) { f.characters[2].direction = "pull" }, "FAIL  push alone"},
		{"a control", func(f *facts) { f.characters[1].control = "in band" }, "FAIL  control out of band"},
		{"what is played", func(f *facts) { f.explained = f.explained[1:] }, "FAIL  explained only"},
		{"a slip repeated", func(f *facts) { f.slips[0].right = "24" }, "FAIL  its port"},
		{"a slip forgotten", func(f *facts) { f.slips = f.slips[1:] }, "FAIL  slips listed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := lectureFacts()
			tt.spoil(&f)
			var out bytes.Buffer
			v := playIn(t, Scene{Name: "tables", Run: func(_ context.Context, n *Net) error { return playTables(n, f) }}, &out, NetOptions{})
			assert.False(t, v.ok())
			assert.Contains(t, out.String(), tt.want)
		})
	}
}
