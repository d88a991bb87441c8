package provision

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/core/site"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// An Answer is what a connector says.
type Answer string

// The answers.
const (
	Done  Answer = "done"
	Later Answer = "later" // it has enqueued the work and calls Answered
)

// A Connector gives and takes the roles of one system. Both are idempotent under
// the grant's cause and act in the caller's transaction; one that must cross the
// network only enqueues.
type Connector interface {
	Grant(ctx context.Context, tx *sqldb.Tx, g *Grant) (Answer, error)
	Revoke(ctx context.Context, tx *sqldb.Tx, g *Grant) (Answer, error)
}

// A Together is a connector that gives and takes several roles of its system at
// once, all done or none.
type Together interface {
	GrantAll(ctx context.Context, tx *sqldb.Tx, all []*Grant) error
	RevokeAll(ctx context.Context, tx *sqldb.Tx, all []*Grant) error
}

// NotARole is the Reason of a fault about a role that no resource has.
const NotARole fault.Reason = "provision.not_a_role"

func notARole(r Role) error {
	return fault.Because(fault.Invalid, NotARole, "The resource %s has no role %s.", r.Origin, r.Role)
}

// by is who acts in the tenant's log.
func by(g *Grant) authz.Caller { return authz.System(g.Tenant, "Access packages") }

// causeOf returns the grant's cause.
func causeOf(tx *sqldb.Tx, g *Grant) (object.Cause, error) {
	if !g.Until.IsZero() && !g.Until.After(tx.Now()) {
		return object.Cause{}, fault.New(fault.Invalid, "The access has ended before it began.")
	}
	return object.Cause{ID: g.Cause, Kind: object.ByAssignment, Source: g.Source, By: by(g).Subject, ByName: by(g).Name, CreatedAt: tx.Now(), Ends: g.Until}, nil
}

// groups connects groups and teams: Member_{group} and Owner_{group}.
type groups struct{}

func (c groups) Grant(ctx context.Context, tx *sqldb.Tx, g *Grant) (Answer, error) {
	return Done, c.GrantAll(ctx, tx, []*Grant{g})
}

func (c groups) Revoke(ctx context.Context, tx *sqldb.Tx, g *Grant) (Answer, error) {
	return Done, c.RevokeAll(ctx, tx, []*Grant{g})
}

// GrantAll gives memberships together and ownerships, of which there are few, one
// by one.
func (groups) GrantAll(ctx context.Context, tx *sqldb.Tx, all []*Grant) error {
	var causes []object.Cause
	var gifts, owners []directory.Gift
	for _, g := range all {
		c, err := causeOf(tx, g)
		if err != nil {
			return err
		}
		gift := directory.Gift{Group: ids.ObjectID(g.Role.Origin), Member: g.Object, Cause: c}
		switch g.Role.Role {
		case "Member_" + g.Role.Origin:
			gifts = append(gifts, gift)
		case "Owner_" + g.Role.Origin:
			owners = append(owners, gift)
		default:
			return notARole(g.Role)
		}
		causes = append(causes, c)
	}
	if err := object.PutCauses(ctx, tx, all[0].Tenant, causes); err != nil {
		return err
	}
	for _, o := range owners {
		if err := directory.GiveOwnership(ctx, tx, by(all[0]), o.Group, o.Member, o.Cause); err != nil {
			return err
		}
	}
	return directory.GiveMemberships(ctx, tx, by(all[0]), gifts)
}

// RevokeAll takes in the same way.
func (groups) RevokeAll(ctx context.Context, tx *sqldb.Tx, all []*Grant) error {
	var gifts []directory.Gift
	for _, g := range all {
		group := ids.ObjectID(g.Role.Origin)
		if !strings.HasPrefix(g.Role.Role, "Owner_") {
			gifts = append(gifts, directory.Gift{Group: group, Member: g.Object, Cause: object.Cause{ID: g.Cause}})
			continue
		}
		if err := directory.TakeOwnership(ctx, tx, by(g), group, g.Object, g.Cause); err != nil {
			return err
		}
	}
	return directory.TakeMemberships(ctx, tx, by(all[0]), gifts)
}

// applications connects app roles of service principals. The nil GUID is plain
// access.
type applications struct{}

func (c applications) Grant(ctx context.Context, tx *sqldb.Tx, g *Grant) (Answer, error) {
	return Done, c.GrantAll(ctx, tx, []*Grant{g})
}

func (c applications) Revoke(ctx context.Context, tx *sqldb.Tx, g *Grant) (Answer, error) {
	return Done, c.RevokeAll(ctx, tx, []*Grant{g})
}

func (applications) GrantAll(ctx context.Context, tx *sqldb.Tx, all []*Grant) error {
	causes := make([]object.Cause, len(all))
	gifts := make([]consent.Gift, len(all))
	for i, g := range all {
		var err error
		if causes[i], err = causeOf(tx, g); err != nil {
			return err
		}
		gifts[i] = roleGift(g, causes[i])
	}
	if err := object.PutCauses(ctx, tx, all[0].Tenant, causes); err != nil {
		return err
	}
	return consent.GiveRoles(ctx, tx, by(all[0]), gifts)
}

func (applications) RevokeAll(ctx context.Context, tx *sqldb.Tx, all []*Grant) error {
	gifts := make([]consent.Gift, len(all))
	for i, g := range all {
		gifts[i] = roleGift(g, object.Cause{ID: g.Cause})
	}
	return consent.TakeRoles(ctx, tx, by(all[0]), gifts)
}

func roleGift(g *Grant, c object.Cause) consent.Gift {
	return consent.Gift{Principal: g.Object, Resource: ids.ObjectID(g.Role.Origin), Role: ids.RoleID(g.Role.Role), Cause: c}
}

// sites connects the groups of sites. The origin is the site's address; the
// place is its key, because addresses change.
type sites struct{}

func (c sites) Grant(ctx context.Context, tx *sqldb.Tx, g *Grant) (Answer, error) {
	return Done, c.GrantAll(ctx, tx, []*Grant{g})
}

func (c sites) Revoke(ctx context.Context, tx *sqldb.Tx, g *Grant) (Answer, error) {
	return Done, c.RevokeAll(ctx, tx, []*Grant{g})
}

func (sites) GrantAll(ctx context.Context, tx *sqldb.Tx, all []*Grant) error {
	causes, gifts := make([]object.Cause, len(all)), make([]site.Gift, len(all))
	found, known := map[ids.ObjectID]*site.Site{}, map[[2]string]*site.Site{}
	for i, g := range all {
		role, err := strconv.Atoi(g.Role.Role)
		if err != nil {
			return notARole(g.Role)
		}
		s := known[[2]string{g.Role.Origin, g.Place}]
		if s == nil {
			if s, err = siteOf(ctx, tx, g); err != nil {
				return err
			}
			known[[2]string{g.Role.Origin, g.Place}] = s
		}
		if causes[i], err = causeOf(tx, g); err != nil {
			return err
		}
		g.Place, found[s.Key] = string(s.Key), s
		gifts[i] = site.Gift{Site: s.Key, Role: role, Member: g.Object, Cause: causes[i]}
	}
	if err := object.PutCauses(ctx, tx, all[0].Tenant, causes); err != nil {
		return err
	}
	added, err := site.GiveAll(ctx, tx, all[0].Tenant, found, gifts)
	if err != nil {
		return err
	}
	var told []audit.Told
	for i, g := range all {
		if added[i] {
			told = append(told, siteEntry(g, "Add member to site", found[gifts[i].Site].DisplayName, audit.Change{Name: "Member", New: string(g.Object)}))
		}
	}
	return audit.RecordAll(ctx, tx, by(all[0]), told)
}

func (sites) RevokeAll(ctx context.Context, tx *sqldb.Tx, all []*Grant) error {
	var given []*Grant
	var gifts []site.Gift
	for _, g := range all {
		if role, err := strconv.Atoi(g.Role.Role); err == nil && g.Place != "" { // or it was never given
			given, gifts = append(given, g), append(gifts, site.Gift{Site: ids.ObjectID(g.Place), Role: role, Member: g.Object, Cause: object.Cause{ID: g.Cause}})
		}
	}
	taken, err := site.TakeAll(ctx, tx, all[0].Tenant, gifts)
	if err != nil {
		return err
	}
	var told []audit.Told
	for i, g := range given {
		if taken[i] {
			told = append(told, siteEntry(g, "Remove member from site", "", audit.Change{Name: "Member", Old: string(g.Object)}))
		}
	}
	return audit.RecordAll(ctx, tx, by(all[0]), told)
}

// siteOf returns the site of a grant.
func siteOf(ctx context.Context, tx *sqldb.Tx, g *Grant) (*site.Site, error) {
	if g.Place != "" {
		key, err := pathOf(ctx, tx, g)
		if err != nil {
			return nil, err
		}
		return site.Find(ctx, tx, g.Tenant, key)
	}
	host, path, _ := strings.Cut(strings.TrimPrefix(g.Role.Origin, "https://"), "/")
	key := host
	if path != "" {
		key = host + ":/" + path
	}
	return site.Find(ctx, tx, g.Tenant, key)
}

// pathOf names a site by its key.
func pathOf(ctx context.Context, tx *sqldb.Tx, g *Grant) (string, error) {
	root, err := site.Find(ctx, tx, g.Tenant, site.RootName)
	if err != nil {
		return "", err
	}
	return root.Collection.Hostname + "," + g.Place, nil
}

func siteEntry(g *Grant, activity, name string, c audit.Change) audit.Told {
	return audit.Told{Entry: audit.Entry{
		Category: "SiteManagement", Activity: activity, Changes: []audit.Change{c},
		Target: audit.Target{Kind: "Site", ID: g.Place, Name: name},
	}}
}

// gone reports whether what was to be taken from is no more, and with it what
// was given.
func gone(err error) bool { return errors.Is(err, fault.NotFound) }
