package graphtest

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entente/internal/core/authz"
	"entente/internal/edge/graph/edm"
	"entente/internal/edge/graph/sets"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

func declared(t *testing.T) *edm.Registry {
	t.Helper()
	r, err := sets.Services{}.Registry()
	must(t, err)
	return r
}

// TestPrintedAuthority holds the rule to the table that is read in review.
func TestPrintedAuthority(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("Who may what: printed from the registry and the rule in authority_rule_test.go, and asked of the server by TestAuthority.\n" +
		"In the first block each place is a person with a directory role, in the order below; in the second a member, a guest,\n" +
		"an owner of the example, the person that it is; in the third a program with the role and without any permission;\n" +
		"P a program with all permissions.\n\n")
	for i, r := range authz.BuiltIn() {
		fmt.Fprintf(&b, "%2d %s\n", i+1, r.Name)
	}
	b.WriteString("\n")
	for _, d := range doings(declared(t)) {
		mark := func(list []who) string {
			var s strings.Builder
			for _, w := range list {
				s.WriteByte(map[bool]byte{true: 'x', false: '.'}[d.may(w)])
			}
			return s.String()
		}
		all, n := everybody(), len(authz.BuiltIn())
		program := map[bool]string{true: "P", false: "."}[len(d.op.May.App) > 0]
		fmt.Fprintf(&b, "%s %s %s %s %s\n", mark(all[:n]), mark(all[2*n:]), mark(all[n:2*n]), program, d.name())
	}
	golden(t, "testdata/authority.txt", b.Bytes())
}

// stops are operations whose examples nobody brings to their end, and why.
var stops = map[string]string{
	"PUT /groups/team": "a team stands over the example already",
	"DELETE /identityGovernance/entitlementManagement/catalogs/{id}": "the example has access packages",

	"POST /identityGovernance/entitlementManagement/assignmentRequests/{id}/reprocess": delivered,
	"POST /identityGovernance/entitlementManagement/assignmentRequests/{id}/resume":    delivered,

	"POST /directoryRoles":                   "every role is active, since somebody was given it",
	"POST /applications/{id}/addKey":         "the proof is none",
	"POST /applications/{id}/removeKey":      "the proof is none",
	"POST /servicePrincipals/{id}/addKey":    "the proof is none",
	"POST /servicePrincipals/{id}/removeKey": "the proof is none",
}

// delivered is why a request is not delivered again, and waits for nothing.
const delivered = "the example was delivered"

// A matrix asks the server what the rule says.
type matrix struct {
	*World
	f    *Furnishing
	done map[string]bool // what somebody brought to its end
	some map[string]bool // what somebody may
}

// TestAuthority asks for every operation in the name of everybody.
func TestAuthority(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		client := w.Client(t, w.A, Everything...)
		m := &matrix{World: w, f: w.examples(t, client).Furnishing, done: map[string]bool{}, some: map[string]bool{}}
		all := doings(w.Registry)
		tokens := map[string]string{}
		asking := everybody()
		if w.DB.Engine() == sqldb.PostgreSQL { // the rule is the same, and a request dearer: one role in four
			asking = slices.DeleteFunc(asking, func(x who) bool {
				return x.role.Name != "" && len(x.role.Actions)%4 != 0 && x.role.ID != authz.GlobalAdministrator
			})
		}
		if testing.Short() { // under the race detector it is about the code that runs, not about each answer
			all = every(10, all)
		}
		for _, x := range asking {
			tokens[fmt.Sprint(x.name, x.program)] = m.token(t, client, x)
		}
		least := m.permitted(t, all)
		strangers := map[string]*Client{
			"a stranger's administrator": w.Person(t, w.B, w.B.Admin, scopes(w.B)...), "a stranger's program": w.Client(t, w.B, roles(w.B)...),
		}
		m.f.IDs["another partner"] = string(w.tenant(t, "Third", "third.example").ID)
		nobody := m.copyOfNothing()
		w.DB.Rehearse(true)
		defer w.DB.Rehearse(false)
		for _, d := range all {
			for _, x := range asking {
				m.ask(t, d, tokens[fmt.Sprint(x.name, x.program)], x.String(), d.may(x))
			}
			for _, p := range least[d.name()] {
				m.ask(t, d, p.token, p.name, p.may)
			}
			if d.named() {
				for name, c := range strangers {
					m.strange(t, d, c.Token, name, nobody)
				}
			}
			if _, stopped := stops[d.name()]; m.some[d.name()] && m.done[d.name()] == stopped {
				t.Errorf("%s is brought to its end: %t, which is not what stops says", d.name(), stopped)
			}
		}
	})
}

// every returns one in n.
func every[T any](n int, list []T) (some []T) {
	for i := 0; i < len(list); i += n {
		some = append(some, list[i])
	}
	return some
}

func (w who) String() string {
	if w.program {
		return "a program that is " + w.name
	}
	return w.name
}

// scopes are all delegated permissions of Microsoft Graph but the one that
// stands for all.
func scopes(of Tenant) (all []string) {
	for _, s := range of.Graph.Scopes {
		if s.Value != authz.AsUser {
			all = append(all, s.Value)
		}
	}
	return all
}

// roles are all application permissions of Microsoft Graph.
func roles(of Tenant) (all []string) {
	for _, r := range of.Graph.AppRoles {
		if r.Value != nil {
			all = append(all, *r.Value)
		}
	}
	return all
}

// token makes somebody and returns what they ask with.
func (m *matrix) token(t *testing.T, c *Client, x who) string {
	t.Helper()
	if x.program {
		program := m.Client(t, m.A)
		must(t, m.assign(t, program.Principal.ID, x.role.ID))
		return program.Token
	}
	if x.self {
		return m.Person(t, m.A, ids.ObjectID(m.f.IDs["/users"]), scopes(m.A)...).Token
	}
	body := NewUser(m.A.Domain, "caller-"+strings.ToLower(strings.ReplaceAll(x.name, " ", "-")))
	if x.guest {
		body["userType"] = "Guest"
	}
	id := c.Send(t, m.World, http.StatusCreated, "POST", "/v1.0/users", body).Text("id")
	if x.role.Name != "" {
		must(t, m.assign(t, ids.ObjectID(id), x.role.ID))
	}
	for _, of := range []string{"/groups", "/applications", "/servicePrincipals"} {
		if x.owner {
			c.Send(t, m.World, http.StatusNoContent, "POST", "/v1.0"+of+"/"+m.f.IDs[of]+"/owners/$ref", Ref(id))
		}
	}
	return m.Person(t, m.A, ids.ObjectID(id), scopes(m.A)...).Token
}

func (m *matrix) assign(t *testing.T, id ids.ObjectID, role ids.RoleID) error {
	_, err := m.Users.AssignRole(t.Context(), authz.System(m.A.ID, "test"), id, role, "/")
	return err
}

// A permitted is a program with certain permissions, or the administrator
// through one.
type permitted struct {
	name, token string
	may         bool
}

// permitted returns, for each operation, a program with all permissions, one
// with none, one without those that are declared, one with each that is; and
// the administrator through programs likewise.
func (m *matrix) permitted(t *testing.T, all []doing) map[string][]permitted {
	t.Helper()
	made := map[string]string{}
	with := func(kind string, names []string, make func([]string) *Client) string {
		key := kind + strings.Join(names, " ")
		if made[key] == "" {
			made[key] = make(names).Token
		}
		return made[key]
	}
	program := func(names []string) string {
		return with("program ", names, func(n []string) *Client { return m.Client(t, m.A, n...) })
	}
	person := func(names []string) string {
		return with("person ", names, func(n []string) *Client { return m.Person(t, m.A, m.A.Admin, n...) })
	}
	var apps, delegations []string // that are declared for anything
	for _, d := range all {
		apps, delegations = append(apps, everyName(d.op.May.App)...), append(delegations, everyName(d.op.May.Delegated)...)
	}
	slices.Sort(apps)
	slices.Sort(delegations)
	apps, delegations = slices.Compact(apps), slices.Compact(delegations)
	out := map[string][]permitted{}
	for _, d := range all {
		add := func(name, token string, may bool) { out[d.name()] = append(out[d.name()], permitted{name, token, may}) }
		app, delegated := d.op.May.App, d.op.May.Delegated
		add("a program with all permissions", program(roles(m.A)), len(app) > 0)
		add("a program with none", program(nil), false)
		add("a program with all others", program(allBut(apps, app)), false)
		for _, p := range app {
			add("a program with "+p.String(), program(companions(p)), d.reaches(p))
			if p.With != nil {
				add("a program with "+p.Name+" alone", program([]string{p.Name}), false)
			}
		}
		chief, _ := authz.RoleByID(authz.GlobalAdministrator)
		add("the administrator through a program with none", person([]string{"openid"}), false)
		add("the administrator through a program with all others", person(allBut(delegations, append(delegated, edm.Perm{Name: authz.AsUser}))), false)
		for _, p := range delegated {
			if !p.Self && (p.Only == nil || d.op.Method == http.MethodGet) {
				add("the administrator through a program with "+p.String(), person(companions(p)), d.may(who{role: chief}) && !narrow[d.name()][p.Name])
			}
		}
	}
	return out
}

// companions are the permissions that p asks for.
func companions(p edm.Perm) []string {
	if p.With == nil {
		return []string{p.Name}
	}
	return []string{p.Name, p.With[0]}
}

func allBut(all []string, taken edm.Perms) []string {
	return slices.DeleteFunc(slices.Clone(all), func(name string) bool {
		return slices.ContainsFunc(taken, func(p edm.Perm) bool { return p.Name == name })
	})
}

func everyName(p edm.Perms) (all []string) {
	for _, one := range p {
		all = append(all, one.Name)
	}
	return all
}

// narrow are permissions that are declared for an operation and do not reach
// its example: to manage applications is to consent to nothing, and nobody
// gets at Microsoft Graph by it; whoever manages what they own makes principals
// of that only, and the example is another's application.
var narrow = map[string]map[string]bool{
	"POST /servicePrincipals":                           {"Application.ReadWrite.OwnedBy": true},
	"POST /servicePrincipals/appRoleAssignments":        {"Application.ReadWrite.All": true},
	"DELETE /servicePrincipals/appRoleAssignments/{id}": {"Application.ReadWrite.All": true},
}

// unable are permissions with which a program on its own does not do an operation
// to its example: to govern is not to give what one could not give otherwise.
var unable = map[string]string{
	"POST /identityGovernance/entitlementManagement/resourceRequests": "EntitlementManagement.ReadWrite.All",
}

// reaches reports whether a permission alone lets a program do the operation
// to an example that it does not own.
func (d doing) reaches(p edm.Perm) bool {
	switch {
	case narrow[d.name()][p.Name], unable[d.name()] == p.Name, p.Owned && d.named():
		return false
	case p.Only != nil:
		return d.op.Method == http.MethodGet
	}
	return true
}

// request is the operation on the example of a furnishing.
func (d doing) request(t *testing.T, f *Furnishing) (path string, body any) {
	t.Helper()
	path = "/v1.0" + f.PathTo(t, edm.V1, d.above, d.set)
	parent := ""
	if n := len(d.above); n > 0 && !d.above[n-1].Single {
		parent = f.Key(t, Words(d.above[:n-1], d.above[n-1]))
	}
	suffix, one := strings.CutPrefix(d.op.Suffix, "/{id}")
	if one {
		path += "/" + f.KeyFor(t, d.words, suffix)
	}
	return path + f.Call(d.words, suffix), f.Body(t, d.op.Method, d.words, suffix, parent)
}

// ask wants the server to say what the rule says.
func (m *matrix) ask(t *testing.T, d doing, token, name string, may bool) {
	t.Helper()
	path, body := d.request(t, m.f)
	a := m.Call(t, token, d.op.Method, path, body, "ConsistencyLevel", "eventual")
	refused := a.Status == http.StatusForbidden
	done := a.Status < 300 || a.Status == http.StatusServiceUnavailable && strings.Contains(string(a.Raw), "rehearsed")
	m.done[d.name()] = m.done[d.name()] || done
	m.some[d.name()] = m.some[d.name()] || may
	switch {
	case refused == may:
		t.Errorf("%s by %s: got %d %s, and the rule says %t", d.name(), name, a.Status, a.Raw, may)
	case may && !done && (a.Status >= 500 || stops[d.name()] == "" && a.Status != http.StatusNotFound && a.Status != http.StatusBadRequest):
		t.Errorf("%s by %s: got %d %s", d.name(), name, a.Status, a.Raw)
	}
}

// everywhere is what all tenants have, under the same keys.
var everywhere = []string{"/directoryRoleTemplates", "/roleManagement/directory/roleDefinitions", "/roleManagement/entitlementManagement/roleDefinitions"}

// copyOfNothing returns a furnishing whose keys lead nowhere, but for what is
// everywhere.
func (m *matrix) copyOfNothing() *Furnishing {
	f := *m.f
	f.IDs = maps.Clone(m.f.IDs)
	for what := range f.IDs {
		if !slices.Contains(everywhere, what) {
			f.IDs[what] = guid.ReplaceAllStringFunc(f.IDs[what], func(string) string { return string(ids.New[ids.ObjectID]()) })
			if f.IDs[what] == m.f.IDs[what] {
				f.IDs[what] = string(ids.New[ids.ObjectID]())
			}
		}
	}
	return &f
}

// guid finds the identifiers in one that has several, such as a site's.
var guid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

// changing is what differs between two answers of the same kind.
var changing = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|[A-Za-z0-9_-]{43,}|[a-z.-]+\.example|"date":"[^"]*"`)

// strange wants somebody of another tenant to be answered on what is there as
// on what is not.
func (m *matrix) strange(t *testing.T, d doing, token, name string, nobody *Furnishing) {
	t.Helper()
	tell := func(f *Furnishing) (int, string) {
		path, body := d.request(t, f)
		a := m.Call(t, token, d.op.Method, path, body, "ConsistencyLevel", "eventual")
		return a.Status, changing.ReplaceAllString(string(a.Raw), "…")
	}
	status, text := tell(m.f)
	unknown, want := tell(nobody)
	builtIn := slices.ContainsFunc(everywhere, func(words string) bool { return strings.HasPrefix(d.words, words) })
	if status != unknown || text != want || status < 400 && !builtIn || status >= 500 {
		t.Errorf("%s by %s: got %d %s, and %d %s on what does not exist", d.name(), name, status, text, unknown, want)
	}
}
