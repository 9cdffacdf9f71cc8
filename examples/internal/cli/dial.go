package cli

import (
	"context"
	"net"
	"os"
	"strings"

	"applayer/sockets"
)

// Dial connects to addr, or to its local address under -map, and with -v
// prints what passes.
func (env *Env) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	nc, err := env.dialer.Dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return env.tap(nc, false), nil
}

// DialQuietly is [Env.Dial] for a program whose protocol tells the dialogue
// itself.
func (env *Env) DialQuietly(ctx context.Context, network, addr string) (net.Conn, error) {
	return env.dialer.Dial(ctx, network, addr)
}

// Listen binds a stream listener. The path of a Unix-domain socket whose
// server is gone is taken over.
func (env *Env) Listen(ctx context.Context, network, addr string) (net.Listener, error) {
	env.RemoveStale(ctx, network, addr)
	var lc net.ListenConfig
	return lc.Listen(ctx, network, addr)
}

// ListenPacket is [Env.Listen] for datagrams.
func (env *Env) ListenPacket(ctx context.Context, network, addr string) (net.PacketConn, error) {
	env.RemoveStale(ctx, network, addr)
	var lc net.ListenConfig
	return lc.ListenPacket(ctx, network, addr)
}

// Tap prints with -v what a server's connection exchanges. It fits
// sockets.Server's Wrap.
func (env *Env) Tap(nc net.Conn) net.Conn { return env.tap(nc, true) }

// TapDialled prints with -v what a connection exchanges that the program
// dialled by other means than [Env.Dial].
func (env *Env) TapDialled(nc net.Conn) net.Conn { return env.tap(nc, false) }

func (env *Env) tap(nc net.Conn, server bool) net.Conn {
	if env.transcript == nil {
		return nc
	}
	return env.transcript.Conn(nc, "", server)
}

// RemoveStale removes the name of a Unix-domain socket to which nobody
// listens: a server that was killed leaves it behind.
func (env *Env) RemoveStale(ctx context.Context, network, addr string) {
	info, err := os.Lstat(addr)
	if !strings.HasPrefix(network, "unix") || err != nil || info.Mode()&os.ModeSocket == 0 {
		return
	}
	var d net.Dialer
	nc, err := d.DialContext(ctx, network, addr)
	if err == nil {
		nc.Close()
		return
	}
	os.Remove(addr)
}

// prepare makes what the common flags ask for.
func (env *Env) prepare() error {
	if env.mapFile != "" {
		text, err := os.ReadFile(env.mapFile)
		if err != nil {
			return err
		}
		if env.dialer.Map, err = sockets.ParseAddrMap(text); err != nil {
			return err
		}
	}
	if env.Verbose {
		opts := &sockets.TranscriptOptions{Live: env.Stderr}
		if !env.Secrets {
			opts.Redact = env.program.Redact
		}
		env.transcript = sockets.NewTranscript(opts)
	}
	return nil
}

// LocalAddr is the address to dial where addr is meant: the local one under
// -map. [Env.Dial] looks there itself.
func (env *Env) LocalAddr(addr string) string {
	if local, ok := env.dialer.Map.Local(addr); ok {
		return local
	}
	return addr
}

// RemoveSocket removes the name of a Unix-domain socket that was bound by a
// call of sockets/berkeley, which leaves it to the caller.
func (env *Env) RemoveSocket(path string) {
	if err := os.Remove(path); err != nil {
		env.Log.Warn("socket's name stays", "err", err)
	}
}
