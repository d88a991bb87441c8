// Package governance declares the entity sets of entitlement management under
// the names of v1.0 and of beta: what administrators set up, and who administers
// it.
//
// Both versions show one store. Where they differ in more than names, a type
// declares the members of each; bodies are read in either spelling. The package
// says what each set shows, who may ask, and which service answers; it decides
// nothing.
package governance

import (
	"context"
	"encoding/json"
	"strings"

	"entente/internal/core/object"
	"entente/internal/edge/graph/edm"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/sqldb"
)

// Services are what answers for the sets.
type Services struct {
	DB          *sqldb.DB
	Entitlement *entitlement.Service

	// Show renders objects of the directory.
	Show func(ctx context.Context, tx *sqldb.Tx, r *edm.Request, list []object.Object) ([]edm.Item, error)
}

// Sets returns the singleton /identityGovernance, which has nothing of its own.
func (s Services) Sets() []*edm.Set {
	return []*edm.Set{{
		Path: edm.Both("identityGovernance"), Type: edm.Of("identityGovernance"), Single: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/entitlementmanagement-overview?view=graph-rest-1.0",
		Parts: []*edm.Set{{
			Path: edm.Both("entitlementManagement"), Type: edm.Of("entitlementManagement"), Single: true,
			Doc: "https://learn.microsoft.com/graph/api/resources/entitlementmanagement?view=graph-rest-1.0",
			Parts: []*edm.Set{
				s.catalogs(), s.resources(), s.resourceRequests(), s.environments(), s.allRoleScopes(),
				s.packages(), s.policies(), s.organizations(), s.settings(),
				s.requests(), s.assignments(), s.subjects(), s.approvals(), s.delivered(), s.available(), s.suggestions(),
			},
		}},
	}}
}

// Who may read, and who may change. People need a directory role, or a role for
// the catalog, which the service knows.
var (
	read  = edm.Alike(edm.Any("EntitlementManagement.Read.All", "EntitlementManagement.ReadWrite.All")).Needing(offer.Read, offer.Manage)
	write = edm.Alike(edm.Any("EntitlementManagement.ReadWrite.All")).Needing(offer.Manage)
)

// asked is what a request wants of a list.
func asked(r *edm.Request) offer.Asked {
	return offer.Asked{Query: r.Query, Count: r.Count, Only: r.Only}
}

// paged renders a page of a list.
func paged[T any](l offer.List[T], err error, render func(T) (edm.Item, error)) (edm.Page, error) {
	page := edm.Page{Next: l.Next, Total: l.Total}
	if err != nil {
		return page, err
	}
	for _, one := range l.Items {
		it, err := render(one)
		if err != nil {
			return page, err
		}
		page.Items = append(page.Items, it)
	}
	return page, nil
}

// whole renders a list that comes at once.
func whole[T any](list []T, err error, render func(T) (edm.Item, error)) (edm.Page, error) {
	return paged(offer.List[T]{Items: list, Total: len(list)}, err, render)
}

// rendered renders one entity.
func rendered[T any](one T, err error, render func(T) (edm.Item, error)) (edm.Item, error) {
	if err != nil {
		return edm.Item{}, err
	}
	return render(one)
}

// item renders what v1.0 shows, and what beta shows beside it.
func item(id string, face, rest any) (it edm.Item, err error) {
	it.ID = id
	if it.Face, err = json.Marshal(face); err == nil && rest != nil {
		it.Rest, err = json.Marshal(rest)
	}
	return it, err
}

// text returns a property's value: null where there is none.
func text[T ~string](s T) *T {
	if s == "" {
		return nil
	}
	return &s
}

// pascal is a word of an enumeration as beta spells it.
func pascal[T ~string](word T) string {
	if word == "" {
		return ""
	}
	return strings.ToUpper(string(word[:1])) + string(word[1:])
}
