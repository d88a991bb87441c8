package server

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// version is what the first segment of a Graph path looks like. No tenant has
// such a name: no domain ends in a number.
var version = regexp.MustCompile(`^(?i:v)[0-9]+(\.[0-9]+)?$`)

// A dispatcher hands a request to an edge by the first segment of its path, in
// any letter case. Clients look for all of us at the root of one host, so the
// segments of the edges and the tenants of the login share it; a tenant is a
// GUID, a domain or one of three words, none of which is a segment here.
type dispatcher struct {
	doors map[string]door
	login door
}

// A door is an edge under the name by which metrics know it.
type door struct {
	name    string
	handler http.Handler
}

func (d *dispatcher) add(name string, h http.Handler, segments ...string) {
	for _, s := range segments {
		d.doors[s] = door{name, h}
	}
}

func (d *dispatcher) find(path string) door {
	first, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if strings.HasPrefix(first, "@") { // the domain of whose resources a page is about
		first = "@"
		if second, _, _ := strings.Cut(rest, "/"); strings.EqualFold(second, "admin") {
			first = "admin"
		}
	}
	if to, ok := d.doors[strings.ToLower(first)]; ok {
		return to
	}
	if version.MatchString(first) { // one that Graph does not have; Graph says so
		return d.doors["v1.0"]
	}
	return d.login
}

// Doors returns the first segments that lead to an edge of their own, in order.
// Every other path is the login's.
func (s *Server) Doors() []string { return slices.Sorted(maps.Keys(s.edges.doors)) }

// ServeHTTP serves the request through its door.
func (d *dispatcher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.find(r.URL.Path).handler.ServeHTTP(w, r)
}
