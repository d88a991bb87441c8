package directory

import (
	"context"
	"slices"
	"strings"

	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/sqldb"
)

// domains is the entity set /domains: the names that the caller's tenant claims
// or has proved to own. They are read here, and changed by whoever operates the
// installation.
// https://learn.microsoft.com/graph/api/resources/domain?view=graph-rest-1.0
func (s Services) domains() *edm.Set {
	may := edm.Alike(edm.Any("Domain.Read.All", "Domain.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"))
	return &edm.Set{
		Path: edm.Both("domains"), Type: edm.Of("domain"), FreeKeys: true, Unpaged: true,
		Doc:  "https://learn.microsoft.com/graph/api/resources/domain?view=graph-rest-1.0",
		List: edm.List{May: may, Do: s.listDomains},
		Get:  edm.Get{May: may, Do: s.getDomain},
	}
}

// domain is the entity type of domains.
func domain() edm.Entity {
	text, flag := edm.String, edm.Boolean
	return edm.Entity{Name: "domain", Base: "entity", Props: []edm.Prop{
		{Name: "authenticationType", Type: text, NotNull: true},
		{Name: "availabilityStatus", Type: text},
		{Name: "isAdminManaged", Type: flag, NotNull: true},
		{Name: "isDefault", Type: flag, NotNull: true},
		{Name: "isInitial", Type: flag, NotNull: true},
		{Name: "isRoot", Type: flag, NotNull: true},
		{Name: "isVerified", Type: flag, NotNull: true},
		{Name: "manufacturer", Type: text},
		{Name: "model", Type: text},
		{Name: "passwordNotificationWindowInDays", Type: edm.Int32},
		{Name: "passwordValidityPeriodInDays", Type: edm.Int32},
		{Name: "state", Type: edm.Of("domainState")},
		{Name: "supportedServices", Type: edm.Many(text), NotNull: true},
	}}
}

func domainState() edm.Complex {
	return edm.Complex{Name: "domainState", Props: []edm.Prop{
		{Name: "lastActionDateTime", Type: edm.DateTimeOffset},
		{Name: "operation", Type: edm.String},
		{Name: "status", Type: edm.String},
	}}
}

// A dns is how a domain looks. Passwords never end here, so the properties
// about that say so: 2147483647 days are for ever.
type dns struct {
	ID             string   `json:"id"`
	Authentication string   `json:"authenticationType"`
	Availability   *string  `json:"availabilityStatus"`
	AdminManaged   bool     `json:"isAdminManaged"`
	Default        bool     `json:"isDefault"`
	Initial        bool     `json:"isInitial"`
	Root           bool     `json:"isRoot"`
	Verified       bool     `json:"isVerified"`
	Manufacturer   *string  `json:"manufacturer"`
	Model          *string  `json:"model"`
	Notice         int      `json:"passwordNotificationWindowInDays"`
	Validity       int      `json:"passwordValidityPeriodInDays"`
	State          *string  `json:"state"`
	Services       []string `json:"supportedServices"`
}

const (
	noticeDays = 14
	forEver    = 1<<31 - 1
)

func domainItem(t *tenant.Tenant, d tenant.Domain) (edm.Item, error) {
	below := func(other tenant.Domain) bool { return strings.HasSuffix(d.Name, "."+other.Name) }
	v := dns{
		ID: d.Name, Authentication: "Managed", AdminManaged: true, Default: d.Default, Initial: d.Initial,
		Root: !slices.ContainsFunc(t.Domains, below), Verified: d.Verified, Notice: noticeDays, Validity: forEver, Services: []string{},
	}
	if d.Verified {
		v.Services = []string{"Email", "OfficeCommunicationsOnline"}
	}
	return item(d.Name, v)
}

func (s Services) listDomains(ctx context.Context, r *edm.Request) (edm.Page, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (page edm.Page, err error) {
		t, err := tenant.Get(ctx, tx, r.Who.Tenant)
		if err != nil {
			return page, err
		}
		for _, d := range t.Domains {
			it, err := domainItem(t, d)
			if err != nil {
				return page, err
			}
			page.Items = append(page.Items, it)
		}
		return page, nil
	})
}

func (s Services) getDomain(ctx context.Context, r *edm.Request) (edm.Item, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
		t, err := tenant.Get(ctx, tx, r.Who.Tenant)
		if err != nil {
			return edm.Item{}, err
		}
		for _, d := range t.Domains {
			if strings.EqualFold(d.Name, r.ID) {
				return domainItem(t, d)
			}
		}
		return edm.Item{}, object.Missing(r.ID)
	})
}
