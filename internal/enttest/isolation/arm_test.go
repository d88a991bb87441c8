package isolation

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"entente/internal/edge/arm"
	"entente/internal/enttest"
)

const (
	reader   = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
	armQuery = "?api-version=2024-11-30"
)

func (x *side) subscription() string { return "/subscriptions/" + x.Subscription }
func (x *side) group() string        { return x.subscription() + "/resourceGroups/" + x.word }
func (x *side) identity() string {
	return x.group() + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + x.word
}
func (x *side) host() string {
	return x.group() + "/providers/Microsoft.Automation/automationAccounts/" + x.word
}
func (x *side) roles() string {
	return x.subscription() + "/providers/Microsoft.Authorization/roleAssignments"
}

// paths lead to each kind of thing of a side.
var paths = map[string]func(x *side) string{
	"metadata":              func(*side) string { return "/metadata/endpoints" },
	"tenants":               func(*side) string { return "/tenants" },
	"alias":                 func(x *side) string { return "/providers/Microsoft.Subscription/aliases/" + x.word },
	"subscriptions":         func(*side) string { return "/subscriptions" },
	"subscription":          (*side).subscription,
	"groups":                func(x *side) string { return x.subscription() + "/resourceGroups" },
	"group":                 (*side).group,
	"groupContent":          func(x *side) string { return x.group() + "/resources" },
	"providers":             func(x *side) string { return x.subscription() + "/providers" },
	"provider":              func(x *side) string { return x.subscription() + "/providers/Microsoft.ManagedIdentity" },
	"register":              func(x *side) string { return x.subscription() + "/providers/Microsoft.ManagedIdentity/register" },
	"identities":            func(x *side) string { return x.group() + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities" },
	"identity":              (*side).identity,
	"credentials":           func(x *side) string { return x.identity() + "/federatedIdentityCredentials" },
	"credential":            func(x *side) string { return x.identity() + "/federatedIdentityCredentials/" + x.word },
	"ownIdentity":           func(x *side) string { return x.host() + "/providers/Microsoft.ManagedIdentity/identities/default" },
	"hosts":                 func(x *side) string { return x.subscription() + "/providers/Microsoft.Automation/automationAccounts" },
	"host":                  (*side).host,
	"createEnrollmentToken": func(x *side) string { return x.host() + "/createEnrollmentToken" },
	"revokeKeys":            func(x *side) string { return x.host() + "/revokeKeys" },
	"roles":                 (*side).roles,
	"role":                  func(x *side) string { return x.roles() + "/" + x.ids["assignment"] },
	"definitions":           func(x *side) string { return x.subscription() + "/providers/Microsoft.Authorization/roleDefinitions" },
	"definition":            func(x *side) string { return x.subscription() + reader },
}

var place = map[string]any{"location": "westeurope"}

// contents are what each kind is sent by PUT, about what x has.
var contents = map[string]func(x *side) any{
	"alias":    func(x *side) any { return properties(map[string]any{"displayName": x.word}) },
	"group":    func(*side) any { return place },
	"identity": func(*side) any { return place },
	"credential": func(*side) any {
		return properties(map[string]any{"issuer": "https://issuer.invalid", "subject": "job", "audiences": []string{enttest.ExchangeScope}})
	},
	"host": func(x *side) any {
		return map[string]any{"location": "westeurope", "identity": map[string]any{
			"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": map[string]any{x.identity(): struct{}{}},
		}}
	},
	"role": func(x *side) any {
		return properties(map[string]any{"roleDefinitionId": reader, "principalId": x.ids["client"]})
	},
}

func properties(p map[string]any) any { return map[string]any{"properties": p} }

// patches are what each kind is sent by PATCH.
var patches = map[string]func(x *side) any{
	"group":    func(*side) any { return tags },
	"identity": func(*side) any { return tags },
	"host":     contents["host"],
}

var tags = map[string]any{"tags": map[string]string{"taken": "yes"}}

// furnishARM makes one of everything that Azure Resource Manager has.
func (g *ground) furnishARM(t *testing.T, x *side) {
	t.Helper()
	x.ids["assignment"] = enttest.NewID()
	for _, kind := range []string{"alias", "group", "identity", "credential", "host", "role"} {
		g.ARM(t, x.Tenant, http.MethodPut, paths[kind](x), contents[kind](x), nil)
	}
	var made struct {
		Properties struct{ PrincipalID, ClientID string }
	}
	g.ARM(t, x.Tenant, http.MethodGet, x.identity(), nil, &made)
	x.ids["identity principal"], x.ids["identity client"] = made.Properties.PrincipalID, made.Properties.ClientID
}

// armAsk returns the operation on what is x's, about what is of's.
func armAsk(t *testing.T, op arm.Operation, x, of *side) ask {
	t.Helper()
	path := paths[op.Kind]
	if path == nil {
		t.Fatalf("there is no example of the kind %s", op.Kind)
	}
	a := ask{op.Method, path(x) + armQuery, nil}
	table := map[string]map[string]func(*side) any{http.MethodPut: contents, http.MethodPatch: patches}[op.Method]
	if table == nil {
		return a
	}
	if table[op.Kind] == nil {
		t.Fatalf("there is no example of a body for %s %s", op.Method, op.Kind)
	}
	a.body = table[op.Kind](of)
	return a
}

// TestARM walks Azure Resource Manager.
func TestARM(t *testing.T) {
	each(t, func(t *testing.T, g *ground) {
		g.furnishARM(t, g.victim)
		g.furnishARM(t, g.stranger)
		nobody := g.stranger.copy(g.nobody.word)
		nobody.Tenant = g.nobody.Tenant
		g.nobody = nobody
		before := g.rows(t)
		all := arm.Operations()
		for _, op := range all {
			for _, mix := range [][2][2]*side{
				{{g.victim, g.victim}, {g.nobody, g.nobody}},
				{{g.victim, g.stranger}, {g.nobody, g.stranger}},
				{{g.stranger, g.victim}, {g.stranger, g.nobody}},
			} {
				if op.Kind == "alias" { // a name in the caller's own tenant, whoever else has it
					continue
				}
				victims, nobodys := armAsk(t, op, mix[0][0], mix[0][1]), armAsk(t, op, mix[1][0], mix[1][1])
				if text(t, victims) != text(t, nobodys) {
					g.strange(t, g.stranger.arm, victims, nobodys)
				}
			}
			if op.Method == http.MethodGet { // lists of one's own show nothing else
				own := armAsk(t, op, g.stranger, g.stranger)
				g.keepsSecret(t, own, g.send(t, g.stranger.arm, own))
			}
		}
		g.untouched(t, before)
		g.ownARM(t, all)
	})
}

// ownARM has the victim do all of it, deletions last and from below.
func (g *ground) ownARM(t *testing.T, all []arm.Operation) {
	t.Helper()
	order := func(op arm.Operation) int {
		if op.Method != http.MethodDelete {
			return 0
		}
		return 99 - strings.Count(paths[op.Kind](g.victim), "/")
	}
	slices.SortStableFunc(all, func(a, b arm.Operation) int { return order(a) - order(b) })
	for _, op := range all {
		g.succeed(t, g.victim.arm, armAsk(t, op, g.victim, g.victim))
	}
}
