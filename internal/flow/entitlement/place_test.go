package entitlement

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"entente/internal/core/tenant"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// update runs do in one transaction and fails the test with its error.
func update(t *testing.T, db *sqldb.DB, do func(ctx context.Context, tx *sqldb.Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), func(tx *sqldb.Tx) error { return do(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

func ringOf(t *testing.T) *secret.Ring {
	t.Helper()
	ring, err := secret.NewRing(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// TestLinksLeadToTheirPage follows links of each place: as they are, late,
// changed, of another ring, and of a tenant that is gone.
func TestLinksLeadToTheirPage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		home, off, ring := ids.New[ids.TenantID](), ids.New[ids.TenantID](), ringOf(t)
		s := NewService(db)
		s.Links(ring, "https://id.example")
		var now time.Time
		update(t, db, func(ctx context.Context, tx *sqldb.Tx) error {
			now = tx.Now()
			for id, domain := range map[ids.TenantID]string{home: "a.example", off: "off.example"} {
				in, err := tenant.New(id, domain, now)
				if err != nil {
					return err
				}
				in.Enabled = id == home
				if err := errors.Join(tenant.Add(ctx, tx, in), tenant.AddDomain(ctx, tx, id, tenant.Domain{Name: domain, Verified: true, Initial: true, Default: true})); err != nil {
					return err
				}
			}
			return nil
		})
		later, earlier := now.Add(time.Hour), now.Add(-time.Hour)
		const id = "7f8d1c1e-2a44-4a0e-9a53-0d6f3a1f2b3c"
		seal := func(l Link, by *secret.Ring) string {
			path, err := l.seal(by)
			if err != nil {
				t.Fatal(err)
			}
			return strings.TrimPrefix(path, FollowPath)
		}
		good := seal(Link{home, ApprovalPlace, id, later}, ring)
		bent, err := base64.RawURLEncoding.DecodeString(good)
		if err != nil {
			t.Fatal(err)
		}
		bent[len(bent)-1] ^= 1
		for _, tt := range []struct {
			name, link, page string
			over             bool
			fault            error
		}{
			{"a package", seal(Link{home, PackagePlace, id, later}, ring), "/@a.example/access-packages/" + id, false, nil},
			{"a request", seal(Link{home, RequestPlace, id, later}, ring), "/@a.example/access/requests/" + id, false, nil},
			{"an approval", good, "/@a.example/access/approvals/" + id, false, nil},
			{"what one has", seal(Link{home, AssignmentsPlace, "", later}, ring), "/@a.example/access/assignments", false, nil},
			{"too late", seal(Link{home, ApprovalPlace, id, earlier}, ring), "/@a.example/access/assignments", true, nil},
			{"one bit turned", base64.RawURLEncoding.EncodeToString(bent), "", false, BadLink},
			{"half of it", good[:len(good)/2], "", false, BadLink},
			{"nothing", "", "", false, BadLink},
			{"a very long one", strings.Repeat("A", 5000), "", false, BadLink},
			{"of another installation", seal(Link{home, ApprovalPlace, id, later}, ringOf(t)), "", false, BadLink},
			{"of a tenant that is not here", seal(Link{ids.New[ids.TenantID](), ApprovalPlace, id, later}, ring), "", false, fault.NotFound},
			{"of a tenant that is switched off", seal(Link{off, ApprovalPlace, id, later}, ring), "", false, tenant.Disabled},
		} {
			to, err := s.Follow(t.Context(), tt.link)
			if to.Page != tt.page || to.Over != tt.over || !errors.Is(err, tt.fault) {
				t.Errorf("%s: %+v, %v", tt.name, to, err)
			}
		}
	})
}
