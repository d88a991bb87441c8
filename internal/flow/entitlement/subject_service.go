package entitlement

import (
	"context"
	"strings"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// subjectOfCaller returns the subject who is calling, and stores it where there
// is none yet. A person of elsewhere need not be in the tenant.
func subjectOfCaller(ctx context.Context, tx *sqldb.Tx, who authz.Caller) (*Subject, error) {
	s := &Subject{Tenant: who.Tenant, Kind: who.Subject.Kind, Principal: who.Subject, Object: who.Object, Name: who.Name}
	switch {
	case who.IsSystem():
		s.Object = ""
	case who.Object != "":
		return subjectOfObject(ctx, tx, who.Tenant, who.Object)
	case who.Subject.Kind == ids.Person:
		u, err := directory.GetUser(ctx, tx, who.Subject.Home, string(who.Subject.ID))
		if err != nil {
			return nil, err
		}
		s.describe(u)
		if here, err := directory.GuestOf(ctx, tx, who.Tenant, who.Subject); err == nil {
			s.Object = here.ID
		} else if !missing(err) {
			return nil, err
		}
	}
	return known(ctx, tx, s)
}

// describe takes name and addresses from an account. The address is the one it
// signs in with: its own tenant has proved to own that.
func (s *Subject) describe(u *directory.User) {
	s.Name, s.PrincipalName, s.Email = u.DisplayName, u.UserPrincipalName, u.UserPrincipalName
	if u.External() && u.Mail != nil {
		s.Email = *u.Mail
	}
}

// subjectOfObject returns the subject that a user or service principal of the
// tenant stands for, and stores it where there is none yet.
func subjectOfObject(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) (*Subject, error) {
	s := &Subject{Tenant: tenant, Kind: ids.Person, Object: id}
	u, err := s.account(ctx, tx)
	if err == nil {
		s.describe(u)
		if u.External() {
			s.Principal = u.Home // nobody while it has not accepted
		} else {
			s.Principal = ids.Principal{Kind: ids.Person, Home: tenant, ID: id}
		}
		return known(ctx, tx, s)
	}
	if !missing(err) {
		return nil, err
	}
	o, err := object.Get(ctx, tx, tenant, id)
	if err == nil && o.Kind != object.ServicePrincipal {
		err = object.Missing(string(id))
	}
	if err != nil {
		return nil, noTarget(err)
	}
	s.Kind, s.Name, s.Principal = ids.Workload, o.DisplayName, ids.Principal{Kind: ids.Workload, Home: tenant, ID: id}
	return known(ctx, tx, s)
}

// subjectOfAddress returns the subject whom an address names. Where a tenant of
// the installation owns the domain it is the account there, and otherwise one of
// whom nothing else is known.
func subjectOfAddress(ctx context.Context, tx *sqldb.Tx, in ids.TenantID, address string) (*Subject, error) {
	address = strings.TrimSpace(address)
	_, domain, ok := strings.Cut(address, "@")
	if !ok || len(address) > 254 {
		return nil, offer.Bad("assignment.target.email", "'%.100s' is no address.", address)
	}
	if u, err := directory.GuestByMail(ctx, tx, in, address); err == nil {
		return subjectOfObject(ctx, tx, in, u.ID)
	} else if !missing(err) {
		return nil, err
	}
	home, err := tenant.Resolve(ctx, tx, domain)
	if err == nil {
		home, err = tenant.Get(ctx, tx, home.ID) // with its domains
	}
	if err == nil && home.Owns(domain) {
		u, err := directory.UserByAddress(ctx, tx, home.ID, address)
		if err != nil {
			return nil, noTarget(err)
		}
		if home.ID == in {
			return subjectOfObject(ctx, tx, in, u.ID)
		}
		return subjectOfCaller(ctx, tx, authz.Caller{Tenant: in, Subject: ids.Principal{Kind: ids.Person, Home: home.ID, ID: u.ID}})
	}
	if err != nil && !missing(err) {
		return nil, err
	}
	s, err := subjectByAddress(ctx, tx, in, address)
	if !missing(err) {
		return s, err
	}
	local, _, _ := strings.Cut(address, "@")
	s = &Subject{Tenant: in, ID: ids.New[ids.SubjectID](), Kind: ids.Person, Name: local, Email: address, CreatedAt: tx.Now()}
	return s, putSubject(ctx, tx, s)
}

// known returns the stored subject that s is, with what s knows beyond it, or
// stores s. Of two that are found to be one, the one who is known at home counts.
func known(ctx context.Context, tx *sqldb.Tx, s *Subject) (*Subject, error) {
	all, err := sameNow(ctx, tx, s)
	if err != nil {
		return nil, err
	}
	if s.Organization, err = homeOrganization(ctx, tx, s); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		s.ID, s.CreatedAt = ids.New[ids.SubjectID](), tx.Now()
		return s, putSubject(ctx, tx, s)
	}
	have := all[0]
	for _, other := range all {
		if other.Principal.Same(s.Principal) {
			have = other
		}
	}
	for _, other := range all {
		if other == have {
			continue
		}
		if err := absorb(ctx, tx, have, other); err != nil {
			return nil, err
		}
	}
	before := *have
	if have.Principal.IsZero() {
		have.Principal = s.Principal
	}
	if s.Object != "" {
		have.Object = s.Object
	}
	if s.Object == "" && have.Object != "" { // the guest may have been deleted since
		if _, err := object.Get(ctx, tx, s.Tenant, have.Object); missing(err) {
			have.Object = ""
		} else if err != nil {
			return nil, err
		}
	}
	have.Name, have.Email, have.PrincipalName, have.Organization = s.Name, s.Email, s.PrincipalName, s.Organization
	have.user, before.user = s.user, s.user
	if *have == before {
		return have, nil
	}
	return have, putSubject(ctx, tx, have)
}

// homeOrganization returns the connected organization that a subject belongs to,
// by where they sign in and never by an address alone.
func homeOrganization(ctx context.Context, tx *sqldb.Tx, s *Subject) (ids.OrganizationID, error) {
	if s.Principal.IsZero() || s.Principal.Home == s.Tenant {
		return "", nil
	}
	o, err := offer.OrganizationOf(ctx, tx, s.Tenant, offer.Provenance{Home: s.Principal.Home})
	if err != nil || o == nil {
		return "", err
	}
	return o.ID, nil
}

func noTarget(err error) error {
	if !missing(err) {
		return err
	}
	f := fault.Because(fault.NotFound, NoSuchTarget, "There is no such user or service principal to have the access package.")
	f.Target = "assignment.target"
	return f
}

// circle is what a subject is among the objects of the tenant: its own, and the
// groups that it is in.
func circle(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) ([]ids.ObjectID, error) {
	if id == "" {
		return nil, nil
	}
	above, err := directory.GroupsWith(ctx, tx, tenant, id, false, offer.MostAbove)
	return append(above, id), err
}

// Subjects returns a page of the tenant's subjects to who may see everything.
func (s *Service) Subjects(ctx context.Context, who authz.Caller, q offer.Asked) (offer.List[*Subject], error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (offer.List[*Subject], error) {
		if err := offer.May(ctx, tx, who, "", offer.ToRead); err != nil {
			return offer.List[*Subject]{}, err
		}
		return offer.Listed(q, func() (int, error) { return countSubjects(ctx, tx, who.Tenant, q.Query.Filter) },
			func() (object.Page[*Subject], error) { return listSubjects(ctx, tx, who.Tenant, q.Query) })
	})
}

// Subject returns a subject.
func (s *Service) Subject(ctx context.Context, who authz.Caller, id ids.SubjectID) (*Subject, error) {
	return offer.View(ctx, s.db, func(tx *sqldb.Tx) (*Subject, error) {
		if err := offer.May(ctx, tx, who, "", offer.ToRead); err != nil {
			return nil, err
		}
		return subjectByID(ctx, tx, who.Tenant, id)
	})
}
