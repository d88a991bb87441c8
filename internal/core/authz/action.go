package authz

import "strings"

// An Action is what a directory role allows, in Microsoft's notation without
// the namespace: entity/propertySet/task, where the entity may be narrowed
// behind a dot (groups.unified) and the property set may be missing
// (users/create).
type Action string

// namespace is what every action stands in that does not say otherwise.
const namespace = "microsoft.directory/"

// ManageSites is what it takes to make sites and to open them to programs.
const ManageSites Action = "office365.sharePoint/allEntities/allTasks"

// String returns the action as Microsoft Graph shows it.
func (a Action) String() string {
	if strings.HasPrefix(string(a), "office365.") {
		return "microsoft." + string(a)
	}
	return namespace + string(a)
}

// Covers reports whether whoever may do a may do b. allProperties stands for
// every property set, allTasks for every task, and an entity for what narrows
// it.
func (a Action) Covers(b Action) bool {
	if a == b {
		return true
	}
	entity, _, ok := strings.Cut(string(a), "/")
	if ok && entity != "allProperties" && !strings.HasPrefix(string(b), entity) {
		return false // most do, and need not be taken apart
	}
	have, want := strings.Split(string(a), "/"), strings.Split(string(b), "/")
	verb := have[len(have)-1]
	have = have[:len(have)-1]
	all := len(have) > 0 && have[len(have)-1] == "allProperties"
	if all {
		have = have[:len(have)-1]
	}
	rest := len(want) - len(have) // of want, behind the entity
	switch {
	case rest < 1 || rest > 2, !within(have, want):
		return false
	case verb == "allTasks":
		return all || rest == 1
	case all:
		return rest == 2 && want[len(want)-1] == verb
	}
	return rest == 1 && want[len(want)-1] == verb
}

// within reports whether want begins with the segments of have, or with what
// narrows them.
func within(have, want []string) bool {
	for i, s := range have {
		if want[i] != s && !strings.HasPrefix(want[i], s+".") {
			return false
		}
	}
	return true
}
