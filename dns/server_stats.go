package dns

func (s *Server) count(x *serving, sent bool) {}
func (s *Server) countDropped()               {}
func (s *Server) countPanic()                 {}
