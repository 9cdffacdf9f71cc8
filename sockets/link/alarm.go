package link

import "time"

// alarm rings once at the time set last. Its owner's mutex guards it.
type alarm struct {
	ring  func()
	timer *time.Timer
}

func (a *alarm) set(t time.Time) {
	if a.timer == nil {
		a.timer = time.AfterFunc(time.Until(t), a.ring)
		return
	}
	a.timer.Reset(time.Until(t))
}

func (a *alarm) stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
}

// deadline is a point in time after which an operation fails; the zero time
// is never.
type deadline struct {
	alarm
	at time.Time
}

func (d *deadline) set(t time.Time) {
	d.stop()
	d.at = t
	if !t.IsZero() {
		d.alarm.set(t)
	}
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }
