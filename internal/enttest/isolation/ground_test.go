package isolation

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"entente/internal/core/directory"
	"entente/internal/enttest"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/graphtest"
	"entente/internal/enttest/quick"
	"entente/internal/flow/onboard"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A ground is a server with two tenants that have one of everything each, and
// a third that has nothing: the same names, and identifiers of nothing.
type ground struct {
	*enttest.Server
	db                       *sqldb.DB
	victim, stranger, nobody *side
}

// A side is a tenant with what it has.
type side struct {
	*enttest.Tenant
	word  string            // stands in every name that is given here
	ids   map[string]string // identifiers, by what they are of
	graph string            // a token with every application permission of Microsoft Graph
	arm   string
}

func each(t *testing.T, test func(t *testing.T, g *ground)) {
	t.Helper()
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		g := &ground{Server: s, db: dbtest.OpenURL(t, s.Store, s.Clock)}
		g.victim, g.stranger = g.side(t, s.A, "quarry"), g.side(t, s.B, "hunter")
		// Each has a partner of its own, and may make the other one.
		g.victim.ids["partner"], g.stranger.ids["partner"] = g.tenant(t, "third.example"), g.tenant(t, "fourth.example")
		g.victim.ids["partner person"], g.stranger.ids["partner person"] = "admin@third.example", "admin@fourth.example"
		g.victim.ids["another partner"], g.stranger.ids["another partner"] = s.B.ID, s.A.ID
		g.nobody = g.stranger.copy("nothing")
		g.nobody.Tenant = &enttest.Tenant{ID: enttest.NewID(), Domain: "nowhere.example", Subscription: enttest.NewID()}
		test(t, g)
	})
}

// side gives the tenant's administering client every permission.
func (g *ground) side(t *testing.T, tenant *enttest.Tenant, word string) *side {
	t.Helper()
	x := &side{Tenant: tenant, word: word, ids: map[string]string{}}
	var client, graph enttest.Principal
	g.Graph(t, tenant, http.MethodGet, "/v1.0/servicePrincipals(appId='"+tenant.ClientID+"')", nil, &client)
	g.Graph(t, tenant, http.MethodGet, "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')", nil, &graph)
	for _, role := range graph.AppRoles {
		a := g.As(t, g.Admin(t, tenant, enttest.GraphScope), http.MethodPost, "/v1.0/servicePrincipals/"+client.ID+"/appRoleAssignments",
			map[string]any{"principalId": client.ID, "resourceId": graph.ID, "appRoleId": role.ID})
		if had := a.Status == http.StatusBadRequest || a.Status == http.StatusConflict; a.Status != http.StatusCreated && !had {
			t.Fatalf("%s: %d %s", role.Value, a.Status, a.Body)
		}
	}
	x.ids["client"], x.ids["graph"], x.ids["role"] = client.ID, graph.ID, graph.AppRoles[0].ID
	x.graph, x.arm = g.Admin(t, tenant, enttest.GraphScope), g.Admin(t, tenant, enttest.ARMScope)
	return x
}

// tenant makes one more tenant and returns its identifier.
func (g *ground) tenant(t *testing.T, domain string) string {
	t.Helper()
	made, err := onboard.NewService(g.db, directory.NewHasher(1, quick.Passwords)).Create(t.Context(), onboard.Request{
		DisplayName: domain, Initial: domain, AdminUPN: "admin@" + domain, Password: secret.NewString("Correct-horse-7"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(made.Tenant)
}

// copy returns a side whose identifiers are of nothing.
func (x *side) copy(word string) *side {
	c := *x
	c.word, c.ids = word, maps.Clone(x.ids)
	for what := range c.ids {
		c.ids[what] = enttest.NewID()
	}
	return &c
}

// id returns the identifier of what was made.
func (x *side) id(t *testing.T, what string) string {
	t.Helper()
	id, ok := x.ids[what]
	if !ok {
		t.Fatalf("there is no example of %s", what)
	}
	return id
}

// An ask is a request, whoever makes it.
type ask struct {
	method, path string
	body         any
}

// send makes a request with a token.
func (g *ground) send(t *testing.T, token string, a ask) enttest.Answer {
	t.Helper()
	var body io.Reader
	media := "application/json"
	if p, ok := a.body.(graphtest.Picture); ok {
		body, media = bytes.NewReader(p), graphtest.PictureType
	} else if a.body != nil {
		text, err := json.Marshal(a.body)
		if err != nil {
			t.Fatal(err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(t.Context(), a.method, g.Name+strings.ReplaceAll(a.path, " ", "%20"), body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", media)
	req.Header.Set("ConsistencyLevel", "eventual")
	return g.Do(t, req)
}

// strange has the stranger ask for what is the victim's, and for what does not
// exist, which must be answered alike.
func (g *ground) strange(t *testing.T, token string, victims, nobodys ask) {
	t.Helper()
	got, want := g.send(t, token, victims), g.send(t, token, nobodys)
	if got.Status != want.Status || tell(got) != tell(want) {
		t.Errorf("%s %s\nanswers a stranger\n%d %s\nand for what does not exist\n%d %s",
			victims.method, victims.path, got.Status, got.Body, want.Status, want.Body)
	}
	if got.Status >= 500 {
		t.Errorf("%s %s: %d %s", victims.method, victims.path, got.Status, got.Body)
	}
	g.keepsSecret(t, victims, got)
}

// keepsSecret looks for what only the victim knows and the stranger did not say.
func (g *ground) keepsSecret(t *testing.T, a ask, got enttest.Answer) {
	t.Helper()
	said, err := json.Marshal(a.body)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ToLower(string(got.Body) + got.Header.Get("Location"))
	known := []string{g.victim.word, g.victim.Domain, g.victim.ID, g.victim.Subscription}
	for what, id := range g.victim.ids {
		// Some things are the same in every tenant; the stranger knows itself.
		if id != g.stranger.ids[what] && id != g.stranger.ID {
			known = append(known, id)
		}
	}
	for _, secret := range known {
		if strings.Contains(text, strings.ToLower(secret)) && !strings.Contains(a.path+string(said), secret) {
			t.Errorf("%s %s tells a stranger %q: %s", a.method, a.path, secret, got.Body)
		}
	}
}

var changing = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|quarry|nothing|[a-z]+\.example`)

// tell returns what an answer says, but for names and identifiers: the body,
// or the code of an error.
func tell(a enttest.Answer) string {
	var body struct {
		Error struct{ Code string } `json:"error"`
	}
	if a.Status >= 400 && json.Unmarshal(a.Body, &body) == nil {
		return body.Error.Code
	}
	return changing.ReplaceAllString(string(a.Body), "…")
}

// succeed has the victim ask for its own.
func (g *ground) succeed(t *testing.T, token string, a ask) {
	t.Helper()
	if got := g.send(t, token, a); got.Status >= 300 {
		t.Errorf("the walk does not reach %s %s: its own tenant is answered %d %s", a.method, a.path, got.Status, got.Body)
	}
}
