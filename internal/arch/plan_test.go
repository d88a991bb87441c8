package arch

import (
	"slices"
	"strings"
)

// floors, from the ground up. A package imports from the floors below its own.
var floors = []string{"kit", "core", "flow", "edge"}

// ground lists, floor by floor, the packages on which all others of that floor
// may stand, in order: each may use those before it.
var ground = map[string][]string{
	"kit":  {"kit/fault", "kit/ids", "kit/clock", "kit/secret", "kit/query"},
	"core": {"core/authz", "core/audit", "core/tenant", "core/object"},
	"flow": {"flow/notify"},
}

// sideways lists every other import between packages of one floor. It is the
// picture in the architecture notes, arrow for arrow. A name that ends in /…
// stands for each folder below it.
var sideways = map[string][]string{
	"kit/jobs":             {"kit/sqldb"},
	"core/consent":         {"core/app", "core/directory"},
	"core/site":            {"core/directory"},
	"core/person":          {"core/crosstenant", "core/directory"},
	"core/factor":          {"core/crosstenant", "core/directory", "core/person"},
	"core/claim":           {"core/app", "core/consent", "core/directory", "core/person", "core/token"},
	"core/managedidentity": {"core/app"},
	"core/token":           {"core/keys"},
	"core/federation":      {"core/app", "core/keys", "core/managedidentity"},
	"flow/provision/scim":  {"flow/provision"},
	"flow/entitlement":     {"flow/guest", "flow/offer", "flow/provision"},
	"flow/review":          {"flow/entitlement", "flow/guest", "flow/offer", "flow/provision"},
	"flow/signin":          {"flow/guest"},
	"flow/sts":             {"flow/automation"},
	"edge/oauth":           {"edge/portal"},
	"edge/graph":           {"edge/graph/edm"},
	"edge/graph/sets":      {"edge/graph/edm", "edge/graph/sets/…"},
	"edge/graph/sets/…":    {"edge/graph/edm"},
	"edge/portal/…":        {"edge/portal"},
	"edge/portal/admin/…":  {"edge/portal", "edge/portal/admin"},
}

// programs lists what each part above the floors may import. A whole floor is
// named by its folder, with the slash.
var programs = map[string][]string{
	"cmd/entente": {"cli"},
	"cli":         {"server", "lab", "agent", "client", "config"},
	"server":      {"kit/", "core/", "flow/", "edge/", "config", "schema"},
	"lab":         {"server", "agent", "client", "config", "kit/", "examples"},
	"agent":       {"client", "kit/"},
	"client":      {"kit/"},
	"config":      {"kit/"},
	"schema":      {},
	"examples":    {},
	"arch":        {},
	"enttest":     {"kit/", "core/", "flow/", "edge/", "config", "schema", "server", "lab", "agent", "client", "enttest"},
}

// never lists what a program must not link, however far below.
var never = map[string][]string{
	"agent":         {"kit/sqldb", "core/", "flow/", "edge/"},
	"lab/sampleweb": {"kit/", "core/", "flow/", "edge/", "config", "server", "client", "agent"}, // it stands for other people's
}

// servers may use net/http as a server.
var servers = []string{"kit/web", "edge/", "agent", "lab", "lab/sampleweb", "server", "enttest/"}

// inside returns the part of an import path below internal/, the path of a
// command, or "" for what is not ours.
func inside(path string) string {
	if s, ours := strings.CutPrefix(path, "entente/internal/"); ours {
		return s
	}
	if s, ours := strings.CutPrefix(path, "entente/"); ours {
		return s
	}
	return ""
}

// refuse returns why from may not import to, or "".
func refuse(from, to string) string {
	switch {
	case to == "":
		return "" // no code of ours
	case program(from) != "":
		return refuseProgram(from, to)
	case floorOf(from) < 0:
		return "a part above the floors needs a row in internal/arch"
	}
	return refuseFloor(from, to)
}

func refuseFloor(from, to string) string {
	f, t := floorOf(from), floorOf(to)
	g := ground[floors[f]]
	onGround := slices.Index(g, to)
	switch {
	case t < 0:
		return "the programs stand above the floors"
	case t > f:
		return "imports run downward"
	case t < f, sidewaysTo(from, to), sidewaysTo(parent(from), to):
		return ""
	case onGround >= 0 && (!slices.Contains(g, from) || onGround < slices.Index(g, from)):
		return ""
	}
	return "go through the floor below, or argue for the arrow in review"
}

func sidewaysTo(from, to string) bool {
	return slices.Contains(sideways[from], to) || slices.Contains(sideways[from], parent(to))
}

func refuseProgram(from, to string) string {
	for _, may := range programs[program(from)] {
		if to == may || strings.HasPrefix(to, strings.TrimSuffix(may, "/")+"/") {
			return ""
		}
	}
	if program(from) == program(to) {
		return "" // a part may have folders of its own
	}
	return "the row of " + program(from) + " does not list it"
}

// program returns the row of programs that speaks of path, or "".
func program(path string) string {
	if _, ok := programs[path]; ok {
		return path
	}
	first, _, _ := strings.Cut(path, "/")
	if _, ok := programs[first]; ok {
		return first
	}
	return ""
}

func floorOf(path string) int {
	first, _, _ := strings.Cut(path, "/")
	return slices.Index(floors, first)
}

// parent returns the folder of path as sideways spells it.
func parent(path string) string {
	i := strings.LastIndex(path, "/")
	if i < 0 {
		return path
	}
	return path[:i] + "/…"
}

// within reports whether path is listed, or lies below a listed folder.
func within(path string, list []string) bool {
	return slices.ContainsFunc(list, func(l string) bool {
		return path == l || strings.HasSuffix(l, "/") && strings.HasPrefix(path, l)
	})
}
