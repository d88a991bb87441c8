package offer

import (
	"context"
	"errors"
	"testing"
	"time"

	"entente/internal/core/tenant"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// update runs do in one transaction and fails the test with its error.
func update(t *testing.T, db *sqldb.DB, do func(ctx context.Context, tx *sqldb.Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), func(tx *sqldb.Tx) error { return do(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// tried returns the error of do in a transaction of its own.
func tried(t *testing.T, db *sqldb.DB, do func(ctx context.Context, tx *sqldb.Tx) error) error {
	t.Helper()
	return db.Update(t.Context(), func(tx *sqldb.Tx) error { return do(t.Context(), tx) })
}

func ptr[T any](v T) *T { return &v }

const noon = "2026-11-23T12:00:00Z"

// TestSetUpIsStored stores one of each noun and reads it back as it was.
func TestSetUpIsStored(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		home := ids.New[ids.TenantID]()
		now, _ := time.Parse(time.RFC3339, noon)
		cat, err := NewCatalog(home, CatalogChange{Name: ptr("Sales"), Published: ptr(true)}, "ada", now)
		if err != nil {
			t.Fatal(err)
		}
		pkg, err := NewPackage(cat, PackageChange{Name: ptr("Partners"), Hidden: ptr(true)}, "ada", now)
		if err != nil {
			t.Fatal(err)
		}
		group := ids.New[ids.ObjectID]()
		res := &Resource{Tenant: home, ID: ids.New[ids.ResourceID](), Catalog: cat.ID, Origin: AadGroup, OriginID: string(group), Object: group,
			Kind: "Security Group", Name: "Sellers", Attributes: []byte("[]"), CreatedAt: now, ModifiedAt: now}
		pol := &Policy{Tenant: home, ID: ids.New[ids.PolicyID](), Package: pkg.ID, Name: "p", Scope: SpecificDirectoryUsers,
			Targets:   []SubjectSet{{Kind: GroupMembers, Object: group}},
			Requestor: RequestorSettings{SelfAdd: true}, Expiration: Expiration{Type: ExpirationAfterDuration, Duration: 90 * day},
			CreatedAt: now, ModifiedAt: now}
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
			return errors.Join(addCatalog(ctx, tx, cat), addPackage(ctx, tx, pkg), addResource(ctx, tx, res), putRoles(ctx, tx, res, groupRoles(group)), addPolicy(ctx, tx, pol))
		})
		var roles []ResourceRole
		var scopes []ResourceScope
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
			found, err := listRoles(ctx, tx, home, cat.ID, res.ID, everything)
			if err != nil {
				return err
			}
			roles = found.Items
			under, err := listScopes(ctx, tx, home, cat.ID, res.ID, everything)
			scopes = under.Items
			return err
		})
		if len(roles) != 2 || len(scopes) != 1 || scopes[0].OriginID != string(group) {
			t.Fatalf("roles %+v, scopes %+v", roles, scopes)
		}
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
			return addRole(ctx, tx, pkg, RoleScope{Resource: res, Role: roles[0], Scope: scopes[0], CreatedAt: now})
		})
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
			given, err := RolesOf(ctx, tx, home, pkg.ID)
			if err != nil {
				return err
			}
			if len(given) != 1 || given[0].Role.OriginID != roles[0].OriginID || given[0].Resource.Origin != AadGroup || given[0].Resource.OriginID != string(group) {
				t.Errorf("the package gives %+v", given)
			}
			back, err := PolicyByID(ctx, tx, home, pol.ID)
			if err != nil {
				return err
			}
			if back.Expiration != pol.Expiration || back.Targets[0] != pol.Targets[0] || back.Package != pkg.ID || !back.Requestor.SelfAdd {
				t.Errorf("the policy came back as %+v", back)
			}
			naming, err := PoliciesNaming(ctx, tx, home, []string{string(group)}, nil)
			if err != nil {
				return err
			}
			if len(naming) != 1 {
				t.Errorf("%d policies name the group, want 1", len(naming))
			}
			naming, err = PoliciesNaming(ctx, tx, home, nil, []TargetScope{SpecificDirectoryUsers})
			if len(naming) != 1 {
				t.Errorf("%d policies have the scope, want 1", len(naming))
			}
			return err
		})
		if err := tried(t, db, func(ctx context.Context, tx *sqldb.Tx) error { return dropResource(ctx, tx, res) }); !errors.Is(err, HasEntitlements) {
			t.Errorf("a resource in use was removed: %v", err)
		}
		if err := tried(t, db, func(ctx context.Context, tx *sqldb.Tx) error { return dropCatalog(ctx, tx, cat) }); !errors.Is(err, NotEmpty) {
			t.Errorf("a catalog with packages was removed: %v", err)
		}
		stranger := ids.New[ids.TenantID]()
		if err := tried(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
			_, err := PackageByID(ctx, tx, stranger, pkg.ID)
			return err
		}); !errors.Is(err, fault.NotFound) {
			t.Errorf("another tenant sees the package: %v", err)
		}
	})
}

// TestWhoBelongsToAnOrganization is who matches a connected organization and who
// does not.
func TestWhoBelongsToAnOrganization(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		a, b, c := ids.New[ids.TenantID](), ids.New[ids.TenantID](), ids.New[ids.TenantID]()
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
			for id, domain := range map[ids.TenantID]string{b: "b.example", c: "c.example"} {
				home, err := tenant.New(id, domain, tx.Now())
				if err != nil {
					return err
				}
				if err := errors.Join(tenant.Add(ctx, tx, home), tenant.AddDomain(ctx, tx, id, tenant.Domain{Name: domain, Verified: true, Initial: true, Default: true})); err != nil {
					return err
				}
			}
			for name, s := range map[string]Source{
				"tenant":    {Kind: TenantSource, Home: b},
				"verified":  {Kind: DomainSource, Domain: "C.example"},
				"mail":      {Kind: DomainSource, Domain: "mail.example"},
				"federated": {Kind: FederationSource, Domain: "idp.example", Issuer: "https://idp.example"},
			} {
				o, err := NewOrganization(a, OrganizationChange{Name: &name, Sources: []Source{s}}, "ada", tx.Now())
				if err != nil {
					return err
				}
				if err := addOrganization(ctx, tx, o); err != nil {
					return err
				}
			}
			return nil
		})
		for _, tt := range []struct {
			name string
			from Provenance
			want string
		}{
			{"whoever signed in at the tenant", Provenance{Home: b}, "tenant"},
			{"whoever signed in at the tenant that has the domain", Provenance{Home: c}, "verified"},
			{"whoever signed in elsewhere", Provenance{Home: ids.New[ids.TenantID]()}, ""},
			{"whoever is at home", Provenance{Home: a}, ""},
			{"a personal account with an address of the partner", Provenance{Domain: "b.example"}, ""},
			{"a passcode sent to a domain that a tenant has", Provenance{Domain: "c.example"}, ""},
			{"a passcode sent to the domain", Provenance{Domain: "Mail.example"}, "mail"},
			{"a passcode sent to a subdomain", Provenance{Domain: "x.mail.example"}, ""},
			{"a passcode where federation is asked for", Provenance{Domain: "idp.example"}, ""},
			{"the domain's issuer", Provenance{Domain: "idp.example", Issuer: "https://idp.example"}, "federated"},
			{"another issuer", Provenance{Domain: "idp.example", Issuer: "https://evil.example"}, ""},
			{"nothing proved", Provenance{}, ""},
		} {
			t.Run(tt.name, func(t *testing.T) {
				update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
					o, err := OrganizationOf(ctx, tx, a, tt.from)
					got := ""
					if o != nil {
						got = o.Name
					}
					if got != tt.want {
						t.Errorf("got %q, want %q", got, tt.want)
					}
					return err
				})
			})
		}
		twin, err := NewOrganization(a, OrganizationChange{Name: ptr("twin"), Sources: []Source{{Kind: TenantSource, Home: b}}}, "ada", dbtest.Noon)
		if err != nil {
			t.Fatal(err)
		}
		if err := tried(t, db, func(ctx context.Context, tx *sqldb.Tx) error { return addOrganization(ctx, tx, twin) }); !errors.Is(err, SourceTaken) {
			t.Errorf("a second organization of the same tenant: %v", err)
		}
	})
}

// TestSettingsAreKept reads the settings before and after a change.
func TestSettingsAreKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		home := ids.New[ids.TenantID]()
		for _, want := range []Settings{{Lifecycle: BlockAndDeleteGuest, DeleteIn: 30 * day}, {Lifecycle: BlockGuest}, {Lifecycle: KeepGuest, DeleteIn: day}} {
			update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
				s, err := SettingsOf(ctx, tx, home)
				if err != nil {
					return err
				}
				if err := s.Change(SettingsChange{&want.Lifecycle, &want.DeleteIn}); err != nil {
					return err
				}
				return putSettings(ctx, tx, s)
			})
			update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
				s, err := SettingsOf(ctx, tx, home)
				if s.Lifecycle != want.Lifecycle || s.DeleteIn != want.DeleteIn {
					t.Errorf("got %+v, want %+v", s, want)
				}
				return err
			})
		}
	})
}

// everything asks for a whole list.
var everything query.Query

// TestPoliciesOfManyAreFound has more policies than are read at once, many of one moment.
func TestPoliciesOfManyAreFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		home, now := ids.New[ids.TenantID](), time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
		const many = 2*policiesAtOnce + 7
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
			for i := range many {
				p := &Policy{Tenant: home, ID: ids.New[ids.PolicyID](), Package: ids.New[ids.PackageID](), Name: "p", Scope: AllExternalUsers,
					Requestor: RequestorSettings{SelfAdd: true}, CreatedAt: now.Add(time.Duration(i/300) * time.Second), ModifiedAt: now}
				if err := addPolicy(ctx, tx, p); err != nil {
					return err
				}
			}
			return nil
		})
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
			found, err := PoliciesNaming(ctx, tx, home, nil, []TargetScope{AllExternalUsers})
			if n := len(ByID(found, func(p *Policy) ids.PolicyID { return p.ID })); err == nil && (n != many || len(found) != many) {
				t.Errorf("%d policies are found, %d different ones; there are %d", len(found), n, many)
			}
			return err
		})
	})
}
