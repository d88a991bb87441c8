package odata

import "strings"

// Roots returns the names of the properties that a filter speaks of, without
// what stands below them, each as often as it is written.
func Roots(e Expr) []string {
	switch e := e.(type) {
	case *Logic:
		var all []string
		for _, p := range e.Parts {
			all = append(all, Roots(p)...)
		}
		return all
	case *Not:
		return Roots(e.X)
	case *Compare:
		return append(Roots(e.X), Roots(e.Y)...)
	case *In:
		return Roots(e.X)
	case *Call:
		var all []string
		for _, a := range e.Args {
			all = append(all, Roots(a)...)
		}
		return all
	case *Lambda:
		return Roots(e.Path) // within it, paths speak of the element
	case *Path:
		names := e.Names
		if len(names) > 1 && strings.HasPrefix(names[0], "$") {
			names = names[1:]
		}
		return names[:1:1]
	}
	return nil
}
