//go:build !unix

package cli

import "context"

// OnHangup does nothing: there is no SIGHUP here.
func OnHangup(context.Context, func()) (stop func()) { return func() {} }
