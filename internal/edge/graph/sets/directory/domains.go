package directory

import (
	"context"
	"encoding/json"
	"time"

	"entente/internal/core/directory"
	"entente/internal/core/tenant"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/sqldb"
)

// Who may do what with domains. A record of a domain tells no more than its
// name, but Graph asks for a permission on domains.
var (
	readDomains  = edm.Alike(edm.Any("Domain.Read.All", "Domain.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")).Needing("domains/standard/read")
	readRecords  = edm.Alike(edm.Any("Domain.Read.All", "Domain.ReadWrite.All")).Needing("domains/standard/read")
	writeDomains = edm.Alike(edm.Any("Domain.ReadWrite.All")).Needing("domains/allProperties/allTasks")
)

// domains is the entity set /domains: the names that the caller's tenant claims
// or has proved to own.
// https://learn.microsoft.com/graph/api/resources/domain?view=graph-rest-1.0
func (s Services) domains() *edm.Set {
	return &edm.Set{
		Path: edm.Both("domains"), Type: edm.Of("domain"), FreeKeys: true, Unpaged: true,
		Doc:    "https://learn.microsoft.com/graph/api/resources/domain?view=graph-rest-1.0",
		List:   edm.List{May: readDomains, Do: s.listDomains},
		Get:    edm.Get{May: readDomains, Do: s.getDomain},
		Create: edm.Get{May: writeDomains, Do: s.addDomain},
		Update: edm.Change{May: writeDomains, Do: s.updateDomain},
		Delete: edm.Change{May: writeDomains, Do: func(ctx context.Context, r *edm.Request) error { return s.Domains.Delete(ctx, r.Who, r.ID) }},
		Parts:  []*edm.Set{s.domainNameReferences(), s.rootDomain(), s.verificationRecords(), s.configurationRecords()},
		Actions: []edm.Action{
			{Name: "verify", Returns: edm.Of("domain"), May: writeDomains, Do: s.verifyDomain},
			{Name: "promote", Returns: edm.Boolean, May: writeDomains, Do: s.promoteDomain},
			{
				Name: "forceDelete", May: writeDomains, Do: s.forceDeleteDomain,
				Params: []edm.Prop{{Name: "disableUserAccounts", Type: edm.Boolean, Write: edm.CU}},
			},
		},
	}
}

// domainType is the entity type of domains.
func domainType() edm.Entity {
	text, flag := edm.String, edm.Boolean
	return edm.Entity{Name: "domain", Base: "entity", Props: []edm.Prop{
		{Name: "id", Type: text, NotNull: true, Write: edm.C, Required: true},
		{Name: "authenticationType", Type: text, NotNull: true, Write: edm.U},
		{Name: "availabilityStatus", Type: text},
		{Name: "isAdminManaged", Type: flag, NotNull: true},
		{Name: "isDefault", Type: flag, NotNull: true, Write: edm.U},
		{Name: "isInitial", Type: flag, NotNull: true},
		{Name: "isRoot", Type: flag, NotNull: true},
		{Name: "isVerified", Type: flag, NotNull: true},
		{Name: "manufacturer", Type: text},
		{Name: "model", Type: text},
		{Name: "passwordNotificationWindowInDays", Type: edm.Int32, Write: edm.U},
		{Name: "passwordValidityPeriodInDays", Type: edm.Int32, Write: edm.U},
		{Name: "state", Type: edm.Of("domainState")},
		{Name: "supportedServices", Type: edm.Many(text), NotNull: true, Write: edm.U},
	}}
}

func domainState() edm.Complex {
	return edm.Complex{Name: "domainState", Props: []edm.Prop{
		{Name: "lastActionDateTime", Type: edm.DateTimeOffset},
		{Name: "operation", Type: edm.String},
		{Name: "status", Type: edm.String},
	}}
}

// A dns is how a domain looks. Passwords never end here, and the properties
// about that say so.
type dns struct {
	ID             string    `json:"id"`
	Authentication string    `json:"authenticationType"`
	Availability   *string   `json:"availabilityStatus"`
	AdminManaged   bool      `json:"isAdminManaged"`
	Default        bool      `json:"isDefault"`
	Initial        bool      `json:"isInitial"`
	Root           bool      `json:"isRoot"`
	Verified       bool      `json:"isVerified"`
	Manufacturer   *string   `json:"manufacturer"`
	Model          *string   `json:"model"`
	Notice         int       `json:"passwordNotificationWindowInDays"`
	Validity       int       `json:"passwordValidityPeriodInDays"`
	State          *dnsState `json:"state"`
	Services       []string  `json:"supportedServices"`
}

type dnsState struct {
	At        time.Time `json:"lastActionDateTime"`
	Operation string    `json:"operation"`
	Status    string    `json:"status"`
}

func lookOf(t *tenant.Tenant, d tenant.Domain) dns {
	v := dns{
		ID: d.Name, Authentication: "Managed", AdminManaged: true, Default: d.Default, Initial: d.Initial, Root: t.IsRoot(d),
		Verified: d.Verified, Notice: tenant.PasswordNoticeDays, Validity: tenant.PasswordsForEver, Services: []string{},
	}
	if d.Verified {
		v.Services = d.Services
	}
	if d.Removal != tenant.NoRemoval {
		v.State = &dnsState{d.RemovalAt.Truncate(time.Second), "ForceDelete", string(d.Removal)}
	}
	return v
}

func domainItem(t *tenant.Tenant, d tenant.Domain) (edm.Item, error) {
	return item(d.Name, lookOf(t, d))
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

// ofDomain shows something of one of the caller's tenant's domains.
func ofDomain[T any](ctx context.Context, s Services, r *edm.Request, name string, show func(*sqldb.Tx, *tenant.Tenant, tenant.Domain) (T, error)) (T, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (out T, err error) {
		t, err := tenant.Get(ctx, tx, r.Who.Tenant)
		if err != nil {
			return out, err
		}
		d := t.Domain(name)
		if d == nil {
			return out, tenant.MissingDomain(name)
		}
		return show(tx, t, *d)
	})
}

func (s Services) getDomain(ctx context.Context, r *edm.Request) (edm.Item, error) {
	return ofDomain(ctx, s, r, r.ID, func(_ *sqldb.Tx, t *tenant.Tenant, d tenant.Domain) (edm.Item, error) { return domainItem(t, d) })
}

func (s Services) addDomain(ctx context.Context, r *edm.Request) (edm.Item, error) {
	var body struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(r.Body, &body); err != nil {
		return edm.Item{}, err
	}
	d, err := s.Domains.Add(ctx, r.Who, body.ID)
	if err != nil {
		return edm.Item{}, err
	}
	return ofDomain(ctx, s, r, d.Name, func(_ *sqldb.Tx, t *tenant.Tenant, d tenant.Domain) (edm.Item, error) { return domainItem(t, d) })
}

func (s Services) updateDomain(ctx context.Context, r *edm.Request) error {
	var c tenant.DomainChange
	if err := json.Unmarshal(r.Body, &c); err != nil {
		return err
	}
	return s.Domains.Update(ctx, r.Who, r.ID, c)
}

// verifyDomain answers with the domain, which is available from now on.
func (s Services) verifyDomain(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
	if err := s.Domains.Verify(ctx, r.Who, r.ID); err != nil {
		return nil, err
	}
	return ofDomain(ctx, s, r, r.ID, func(_ *sqldb.Tx, t *tenant.Tenant, d tenant.Domain) (json.RawMessage, error) {
		v, now := lookOf(t, d), "AvailableImmediately"
		v.Availability = &now
		return json.Marshal(v)
	})
}

func (s Services) promoteDomain(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
	return json.RawMessage("true"), s.Domains.Promote(ctx, r.Who, r.ID)
}

// forceDeleteDomain switches accounts off unless it is told not to, as Graph
// does.
func (s Services) forceDeleteDomain(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
	ask := struct {
		Disable *bool `json:"disableUserAccounts"`
	}{}
	if err := json.Unmarshal(r.Body, &ask); err != nil {
		return nil, err
	}
	return nil, s.Domains.ForceDelete(ctx, r.Who, r.ID, ask.Disable == nil || *ask.Disable)
}

// domainNameReferences is whatever is named under a domain.
// https://learn.microsoft.com/graph/api/domain-list-domainnamereferences?view=graph-rest-1.0
func (s Services) domainNameReferences() *edm.Set {
	return &edm.Set{
		Path: edm.Both("domainNameReferences"), Type: edm.Of("directoryObject"), Of: ofAnything, Linked: true,
		Doc: "https://learn.microsoft.com/graph/api/domain-list-domainnamereferences?view=graph-rest-1.0",
		List: edm.List{May: readRecords, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			return ofDomain(ctx, s, r, r.Parent(), func(tx *sqldb.Tx, _ *tenant.Tenant, d tenant.Domain) (edm.Page, error) {
				if !d.Verified {
					return edm.Page{}, nil
				}
				return relatedPage(ctx, tx, r, directory.NamedUnder(d.Name))
			})
		}},
	}
}

// rootDomain is the root that a verified subdomain hangs on.
// https://learn.microsoft.com/graph/api/domain-get-rootdomain?view=graph-rest-1.0
func (s Services) rootDomain() *edm.Set {
	return &edm.Set{
		Path: edm.Both("rootDomain"), Type: edm.Of("domain"), Single: true,
		Doc: "https://learn.microsoft.com/graph/api/domain-get-rootdomain?view=graph-rest-1.0",
		Get: edm.Get{May: readRecords, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			return ofDomain(ctx, s, r, r.Parent(), func(_ *sqldb.Tx, t *tenant.Tenant, d tenant.Domain) (edm.Item, error) {
				root := t.RootOf(d)
				if root == nil {
					return edm.Item{}, tenant.MissingDomain("rootDomain")
				}
				return domainItem(t, *root)
			})
		}},
	}
}
