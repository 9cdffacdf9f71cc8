package testkit

import "time"

// SetLeakPatience shortens how long NoLeaks tries and returns the old value.
func SetLeakPatience(d time.Duration) time.Duration {
	old := leakPatience
	leakPatience = d
	return old
}
