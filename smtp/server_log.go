package smtp

import (
	"context"
	"log/slog"
	"time"
)

// log tells of a transaction in one line. Of several replies it has the first that
// refuses.
func (sc *serverConn) log(a *answers, r *messageReader, replies []Reply) {
	log := sc.srv.logger()
	if !log.Enabled(sc.ctx, slog.LevelInfo) {
		return
	}
	d := &sc.d
	attrs := []slog.Attr{
		slog.Any("peer", sc.nc.RemoteAddr()), slog.String("from", d.from.String()),
		slog.Int("rcpts", d.recipients), slog.Int64("bytes", r.octets), slog.Duration("dur", time.Since(d.begun)),
	}
	if who := sc.c.Identity(); who != "" {
		attrs = append(attrs, slog.String("user", who))
	}
	level := slog.LevelInfo
	if i := a.firstRefused(); i >= 0 {
		level = slog.LevelWarn
		attrs = append(attrs, slog.Any("err", a.each[i]))
		replies = replies[min(i, len(replies)):]
	}
	if len(replies) > 0 {
		attrs = append(attrs, slog.String("reply", replies[0].String()))
	}
	log.LogAttrs(context.WithoutCancel(sc.ctx), level, "message", attrs...)
}
