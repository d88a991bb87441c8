package governance

import (
	"context"
	"strings"

	"entente/internal/edge/graph/edm"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// subjects is the entity set …/subjects: everybody who asked for access, or has
// it.
// https://learn.microsoft.com/graph/api/resources/accesspackagesubject?view=graph-rest-1.0
func (s Services) subjects() *edm.Set {
	get := func(ctx context.Context, r *edm.Request, id string) (v entitlement.SubjectView, err error) {
		l, err := s.Entitlement.SubjectViews(ctx, r.Who, offer.One(id))
		if err == nil && len(l.Items) == 0 {
			err = absent(id)
		}
		if err != nil {
			return v, err
		}
		return l.Items[0], nil
	}
	return &edm.Set{
		Path: edm.Both("subjects"), Type: edm.Of("accessPackageSubject"), Deep: true, Raw: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/accesspackagesubject?view=graph-rest-1.0",
		Keys: []edm.Key{{Name: "objectId", Find: func(ctx context.Context, r *edm.Request, value string) (string, error) {
			b, err := s.Entitlement.SubjectByObject(ctx, r.Who, ids.ObjectID(strings.ToLower(value)))
			if err != nil {
				return "", err
			}
			return string(b.ID), nil
		}}},
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			l, err := s.Entitlement.SubjectViews(ctx, r.Who, asked(r))
			return paged(l, err, subjectItem)
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			v, err := get(ctx, r, r.ID)
			return rendered(v, err, subjectItem)
		}},
		Update: edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
			governed, err := readLifecycle(r)
			if err != nil || governed == nil {
				return err
			}
			return s.Entitlement.Govern(ctx, r.Who, ids.SubjectID(r.ID), *governed)
		}},
		Parts: []*edm.Set{s.organizationOf(func(ctx context.Context, r *edm.Request) (entitlement.SubjectView, error) {
			return get(ctx, r, r.Parent())
		})},
	}
}

// subjectPart is a single part that is a subject.
func (s Services) subjectPart(name string, of func(context.Context, *edm.Request) (entitlement.SubjectView, error)) *edm.Set {
	return &edm.Set{
		Path: edm.Both(name), Type: edm.Of("accessPackageSubject"), Single: true, Deep: true,
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			v, err := of(ctx, r)
			return rendered(v, err, subjectItem)
		}},
		Parts: []*edm.Set{s.organizationOf(of)},
	}
}

// organizationOf is the part connectedOrganization of a subject.
func (s Services) organizationOf(of func(context.Context, *edm.Request) (entitlement.SubjectView, error)) *edm.Set {
	return &edm.Set{
		Path: edm.Both("connectedOrganization"), Type: edm.Of("connectedOrganization"), Single: true,
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			v, err := of(ctx, r)
			if err != nil || v.Organization == "" {
				return edm.Item{}, err
			}
			o, err := s.Entitlement.Organization(ctx, r.Who, v.Organization)
			return rendered(o, err, organizationItem)
		}},
	}
}

// readLifecycle reads whether a guest is governed; nil where nothing is said.
func readLifecycle(r *edm.Request) (governed *bool, err error) {
	b := readBody(r.Body)
	if word := b.text("subjectLifecycle"); word != nil {
		is := strings.EqualFold(*word, entitlement.Governed)
		if !is && !strings.EqualFold(*word, entitlement.NotGoverned) {
			b.fail("subjectLifecycle", "A guest is governed or notGoverned.")
		}
		governed = &is
	}
	b.pass("id")
	return governed, b.end()
}

// A subjectOne is what v1.0 shows of a subject.
type subjectOne struct {
	ID            ids.SubjectID `json:"id"`
	Name          *string       `json:"displayName"`
	Email         *string       `json:"email"`
	Object        *ids.ObjectID `json:"objectId"`
	Local         *string       `json:"onPremisesSecurityIdentifier"`
	PrincipalName *string       `json:"principalName"`
	Lifecycle     string        `json:"subjectLifecycle"`
	Type          string        `json:"subjectType"`
}

func subjectItem(v entitlement.SubjectView) (edm.Item, error) {
	kind := "notSpecified" // the installation itself
	switch v.Kind {
	case ids.Person:
		kind = "user"
	case ids.Workload:
		kind = "servicePrincipal"
	}
	return item(string(v.ID), subjectOne{v.ID, text(v.Name), text(v.Email), text(v.Object), nil, text(v.PrincipalName), v.Lifecycle, kind},
		map[string]any{"type": pascal(kind), "connectedOrganizationId": text(v.Organization), "cleanupScheduledDateTime": instant(v.DeleteAt), "altSecId": nil})
}

// subjectType is the entity type.
func subjectType() edm.Entity {
	return edm.Entity{Name: "accessPackageSubject", Base: "entity", Props: []edm.Prop{
		{Name: "displayName", Type: edm.String, Filter: "eq sw", Order: "F"},
		{Name: "email", Type: edm.String, Filter: "eq sw null"},
		{Name: "objectId", Type: edm.String, Filter: "eq in null"},
		{Name: "onPremisesSecurityIdentifier", Type: edm.String},
		{Name: "principalName", Type: edm.String},
		{Name: "subjectLifecycle", Type: edm.Of("accessPackageSubjectLifecycle"), NotNull: true, Write: edm.U},
		{Name: "subjectType", Only: "v1.0", Type: edm.Of("accessPackageSubjectType")},
		{Name: "altSecId", Only: "beta", Type: edm.String},
		{Name: "cleanupScheduledDateTime", Only: "beta", Type: edm.DateTimeOffset},
		{Name: "connectedOrganizationId", Only: "beta", Type: edm.String, Filter: "eq in null"},
		{Name: "type", Only: "beta", Type: edm.String},
	}}
}
