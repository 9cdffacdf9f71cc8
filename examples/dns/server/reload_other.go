//go:build !unix

package main

import "context"

// reloads does nothing: there is no SIGHUP here.
func reloads(context.Context, func()) (stop func()) { return func() {} }
