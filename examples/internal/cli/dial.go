package cli

func (env *Env) readMap() error { return nil }
