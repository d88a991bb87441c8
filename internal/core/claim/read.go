package claim

import (
	"context"
	"slices"

	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/directory"
	"entente/internal/core/token"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Reader is who reads a token, and whom it is about.
type Reader struct {
	Tenant    ids.TenantID // whose token it is
	Principal ids.ObjectID // of the application that reads it, in Tenant
	Graph     bool         // which tells directory roles to Microsoft Graph in any case
	Stored    string       // what package app keeps of the application's manifest
	Person    ids.ObjectID // in Tenant
	Endpoint  string       // where all groups of Person are to be had
}

// ForID returns what an ID token says besides, also of what the request itself
// asked for. One that travels in an address has little room.
func ForID(ctx context.Context, tx *sqldb.Tx, r Reader, asked []string, inAddress bool) (token.Extra, error) {
	a, err := Parse(r.Stored)
	if err != nil {
		return token.Extra{}, err
	}
	room := Room
	if inAddress {
		room = RoomInAddress
	}
	return r.read(ctx, tx, a, a.ID.With(asked), room)
}

// ForAccess returns what an access token says besides.
func ForAccess(ctx context.Context, tx *sqldb.Tx, r Reader) (token.Extra, error) {
	a, err := Parse(r.Stored)
	if err != nil {
		return token.Extra{}, err
	}
	return r.read(ctx, tx, a, a.Access, Room)
}

// ForProgram returns the optional claims of an access token for an application
// on its own; groups are told of people alone.
func ForProgram(stored string) (Optional, error) {
	a, err := Parse(stored)
	return a.Access, err
}

func (r Reader) read(ctx context.Context, tx *sqldb.Tx, a Ask, o Optional, room int) (x token.Extra, err error) {
	x.Claims, x.Directory = o, a.Directory
	if a.Directory || r.Graph {
		roles, err := authz.RolesOf(ctx, tx, r.Tenant, r.Person)
		if err != nil {
			return x, err
		}
		for _, id := range roles {
			x.WIDs = append(x.WIDs, string(id))
		}
	}
	if !a.groups() {
		return x, nil
	}
	names, err := r.groups(ctx, tx, a, a.names(o), room+1)
	x.Groups = fit(names, o, room, r.Endpoint)
	return x, err
}

// groups returns up to limit of the groups that the application asks for: the
// identifiers, or the names.
func (r Reader) groups(ctx context.Context, tx *sqldb.Tx, a Ask, byName bool, limit int) ([]string, error) {
	var list []string
	if a.All || a.Security {
		in, err := directory.GroupsWith(ctx, tx, r.Tenant, r.Person, !a.All, limit)
		if err != nil {
			return nil, err
		}
		for _, id := range in {
			list = append(list, string(id))
		}
	}
	if !a.Application {
		return list, nil
	}
	opened, err := consent.GroupsAssigned(ctx, tx, r.Tenant, r.Person, r.Principal, limit)
	for _, g := range opened {
		name := string(g.ID)
		if byName {
			name = g.Name
		}
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list, err
}
