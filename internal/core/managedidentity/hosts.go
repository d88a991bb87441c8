package managedidentity

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/jose"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// PutHost makes a host, or changes one, and reports whether it is new.
func (s *Service) PutHost(ctx context.Context, who authz.Caller, r Resource, spec HostSpec) (h *Host, created bool, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := enter(ctx, tx, who, r.Subscription, r.Scope(), Write); err != nil {
			return err
		}
		g, err := getGroup(ctx, tx, who.Tenant, r.Subscription, r.Group)
		if err != nil {
			return err
		}
		h, err = getHost(ctx, tx, who.Tenant, r)
		if created = errors.Is(err, NoResource); created {
			r.Group = g.Name
			h, err = NewHost(who.Tenant, r, spec, tx.Now())
		}
		if err != nil {
			return err
		}
		return s.changeHost(ctx, tx, who, h, spec, created)
	})
	if err != nil {
		return nil, false, err
	}
	return h, created, nil
}

// PatchHost changes a host that exists.
func (s *Service) PatchHost(ctx context.Context, who authz.Caller, r Resource, spec HostSpec) (*Host, error) {
	var h *Host
	err := s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
		if err := enter(ctx, tx, who, r.Subscription, r.Scope(), Write); err != nil {
			return err
		}
		if h, err = getHost(ctx, tx, who.Tenant, r); err != nil {
			return err
		}
		return s.changeHost(ctx, tx, who, h, spec, false)
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

func (s *Service) changeHost(ctx context.Context, tx *sqldb.Tx, who authz.Caller, h *Host, spec HostSpec, created bool) error {
	if err := h.change(spec); err != nil {
		return err
	}
	if spec.Identity != nil {
		if err := s.changeIdentities(ctx, tx, who, h, spec.Identity); err != nil {
			return err
		}
	}
	if err := putHost(ctx, tx, h); err != nil {
		return err
	}
	activity := "Update resource"
	if created {
		activity = "Create resource"
	}
	var names []string
	for _, g := range h.given() {
		names = append(names, g.Resource)
	}
	return record(ctx, tx, who, activity, "Resource", h.ID(), h.Name, map[string]string{"identities": strings.Join(names, " ")})
}

// changeIdentities switches the host's own identity and takes over which
// user-assigned ones it has. Whoever adds one needs the right to assign it.
func (s *Service) changeIdentities(ctx context.Context, tx *sqldb.Tx, who authz.Caller, h *Host, b *IdentityBlock) (err error) {
	switch {
	case b.System && !h.System.On():
		if h.System, err = addPrincipal(ctx, tx, who, h.Resource, false); err != nil {
			return err
		}
	case !b.System && h.System.On():
		// Gone from this commit on: a token asked for later finds nobody.
		if err := s.removePrincipal(ctx, tx, who, h.Resource, h.System.Principal); err != nil {
			return err
		}
		h.System = Own{}
	}
	added, err := assignable(ctx, tx, who, h, b.Add)
	if err != nil {
		return err
	}
	h.Assigned = h.wanted(b, added)
	return nil
}

// assignable returns the identities at the places in add, each of which the
// caller may assign or the host already has. They may lie in any subscription
// of the tenant.
func assignable(ctx context.Context, tx *sqldb.Tx, who authz.Caller, h *Host, add []Resource) ([]*Identity, error) {
	var found []*Identity
	for _, r := range add {
		if r.Type != TypeIdentity {
			return nil, fault.InvalidAt("identity.userAssignedIdentities", "'%s' is no user-assigned identity.", r.ID())
		}
		i, err := getIdentity(ctx, tx, who.Tenant, r)
		if err != nil {
			return nil, err
		}
		has := slices.ContainsFunc(h.Assigned, func(o *Identity) bool { return o.Principal == i.Principal })
		if !has {
			if err := need(ctx, tx, who, i.Scope(), AssignIdentity); err != nil {
				return nil, err
			}
		}
		found = append(found, i)
	}
	return found, nil
}

// Host returns a host.
func (s *Service) Host(ctx context.Context, who authz.Caller, r Resource) (*Host, error) {
	var h *Host
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		if err := enter(ctx, tx, who, r.Subscription, r.Scope(), Read); err != nil {
			return err
		}
		h, err = getHost(ctx, tx, who.Tenant, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// HostByID returns a host by its identifier, for a caller who may read it. To others
// it does not exist.
func (s *Service) HostByID(ctx context.Context, who authz.Caller, id HostID) (*Host, error) {
	var h *Host
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		if h, err = GetHost(ctx, tx, who.Tenant, id); err != nil {
			return err
		}
		if err = need(ctx, tx, who, h.Scope(), Read); errors.Is(err, fault.Forbidden) {
			err = fault.Because(fault.NotFound, NoHost, "There is no host '%.64s' in the tenant.", id)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// Hosts returns a page of the hosts of a type in a subscription, or in one
// resource group, and where the next page begins. An empty type means all.
func (s *Service) Hosts(ctx context.Context, who authz.Caller, sub SubscriptionID, group, typ string, p Page) (all []*Host, next string, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if err := enterList(ctx, tx, who, sub, group, Read); err != nil {
			return err
		}
		found, err := listHosts(ctx, tx, who.Tenant, sub, group, typ, p)
		all, next = cut(found, p, func(h *Host) string {
			group, typ, name := h.folded()
			return group + "/" + typ + "/" + name
		})
		return err
	})
	return all, next, err
}

// DeleteHost removes a host with its own identity, and reports whether there
// was one.
func (s *Service) DeleteHost(ctx context.Context, who authz.Caller, r Resource) (existed bool, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := enter(ctx, tx, who, r.Subscription, r.Scope(), Write); err != nil {
			return err
		}
		h, err := getHost(ctx, tx, who.Tenant, r)
		if existed = err == nil; errors.Is(err, NoResource) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.removeHost(ctx, tx, who, h)
	})
	return existed && err == nil, err
}

func (s *Service) removeHost(ctx context.Context, tx *sqldb.Tx, who authz.Caller, h *Host) error {
	if h.System.On() {
		if err := s.removePrincipal(ctx, tx, who, h.Resource, h.System.Principal); err != nil {
			return err
		}
	}
	if err := dropHost(ctx, tx, h); err != nil {
		return err
	}
	if err := dropRolesAt(ctx, tx, who.Tenant, h.Subscription, h.Scope()); err != nil {
		return err
	}
	if err := jobs.Emit(ctx, tx, h.Tenant, HostRemoved, h.HostID); err != nil {
		return err
	}
	return record(ctx, tx, who, "Delete resource", "Resource", h.ID(), h.Name, nil)
}

// AddEnrollment makes a one-time token by which a machine becomes the host. A
// zero life is an hour. Whoever may change the host may.
func (s *Service) AddEnrollment(ctx context.Context, who authz.Caller, r Resource, life time.Duration) (*Enrollment, error) {
	var e *Enrollment
	err := s.db.Update(ctx, func(tx *sqldb.Tx) error {
		h, err := writableHost(ctx, tx, who, r)
		if err != nil {
			return err
		}
		if e, err = NewEnrollment(h, life, tx.Now()); err != nil {
			return err
		}
		if err := addEnrollment(ctx, tx, e); err != nil {
			return err
		}
		return record(ctx, tx, who, "Create host enrollment token", "Resource", h.ID(), h.Name,
			map[string]string{"expires": e.ExpiresAt.Format(time.RFC3339)})
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// RevokeKeys removes all keys and open enrollments of a host: no machine is
// the host any more, until one enrolls anew. It returns how many keys went.
func (s *Service) RevokeKeys(ctx context.Context, who authz.Caller, r Resource) (n int64, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		h, err := writableHost(ctx, tx, who, r)
		if err != nil {
			return err
		}
		if n, err = dropKeys(ctx, tx, h); err != nil {
			return err
		}
		return record(ctx, tx, who, "Revoke host keys", "Resource", h.ID(), h.Name, nil)
	})
	return n, err
}

func writableHost(ctx context.Context, tx *sqldb.Tx, who authz.Caller, r Resource) (*Host, error) {
	if err := enter(ctx, tx, who, r.Subscription, r.Scope(), Write); err != nil {
		return nil, err
	}
	return getHost(ctx, tx, who.Tenant, r)
}

// Enroll redeems an enrollment token and registers jwk as a key of its host,
// which it returns. The token is the authority; it works once.
func (s *Service) Enroll(ctx context.Context, token secret.String, jwk json.RawMessage, ip string) (*Host, error) {
	tenantID, err := tenantOf(token)
	if err != nil {
		return nil, err
	}
	key, err := ReadKey(jwk)
	if err != nil {
		return nil, err
	}
	var h *Host
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		id, err := spendEnrollment(ctx, tx, tenantID, string(digestOf(token)))
		if err != nil {
			return err
		}
		if err := active(ctx, tx, tenantID); err != nil {
			return err
		}
		if h, err = GetHost(ctx, tx, tenantID, id); err != nil {
			return err
		}
		if err := addKey(ctx, tx, h, key.ID, jwk); err != nil {
			return err
		}
		who := authz.System(tenantID, "Host enrollment")
		who.IP = ip
		return record(ctx, tx, who, "Enroll host", "Resource", h.ID(), h.Name, map[string]string{"key": key.ID})
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// Heartbeat checks a host's assertion for one of audiences, notes that the
// host lives and returns it. now is the wall's time. The assertion is checked
// before anything is written, so that noise costs no write.
func (s *Service) Heartbeat(ctx context.Context, in ids.TenantID, id HostID, assertion string, now time.Time, audiences ...string) (*Host, error) {
	var keys []jose.Key
	err := s.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		keys, err = HostKeys(ctx, tx, in, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	c, err := CheckAssertion(assertion, id, keys, now, audiences...)
	if err != nil {
		return nil, err
	}
	var h *Host
	err = s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
		if err := active(ctx, tx, in); err != nil {
			return err
		}
		if err := Spend(ctx, tx, in, id, c, now); err != nil {
			return err
		}
		if h, err = GetHost(ctx, tx, in, id); err != nil {
			return err
		}
		return markSeen(ctx, tx, in, id)
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// active refuses a tenant that is switched off. Only who has proved to belong
// to it is told.
func active(ctx context.Context, tx *sqldb.Tx, id ids.TenantID) error {
	t, err := tenant.Resolve(ctx, tx, string(id))
	if err != nil {
		return err
	}
	return t.Active()
}
