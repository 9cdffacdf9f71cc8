package files

import "time"

// Resolve shows what a path means to s.
func (s *FileServer) Resolve(target string) (name string, slash, hidden bool, status int) {
	p, status := s.resolve(target)
	return p.name, p.slash, p.hidden, status
}

// MediaTypes is the table.
var MediaTypes = mediaTypes

// StatusOf is what an error of the file system is answered with.
var StatusOf = statusOf

// Hasty lets s hold files however lately they were changed.
func Hasty(s *FileServer) *FileServer {
	s.hasty = settled + 1<<40
	return s
}

// Patient lets s hold no file that was changed within the last hour.
func Patient(s *FileServer) *FileServer {
	s.hasty = settled - time.Hour
	return s
}

// Held counts the files that s holds, and their descriptors that nobody uses.
func (s *FileServer) Held() (files, idle int) {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	for _, h := range s.cache.files {
		idle += len(h.idle)
	}
	return len(s.cache.files), idle
}
