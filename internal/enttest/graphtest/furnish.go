package graphtest

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"entente/internal/edge/graph/edm"
)

// NoRole is the role of an assignment without one.
const NoRole = "00000000-0000-0000-0000-000000000000"

// Everything are permissions that reach all that there is.
var Everything = []string{
	"User.ReadWrite.All", "Directory.ReadWrite.All", "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All",
	"DelegatedPermissionGrant.ReadWrite.All", "Organization.ReadWrite.All", "Group.ReadWrite.All",
	"Policy.ReadWrite.PermissionGrant", "AuditLog.Read.All",
	"Team.ReadBasic.All", "Team.Create", "TeamSettings.ReadWrite.All", "TeamMember.ReadWrite.All", "Sites.FullControl.All",
	"Policy.Read.All", "Policy.ReadWrite.CrossTenantAccess", "Policy.ReadWrite.Authorization",
	"Policy.ReadWrite.SecurityDefaults", "UserAuthenticationMethod.ReadWrite.All",
	"Domain.ReadWrite.All", "CrossTenantInformation.ReadBasic.All", "User.Invite.All", "RoleManagement.ReadWrite.Directory",
	"EntitlementManagement.ReadWrite.All",
}

// A Furnishing is a tenant in which each set of the registry holds an entity.
// Its maker says who the tenant is and how its client speaks to the server;
// rooms fill it.
type Furnishing struct {
	Tenant string // its identifier
	Domain string // its initial domain
	Word   string // stands in every name that is given here

	// IDs are keys of entities, by the words of the path to their set
	// ("/groups/owners") or by what a room calls them. Who makes a furnishing
	// puts in "client" (the asking service principal), "graph" (the tenant's
	// service principal of Microsoft Graph), "role" (one of its app roles),
	// "partner" and "another partner" (other tenants of the installation) and
	// "partner person" (an address in the first).
	IDs map[string]string

	// Send asks as the client and fails the test unless it succeeds.
	Send func(method, path string, body any) map[string]any

	// Enroll gives a user an authenticator and returns its identifier.
	Enroll func(user string) string

	// Publish puts a record where the server looks before it asks DNS.
	Publish func(record string)

	// Work has the server do what is due, or waits a moment for it.
	Work func()
}

// A Room is the part of a furnishing that one folder of sets is about. Whoever
// declares a set says here what can be found in it and what it is sent.
type Room struct {
	Furnish func(f *Furnishing)

	// Creations are what a set is sent to make an entity of what f has, below
	// the parent if there is one.
	Creations map[string]func(f *Furnishing, parent string) map[string]any
	// Changes are what an entity is sent to change it.
	Changes map[string]map[string]any
	// Actions are what an action is sent, by its suffix ("/addPassword"), on
	// the set that words lead to. They go before the other two.
	Actions map[string]func(f *Furnishing, words string) map[string]any
	// Functions are what functions are asked with, by their suffix, behind the
	// words of the set where that matters.
	Functions map[string]func(f *Furnishing) string
}

// rooms are all of them, in the order in which they furnish.
var rooms = []Room{people, groups, teams, registrations, deletions, policies, names, logs, directoryRoles, governance, requests}

// Furnish makes one of everything.
func (f *Furnishing) Furnish() {
	for _, r := range rooms {
		r.Furnish(f)
	}
}

// Create makes an entity, keeps its key and returns it.
func (f *Furnishing) Create(key, path string, body map[string]any) map[string]any {
	made := f.Send(http.MethodPost, "/v1.0"+path, body)
	for _, name := range []string{"id", "keyId"} {
		if id, ok := made[name].(string); ok {
			f.IDs[key] = id
		}
	}
	return made
}

// A Picture is a body that is no JSON.
type Picture []byte

// PictureType is what a picture is sent as.
const PictureType = "image/png"

// NewPicture returns the smallest picture that is one.
func NewPicture() Picture {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		panic(err) // into memory
	}
	return b.Bytes()
}

// Ref returns a reference to an object, as POST …/$ref takes it.
func Ref(id string) map[string]any {
	return map[string]any{"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/" + id}
}

// Bind returns references as name@odata.bind takes them.
func Bind(ids ...string) []any {
	var list []any
	for _, id := range ids {
		list = append(list, Ref(id)["@odata.id"])
	}
	return list
}

// Words returns the words of the path to a set: "/groups/owners".
func Words(above []*edm.Set, s *edm.Set) string {
	words := ""
	for _, up := range above {
		words += "/" + up.Path.String()
	}
	return words + "/" + s.Path.String()
}

// Key returns the key of the entity in the set that words lead to.
func (f *Furnishing) Key(t testing.TB, words string) string {
	t.Helper()
	id, ok := f.IDs[words]
	if !ok {
		t.Fatalf("there is no example of %s", words)
	}
	return id
}

// KeyFor returns the key of the entity that an action is done to: it may have
// an example of its own.
func (f *Furnishing) KeyFor(t testing.TB, words, suffix string) string {
	t.Helper()
	if id, ok := f.IDs[words+suffix]; ok {
		return id
	}
	return f.Key(t, words)
}

// Call returns a suffix with the parameters of the function that it names, on the
// set that words lead to.
func (f *Furnishing) Call(words, suffix string) string {
	for _, r := range rooms {
		with := r.Functions[words+suffix]
		if with == nil {
			with = r.Functions[suffix]
		}
		if with != nil {
			return suffix + "(" + with(f) + ")"
		}
	}
	return suffix
}

// Body returns what an operation of the set that words lead to is sent: suffix
// is what follows the set, or the key of its entity.
func (f *Furnishing) Body(t testing.TB, method, words, suffix, parent string) any {
	t.Helper()
	if method == http.MethodGet || method == http.MethodDelete {
		return nil
	}
	switch suffix {
	case "/$ref":
		if id, ok := f.IDs["$ref "+words]; ok {
			return Ref(id)
		}
		return Ref(f.Key(t, "user"))
	case "/logo":
		return NewPicture()
	}
	for _, r := range rooms {
		action, creation, change := r.Actions[suffix], r.Creations[words], r.Changes[words]
		switch {
		case action != nil:
			if body := action(f, words); body != nil {
				return body
			}
			return nil
		case (method == http.MethodPost || method == http.MethodPut) && suffix == "" && creation != nil:
			return creation(f, parent)
		case method == http.MethodPatch && suffix == "" && change != nil:
			return change
		}
	}
	t.Fatalf("there is no example of a body for %s %s%s", method, words, suffix)
	return nil
}

// PathTo returns the path to a set, with the keys of the entities above it.
func (f *Furnishing) PathTo(t testing.TB, v edm.Version, above []*edm.Set, s *edm.Set) string {
	t.Helper()
	var path strings.Builder
	for i, up := range above {
		path.WriteString("/" + up.Path.In(v))
		if !up.Single {
			path.WriteString("/" + f.Key(t, Words(above[:i], up)))
		}
	}
	return path.String() + "/" + s.Path.In(v)
}
