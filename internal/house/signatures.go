package house

import (
	"fmt"
	"go/types"
)

// CheckSignatures finds exported names of pkg whose type names an internal
// type of the module: who imports pkg could not name it. It follows aliases,
// the exported fields and methods of inner types that show through, and what
// is embedded.
func CheckSignatures(module string, pkg *types.Package) []Fault {
	s := &signatures{m: &Module{Name: module}, pkg: pkg}
	for _, name := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(name)
		if !obj.Exported() {
			continue
		}
		s.name, s.seen = pkg.Name()+"."+name, map[types.Type]bool{}
		s.object(obj)
	}
	return s.faults
}

// signatures walks the types that users see.
type signatures struct {
	m      *Module
	pkg    *types.Package
	name   string
	seen   map[types.Type]bool
	faults []Fault
}

func (s *signatures) object(obj types.Object) {
	switch t := obj.Type().(type) {
	case *types.Alias:
		if _, isType := obj.(*types.TypeName); isType {
			s.walk(t.Rhs())
			return
		}
		s.walk(t)
	case *types.Named:
		if _, isType := obj.(*types.TypeName); isType {
			s.declared(t)
			return
		}
		s.walk(t)
	default:
		s.walk(t)
	}
}

// declared walks what a named type of pkg shows: type parameters, what it is,
// its exported methods.
func (s *signatures) declared(t *types.Named) {
	if s.seen[t] {
		return
	}
	s.seen[t] = true
	s.params(t.TypeParams())
	s.walk(t.Underlying())
	for m := range t.Methods() {
		if m.Exported() {
			s.walk(m.Type())
		}
	}
}

func (s *signatures) params(list *types.TypeParamList) {
	for p := range list.TypeParams() {
		s.walk(p.Constraint())
	}
}

// named tells of an internal type, and walks the unexported ones of pkg, which
// users reach though they cannot name them.
func (s *signatures) named(obj *types.TypeName, args *types.TypeList, walk func()) {
	for a := range args.Types() {
		s.walk(a)
	}
	if obj.Pkg() == nil {
		return
	}
	if dir, ours := s.m.in(obj.Pkg().Path()); ours && internal(dir) {
		s.faults = append(s.faults, Fault{s.pkg.Path(), fmt.Sprintf("%s shows the internal type %s.%s: declare a type of the package's own, or use a standard one", s.name, dir, obj.Name())})
		return
	}
	if obj.Pkg() == s.pkg && !obj.Exported() {
		walk()
	}
}

func (s *signatures) walk(t types.Type) {
	switch t := t.(type) {
	case *types.Alias:
		s.named(t.Obj(), t.TypeArgs(), func() { s.walk(t.Rhs()) })
	case *types.Named:
		s.named(t.Obj(), t.TypeArgs(), func() { s.declared(t) })
	case *types.Pointer:
		s.walk(t.Elem())
	case *types.Slice:
		s.walk(t.Elem())
	case *types.Array:
		s.walk(t.Elem())
	case *types.Chan:
		s.walk(t.Elem())
	case *types.Map:
		s.walk(t.Key())
		s.walk(t.Elem())
	case *types.Signature:
		s.params(t.TypeParams())
		s.walk(t.Params())
		s.walk(t.Results())
	case *types.Tuple:
		for v := range t.Variables() {
			s.walk(v.Type())
		}
	case *types.Struct:
		for f := range t.Fields() {
			if f.Exported() || f.Embedded() {
				s.walk(f.Type())
			}
		}
	case *types.Interface:
		for m := range t.ExplicitMethods() {
			if m.Exported() {
				s.walk(m.Type())
			}
		}
		for e := range t.EmbeddedTypes() {
			s.walk(e)
		}
	case *types.Union:
		for term := range t.Terms() {
			s.walk(term.Type())
		}
	}
}
