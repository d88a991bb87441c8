package graphtest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"entente/internal/edge/graph"
	"entente/internal/edge/graph/edm"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
)

// A verdict says what becomes of an operation here.
type verdict int

const (
	served  verdict = iota // the registry declares it
	refused                // its address is known here, and it is answered with an error that says so
	missing                // its address is not known here
)

func (v verdict) String() string { return [...]string{"served", "refused", "missing"}[v] }

// An entry is a documented operation with what becomes of it.
type entry struct {
	method string
	path   string   // with the plain key, without a cast
	casts  []string // the types of casts at the end that fare alike
	by     []string // what stands for the first key besides
	verdict
	answer string // to what is not served
	gap    string // the segment at which the path leaves what is here
}

// why says, for the segment at which a path leaves what is here, why it does.
var why = map[string]string{
	"delta":                           "delta queries come later",
	"identityGovernance":              "entitlement management and access reviews come later",
	"entitlementManagement":           "entitlement management comes later",
	"administrativeUnits":             "administrative units come later",
	"subscriptions":                   "change notifications come later",
	"assignLicense":                   "nothing is licensed here",
	"reprocessLicenseAssignment":      "nothing is licensed here",
	"licenseDetails":                  "nothing is licensed here",
	"ownedDevices":                    "there are no devices",
	"registeredDevices":               "there are no devices",
	"addFavorite":                     "there is no mailbox that would show it",
	"removeFavorite":                  "there is no mailbox that would show it",
	"removeEmail":                     "channels have no mail address",
	"addTokenSigningCertificate":      "private keys are not kept, and nothing is signed for SAML",
	"claimsMappingPolicies":           "a policy about tokens that is not kept here",
	"tokenIssuancePolicies":           "a policy about tokens that is not kept here",
	"tokenLifetimePolicies":           "a policy about tokens that is not kept here",
	"homeRealmDiscoveryPolicies":      "a policy about tokens that is not kept here",
	"appManagementPolicies":           "a policy that is not kept here",
	"permissionGrantPolicies":         "a policy that is not kept here",
	"adminConsentRequestPolicy":       "a policy that is not kept here",
	"permissionGrants":                "permissions for one resource alone are not kept here",
	"provisioning":                    "nothing is provisioned elsewhere",
	"templates":                       "templates are for multitenant organizations, which are not kept here",
	"confirmCompromised":              "sign-ins have no risk here",
	"confirmSafe":                     "sign-ins have no risk here",
	"graph.device":                    "there are no devices",
	"graph.orgContact":                "there are no contacts",
	"graph.administrativeUnit":        "administrative units come later",
	"getAvailableExtensionProperties": "values of extension properties are not kept here",
	"scopedRoleMembers":               "administrative units come later",
	"scopedRoleMemberOf":              "administrative units come later",
	"scopedMembers":                   "administrative units come later",
}

// A place is what a path of the description leads to in the registry.
type place struct {
	set    *edm.Set
	words  string
	suffix string // as Set.Operations has it
	by     string // the alternate key of the first set, or me
}

// find follows a path of the description, with keys in braces.
func find(r *edm.Registry, path string) (p place, ok bool) {
	rest := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if rest[0] == "me" {
		p.by, rest = "me", append([]string{"users", "{user-id}"}, rest[1:]...)
	}
	keyed := false
	enter := func(s *edm.Set, key string) bool {
		p.set, p.words, keyed = s, p.words+"/"+s.Path.String(), s.Single
		if key != "" {
			name, _, _ := strings.Cut(key, "=")
			k := s.KeyOf(name)
			if k == nil {
				return false
			}
			p.by, keyed = k.Name, true
		}
		return true
	}
	for i, word := range rest {
		name, brackets, called := strings.Cut(strings.TrimSuffix(word, ")"), "(")
		if i == 0 {
			if s := r.Set(edm.V1, name); s == nil || !enter(s, brackets) {
				return p, false
			}
			continue
		}
		one := ""
		if keyed && !p.set.Single {
			one = "/{id}"
		}
		last := i == len(rest)-1
		cast := r.FoldEntity(word)
		switch {
		case strings.HasPrefix(word, "$") && last:
			p.suffix = one + "/" + word
			return p, true
		case cast != "" && r.Is(cast, p.set.Type) && !keyed:
			if len(p.set.Casts) > 0 {
				p.suffix = "/" + string(cast)
			}
		case strings.HasPrefix(word, "{") && !keyed:
			keyed = true
		case keyed && p.set.Action(edm.V1, name) != nil, !keyed && p.set.CommonAction(edm.V1, name) != nil, keyed && p.set.Blob(edm.V1, name) != nil:
			p.suffix = one + "/" + name
			return p, last
		case keyed && !called && p.set.Part(edm.V1, name) != nil:
			enter(p.set.Part(edm.V1, name), "")
		default:
			return p, false
		}
	}
	if keyed && !p.set.Single {
		p.suffix = "/{id}"
	}
	return p, true
}

// serves reports whether the registry has an operation at the place.
func (p place) serves(method string) bool {
	return slices.ContainsFunc(p.set.Operations(), func(op edm.Operation) bool { return op.Method == method && op.Suffix == p.suffix })
}

// TestPrintedLedger sends each operation that Microsoft documents, with every
// permission, and prints what is served, refused and missing, in
// doc/graph-ledger.md. What the registry declares must not be answered as
// unknown, and nothing else must be answered as if it were known.
func TestPrintedLedger(t *testing.T) {
	d := loadDescription(t)
	clk := clock.NewFake(dbtest.Noon)
	w := New(t, dbtest.OpenClock(t, dbtest.Engines[0], clk), clk)
	l := &ledger{w: w, alone: w.Client(t, w.A, w.permissions(t)...), person: w.Person(t, w.A, w.A.Admin, "Directory.AccessAsUser.All", "Directory.ReadWrite.All")}
	paths := slices.SortedFunc(maps.Keys(d.doc.Paths.Map()), func(a, b string) int {
		revokes := func(p string) int { return strings.Count(p, "/me/revoke") } // ends the person's tokens
		return cmp.Or(revokes(a)-revokes(b), cmp.Compare(a, b))
	})
	described := map[string]string{"POST /$batch": "documented"}
	var sets []string
	bySet := map[string][]entry{}
	for _, path := range paths {
		for method, op := range d.doc.Paths.Value(path).Operations() {
			documented := op.Extensions["x-documented"] == true
			p, known := find(w.Registry, path)
			if known && p.serves(method) && described[method+" "+p.words+p.suffix] != "documented" {
				described[method+" "+p.words+p.suffix] = map[bool]string{true: "documented", false: "in the description, and no permission is documented for it"}[documented]
			}
			if !documented {
				continue
			}
			root, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
			root, _, _ = strings.Cut(root, "(")
			if root == "me" {
				root = "users"
			}
			if bySet[root] == nil {
				sets = append(sets, root)
			}
			bySet[root] = append(bySet[root], l.try(t, method, path, p, known))
		}
	}
	var b bytes.Buffer
	b.WriteString(ledgerHead)
	slices.Sort(sets)
	l.summary(&b, sets, bySet)
	l.reasons(&b, sets, bySet)
	for _, name := range sets {
		fmt.Fprintf(&b, "\n## /%s\n\n| operation | here | answer |\n|---|---|---|\n", name)
		for _, e := range joined(bySet[name]) {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", e.title(), e.verdict, e.answer)
		}
	}
	l.own(&b, described)
	golden(t, "../../../doc/graph-ledger.md", b.Bytes())
}

// permissions are all application permissions that the tenant knows.
func (w *World) permissions(t *testing.T) (names []string) {
	t.Helper()
	for _, r := range w.A.Graph.AppRoles {
		names = append(names, *r.Value)
	}
	return names
}

const ledgerHead = `# The ledger of Graph operations

Each operation of Microsoft Graph v1.0 that Microsoft documents with its
permissions, for the directory, policies, logs, teams, sites and identity
governance, and what becomes of it here. A test prints this page
(` + "`go test ./internal/enttest/graphtest -run TestPrintedLedger -update`" + `): it compares the
description with the registry that the server answers from, and sends each
operation with every permission. [graph.md](graph.md) says what is served in full.

- **served**: the registry declares it, and the server answers it as itself.
- **refused**: the address is known here, and the operation is answered with the
  error that is named: another method is served there, or it is not built yet.
- **missing**: answered as Microsoft Graph answers an unknown path, with the header
  ` + "`Entente-Gap`" + ` that names the segment.

One line speaks of all ways to name the entity: by its key, by alternate keys,
which stand in brackets behind it, and of users by ` + "`/me`" + `. The description has as
many operations again for which Microsoft documents no permission; most of them
cannot be called there, and they are not listed unless they are served here.
`

// A ledger sends what it lists.
type ledger struct {
	w             *World
	alone, person *Client
}

// try sends an operation and compares the answer with what the registry says.
func (l *ledger) try(t *testing.T, method, path string, p place, known bool) entry {
	t.Helper()
	c := l.alone
	if strings.HasPrefix(path, "/me") {
		c = l.person
	}
	var body any
	if method != http.MethodGet && method != http.MethodDelete {
		body = json.RawMessage(`{}`)
	}
	a := l.w.Call(t, c.Token, method, "/v1.0"+concrete(path), body, "ConsistencyLevel", "eventual")
	e := entry{method: method, path: path, gap: a.Header.Get(graph.GapHeader)}
	code, _ := a.Error()
	switch declared := known && p.serves(method); {
	case declared && e.gap != "", !declared && e.gap == "", a.Status == http.StatusUnauthorized, a.Status >= 500 && a.Status != http.StatusNotImplemented:
		t.Errorf("%s %s: the registry says %v, the answer is %d %s", method, path, declared, a.Status, a.Raw)
	case declared:
	case a.Status == http.StatusBadRequest:
		e.verdict, e.answer = missing, "400 "+code
	default:
		e.verdict, e.answer = refused, fmt.Sprintf("%d %s", a.Status, code)
	}
	if e.verdict != served {
		e.gap, _, _ = strings.Cut(e.gap, "%28") // a key, or the brackets of a function
		e.answer += ", at `" + e.gap + "`"
		if e.verdict == refused && a.Status == http.StatusMethodNotAllowed {
			e.answer = fmt.Sprintf("%d %s: no operation here", a.Status, code)
			if allow := a.Header.Get("Allow"); allow != "" {
				e.answer = fmt.Sprintf("%d %s: only %s here", a.Status, code, allow)
			}
			e.gap = ""
		}
	}
	return e.plain()
}

// concrete puts something into the braces of a path.
func concrete(path string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(path, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		switch {
		case name == "userPrincipalName":
			b.WriteString("nobody@contoso.example")
		case name == "domain-id", name == "domainName":
			b.WriteString("nobody.example")
		case name == "uniqueName", name == "interval", name == "on":
			b.WriteString("nobody")
		default:
			b.WriteString(string(ids.New[ids.ObjectID]()))
		}
		path = after
	}
}

// plain splits off what several entries may differ in.
func (e entry) plain() entry {
	words := strings.Split(e.path, "/")[1:]
	if name, key, ok := strings.Cut(words[0], "("); ok {
		key, _, _ = strings.Cut(key, "=")
		e.by = []string{key}
		words = append([]string{name, "{id}"}, words[1:]...)
	}
	if words[0] == "me" {
		e.by = []string{"/me"}
		words = append([]string{"users", "{id}"}, words[1:]...)
	}
	for i, word := range words {
		if strings.HasPrefix(word, "{") {
			words[i] = "{id}"
		}
	}
	if last := len(words) - 1; strings.HasPrefix(words[last], "graph.") {
		e.casts = []string{words[last]}
		words = words[:last]
	}
	e.path = "/" + strings.Join(words, "/")
	return e
}

func (e entry) title() string {
	path := e.path
	if len(e.by) > 0 {
		first, rest, _ := strings.Cut(path[1:], "/")
		path = strings.TrimSuffix("/"+first+"/"+rest, "/") + " (" + strings.Join(e.by, ", ") + ")"
	}
	if len(e.casts) > 0 {
		path += " cast to " + strings.Join(e.casts, ", ")
	}
	return e.method + " " + path
}

// joined puts together what differs in the key or in a cast only, and fares
// alike.
func joined(list []entry) []entry {
	join := func(list []entry, key func(e entry) string, into func(to *entry, e entry)) (out []entry) {
		at := map[string]int{}
		for _, e := range list {
			k := fmt.Sprint(e.method, " ", e.path, e.verdict, key(e))
			if i, ok := at[k]; ok {
				into(&out[i], e)
				continue
			}
			at[k] = len(out)
			out = append(out, e)
		}
		return out
	}
	list = join(list, func(e entry) string { return fmt.Sprint(e.casts, e.answer) }, func(to *entry, e entry) { to.by = append(to.by, e.by...) })
	for i := range list {
		slices.Sort(list[i].by)
	}
	list = join(list, func(e entry) string { return fmt.Sprint(e.by, len(e.casts)) }, func(to *entry, e entry) {
		to.casts = append(to.casts, e.casts...)
		if to.answer != e.answer {
			to.answer = "400 BadRequest, at the cast"
		}
	})
	slices.SortStableFunc(list, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(methodOrder(a.method), methodOrder(b.method)), cmp.Compare(a.verdict, b.verdict))
	})
	return list
}

func methodOrder(m string) int {
	return slices.Index([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, m)
}

func (l *ledger) summary(b *bytes.Buffer, sets []string, bySet map[string][]entry) {
	b.WriteString("\n## Summary\n\nOperations as the description counts them, each way to name an entity by itself.\n\n| set | documented | served | refused | missing |\n|---|---|---|---|---|\n")
	var sum [3]int
	for _, name := range sets {
		var n [3]int
		for _, e := range bySet[name] {
			n[e.verdict]++
			sum[e.verdict]++
		}
		fmt.Fprintf(b, "| [/%s](#%s) | %d | %d | %d | %d |\n", name, strings.ToLower(strings.TrimPrefix(name, "$")), len(bySet[name]), n[served], n[refused], n[missing])
	}
	fmt.Fprintf(b, "| all | %d | %d | %d | %d |\n", sum[0]+sum[1]+sum[2], sum[0], sum[1], sum[2])
	b.WriteString("\n`POST /$batch`, `GET /` and `GET /$metadata` are served as well, and a property of an entity by its path (`/users/{id}/displayName`, `…/$value`).\n")
}

// reasons lists where paths leave what is here.
func (l *ledger) reasons(b *bytes.Buffer, sets []string, bySet map[string][]entry) {
	n := map[string]int{}
	for _, name := range sets {
		for _, e := range bySet[name] {
			if e.verdict != served && e.gap != "" {
				n[e.gap]++
			}
		}
	}
	b.WriteString("\n## Where paths end\n\n| at | operations | why |\n|---|---|---|\n")
	for _, gap := range slices.SortedFunc(maps.Keys(n), func(a, b string) int { return cmp.Or(n[b]-n[a], cmp.Compare(a, b)) }) {
		fmt.Fprintf(b, "| `%s` | %d | %s |\n", gap, n[gap], why[gap])
	}
}

// own lists what the registry has and nobody documents.
func (l *ledger) own(b *bytes.Buffer, described map[string]string) {
	b.WriteString("\n## Our own\n\nRoutes here that match no documented operation of v1.0.\n\n| operation | versions | in Microsoft's description |\n|---|---|---|\n")
	l.w.Registry.Walk(func(above []*edm.Set, s *edm.Set) {
		words := Words(above, s)
		for _, op := range s.Operations() {
			state := described[op.Method+" "+words+op.Suffix]
			if state == "documented" {
				continue
			}
			versions := "both"
			if all := append(slices.Clone(above), s); slices.ContainsFunc(all, func(s *edm.Set) bool { return s.Path.V1 == "" }) || only(s, op, "beta") {
				versions, state = "beta", "not a part of v1.0"
			} else if slices.ContainsFunc(all, func(s *edm.Set) bool { return s.Path.Beta == "" }) || only(s, op, "v1.0") {
				versions = "v1.0"
			}
			path := ""
			for _, up := range above {
				path += "/" + up.Path.String()
				if !up.Single {
					path += "/{id}"
				}
			}
			fmt.Fprintf(b, "| %s %s/%s%s | %s | %s |\n", op.Method, path, s.Path, op.Suffix, versions, cmp.Or(state, "nowhere"))
		}
	})
}

// only reports whether an action or blob exists in one version alone.
func only(s *edm.Set, op edm.Operation, version string) bool {
	name := op.Suffix[strings.LastIndex(op.Suffix, "/")+1:]
	for _, a := range append(slices.Clone(s.Actions), s.Common...) {
		if a.Name == name && a.Only == version {
			return true
		}
	}
	return slices.ContainsFunc(s.Blobs, func(x edm.Blob) bool { return x.Name == name && x.Only == version })
}
