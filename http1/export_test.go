package http1

import "time"

// DateCache is the cache of the Date field.
type DateCache struct{ c dateCache }

// Append appends the date.
func (c *DateCache) Append(dst []byte, now time.Time) []byte { return c.c.append(dst, now) }
