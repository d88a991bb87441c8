package directory

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/sqldb"
)

// organization is the entity set /organization, which holds the caller's
// tenant and nothing else.
// https://learn.microsoft.com/graph/api/resources/organization?view=graph-rest-1.0
func (s Services) organization() *edm.Set {
	app := edm.Any("Organization.Read.All", "Organization.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")
	read := edm.Access{
		App:       app,
		Delegated: edm.Perms{{Name: "User.Read", Only: []string{"id", "displayName", "verifiedDomains"}}}.And(app...),
		Needs:     []authz.Action{"organization/standard/read"},
	}
	return &edm.Set{
		Path: edm.Both("organization"), Type: edm.Of("organization"), Unpaged: true,
		Doc:    "https://learn.microsoft.com/graph/api/resources/organization?view=graph-rest-1.0",
		List:   edm.List{May: read, Do: s.listOrganization},
		Get:    edm.Get{May: read, Do: s.getOrganization},
		Update: edm.Change{May: edm.Alike(edm.Any("Organization.ReadWrite.All")).Needing("organization/basic/update"), Do: s.updateOrganization},
	}
}

// An org is how a tenant looks. What has no place here is empty, as it is for a
// tenant that never set it.
type org struct {
	ID            string                 `json:"id"`
	Deleted       *string                `json:"deletedDateTime"`
	Plans         []string               `json:"assignedPlans"`
	Phones        []string               `json:"businessPhones"`
	City          *string                `json:"city"`
	Country       *string                `json:"country"`
	CountryCode   *string                `json:"countryLetterCode"`
	Created       time.Time              `json:"createdDateTime"`
	Usage         *string                `json:"defaultUsageLocation"`
	Name          string                 `json:"displayName"`
	Marketing     []string               `json:"marketingNotificationEmails"`
	LastSync      *string                `json:"onPremisesLastSyncDateTime"`
	Sync          *bool                  `json:"onPremisesSyncEnabled"`
	Partner       *string                `json:"partnerTenantType"`
	Postal        *string                `json:"postalCode"`
	Language      *string                `json:"preferredLanguage"`
	Privacy       *tenant.PrivacyProfile `json:"privacyProfile"`
	Provisioned   []string               `json:"provisionedPlans"`
	SecurityMails []string               `json:"securityComplianceNotificationMails"`
	SecurityPhone []string               `json:"securityComplianceNotificationPhones"`
	State         *string                `json:"state"`
	Street        *string                `json:"street"`
	Technical     []string               `json:"technicalNotificationMails"`
	Kind          string                 `json:"tenantType"`
	Domains       []verified             `json:"verifiedDomains"`
}

type verified struct {
	Capabilities string `json:"capabilities"`
	IsDefault    bool   `json:"isDefault"`
	IsInitial    bool   `json:"isInitial"`
	Name         string `json:"name"`
	Type         string `json:"type"`
}

func orgItem(t *tenant.Tenant) (edm.Item, error) {
	o := org{ID: string(t.ID), Name: t.DisplayName, Created: t.CreatedAt.Truncate(time.Second), Kind: "AAD"}
	o.Marketing, o.SecurityMails, o.SecurityPhone = t.Contacts.Marketing, t.Contacts.SecurityMails, t.Contacts.SecurityPhones
	o.Technical, o.Privacy = t.Contacts.Technical, t.Contacts.Privacy
	if t.Country != "" {
		o.CountryCode = &t.Country
	}
	for _, d := range t.Domains {
		if d.Verified {
			o.Domains = append(o.Domains, verified{strings.Join(d.Services, ", "), d.Default, d.Initial, d.Name, "Managed"})
		}
	}
	object.Fill(&o)
	it, err := item(o.ID, o)
	it.Rest = json.RawMessage(`{"mobileDeviceManagementAuthority":"unknown"}`)
	return it, err
}

func (s Services) own(ctx context.Context, r *edm.Request) (edm.Item, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
		t, err := tenant.Get(ctx, tx, r.Who.Tenant)
		if err != nil {
			return edm.Item{}, err
		}
		return orgItem(t)
	})
}

func (s Services) listOrganization(ctx context.Context, r *edm.Request) (edm.Page, error) {
	it, err := s.own(ctx, r)
	return edm.Page{Items: []edm.Item{it}}, err
}

// getOrganization answers for the caller's own tenant alone: others are not
// there.
func (s Services) getOrganization(ctx context.Context, r *edm.Request) (edm.Item, error) {
	if r.ID != string(r.Who.Tenant) {
		return edm.Item{}, object.Missing(r.ID)
	}
	return s.own(ctx, r)
}

func (s Services) updateOrganization(ctx context.Context, r *edm.Request) error {
	if r.ID != string(r.Who.Tenant) {
		return object.Missing(r.ID)
	}
	return s.Tenants.Update(ctx, r.Who, r.Body)
}
