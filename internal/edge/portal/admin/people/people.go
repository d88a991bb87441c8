// Package people is the area of the admin center in which an organization's
// people are: users of its own and guests, how they come and go, and what stands
// around each.
package people

import (
	"net/http"
	"strings"

	"entente/internal/core/consent"
	"entente/internal/core/directory"
	"entente/internal/core/factor"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/explain"
	"entente/internal/flow/guest"
	"entente/internal/flow/signin"
)

// Options are what the pages need.
type Options struct {
	Users   *directory.Service
	Guests  *guest.Service
	SignIn  *signin.Service
	Factors *factor.Service
	Consent *consent.Service
	Access  *entitlement.Service
	Logs    *explain.Service
	Base    string // of the addresses that people are sent
}

type pages struct {
	Options
	*admin.Desk
}

var routes = map[string]admin.Page[pages]{
	"GET /users":                         (*pages).users,
	"GET /users/new":                     (*pages).newUser,
	"POST /users/new":                    (*pages).create,
	"GET /users/invite":                  (*pages).inviting,
	"POST /users/invite":                 (*pages).invite,
	"GET /users/{user}":                  (*pages).user,
	"GET /users/{user}/invitation":       (*pages).invitation,
	"GET /users/{user}/edit":             (*pages).editing,
	"POST /users/{user}/edit":            (*pages).edit,
	"GET /users/{user}/password":         (*pages).resetting,
	"POST /users/{user}/password":        (*pages).reset,
	"GET /users/{user}/sessions":         (*pages).sessions,
	"POST /users/{user}/sessions/end":    (*pages).endSession,
	"POST /users/{user}/methods/remove":  (*pages).removeMethod,
	"GET /users/{user}/block":            (*pages).blocking,
	"POST /users/{user}/block":           (*pages).block,
	"POST /users/{user}/allow":           (*pages).allow,
	"GET /users/{user}/revoke":           (*pages).revoking,
	"POST /users/{user}/revoke":          (*pages).revoke,
	"GET /users/{user}/delete":           (*pages).deleting,
	"POST /users/{user}/delete":          (*pages).remove,
	"GET /deleted-users":                 (*pages).deletedUsers,
	"GET /deleted-users/{user}/restore":  (*pages).restoring,
	"POST /deleted-users/{user}/restore": (*pages).restore,
	"GET /deleted-users/{user}/purge":    (*pages).purging,
	"POST /deleted-users/{user}/purge":   (*pages).purge,
}

// Add mounts the area.
func Add(c *admin.Center, o Options) {
	d := c.Desk(nil, nil)
	admin.Mount(c, d, &pages{o, d}, routes)
}

func said(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// accepted says whether a guest has accepted the invitation.
func accepted(u *directory.User) string {
	switch {
	case u.ExternalUserState == nil:
		return "–"
	case u.HasAccepted():
		return "Yes"
	}
	return "No"
}

func kindOf(u *directory.User) string {
	if kind := said(u.UserType); kind != "" {
		return kind
	}
	return "Member"
}

// creation names how an account came to be, as administrators know it.
func creation(u *directory.User) string {
	switch said(u.CreationType) {
	case "Invitation":
		return "Invitation"
	case "":
		return "Made here"
	}
	return said(u.CreationType)
}

func enabled(u *directory.User) portal.Tag {
	if u.Enabled() {
		return portal.Tag{Kind: "ok", Text: "Enabled"}
	}
	return portal.Tag{Kind: "stop", Text: "Blocked"}
}

// address is what tells a user from others of the name.
func address(u *directory.User) string {
	if kindOf(u) == "Guest" && u.Mail != nil {
		return *u.Mail
	}
	return strings.TrimPrefix(u.UserPrincipalName, strings.ReplaceAll(string(u.ID), "-", "")) // which stands before a deleted one
}

// one returns the user that the address names.
func (p *pages) one(r *http.Request, v *admin.Visitor) (*directory.UserView, error) {
	return p.Users.View(r.Context(), v.Who, r.PathValue("user"))
}

func at(v *admin.Visitor, u *directory.UserView, rest string) string {
	return v.To("/users/" + string(u.ID) + rest)
}

func crumbs(v *admin.Visitor, u *directory.UserView) []portal.Link {
	all := []portal.Link{{Text: "Users", To: v.To("/users")}}
	if u != nil {
		all = append(all, portal.Link{Text: u.DisplayName, To: at(v, u, "")})
	}
	return all
}
