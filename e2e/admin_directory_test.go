package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestAdminDirectory: an administrator makes a group and a user, and every page of
// users and groups is fit to be used.
func TestAdminDirectory(t *testing.T) {
	member := newPerson(t, "Gathered Person")
	id := fmt.Sprint(graph(t, http.MethodGet, "/v1.0/users/"+member.upn+"?$select=id", nil, http.StatusOK)["id"])
	b := open(t)
	b.visit("/@fabrikam.example/admin/groups/new")
	b.signIn(adminB())
	b.at("New group")
	b.look("admin-group-new")
	b.fill("Name", "Turbine crew")
	b.fill("Find members (optional)", "Gathered")
	b.leads("find the member", chromedp.Click(`button[name="find-who-joins"]`, chromedp.ByQuery))
	b.says("Gathered Person")
	b.look("admin-group-new-found")
	b.do("pick the member", chromedp.Click(`input[name="member"]`, chromedp.ByQuery))
	b.press("Create group in Fabrikam")
	b.at("Turbine crew")
	b.says("The group is created.")
	b.look("admin-group")
	group := b.address().Path
	see := func(path, heading, name string) {
		t.Helper()
		b.visit(path)
		b.at(heading)
		b.look("admin-" + name)
	}
	const at = "/@fabrikam.example/admin"
	see(group+"/members", "Members of Turbine crew", "group-members")
	see(group+"/members/add", "Add members", "group-members-add")
	see(group+"/edit", "Edit Turbine crew", "group-edit")
	see(at+"/groups", "Groups", "groups")
	see(at+"/groups?find=nothing", "Groups", "groups-none")
	see(group+"/delete", "Delete Turbine crew?", "group-delete")
	b.press("Delete group in Fabrikam")
	see(at+"/deleted-groups", "Deleted groups", "deleted-groups")
	b.press("Restore Turbine crew")
	b.at("Turbine crew")

	see(at+"/users", "Users", "directory-users")
	see(at+"/users/"+id, "Gathered Person", "directory-user")
	see(at+"/users/"+id+"/edit", "Edit Gathered Person", "user-edit")
	see(at+"/users/"+id+"/sessions", "Sessions of Gathered Person", "user-sessions")
	see(at+"/users/"+id+"/password", "Reset the password of Gathered Person?", "user-password")
	see(at+"/users/invite", "Invite external user", "user-invite")
	see(at+"/users/new", "New user", "user-new")
	b.fill("User principal name", "counted")
	b.fill("Display name", "Counted Person")
	b.press("Create user in Fabrikam")
	b.at("Password of Counted Person")
	b.look("admin-user-made")
	b.press("Open the user")
	b.at("Counted Person")
	b.visit(b.address().Path + "/delete")
	b.press("Delete user in Fabrikam")
	see(at+"/deleted-users", "Deleted users", "deleted-users")
	b.leads("restore the user", chromedp.Click(`main table a[href$="/restore"]`, chromedp.ByQuery))
	b.look("admin-user-restore")
}
