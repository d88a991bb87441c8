package site

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"entente/internal/core/directory"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A Site is a place with roles: the one of a Microsoft 365 group, which follows
// from the group, or one that stands alone. The members with JSON names are
// Graph's.
// https://learn.microsoft.com/graph/api/resources/site?view=graph-rest-1.0
type Site struct {
	Key         ids.ObjectID `json:"-"` // of the site collection
	Group       ids.ObjectID `json:"-"` // whose site it is, or empty
	ID          string       `json:"id"`
	Created     time.Time    `json:"createdDateTime"`
	Modified    time.Time    `json:"lastModifiedDateTime"`
	Description *string      `json:"description"`
	Name        string       `json:"name"`
	DisplayName string       `json:"displayName"`
	WebURL      string       `json:"webUrl"`
	Personal    bool         `json:"isPersonalSite"`
	Root        *struct{}    `json:"root"` // of the tenant's root site alone
	Collection  Collection   `json:"siteCollection"`
}

// A Collection is where a site stands.
type Collection struct {
	Hostname string `json:"hostname"`
}

// Why a site is refused.
const (
	BadRole fault.Reason = "site.bad_role"
)

// nameForm is what may stand in a site's address.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// RootName is what the tenant's root site is called by in paths.
const RootName = "root"

// newSite returns the site that stands alone under a name.
func newSite(host, name, title, description string, now time.Time) (*Site, error) {
	switch {
	case !nameForm.MatchString(name) || strings.EqualFold(name, RootName):
		return nil, fault.InvalidAt("name", "Invalid value specified for property 'name' of resource 'Site'.")
	case title == "" || utf8.RuneCountInString(title) > 256:
		return nil, fault.InvalidAt("displayName", "Invalid value specified for property 'displayName' of resource 'Site'.")
	case utf8.RuneCountInString(description) > 1024:
		return nil, fault.InvalidAt("description", "Invalid value specified for property 'description' of resource 'Site'.")
	}
	s := &Site{Key: ids.New[ids.ObjectID](), Name: name, DisplayName: title, Created: now, Modified: now}
	if description != "" {
		s.Description = &description
	}
	s.stand(host)
	return s, nil
}

// The bytes that make a site's identifier of its group's, and a web's of its
// site's: a group's site needs no row, and returns with its group as it was.
const ofGroupMask, ofWebMask = 0x5a, 0x3c

// groupSite returns a group's site.
func groupSite(host string, g *directory.Group) *Site {
	s := &Site{
		Key: ids.ObjectID(mask(string(g.ID), ofGroupMask)), Group: g.ID, Name: g.MailNickname, DisplayName: g.DisplayName,
		Description: g.Description, Created: g.CreatedAt, Modified: g.CreatedAt,
	}
	s.stand(host)
	return s
}

// rootSite returns the site at the top of the tenant's host.
func rootSite(host, title string, tenant ids.TenantID, created time.Time) *Site {
	s := &Site{Key: ids.ObjectID(mask(string(tenant), ofGroupMask)), DisplayName: title, Created: created, Modified: created, Root: &struct{}{}}
	s.stand(host)
	s.WebURL = "https://" + host
	return s
}

// stand places a site on the tenant's host.
func (s *Site) stand(host string) {
	s.Created, s.Modified = s.Created.UTC().Truncate(time.Second), s.Modified.UTC().Truncate(time.Second)
	s.ID = host + "," + string(s.Key) + "," + mask(string(s.Key), ofWebMask)
	s.WebURL = "https://" + host + "/sites/" + s.Name
	s.Collection.Hostname = host
}

// An address is how a path names a site.
type address struct {
	key  ids.ObjectID // of the site collection, or empty
	name string       // in the address, or empty for the root site
}

// readAddress reads the identifier host,site,web, the word root, a host, or
// host:/sites/name; ok is false for anything else, and for another host.
func readAddress(host, text string) (a address, ok bool) {
	text = strings.ToLower(text)
	if text == RootName || text == host {
		return address{}, true
	}
	if rest, found := strings.CutPrefix(text, host+","); found {
		site, web, _ := strings.Cut(rest, ",")
		return address{key: ids.ObjectID(site)}, ids.Valid(site) && (web == "" || web == mask(site, ofWebMask))
	}
	rest, found := strings.CutPrefix(text, host+":")
	if !found {
		return address{}, false
	}
	rest = strings.Trim(rest, ":/")
	name, found := strings.CutPrefix(rest, "sites/")
	return address{name: name}, rest == "" || found && name != "" && !strings.Contains(name, "/")
}

// A Permission lets an application into one site, whose token has only
// Sites.Selected.
// https://learn.microsoft.com/graph/api/resources/permission?view=graph-rest-1.0
type Permission struct {
	ID    string     `json:"id"`
	Roles []string   `json:"roles"`
	To    []Identity `json:"grantedToIdentities"`
	ToV2  []Identity `json:"grantedToIdentitiesV2"`

	site ids.ObjectID
	app  ids.AppID
}

// An Identity is an application to which something is granted.
type Identity struct {
	Application *Named `json:"application"`
}

// A Named is an identifier with a name.
type Named struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
}

// permissionRoles are the roles of a permission, the least first.
var permissionRoles = []string{"read", "write", "fullcontrol"}

// oneRole reads the roles in a body: one of those there are.
func oneRole(roles []string) (string, error) {
	if len(roles) == 1 && slices.Contains(permissionRoles, roles[0]) {
		return roles[0], nil
	}
	f := fault.Because(fault.Invalid, BadRole, "Invalid value specified for property 'roles' of resource 'Permission'.").
		WithFix("roles is one of [\"read\"], [\"write\"] and [\"fullcontrol\"].")
	f.Target = "roles"
	return "", f
}

func newPermission(site ids.ObjectID, app ids.AppID, name, role string) *Permission {
	to := []Identity{{&Named{string(app), name}}}
	return &Permission{joinPair(string(site), string(app)), []string{role}, to, to, site, app}
}

// A Role is one of the groups that each site has.
type Role struct {
	ID   int // the sequence number by which access packages name it
	Name string
}

// Roles returns the groups of a site, with the numbers that SharePoint gives
// them in a new site.
func (s *Site) Roles() []Role {
	return []Role{
		{3, s.DisplayName + " Owners"},
		{4, s.DisplayName + " Visitors"},
		{5, s.DisplayName + " Members"},
	}
}

func (s *Site) hasRole(id int) bool {
	return slices.ContainsFunc(s.Roles(), func(r Role) bool { return r.ID == id })
}
