// Package domain is the way of a DNS name into a tenant and out of it: claim,
// proof, use, removal.
//
// Any tenant may claim any name that nobody here has proved; a claim leads
// nowhere. Each claim has a proof of its own, which whoever owns the name
// publishes in DNS, and the first tenant whose proof is found there has the
// name. What stands below a verified domain of the same tenant is verified with
// it. A verified domain goes when nothing is named under it any more, or is
// forced to go: then a job gives whatever is named under it names under the
// initial domain, a few at a time, and removes the domain when none is left.
//
// DNS is asked outside any transaction.
package domain

import (
	"context"
	"errors"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/kit/dns"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// Options are what the service stands on.
type Options struct {
	DB        *sqldb.DB
	DNS       *dns.Resolver
	Directory *directory.Service
	Apps      *app.Service
}

// A Service changes domains.
type Service struct{ Options }

// NewService returns a service.
func NewService(o Options) *Service { return &Service{o} }

// may refuses whoever may not manage domains.
func may(ctx context.Context, tx *sqldb.Tx, who authz.Caller) error {
	return authz.Allow(ctx, tx, who, "", "domains/allProperties/allTasks")
}

// Of returns the caller's tenant with its domains.
func (s *Service) Of(ctx context.Context, who authz.Caller) (t *tenant.Tenant, err error) {
	err = s.DB.View(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, who, "", "domains/standard/read"); err != nil {
			return err
		}
		t, err = tenant.Get(ctx, tx, who.Tenant)
		return err
	})
	return t, err
}

// change runs a rule on one of the caller's tenant's domains and records it.
func (s *Service) change(ctx context.Context, who authz.Caller, name, activity string,
	rule func(tx *sqldb.Tx, t *tenant.Tenant, d *tenant.Domain) error) error {
	return s.DB.Update(ctx, func(tx *sqldb.Tx) error {
		t, d, err := find(ctx, tx, who.Tenant, name)
		if err != nil {
			return err
		}
		if err := may(ctx, tx, who); err != nil {
			return err
		}
		before := faceOf(*d)
		if err := rule(tx, t, d); err != nil {
			return err
		}
		return record(ctx, tx, who, activity, d.Name, audit.Diff(before, faceOf(*d)))
	})
}

func find(ctx context.Context, tx *sqldb.Tx, id ids.TenantID, name string) (*tenant.Tenant, *tenant.Domain, error) {
	t, err := tenant.Get(ctx, tx, id)
	if err != nil {
		return nil, nil, err
	}
	d := t.Domain(name)
	if d == nil {
		return nil, nil, tenant.MissingDomain(name)
	}
	return t, d, nil
}

// A face is what the audit log tells of a domain.
type face struct {
	Verified bool     `json:"isVerified"`
	Default  bool     `json:"isDefault"`
	Promoted bool     `json:"isPromoted"`
	Services []string `json:"supportedServices"`
}

func faceOf(d tenant.Domain) face { return face{d.Verified, d.Default, d.Promoted, d.Services} }

func record(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity, name string, changed []audit.Change) error {
	return audit.Record(ctx, tx, who, audit.Entry{
		Category: "DirectoryManagement", Activity: activity, Changes: changed, Target: audit.Target{Kind: "Domain", ID: name, Name: name},
	})
}

// Add claims a name for the caller's tenant. Below a verified domain of the
// tenant it is verified at once.
func (s *Service) Add(ctx context.Context, who authz.Caller, name string) (d tenant.Domain, err error) {
	err = s.DB.Update(ctx, func(tx *sqldb.Tx) error {
		if err := may(ctx, tx, who); err != nil {
			return err
		}
		t, err := tenant.Get(ctx, tx, who.Tenant)
		if err != nil {
			return err
		}
		if d, err = t.Claim(name, tx.Now()); err != nil {
			return err
		}
		if err := tenant.AddDomain(ctx, tx, t.ID, d); err != nil {
			return err
		}
		activity := "Add unverified domain"
		if d.Verified {
			activity = "Add verified domain"
		}
		return record(ctx, tx, who, activity, d.Name, nil)
	})
	return d, err
}

// Verify looks for the proof in DNS and takes the name for the tenant.
func (s *Service) Verify(ctx context.Context, who authz.Caller, name string) error {
	var d tenant.Domain
	err := s.DB.View(ctx, func(tx *sqldb.Tx) error {
		if err := may(ctx, tx, who); err != nil {
			return err
		}
		_, found, err := find(ctx, tx, who.Tenant, name)
		if err != nil {
			return err
		}
		d = *found
		return unverified(d)
	})
	if err != nil {
		return err
	}
	if err := s.proved(ctx, d); err != nil {
		return err
	}
	err = s.change(ctx, who, name, "Verify domain", func(tx *sqldb.Tx, t *tenant.Tenant, now *tenant.Domain) error {
		if err := unverified(*now); err != nil {
			return err
		}
		now.Verified, now.VerifiedAt = true, tx.Now()
		return tenant.VerifyDomain(ctx, tx, t.ID, now.Name)
	})
	if errors.Is(err, fault.Conflict) { // another tenant proved it at the same moment
		err = fault.Because(fault.Conflict, tenant.Taken, "The domain %s is verified by a tenant already.", d.Name).Wrap(err)
	}
	return err
}

func unverified(d tenant.Domain) error {
	if d.Verified {
		return fault.Because(fault.Invalid, tenant.AlreadyVerified, "Domain is already verified.")
	}
	return nil
}

// proved asks DNS for the proof: the text first, then the mail exchange.
func (s *Service) proved(ctx context.Context, d tenant.Domain) error {
	texts, err := s.DNS.TXT(ctx, d.Name)
	if err != nil || d.Proved(texts, nil) {
		return err
	}
	exchanges, err := s.DNS.MX(ctx, d.Name)
	if err != nil || d.Proved(nil, exchanges) {
		return err
	}
	return fault.Because(fault.Invalid, tenant.NotProved, "Domain verification failed with the following error: "+
		"'DnsRecordNotFound: Could not find the verification record. Expected the TXT record %s of %s.'.", d.ProofText(), d.Name).
		WithFix("Publish one of the domain's verificationDnsRecords, wait until it can be seen, and verify again.")
}

// Update changes a verified domain.
func (s *Service) Update(ctx context.Context, who authz.Caller, name string, c tenant.DomainChange) error {
	return s.change(ctx, who, name, "Update domain", func(tx *sqldb.Tx, t *tenant.Tenant, d *tenant.Domain) error {
		if err := t.Change(d, c); err != nil {
			return err
		}
		return tenant.PutDomain(ctx, tx, t.ID, *d)
	})
}

// Promote makes a verified subdomain a root domain. Nobody may sign in with it
// by then.
func (s *Service) Promote(ctx context.Context, who authz.Caller, name string) error {
	return s.change(ctx, who, name, "Promote sub domain to root domain", func(tx *sqldb.Tx, t *tenant.Tenant, d *tenant.Domain) error {
		if err := t.Promote(d); err != nil {
			return err
		}
		switch n, err := directory.CountObjects(ctx, tx, t.ID, directory.NamedUnder(d.Name), object.User, nil); {
		case err != nil:
			return err
		case n > 0:
			return fault.Because(fault.Invalid, tenant.InUse, "Promoting a subdomain with user references is not allowed. "+
				"Please migrate the users to the current root domain before promotion of the subdomain.")
		}
		return tenant.PutDomain(ctx, tx, t.ID, *d)
	})
}

// Delete removes a domain under which nothing is named.
func (s *Service) Delete(ctx context.Context, who authz.Caller, name string) error {
	return s.DB.Update(ctx, func(tx *sqldb.Tx) error {
		t, d, err := find(ctx, tx, who.Tenant, name)
		if err != nil {
			return err
		}
		if err := may(ctx, tx, who); err != nil {
			return err
		}
		if err := t.Removable(d); err != nil {
			return err
		}
		if d.Verified {
			if some, err := named(ctx, tx, t.ID, d.Name, 1); err != nil {
				return err
			} else if len(some) > 0 {
				return fault.Because(fault.Invalid, tenant.InUse,
					"The domain '%s' cannot be deleted while users, groups or applications refer to it.", d.Name).
					WithFix("Rename what /domains/%s/domainNameReferences lists, or POST /domains/%[1]s/forceDelete.", d.Name)
			}
		}
		return drop(ctx, tx, who, *d)
	})
}

func drop(ctx context.Context, tx *sqldb.Tx, who authz.Caller, d tenant.Domain) error {
	if err := tenant.DropDomain(ctx, tx, who.Tenant, d.Name); err != nil {
		return err
	}
	activity := "Remove unverified domain"
	if d.Verified {
		activity = "Remove verified domain"
	}
	return record(ctx, tx, who, activity, d.Name, nil)
}

func named(ctx context.Context, tx *sqldb.Tx, id ids.TenantID, name string, limit int) ([]object.Object, error) {
	page, err := directory.ListObjects(ctx, tx, id, directory.NamedUnder(name), "", query.Query{Page: query.Page{Limit: limit}})
	return page.Items, err
}

// maxForced is how many objects a forced deletion renames.
const maxForced = 1000

// ForceDelete removes a domain after giving whatever is named under it names
// under the initial domain; accounts are switched off if asked. The work is a
// job's: the domain shows how far it is.
func (s *Service) ForceDelete(ctx context.Context, who authz.Caller, name string, disable bool) error {
	return s.change(ctx, who, name, "Force delete domain", func(tx *sqldb.Tx, t *tenant.Tenant, d *tenant.Domain) error {
		if err := t.Removable(d); err != nil {
			return err
		}
		if err := forcible(ctx, tx, t, d); err != nil {
			return err
		}
		d.Removal, d.RemovalAt = tenant.RemovalScheduled, tx.Now()
		if err := tenant.PutDomain(ctx, tx, t.ID, *d); err != nil {
			return err
		}
		return jobs.Enqueue(ctx, tx, jobs.Job{Kind: RemoveKind, Tenant: t.ID, Key: d.Name, Args: removal{d.Name, disable}})
	})
}

// forcible refuses a forced deletion that would rename too much, or what other
// tenants use.
func forcible(ctx context.Context, tx *sqldb.Tx, t *tenant.Tenant, d *tenant.Domain) error {
	if !d.Verified {
		return nil
	}
	all, err := named(ctx, tx, t.ID, d.Name, maxForced+1)
	if err != nil {
		return err
	}
	if len(all) > maxForced {
		return fault.Because(fault.Invalid, tenant.InUse, "The domain '%s' cannot be deleted: more than %d objects refer to it.", d.Name, maxForced)
	}
	for _, o := range all {
		if o.Kind != object.Application {
			continue
		}
		a, err := app.GetApplication(ctx, tx, t.ID, o.ID)
		if err != nil {
			return err
		}
		if a.MultiTenant() {
			return fault.Because(fault.Invalid, tenant.InUse,
				"The domain '%s' cannot be deleted: the multitenant application '%s' has an identifier URI under it.", d.Name, a.ID)
		}
	}
	return nil
}
