package governance

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"entente/internal/edge/graph/edm"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// organizations is the entity set …/connectedOrganizations.
// https://learn.microsoft.com/graph/api/resources/connectedorganization?view=graph-rest-1.0
func (s Services) organizations() *edm.Set {
	return &edm.Set{
		Path: edm.Both("connectedOrganizations"), Type: edm.Of("connectedOrganization"), Deep: true, Raw: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/connectedorganization?view=graph-rest-1.0",
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			l, err := s.Entitlement.Organizations(ctx, r.Who, asked(r))
			return paged(l, err, organizationItem)
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			o, err := s.Entitlement.Organization(ctx, r.Who, ids.OrganizationID(r.ID))
			return rendered(o, err, organizationItem)
		}},
		Create: edm.Create{May: write, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			to, err := readOrganization(r.Body)
			if err != nil {
				return edm.Item{}, err
			}
			o, err := s.Entitlement.CreateOrganization(ctx, r.Who, to)
			return rendered(o, err, organizationItem)
		}},
		Update: edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
			to, err := readOrganization(r.Body)
			if err != nil {
				return err
			}
			return s.Entitlement.UpdateOrganization(ctx, r.Who, ids.OrganizationID(r.ID), to)
		}},
		Delete: edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Entitlement.DeleteOrganization(ctx, r.Who, ids.OrganizationID(r.ID))
		}},
		Parts: []*edm.Set{s.sponsors("internalSponsors", false), s.sponsors("externalSponsors", true)},
	}
}

// sponsors is a part that shows who speaks for an organization.
func (s Services) sponsors(name string, external bool) *edm.Set {
	list := s.objects(func(ctx context.Context, r *edm.Request) ([]ids.ObjectID, error) {
		all, err := s.Entitlement.Sponsors(ctx, r.Who, ids.OrganizationID(r.Parents[0]))
		if external {
			return all.External, err
		}
		return all.Internal, err
	})
	return &edm.Set{
		Path: edm.Both(name), Type: edm.Of("directoryObject"), Of: []edm.Type{edm.Of("user"), edm.Of("group")}, Linked: true, Unpaged: true,
		Doc:  "https://learn.microsoft.com/graph/api/connectedorganization-list-internalsponsors?view=graph-rest-1.0",
		List: edm.List{May: read, Do: list},
		Get:  edm.Get{May: read, Do: edm.OneOf(list)},
		Link: edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Entitlement.AddSponsor(ctx, r.Who, ids.OrganizationID(r.Parents[0]), external, ids.ObjectID(r.Ref))
		}},
		Unlink: edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Entitlement.RemoveSponsor(ctx, r.Who, ids.OrganizationID(r.Parents[0]), external, ids.ObjectID(r.Ref))
		}},
	}
}

var sourceKinds = []offer.SourceKind{offer.TenantSource, offer.CloudSource, offer.DomainSource, offer.FederationSource, offer.SocialSource}

func readOrganization(raw json.RawMessage) (to offer.OrganizationChange, err error) {
	b := readBody(raw)
	to.Name, to.Description = b.text("displayName"), b.text("description")
	if word := b.text("state"); word != nil && *word != "" {
		state := offer.OrganizationState(strings.ToLower(*word))
		to.State = &state
	}
	if list, ok := b.list("identitySources"); ok {
		to.Sources = []offer.Source{}
		for _, x := range list {
			kind := x.kind()
			i := slices.IndexFunc(sourceKinds, func(k offer.SourceKind) bool { return strings.EqualFold(string(k), kind) })
			if i < 0 {
				x.fail("@odata.type", "An identity source says of which type it is, such as #microsoft.graph.azureActiveDirectoryTenant.")
				break
			}
			to.Sources = append(to.Sources, offer.Source{
				Kind: sourceKinds[i], Home: ids.TenantID(x.word("tenantId")), Cloud: x.word("cloudInstance"), Domain: x.word("domainName"),
				Issuer: x.word("issuerUri"), Social: x.word("socialIdentitySourceType"), Name: x.word("displayName"),
			})
			x.end()
		}
	}
	b.pass("id", "createdDateTime", "modifiedDateTime", "createdBy", "modifiedBy", "internalSponsors", "externalSponsors")
	return to, b.end()
}

// An organizationFace is what v1.0 shows of a connected organization.
type organizationFace struct {
	ID          ids.OrganizationID `json:"id"`
	Created     time.Time          `json:"createdDateTime"`
	Description *string            `json:"description"`
	Name        string             `json:"displayName"`
	Sources     []map[string]any   `json:"identitySources"`
	Modified    time.Time          `json:"modifiedDateTime"`
	State       string             `json:"state"`
}

func organizationItem(o *offer.Organization) (edm.Item, error) {
	sources := []map[string]any{}
	for _, s := range o.Sources {
		f := map[string]any{"@odata.type": "#microsoft.graph." + string(s.Kind), "displayName": text(s.Name)}
		switch s.Kind {
		case offer.TenantSource:
			f["tenantId"] = s.Home
		case offer.CloudSource:
			f["tenantId"], f["cloudInstance"] = s.Home, s.Cloud
		case offer.DomainSource:
			f["domainName"] = s.Domain
		case offer.FederationSource:
			f["domainName"], f["issuerUri"] = s.Domain, s.Issuer
		default:
			f["socialIdentitySourceType"] = s.Social
		}
		sources = append(sources, f)
	}
	return item(string(o.ID), organizationFace{o.ID, o.CreatedAt, text(o.Description), o.Name, sources, o.ModifiedAt, string(o.State)},
		map[string]any{"createdBy": text(o.CreatedBy), "modifiedBy": text(o.ModifiedBy)})
}

// settings is the single entity …/settings.
// https://learn.microsoft.com/graph/api/resources/entitlementmanagementsettings?view=graph-rest-1.0
func (s Services) settings() *edm.Set {
	return &edm.Set{
		Path: edm.Both("settings"), Type: edm.Of("entitlementManagementSettings"), Single: true, Raw: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/entitlementmanagementsettings?view=graph-rest-1.0",
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			now, err := s.Entitlement.Settings(ctx, r.Who)
			return rendered(now, err, settingsItem)
		}},
		Update: edm.Change{May: write, Do: func(ctx context.Context, r *edm.Request) error {
			to, err := readSettings(r.Body)
			if err != nil {
				return err
			}
			return s.Entitlement.UpdateSettings(ctx, r.Who, to)
		}},
	}
}

var lifecycles = []offer.Lifecycle{offer.KeepGuest, offer.BlockGuest, offer.BlockAndDeleteGuest}

func readSettings(raw json.RawMessage) (to offer.SettingsChange, err error) {
	b := readBody(raw)
	if word := b.text("externalUserLifecycleAction"); word != nil {
		action := offer.Lifecycle(*word)
		if i := slices.IndexFunc(lifecycles, func(l offer.Lifecycle) bool { return strings.EqualFold(string(l), *word) }); i >= 0 {
			action = lifecycles[i]
		}
		to.Lifecycle = &action
	}
	to.DeleteIn = b.duration("durationUntilExternalUserDeletedAfterBlocked")
	if n := b.number("daysUntilExternalUserDeletedAfterBlocked"); n != nil {
		d := b.times("daysUntilExternalUserDeletedAfterBlocked", *n, day)
		to.DeleteIn = &d
	}
	b.pass("id")
	return to, b.end()
}

// settingsID is the identifier of the settings in every tenant.
const settingsID = "entitlementManagementSettings"

func settingsItem(s *offer.Settings) (edm.Item, error) {
	return item(settingsID, struct {
		ID        string `json:"id"`
		DeleteIn  string `json:"durationUntilExternalUserDeletedAfterBlocked"`
		Lifecycle string `json:"externalUserLifecycleAction"`
	}{settingsID, formatDuration(s.DeleteIn), string(s.Lifecycle)},
		map[string]any{"daysUntilExternalUserDeletedAfterBlocked": int(s.DeleteIn / day), "betaLifecycle": pascal(s.Lifecycle)})
}

// organizationTypes are the entity types of organizations and settings.
func organizationTypes() []edm.Entity {
	return []edm.Entity{
		{Name: "connectedOrganization", Base: "entity", Props: []edm.Prop{
			{Name: "createdDateTime", Type: edm.DateTimeOffset, Filter: "eq ne ge le not", Order: "F"},
			{Name: "description", Type: edm.String, Write: edm.CU},
			{Name: "displayName", Type: edm.String, Write: edm.CU, Required: true, Filter: "eq ne in sw contains not", Order: "F"},
			{Name: "identitySources", Type: edm.Many(edm.Of("identitySource")), NotNull: true, Write: edm.CU},
			{Name: "modifiedDateTime", Type: edm.DateTimeOffset, Filter: "eq ne ge le not", Order: "F"},
			{Name: "state", Type: edm.Of("connectedOrganizationState"), Write: edm.CU, Filter: "eq ne in not"},
			{Name: "createdBy", Only: "beta", Type: edm.String},
			{Name: "modifiedBy", Only: "beta", Type: edm.String},
		}},
		{Name: "entitlementManagementSettings", Base: "entity", Props: []edm.Prop{
			{Name: "durationUntilExternalUserDeletedAfterBlocked", Only: "v1.0", Type: edm.Duration, Write: edm.U},
			{Name: "externalUserLifecycleAction", Only: "v1.0", Type: edm.Of("accessPackageExternalUserLifecycleAction"), Write: edm.U},
			{Name: "daysUntilExternalUserDeletedAfterBlocked", Only: "beta", Type: edm.Int32, Write: edm.U},
			{Name: "betaLifecycle", Beta: "externalUserLifecycleAction", Only: "beta", Type: edm.String, Write: edm.U},
		}},
	}
}
