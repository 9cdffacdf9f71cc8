package form

import "iter"

// Field is one name of a form and its value.
type Field struct {
	Name, Value string
	// Bare says that an urlencoded field came without "=": a name without a
	// value, which is not the same as an empty value.
	Bare bool
}

// Fields are the fields of a form in order, names repeated as they came. The
// zero value is an empty form, ready for use.
type Fields []Field

// Get returns the value of the first field of that name, "" if there is none;
// [Fields.Has] tells the two apart. Names are compared octet by octet.
func (f Fields) Get(name string) string {
	for i := range f {
		if f[i].Name == name {
			return f[i].Value
		}
	}
	return ""
}

// Has tells whether there is a field of that name, with or without a value.
func (f Fields) Has(name string) bool {
	for i := range f {
		if f[i].Name == name {
			return true
		}
	}
	return false
}

// Values returns the values of all fields of that name, in order.
func (f Fields) Values(name string) []string {
	var values []string
	for i := range f {
		if f[i].Name == name {
			values = append(values, f[i].Value)
		}
	}
	return values
}

// Add appends a field.
func (f *Fields) Add(name, value string) {
	*f = append(*f, Field{Name: name, Value: value})
}

// All yields names and values in order.
func (f Fields) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for i := range f {
			if !yield(f[i].Name, f[i].Value) {
				return
			}
		}
	}
}
