package ftp_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// A file may have a name that servers take for a user's home.
func TestClientTilde(t *testing.T) {
	network := play(t, func(a *actor) {
		a.login()
		a.expect("DELE ./~bob", "250 gone")
		a.expect("RNFR ./~", "350 go on")
		a.expect("RNTO ./~x/y", "250 ok")
		a.expect("DELE a~", "250 gone")
		a.expect("CWD ~bob", "250 at home")
		a.typ("A")
		a.send("LIST -a ./~", "")
		a.send("NLST ./~", "")
		a.quit()
	})
	c := dialActor(t, network, &ftp.Options{Hidden: true})
	ctx := t.Context()
	require.NoError(t, c.Remove(ctx, "~bob"))
	require.NoError(t, c.Rename(ctx, "~", "~x/y"))
	require.NoError(t, c.Remove(ctx, "a~"))
	require.NoError(t, c.ChangeDir(ctx, "~bob"))
	_, err := c.List(ctx, "~")
	require.NoError(t, err)
	_, err = c.Names(ctx, "~")
	require.NoError(t, err)
	require.NoError(t, c.Quit(ctx))
}

// A name with CR or NUL, which no command could say, is not the end of a listing.
func TestClientListControlOctets(t *testing.T) {
	network := play(t, func(a *actor) {
		a.login("MLST type*;size*;")
		a.send("MLSD", "type=file; a\r\ntype=file; b\rc\r\ntype=file; d\x00\r\ntype=file; e\r\n")
		a.quit()
	})
	c := dialActor(t, network, nil)
	entries, err := c.List(t.Context(), "")
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name)
	}
	assert.Equal(t, []string{"a", "e"}, names)
	require.NoError(t, c.Quit(t.Context()))
}
