package groups_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

const password = "Copper-Lantern-72"

// person makes a user of a tenant and returns the identifier.
func person(t *testing.T, s *enttest.Server, in *enttest.Tenant, nick string) string {
	t.Helper()
	var made struct{ ID string }
	s.Graph(t, in, http.MethodPost, "/v1.0/users", map[string]any{"accountEnabled": true, "displayName": "Person <i>" + nick, "mailNickname": nick, "userPrincipalName": nick + "@" + in.Domain,
		"passwordProfile": map[string]any{"password": password, "forceChangePasswordNextSignIn": false}}, &made)
	return made.ID
}

func TestGroups(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		tess, quinn := person(t, s, s.A, "tess"), person(t, s, s.A, "quinn")
		at, b := "/@"+s.A.Domain+"/admin", browser.AsAdmin(t, s, s.A)
		b.Get(at+"/groups").Wants(http.StatusOK, "No group yet", "New group")

		form := b.Get(at + "/groups/new")
		p := b.Submit(form, "Find Find members", url.Values{"name": {"Turbine <i>crew"}, "who-joins": {"Person <i>t"}}).Wants(http.StatusOK, "Person <i>tess", "tess@"+s.A.Domain)
		if strings.Contains(p.Body, "<i>") || !strings.Contains(p.Body, `value="Turbine &lt;i&gt;crew"`) {
			t.Errorf("what was typed is kept and inert: %s", p.Body)
		}
		b.Submit(p, "Create group in Contoso", url.Values{"name": {" "}, "member": {tess}}).Wants(http.StatusUnprocessableEntity, "Enter a name")
		b.Submit(p, "Create group in Contoso", url.Values{"nickname": {"not so"}, "member": {tess}}).Wants(http.StatusUnprocessableEntity, "mailNickname")
		p = b.Submit(p, "Create group in Contoso", url.Values{"member": {tess}, "description": {"Who keeps it running"}}).
			Wants(http.StatusOK, "The group is created.", "Security", "Who keeps it running", "Person <i>tess", "Object ID")
		group := p.At.Path
		p = b.Submit(b.Get(group+"/owners/add"), "Find Find people or applications", url.Values{"who": {"quinn@"}}).Wants(http.StatusOK, "Person <i>quinn")
		p = b.Submit(p, "Add owners in Contoso", url.Values{"picked": {quinn}}).Wants(http.StatusOK, "They are added.", "Person <i>quinn")
		p = b.Submit(b.Get(group), "Remove Person <i>quinn", nil).Wants(http.StatusOK, "The last owner stays.")
		b.Submit(b.Get(group+"/members/add"), "Add members in Contoso", nil).Wants(http.StatusUnprocessableEntity, "Find somebody, and pick them")
		b.Post(group+"/members/add", url.Values{"picked": {quinn, tess}}).Wants(http.StatusOK, "They are added.")
		p = b.Get(group+"/members?find=person").Wants(http.StatusOK, "Person <i>tess", "Person <i>quinn")
		b.Submit(p, "Remove Person <i>tess", nil).Wants(http.StatusOK, "The member is removed.")
		if p := b.Get(group + "/members"); strings.Contains(p.Text(), "tess") {
			t.Errorf("removed, and still there: %s", p.Text())
		}
		b.Submit(b.Get(group+"/edit"), "Save in Contoso", url.Values{"name": {"Turbine crew"}, "description": {""}}).Wants(http.StatusOK, "The group is changed.", "Turbine crew")
		list := b.Get(at+"/groups?find=turbine&type=security").Wants(http.StatusOK, "Turbine crew", "Security")
		b.Get(at+"/groups?find=turbine&type=team").Wants(http.StatusOK, "Nothing meets the filter")
		b.Follow(list, "Turbine crew").Wants(http.StatusOK)

		owner := browser.As(t, s, "quinn@"+s.A.Domain, password)
		owner.Post(group+"/members/add", url.Values{"picked": {tess}}).Wants(http.StatusOK, "They are added.")
		member := browser.As(t, s, "tess@"+s.A.Domain, password)
		for _, act := range []string{"/members/add", "/owners/add", "/delete"} {
			member.Post(group+act, url.Values{"picked": {tess}}).Wants(http.StatusForbidden, "Administrator")
		}

		b.Submit(b.Follow(b.Get(group), "Delete…"), "Delete group in Contoso", nil).Wants(http.StatusOK, "The group is deleted.")
		b.Get(group).Wants(http.StatusNotFound)
		p = b.Get(at+"/deleted-groups").Wants(http.StatusOK, "Turbine crew", path.Base(group))
		b.Submit(p, "Restore Turbine crew", nil).Wants(http.StatusOK, "The group is back", "Person <i>tess", "Person <i>quinn")
		b.Post(group+"/delete", nil).Wants(http.StatusOK)
		p = b.Follow(b.Get(at+"/deleted-groups"), "Delete permanently… Turbine crew").Wants(http.StatusOK, "permanently?")
		b.Submit(p, "Delete permanently in Contoso", nil).Wants(http.StatusOK, "The group is gone for good.", "No deleted group")
	})
}

// TestMakeTeam: a Microsoft 365 group with a team is made at once, and names of such
// groups are taken once.
func TestMakeTeam(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		tess := person(t, s, s.A, "tess")
		at, b := "/@"+s.A.Domain+"/admin", browser.AsAdmin(t, s, s.A)
		fill := url.Values{"name": {"Joint test"}, "type": {"team"}, "visibility": {"Private"}, "owner": {tess}}
		p := b.Submit(b.Get(at+"/groups/new"), "Create group in Contoso", fill).Wants(http.StatusOK, "Team", "Jointtest@"+s.A.Domain, "Private", "Person <i>tess")
		var made struct{ DisplayName, Visibility string }
		s.Graph(t, s.A, http.MethodGet, "/v1.0/teams/"+path.Base(p.At.Path), nil, &made)
		if made.DisplayName != "Joint test" || made.Visibility != "private" {
			t.Errorf("the team: %+v", made)
		}
		b.Submit(b.Get(p.At.Path+"/edit"), "Save in Contoso", url.Values{"name": {"Joint tests"}, "visibility": {"Public"}}).Wants(http.StatusOK, "Joint tests", "Public")
		fill.Set("type", "unified")
		b.Submit(b.Get(at+"/groups/new"), "Create group in Contoso", fill).Wants(http.StatusUnprocessableEntity, "mailNickname")
		fill = url.Values{"name": {"Keepers"}, "type": {"security"}, "assignable": {"yes"}}
		b.Submit(b.Get(at+"/groups/new"), "Create group in Contoso", fill).Wants(http.StatusOK, "Roles can be assigned", "None was assigned")
		b.Get(at+"/groups?type=assignable").Wants(http.StatusOK, "Keepers")
		b.Get(at+"/groups?type=team").Wants(http.StatusOK, "Joint tests")
		member := browser.As(t, s, "tess@"+s.A.Domain, password)
		member.Post(at+"/groups/new", url.Values{"name": {"No"}, "type": {"security"}, "assignable": {"yes"}}).Wants(http.StatusForbidden, "Administrator")
	})
}

// TestForeignGroups: a group of another tenant is as absent as none, at both
// tenants' addresses.
func TestForeignGroups(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine})
		theirs := person(t, s, s.B, "quarry")
		var live, gone struct{ ID string }
		for name, made := range map[string]*struct{ ID string }{"Quarry crew": &live, "Quarry past": &gone} {
			s.Graph(t, s.B, http.MethodPost, "/v1.0/groups", map[string]any{"displayName": name, "mailNickname": "quarry", "mailEnabled": false, "securityEnabled": true}, made)
		}
		s.Graph(t, s.B, http.MethodDelete, "/v1.0/groups/"+gone.ID, nil, nil)
		b := browser.AsAdmin(t, s, s.A)
		at := "/@" + s.A.Domain + "/admin"
		for _, id := range []string{live.ID, gone.ID, string(ids.New[ids.ObjectID]()), "x"} {
			for _, rest := range []string{"", "/edit", "/members", "/members/add", "/owners/add", "/delete"} {
				if p := b.Get(at + "/groups/" + id + rest); p.Status != http.StatusNotFound || strings.Contains(p.Body, "Quarry") {
					t.Errorf("%s%s: %d %s", id, rest, p.Status, p.Text())
				}
			}
			for _, to := range []string{"/groups/" + id + "/edit", "/groups/" + id + "/members/add", "/groups/" + id + "/members/remove", "/groups/" + id + "/owners/add",
				"/groups/" + id + "/owners/remove", "/groups/" + id + "/delete", "/deleted-groups/" + id, "/deleted-groups/" + id + "/purge"} {
				p := b.Post(at+to, url.Values{"picked": {theirs}, "object": {theirs}, "name": {"Mine"}, "nickname": {"mine"}})
				if p.Status != http.StatusNotFound || strings.Contains(p.Body, "Quarry") {
					t.Errorf("%s: %d %s", to, p.Status, p.Text())
				}
			}
			b.Get("/@"+s.B.Domain+"/admin/groups/"+id).Wants(http.StatusForbidden, "is not one of Fabrikam")
		}
		var mine struct{ ID string }
		s.Graph(t, s.A, http.MethodPost, "/v1.0/groups", map[string]any{"displayName": "Mine", "mailNickname": "mine", "mailEnabled": false, "securityEnabled": true}, &mine)
		for _, path := range []string{"/members/add", "/owners/add"} {
			if p := b.Post(at+"/groups/"+mine.ID+path, url.Values{"picked": {theirs}}); p.Status != http.StatusNotFound || strings.Contains(p.Body, "quarry") {
				t.Errorf("another tenant's person into a group: %d %s", p.Status, p.Text())
			}
		}
	})
}
