// Package lookup finds people, groups, applications and managed identities by the
// beginning of a name, for pages on which one of them is picked, and tells what an
// identifier names. Who may read a kind of object is what counts for Graph, too.
package lookup

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// A Kind is what is looked for.
type Kind string

// The kinds.
const (
	Member      Kind = "member" // a person of the tenant's own
	Guest       Kind = "guest"
	Group       Kind = "group"       // a security group, or a Microsoft 365 group with its team
	Application Kind = "application" // the service principal of an application
	Identity    Kind = "identity"    // the service principal of a managed identity
)

// A Found is something that was found.
type Found struct {
	Kind  Kind
	ID    string // of the object
	Name  string
	Under string // what tells it from others of the name: an address, a kind
}

// Most is how many of a kind are found; who looks for more types more.
const Most = 20

// longest is how many bytes of a beginning are looked for.
const longest = 256

// A Service finds things.
type Service struct{ db *sqldb.DB }

// NewService returns the service of a store.
func NewService(db *sqldb.DB) *Service { return &Service{db} }

// Find returns what of the kinds begins so, at most Most of each: people by their
// name and by their address, with an @ in it by that alone. Kinds that the caller may not read
// are left out; with none left it is Denied.
func (s *Service) Find(ctx context.Context, who authz.Caller, beginning string, kinds ...Kind) ([]Found, error) {
	beginning = strings.TrimSpace(beginning)
	if beginning == "" || len(beginning) > longest {
		return nil, fault.New(fault.Invalid, "Type the beginning of a name.")
	}
	var all []Found
	err := s.db.View(ctx, func(tx *sqldb.Tx) error {
		all = nil
		var denied error
		read := 0
		for _, k := range kinds {
			err := authz.Allow(ctx, tx, who, "", actions[k])
			if errors.Is(err, authz.Denied) {
				denied = err
				continue
			}
			if err != nil {
				return err
			}
			read++
			some, err := find(ctx, tx, who.Tenant, k, beginning)
			if err != nil {
				return err
			}
			all = append(all, some...)
		}
		if read == 0 {
			return denied
		}
		return nil
	})
	return all, err
}

// actions are what it takes to read a kind.
var actions = map[Kind]authz.Action{
	Member: "users/standard/read", Guest: "users/standard/read", Group: "groups/standard/read",
	Application: "servicePrincipals/standard/read", Identity: "servicePrincipals/standard/read",
}

func find(ctx context.Context, tx *sqldb.Tx, in ids.TenantID, k Kind, beginning string) ([]Found, error) {
	q := query.Query{Filter: query.StartsWith{Field: "displayName", Value: beginning}, Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: Most}}
	equals := func(field string, value any) query.Expr {
		return query.Compare{Field: field, Op: query.Eq, Value: value}
	}
	switch k {
	case Member, Guest:
		return findPeople(ctx, tx, in, k, beginning)
	case Group:
		page, err := directory.ListGroups(ctx, tx, in, directory.Scope{}, q, false)
		return faces(k, page.Items, err)
	case Application, Identity:
		kind := map[Kind]string{Application: app.TypeApplication, Identity: app.TypeManagedIdentity}[k]
		q.Filter = query.And{q.Filter, equals("servicePrincipalType", kind)}
		page, err := app.ListPrincipals(ctx, tx, in, q)
		var all []Found
		for _, p := range page.Items {
			f, err := ofPrincipal(ctx, tx, in, p)
			if err != nil {
				return nil, err
			}
			all = append(all, f)
		}
		return all, err
	}
	return nil, nil
}

// findPeople returns people whose name begins so, and after them those whose
// address does.
func findPeople(ctx context.Context, tx *sqldb.Tx, in ids.TenantID, k Kind, beginning string) ([]Found, error) {
	kind, address := "Member", "userPrincipalName"
	if k == Guest {
		kind, address = "Guest", "mail" // whose principal name begins with the address, turned
	}
	fields := []string{"displayName", address}
	if strings.Contains(beginning, "@") {
		fields = fields[1:]
	}
	var all []Found
	for _, field := range fields {
		page, err := directory.ListUsers(ctx, tx, in, query.Query{Order: []query.Key{{Field: field}}, Page: query.Page{Limit: Most},
			Filter: query.And{query.StartsWith{Field: field, Value: beginning}, query.Compare{Field: "userType", Op: query.Eq, Value: kind}}}, false)
		some, err := faces(k, page.Items, err)
		if err != nil {
			return nil, err
		}
		for _, f := range some {
			if len(all) < Most && !slices.ContainsFunc(all, func(have Found) bool { return have.ID == f.ID }) {
				all = append(all, f)
			}
		}
	}
	return all, nil
}

// ofPrincipal tells an application by the organization that it is of.
func ofPrincipal(ctx context.Context, tx *sqldb.Tx, in ids.TenantID, p *app.ServicePrincipal) (Found, error) {
	f := Found{Application, string(p.ID), p.DisplayName, "Application ID " + string(p.AppID)}
	if p.Type == app.TypeManagedIdentity {
		f.Kind, f.Under = Identity, "Managed identity"
		return f, nil
	}
	if p.OwnerTenant == nil || *p.OwnerTenant == in {
		return f, nil
	}
	of, err := tenant.Get(ctx, tx, *p.OwnerTenant)
	if errors.Is(err, fault.NotFound) {
		return f, nil
	}
	if err == nil {
		f.Under = "Application of " + of.DisplayName
	}
	return f, err
}

// A face is what is shown of a user or group.
type face struct {
	Name  string   `json:"displayName"`
	Mail  *string  `json:"mail"`
	UPN   string   `json:"userPrincipalName"`
	Types []string `json:"groupTypes"`
}

func faces(k Kind, rows []directory.Row, err error) ([]Found, error) {
	if err != nil {
		return nil, err
	}
	all := make([]Found, len(rows))
	for i, r := range rows {
		if all[i], err = ofFace(k, r.ID, r.Face); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func ofFace(k Kind, id ids.ObjectID, raw []byte) (Found, error) {
	var x face
	if err := json.Unmarshal(raw, &x); err != nil {
		return Found{}, err
	}
	f := Found{Kind: k, ID: string(id), Name: x.Name}
	switch {
	case k == Group && len(x.Types) > 0:
		f.Under = "Microsoft 365 group"
	case k == Group:
		f.Under = "Security group"
	case k == Guest && x.Mail != nil:
		f.Under = *x.Mail
	default:
		f.Under = x.UPN
	}
	return f, nil
}

// mostNamed is how many identifiers are named at once.
const mostNamed = 500

// Named tells what identifiers of users, groups and service principals name. It asks
// for no right: it is for pages that have shown where they stand to those who may
// see it, and tells no more than what they are called. What is gone, or of another tenant, is
// missing from the answer.
func (s *Service) Named(ctx context.Context, who authz.Caller, list ...ids.ObjectID) (map[ids.ObjectID]Found, error) {
	named := make(map[ids.ObjectID]Found, len(list))
	if len(list) == 0 {
		return named, nil
	}
	if len(list) > mostNamed {
		list = list[:mostNamed]
	}
	in := query.In{Field: "id"}
	for _, id := range list {
		in.Values = append(in.Values, string(id))
	}
	q := query.Query{Filter: in}
	err := s.db.View(ctx, func(tx *sqldb.Tx) error {
		for _, k := range []Kind{Member, Group} {
			page, err := directory.ListUsers(ctx, tx, who.Tenant, q, false)
			if k == Group {
				page, err = directory.ListGroups(ctx, tx, who.Tenant, directory.Scope{}, q, false)
			}
			some, err := faces(k, page.Items, err)
			if err != nil {
				return err
			}
			for _, f := range some {
				named[ids.ObjectID(f.ID)] = f
			}
		}
		if len(named) == len(list) {
			return nil
		}
		page, err := app.ListPrincipals(ctx, tx, who.Tenant, q)
		for _, p := range page.Items {
			f, err := ofPrincipal(ctx, tx, who.Tenant, p)
			if err != nil {
				return err
			}
			named[p.ID] = f
		}
		return err
	})
	return named, err
}
