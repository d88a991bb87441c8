package directory

import (
	"context"
	"time"

	"entente/internal/core/factor"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/ids"
)

// What it takes to see the second factors of people, and to take them away.
var (
	readFactors = factorsOf([]string{"UserAuthenticationMethod.Read", "UserAuthenticationMethod.ReadWrite"},
		"UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All").
		Needing("users/authenticationMethods/standard/restrictedRead", "users/authenticationMethods/standard/read")
	dropFactors = factorsOf([]string{"UserAuthenticationMethod.ReadWrite"}, "UserAuthenticationMethod.ReadWrite.All").
			Needing("users/authenticationMethods/delete")
)

// factorsOf is the access that own give of the one who is signed in, and the
// others of everybody.
func factorsOf(own []string, names ...string) edm.Access {
	var self edm.Perms
	for _, name := range own {
		self = append(self, edm.Perm{Name: name, Self: true})
	}
	return edm.Access{App: edm.Any(names...), Delegated: self.And(edm.Any(names...)...)}
}

// authentication is the part of a user below which the ways to sign in stand.
// https://learn.microsoft.com/graph/api/resources/authenticationmethods-overview?view=graph-rest-1.0
func (s Services) authentication() *edm.Set {
	return &edm.Set{
		Path: edm.Both("authentication"), Type: edm.Of("authentication"), Single: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/authenticationmethods-overview?view=graph-rest-1.0",
		Parts: []*edm.Set{{
			Path: edm.Both("softwareOathMethods"), Type: edm.Of("softwareOathAuthenticationMethod"), Unpaged: true,
			Doc:  "https://learn.microsoft.com/graph/api/resources/softwareoathauthenticationmethod?view=graph-rest-1.0",
			List: edm.List{May: readFactors, Do: s.listFactors},
			Get:  edm.Get{May: readFactors, Do: s.getFactor},
			Delete: edm.Change{May: dropFactors, Do: func(ctx context.Context, r *edm.Request) error {
				return s.Factors.Remove(ctx, r.Who, ids.ObjectID(r.Parent()), ids.MethodID(r.ID))
			}},
		}},
	}
}

// A softwareOath is how an authenticator app looks. The secret is never told.
type softwareOath struct {
	ID      ids.MethodID `json:"id"`
	Secret  *string      `json:"secretKey"`
	Created time.Time    `json:"createdDateTime"`
}

func factorItem(a factor.Authenticator) (edm.Item, error) {
	return item(string(a.ID), softwareOath{ID: a.ID, Created: a.CreatedAt.Truncate(time.Second)})
}

func (s Services) listFactors(ctx context.Context, r *edm.Request) (page edm.Page, err error) {
	info, err := s.Factors.Info(ctx, r.Who, ids.ObjectID(r.Parent()))
	if err != nil {
		return page, err
	}
	page.Total = len(info.Authenticators)
	for _, a := range info.Authenticators {
		it, err := factorItem(a)
		if err != nil {
			return page, err
		}
		page.Items = append(page.Items, it)
	}
	return page, nil
}

func (s Services) getFactor(ctx context.Context, r *edm.Request) (edm.Item, error) {
	a, err := s.Factors.Authenticator(ctx, r.Who, ids.ObjectID(r.Parent()), ids.MethodID(r.ID))
	if err != nil {
		return edm.Item{}, err
	}
	return factorItem(a)
}

// authenticationTypes are the entity types of the ways to sign in.
// https://learn.microsoft.com/graph/api/resources/softwareoathauthenticationmethod?view=graph-rest-1.0
func authenticationTypes() []edm.Entity {
	return []edm.Entity{
		{Name: "authentication", Base: "entity"},
		{Name: "authenticationMethod", Base: "entity", Abstract: true, Props: []edm.Prop{{Name: "createdDateTime", Type: edm.DateTimeOffset}}},
		{Name: "softwareOathAuthenticationMethod", Base: "authenticationMethod", Props: []edm.Prop{{Name: "secretKey", Type: edm.String, Note: "null"}}},
	}
}
