package files

// Resolve shows what a path means to s.
func (s *FileServer) Resolve(target string) (name string, slash, hidden bool, status int) {
	p, status := s.resolve(target)
	return p.name, p.slash, p.hidden, status
}

// MediaTypes is the table.
var MediaTypes = mediaTypes

// StatusOf is what an error of the file system is answered with.
var StatusOf = statusOf
