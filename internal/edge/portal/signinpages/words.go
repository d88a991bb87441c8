package signinpages

import (
	"slices"
	"strings"

	"entente/internal/core/app"
	"entente/internal/core/consent"
)

// A line is one permission as the consent page tells it.
type line struct {
	Icon   string
	Title  string
	Detail string
	Reach  string // how many people that is, or empty
	Value  string
	Of     string // the resource's name
}

// words says in plain words what a permission of Microsoft Graph lets an
// application do. people means that it reaches every account.
type words struct {
	icon, title, detail string
	people              bool
}

var onItsOwn = map[string]words{
	"User.ReadBasic.All":                 {"group", "Read everybody’s basic profile", "Display names, first and last names, user names and addresses.", true},
	"User.Read.All":                      {"group", "Read everybody’s profile", "Names, addresses, job titles, managers and phone numbers.", true},
	"User.ReadWrite.All":                 {"group", "Read and change everybody’s profile", "It can also create and delete accounts. It can’t reset administrators’ passwords.", true},
	"User.Invite.All":                    {"seat", "Invite guests", "People of other organizations get guest accounts.", false},
	"User.EnableDisableAccount.All":      {"group", "Block and unblock accounts", "It can keep anybody from signing in.", true},
	"User.RevokeSessions.All":            {"group", "End everybody’s sign-in sessions", "People have to sign in again.", true},
	"User-PasswordProfile.ReadWrite.All": {"key", "Reset passwords", "It can set a new password for anybody, and then sign in as them.", true},
	"User.Export.All":                    {"group", "Export everybody’s data", "Everything that is stored about a person.", true},
	"Group.Create":                       {"group", "Create groups", "It becomes their owner, and can change those it made.", false},
	"Group.Read.All":                     {"group", "Read all groups and what is in them", "Also groups with hidden members.", false},
	"Group.ReadWrite.All":                {"group", "Read, change and delete all groups", "It decides who is a member of what.", false},
	"GroupMember.Read.All":               {"group", "Read all groups and who is in them", "Also groups with hidden members.", false},
	"GroupMember.ReadWrite.All":          {"group", "Change who is in which group", "Whoever is put into a group gets what the group has.", false},
	"Directory.Read.All":                 {"org", "Read the whole directory", "People, groups, applications, devices and roles.", true},
	"Directory.ReadWrite.All":            {"org", "Read and change the whole directory", "People, groups and devices. It can’t delete people or reset passwords.", true},
	"RoleManagement.Read.Directory":      {"key", "Read who is administrator of what", "All directory roles and their holders.", false},
	"RoleManagement.ReadWrite.Directory": {"key", "Decide who is administrator", "It can make anybody, itself included, Global Administrator.", true},
	"RoleManagement.Read.All":            {"key", "Read who holds which role", "Roles of the directory and of other services.", false},
	"Application.Read.All":               {"app", "Read all applications", "And which permissions they have.", false},
	"Application.ReadWrite.All":          {"app", "Change all applications", "It can add credentials to any application, and then act as it.", true},
	"Application.ReadWrite.OwnedBy":      {"app", "Change applications that it owns", "It can create applications of its own.", false},
	"AppRoleAssignment.ReadWrite.All":    {"key", "Grant permissions to applications", "It can give any permission to any application, itself included.", true},
	"DelegatedPermissionGrant.Read.All":  {"app", "Read which applications may act for people", "All delegated grants.", false},
	"DelegatedPermissionGrant.ReadWrite.All": {"key", "Decide which applications may act for people",
		"It can consent for anybody to any delegated permission.", true},
	"EntitlementManagement.Read.All":      {"org", "Read access packages and who has them", "Catalogs, policies, requests and assignments.", false},
	"EntitlementManagement.ReadWrite.All": {"org", "Change access packages and who has them", "It decides who gets what through them.", false},
	"AccessReview.Read.All":               {"clock", "Read access reviews", "And what was decided in them.", false},
	"AccessReview.ReadWrite.All":          {"clock", "Change access reviews", "It can decide in them.", false},
	"AuditLog.Read.All":                   {"clock", "Read the audit and sign-in logs", "Who did what, and who signed in from where.", true},
	"Policy.Read.All":                     {"org", "Read all policies", "How sign-in and access are governed.", false},
	"Policy.ReadWrite.CrossTenantAccess":  {"org", "Decide which organizations may come in", "And where your own people may go.", true},
	"Policy.ReadWrite.Authorization":      {"org", "Change what people may do by default", "Such as who may invite guests.", true},
	"Organization.Read.All":               {"org", "Read facts about the organization", "Name, domains, contact addresses.", false},
	"Organization.ReadWrite.All":          {"org", "Change facts about the organization", "Name, contact addresses, branding.", false},
	"Domain.Read.All":                     {"site", "Read the organization’s domains", "Verified ones and others.", false},
	"Domain.ReadWrite.All":                {"site", "Change the organization’s domains", "It can add and remove them.", false},
}

var whileUsed = map[string]words{
	"openid":             {"seat", "Sign people in", "", false},
	"profile":            {"seat", "See the name of whoever uses it", "", false},
	"email":              {"seat", "See the address of whoever uses it", "", false},
	"offline_access":     {"clock", "Keep the access that a person has given it", "Also while they are away.", false},
	"User.Read":          {"seat", "Sign people in and read their own profile", "", false},
	"User.ReadWrite":     {"seat", "Read and change the profile of whoever uses it", "", false},
	"User.ReadBasic.All": {"group", "Read everybody’s basic profile", "Display names, user names and addresses.", false},
	"User.Read.All":      {"group", "Read everybody’s profile", "As far as the person who uses it may.", false},
	"Group.Read.All":     {"group", "Read groups and what is in them", "As far as the person who uses it may.", false},
	"Directory.Read.All": {"org", "Read the directory", "As far as the person who uses it may.", false},
}

// forYou says the same to the person themselves, where it differs.
var forYou = map[string]words{
	"openid":             {"seat", "Sign you in", "", false},
	"profile":            {"seat", "See your name", "", false},
	"email":              {"seat", "See your address", "", false},
	"offline_access":     {"clock", "Keep this access", "Also while you are away.", false},
	"User.Read":          {"seat", "Sign you in and read your profile", "", false},
	"User.ReadWrite":     {"seat", "Read and change your profile", "", false},
	"User.Read.All":      {"group", "Read everybody’s profile", "As far as you may.", false},
	"Group.Read.All":     {"group", "Read groups and what is in them", "As far as you may.", false},
	"Directory.Read.All": {"org", "Read the directory", "As far as you may.", false},
}

// tellPerson returns permissions as lines for the person whom they concern.
func tellPerson(items []consent.Item) []line {
	lines := tell(items, "")
	for n, i := range items {
		if w, ok := forYou[i.Value]; ok && i.ResourceApp == app.GraphAppID {
			lines[n].Icon, lines[n].Title, lines[n].Detail = w.icon, w.title, w.detail
		}
	}
	return lines
}

// tell returns permissions as lines. Words of ours go before those of the
// resource, which are shown inert.
func tell(items []consent.Item, everybody string) []line {
	lines := make([]line, 0, len(items))
	for _, i := range items {
		l := line{Icon: "app", Title: i.Name, Detail: i.Description, Value: i.Value, Of: i.ResourceName}
		plain := whileUsed
		if i.Application {
			plain = onItsOwn
		}
		if w, ok := plain[i.Value]; ok && i.ResourceApp == app.GraphAppID {
			l.Icon, l.Title, l.Detail = w.icon, w.title, w.detail
			if w.people {
				l.Reach = everybody
			}
		}
		if l.Title == "" {
			l.Title = i.Value
		}
		lines = append(lines, l)
	}
	return lines
}

// changing are the words in a permission's name that say more than reading.
var changing = []string{"Write", "FullControl", "Manage", "Send", "Create", "Invite", "EnableDisable", "Revoke", "DeleteRestore", "AccessAsUser", "Selected", "ReadUpdate"}

// cannot returns what an application with these permissions can't do, or "".
// Of a resource other than Microsoft Graph we can't know, and say nothing.
func cannot(items []consent.Item) string {
	var values []string
	for _, i := range items {
		if i.ResourceApp != app.GraphAppID {
			return ""
		}
		values = append(values, i.Value)
	}
	has := func(parts ...string) bool {
		return slices.ContainsFunc(values, func(v string) bool {
			return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(v, part) })
		})
	}
	var not []string
	if !has(changing...) {
		not = append(not, "change or delete anything")
	}
	if !has("Mail.", "Sites.", "Files.", "AccessAsUser") {
		not = append(not, "read mail or files")
	}
	if len(not) == 0 {
		return "see passwords"
	}
	return strings.Join(not, ", ") + ", or see passwords"
}
