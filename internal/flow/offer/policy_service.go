package offer

import (
	"context"
	"errors"
	"slices"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// Policies returns a page of the policies of a package, or of all that the caller
// may see where it is empty.
func (s *Service) Policies(ctx context.Context, who authz.Caller, of ids.PackageID, q Asked) (List[*Policy], error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (List[*Policy], error) {
		var only []ids.CatalogID
		var err error
		if of == "" {
			only, err = Readable(ctx, tx, who, ToRead)
		} else {
			_, err = PackageFor(ctx, tx, who, of, ToRead)
		}
		if err != nil {
			return List[*Policy]{}, err
		}
		return Listed(q, func() (int, error) { return countPolicies(ctx, tx, who.Tenant, of, only, q.Query.Filter) },
			func() (object.Page[*Policy], error) { return listPolicies(ctx, tx, who.Tenant, of, only, q.Query) })
	})
}

// Policy returns a policy; of the package if it is not empty.
func (s *Service) Policy(ctx context.Context, who authz.Caller, of ids.PackageID, id ids.PolicyID) (*Policy, error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (*Policy, error) {
		p, _, err := policyFor(ctx, tx, who, id, ToRead)
		if err == nil && of != "" && p.Package != of {
			err = object.Missing(string(id))
		}
		if err != nil {
			return nil, err
		}
		return p, nil
	})
}

// policyFor returns a policy in whose catalog the caller may do the task, and its
// package.
func policyFor(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.PolicyID, t Task) (*Policy, *Package, error) {
	p, err := PolicyByID(ctx, tx, who.Tenant, id)
	if err != nil {
		return nil, nil, err
	}
	of, err := PackageFor(ctx, tx, who, p.Package, t)
	return p, of, err
}

// CreatePolicy makes a policy of a package.
func (s *Service) CreatePolicy(ctx context.Context, who authz.Caller, p Policy) (*Policy, error) {
	if p.Package == "" {
		return nil, fault.Because(fault.Invalid, NoPackage, "Value cannot be null.Parameter name: Id").WithFix("Name the access package: accessPackage.id, or accessPackageId in beta.")
	}
	return Change(ctx, s.db, func(tx *sqldb.Tx) (*Policy, error) {
		of, err := PackageFor(ctx, tx, who, p.Package, ToPackage)
		if err != nil {
			return nil, err
		}
		return CreatePolicy(ctx, tx, who, of, p)
	})
}

// CreatePolicy makes a policy of a package that the caller may change.
func CreatePolicy(ctx context.Context, tx *sqldb.Tx, who authz.Caller, of *Package, p Policy) (*Policy, error) {
	p.Tenant, p.ID, p.Package, p.CreatedAt, p.ModifiedAt = who.Tenant, ids.New[ids.PolicyID](), of.ID, tx.Now(), tx.Now()
	for i := range p.Questions {
		p.Questions[i].ID = "" // none of this policy's yet
	}
	if err := Stand(ctx, tx, who, of, &p); err != nil {
		return nil, err
	}
	if err := addPolicy(ctx, tx, &p); err != nil {
		return nil, err
	}
	return &p, recordPolicy(ctx, tx, who, "Create access package assignment policy", &p, audit.Diff(Policy{}, p))
}

// ChangePolicy has do change a policy, or replace all that it says. Requests that
// are under way keep to what they were made under.
func (s *Service) ChangePolicy(ctx context.Context, who authz.Caller, id ids.PolicyID, do func(*Policy) error) (*Policy, error) {
	return Change(ctx, s.db, func(tx *sqldb.Tx) (*Policy, error) {
		p, of, err := policyFor(ctx, tx, who, id, ToPackage)
		if err != nil {
			return nil, err
		}
		before := *p
		if err := do(p); err != nil {
			return nil, err
		}
		if p.Package != "" && p.Package != before.Package {
			return nil, Bad("accessPackage.id", "A policy keeps its access package.")
		}
		p.Tenant, p.ID, p.Package, p.CreatedAt, p.version = before.Tenant, before.ID, before.Package, before.CreatedAt, before.version
		p.ModifiedAt = tx.Now()
		keepQuestions(p, &before)
		if err := Stand(ctx, tx, who, of, p); err != nil {
			return nil, err
		}
		if before.Automatic != nil {
			if err := May(ctx, tx, who, "", ToAdminister); err != nil {
				return nil, err
			}
		}
		if err := putPolicy(ctx, tx, p); err != nil {
			return nil, err
		}
		return p, recordPolicy(ctx, tx, who, "Update access package assignment policy", p, audit.Diff(before, p))
	})
}

// keepQuestions has questions keep their identifiers: those that name one of the
// policy's, and those that are asked as before at the same place.
func keepQuestions(p, before *Policy) {
	for i := range p.Questions {
		q := &p.Questions[i]
		known := slices.ContainsFunc(before.Questions, func(was Question) bool { return was.ID == q.ID })
		if known {
			continue
		}
		q.ID = ""
		if i < len(before.Questions) && before.Questions[i].Text.Text == q.Text.Text {
			q.ID = before.Questions[i].ID
		}
	}
}

// DeletePolicy removes a policy by which nobody has the package.
func (s *Service) DeletePolicy(ctx context.Context, who authz.Caller, id ids.PolicyID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		p, _, err := policyFor(ctx, tx, who, id, ToPackage)
		if err != nil {
			return err
		}
		if p.Automatic != nil {
			if err := May(ctx, tx, who, "", ToAdminister); err != nil {
				return err
			}
		}
		if err := unused(ctx, tx, p.Tenant, p.Package, p.ID); err != nil {
			return err
		}
		if err := dropPolicy(ctx, tx, p); err != nil {
			return err
		}
		return recordPolicy(ctx, tx, who, "Delete access package assignment policy", p, nil)
	})
}

// Stand refuses a policy that cannot stand: by what it says, by whom it names,
// and by who makes it.
func Stand(ctx context.Context, tx *sqldb.Tx, who authz.Caller, of *Package, p *Policy) error {
	if err := p.Check(); err != nil {
		return err
	}
	if p.Automatic != nil {
		if err := May(ctx, tx, who, "", ToAdminister); err != nil {
			return err
		}
	}
	if err := exist(ctx, tx, p.Tenant, p.subjects()); err != nil {
		return err
	}
	for i, e := range p.Extensions {
		found, err := ExtensionByID(ctx, tx, p.Tenant, e.Extension)
		path := At("customExtensionStageSettings", i)
		switch {
		case errors.Is(err, fault.NotFound), err == nil && found.Catalog != of.Catalog:
			return Bad(path+".customExtension.id", "The access package's catalog has no custom extension '%s'.", e.Extension)
		case err != nil:
			return err
		case !found.serves(e.Stage):
			return Bad(path+".stage", "The custom extension '%s' is not called at the stage %s.", found.Name, e.Stage)
		}
	}
	return nil
}

// kindsOf are the kinds of objects that a set can name.
var kindsOf = map[SetKind]object.Kind{SingleUser: object.User, GroupMembers: object.Group, SingleServicePrincipal: object.ServicePrincipal}

// exist refuses somebody whom the tenant does not have.
func exist(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, all []namedSubject) error {
	var objects []ids.ObjectID
	var connected []ids.OrganizationID
	for _, s := range all {
		if s.set.Kind == ConnectedOrganizationMembers {
			connected = append(connected, s.set.Organization)
		} else {
			objects = append(objects, s.set.Object)
		}
	}
	here, err := object.GetAll(ctx, tx, tenant, objects)
	if err != nil {
		return err
	}
	there, err := organizationsByID(ctx, tx, tenant, connected)
	if err != nil {
		return err
	}
	for _, s := range all {
		switch {
		case s.set.Kind != ConnectedOrganizationMembers:
			if o, ok := here[s.set.Object]; !ok || o.Kind != kindsOf[s.set.Kind] {
				return Bad(s.path, "There is no object '%s' of the kind %s.", s.set.Object, kindsOf[s.set.Kind])
			}
		case !there[s.set.Organization]:
			return Bad(s.path, "There is no connected organization '%s'.", s.set.Organization)
		}
	}
	return nil
}

// recordPolicy writes a change of a policy into the audit log, and says
// PolicyChanged.
func recordPolicy(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, p *Policy, changed []audit.Change) error {
	if err := jobs.Emit(ctx, tx, p.Tenant, PolicyChanged, PolicyChange{p.ID, p.Package}); err != nil {
		return err
	}
	return Record(ctx, tx, who, activity, "AccessPackageAssignmentPolicy", string(p.ID), p.Name, changed)
}
