package domain

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// RemoveKind is the job of a forced deletion.
const RemoveKind jobs.Kind = "domain.remove"

type removal struct {
	Name    string `json:"name"`
	Disable bool   `json:"disable"`
}

// batch is how many objects are looked for at a time; each is renamed in a
// transaction of its own.
const batch = 100

// Remove renames what is named under the domain and removes the domain when
// nothing is left. What cannot be renamed ends it: the domain says that its
// removal failed, and the log what stood in the way.
func (s *Service) Remove(ctx context.Context, w *jobs.Work) error {
	var args removal
	if err := w.Args(&args); err != nil {
		return err
	}
	who := authz.System(w.Tenant, "Domain removal")
	for {
		t, left, err := s.left(ctx, who, args.Name)
		switch {
		case errors.Is(err, tenant.NoSuchDomain):
			return nil // it is gone already
		case err != nil:
			return err
		case len(left) == 0:
			return s.finish(ctx, who, w, args.Name)
		}
		for _, o := range left {
			if err := s.rename(ctx, who, o, args, t.InitialDomain()); err != nil {
				if f := fault.Public(err); f.Code == fault.Invalid || f.Code == fault.Conflict {
					return s.giveUp(ctx, who, w, args.Name, o, f)
				}
				return err
			}
		}
	}
}

// left returns some of what is still named under the domain, and says on the
// domain that the work is under way.
func (s *Service) left(ctx context.Context, who authz.Caller, name string) (t *tenant.Tenant, left []object.Object, err error) {
	err = s.DB.Update(ctx, func(tx *sqldb.Tx) error {
		var d *tenant.Domain
		if t, d, err = find(ctx, tx, who.Tenant, name); err != nil {
			return err
		}
		if !d.Leaving() {
			return tenant.MissingDomain(name) // it failed before, and nobody has asked again
		}
		if d.Removal != tenant.RemovalInProgress {
			d.Removal, d.RemovalAt = tenant.RemovalInProgress, tx.Now()
			if err := tenant.PutDomain(ctx, tx, t.ID, *d); err != nil {
				return err
			}
		}
		if d.Verified {
			left, err = named(ctx, tx, t.ID, d.Name, batch)
		}
		return err
	})
	return t, left, err
}

func (s *Service) finish(ctx context.Context, who authz.Caller, w *jobs.Work, name string) error {
	return s.DB.Update(ctx, func(tx *sqldb.Tx) error {
		_, d, err := find(ctx, tx, who.Tenant, name)
		if err != nil {
			return err
		}
		if err := drop(ctx, tx, who, *d); err != nil {
			return err
		}
		return w.Complete(ctx, tx)
	})
}

func (s *Service) giveUp(ctx context.Context, who authz.Caller, w *jobs.Work, name string, o object.Object, why *fault.Error) error {
	return s.DB.Update(ctx, func(tx *sqldb.Tx) error {
		t, d, err := find(ctx, tx, who.Tenant, name)
		if err != nil {
			return err
		}
		d.Removal, d.RemovalAt = tenant.RemovalFailed, tx.Now()
		if err := tenant.PutDomain(ctx, tx, t.ID, *d); err != nil {
			return err
		}
		if err := audit.Record(ctx, tx, who, audit.Entry{
			Category: "DirectoryManagement", Activity: "Force delete domain", Failure: why.Message,
			Target: audit.Target{Kind: "Domain", ID: d.Name, Name: d.Name}, Detail: map[string]string{"object": string(o.ID)},
		}); err != nil {
			return err
		}
		return w.Complete(ctx, tx)
	})
}

func (s *Service) rename(ctx context.Context, who authz.Caller, o object.Object, args removal, to string) error {
	var err error
	switch o.Kind {
	case object.User:
		err = s.Directory.MoveUser(ctx, who, o.ID, args.Name, to, args.Disable)
	case object.Group:
		err = s.Directory.MoveGroup(ctx, who, o.ID, args.Name, to)
	case object.Application:
		err = s.renameURIs(ctx, who, o.ID, args.Name, to)
	default:
		err = fault.New(fault.Invalid, "A %s cannot be renamed.", o.Kind)
	}
	if errors.Is(err, fault.NotFound) {
		err = nil // deleted meanwhile
	}
	return err
}

func (s *Service) renameURIs(ctx context.Context, who authz.Caller, id ids.ObjectID, from, to string) error {
	var a *app.Application
	err := s.DB.View(ctx, func(tx *sqldb.Tx) (err error) {
		a, err = app.GetApplication(ctx, tx, who.Tenant, id)
		return err
	})
	if err != nil {
		return err
	}
	uris := make([]string, len(a.IdentifierURIs))
	for i, uri := range a.IdentifierURIs {
		uris[i] = movedURI(uri, from, to)
	}
	body, err := json.Marshal(map[string]any{"identifierUris": uris})
	if err != nil {
		return err
	}
	_, err = s.Apps.Update(ctx, who, id, body)
	return err
}

// movedURI returns a URI with another domain in its host, if the host is that
// domain or below it.
func movedURI(uri, from, to string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return uri
	}
	host := strings.ToLower(u.Host)
	if host != from && !strings.HasSuffix(host, "."+from) {
		return uri
	}
	u.Host = strings.TrimSuffix(host, from) + to
	return u.String()
}
