package cli

import "os"

// StdinFile returns the file that standard input is, for a program that asks
// whether it is a terminal and sets one; nil where it is no file. It is read
// through Stdin all the same.
func (env *Env) StdinFile() *os.File {
	if s, ok := env.Stdin.(*interruptible); ok {
		if f, ok := s.r.(*os.File); ok {
			return f
		}
	}
	return nil
}
