package cookie

import (
	"context"
	"errors"
	"fmt"
	"time"

	"applayer/internal/lockfile"
)

// ErrLocked means that another process, or this one, has the file open.
var ErrLocked = lockfile.ErrLocked

// lockRetry is how long lock waits before it tries again.
const lockRetry = 10 * time.Millisecond

// lock takes the lock that is the file called name and waits for it until ctx
// ends. A process that dies gives its locks back.
func lock(ctx context.Context, name string) (unlock func() error, err error) {
	for {
		unlock, err := lockfile.Try(name)
		if !errors.Is(err, ErrLocked) {
			return unlock, err
		}
		timer := time.NewTimer(lockRetry)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, fmt.Errorf("%s: %w: %w", name, ErrLocked, context.Cause(ctx))
		}
	}
}
