package federation

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/keys"
	"entente/internal/core/object"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/fetch"
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/sqldb"
)

// Options says how this installation is named and what it allows.
type Options struct {
	Name  string        // its own base URL, without a trailing slash
	Alias string        // another base URL under which credentials may name its tenants; empty: none
	Limit int           // of credentials per parent; 0: none
	Probe time.Duration // how long an issuer is tried at write; 2 s when zero
	Ages  fetch.Ages    // of other issuers' keys
}

// A Service keeps federated credentials and verifies assertions.
type Service struct {
	db      *sqldb.DB
	keys    *keys.Service
	client  *fetch.Client
	clk     clock.Clock
	names   naming
	limit   int
	probe   time.Duration
	issuers *fetch.Cache[*jose.Set]
}

// maxExpressions bounds the credentials of one parent that every assertion of
// their issuer must be held against, one after the other.
const maxExpressions = 100

// loadTime is the longest time for an issuer's two documents.
const loadTime = 10 * time.Second

// NewService returns a service that fetches through client.
func NewService(db *sqldb.DB, k *keys.Service, client *fetch.Client, clk clock.Clock, o Options) *Service {
	if o.Probe == 0 {
		o.Probe = 2 * time.Second
	}
	s := &Service{db: db, keys: k, client: client, clk: clk, names: naming{o.Name, o.Alias}, limit: o.Limit, probe: o.Probe}
	s.issuers = fetch.NewCache(clk, o.Ages, loadTime, func(ctx context.Context, issuer string) (*jose.Set, error) {
		return load(ctx, client, issuer)
	})
	return s
}

// List returns the parent's credentials by name. In this and the other methods
// the parent is looked for in the caller's tenant.
func (s *Service) List(ctx context.Context, who authz.Caller, of Parent) (all []*Credential, err error) {
	of.Tenant = who.Tenant
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if _, err := of.find(ctx, tx, who, false); err != nil {
			return err
		}
		all, err = listCredentials(ctx, tx, of)
		return err
	})
	return all, err
}

// OfPrincipal returns the credentials of the managed identity whose service
// principal id is, by name, for whoever may read service principals. Another
// principal has none of its own.
func (s *Service) OfPrincipal(ctx context.Context, who authz.Caller, id ids.ObjectID) (all []*Credential, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if _, err := app.GetPrincipal(ctx, tx, who.Tenant, id); err != nil {
			return err
		}
		all, err = listCredentials(ctx, tx, Parent{Tenant: who.Tenant, Kind: ManagedIdentity, ID: id})
		return err
	})
	return all, err
}

// Get returns the parent's credential with that identifier or name.
func (s *Service) Get(ctx context.Context, who authz.Caller, of Parent, key string) (c *Credential, err error) {
	of.Tenant = who.Tenant
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if _, err := of.find(ctx, tx, who, false); err != nil {
			return err
		}
		c, err = getCredential(ctx, tx, of, key)
		return err
	})
	return c, err
}

// Create stores a new credential from a Graph body, and tells what about it
// cannot work. It is effective at once.
func (s *Service) Create(ctx context.Context, who authz.Caller, of Parent, body []byte) (*Credential, []Warning, error) {
	of.Tenant = who.Tenant
	return s.write(ctx, who, of, "Add federated identity credential",
		func(ctx context.Context, tx *sqldb.Tx) (*Credential, *Credential, error) {
			c, err := newCredential(of, body, tx.Now())
			return nil, c, err
		})
}

// Update changes the parent's credential with that identifier or name by a
// Graph body. The name stays what it is.
func (s *Service) Update(ctx context.Context, who authz.Caller, of Parent, key string, body []byte) (*Credential, []Warning, error) {
	of.Tenant = who.Tenant
	return s.write(ctx, who, of, "Update federated identity credential",
		func(ctx context.Context, tx *sqldb.Tx) (before, after *Credential, err error) {
			if before, err = getCredential(ctx, tx, of, key); err != nil {
				return nil, nil, err
			}
			after, err = before.apply(body)
			return before, after, err
		})
}

// Upsert updates the credential with the name, or creates it; created says
// which.
func (s *Service) Upsert(ctx context.Context, who authz.Caller, of Parent, name string, body []byte) (c *Credential, created bool, w []Warning, err error) {
	_, err = s.Get(ctx, who, of, name)
	if errors.Is(err, fault.NotFound) {
		if body, err = withName(body, name); err == nil {
			c, w, err = s.Create(ctx, who, of, body)
		}
		return c, err == nil, w, err
	}
	if err == nil {
		c, w, err = s.Update(ctx, who, of, name, body)
	}
	return c, false, w, err
}

// withName returns the body with the name that the request's path gives.
func withName(body []byte, name string) ([]byte, error) {
	members := make(map[string]json.RawMessage)
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, fault.New(fault.Invalid, "The request body is not a JSON object.").Wrap(err)
	}
	text, err := json.Marshal(name)
	members["name"] = text
	if err != nil {
		return nil, err
	}
	return json.Marshal(members)
}

// Delete removes the parent's credential with that identifier or name. The
// next assertion finds it gone.
func (s *Service) Delete(ctx context.Context, who authz.Caller, of Parent, key string) error {
	of.Tenant = who.Tenant
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		target, err := of.find(ctx, tx, who, true)
		if err != nil {
			return err
		}
		c, err := getCredential(ctx, tx, of, key)
		if err != nil {
			return err
		}
		if err := dropCredential(ctx, tx, c); err != nil {
			return err
		}
		return record(ctx, tx, who, "Remove federated identity credential", target, c, nil, nil)
	})
}

// A rule returns a credential as it was, or nil, and as it shall be. It runs
// more than once.
type rule func(ctx context.Context, tx *sqldb.Tx) (before, after *Credential, err error)

// write runs the rule twice: first to learn what shall be stored, so that its
// issuer can be tried outside any transaction, and only for a caller who may;
// then to store it.
func (s *Service) write(ctx context.Context, who authz.Caller, of Parent, activity string, r rule) (*Credential, []Warning, error) {
	var before, after *Credential
	var target audit.Target
	look := func(tx *sqldb.Tx) (err error) {
		if target, err = of.find(ctx, tx, who, true); err != nil {
			return err
		}
		before, after, err = r(ctx, tx)
		return err
	}
	if err := s.db.View(ctx, look); err != nil {
		return nil, nil, err
	}
	warnings, err := s.advise(ctx, after)
	if err != nil {
		return nil, nil, err
	}
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := look(tx); err != nil {
			return err
		}
		if err := s.store(ctx, tx, before, after); err != nil {
			return err
		}
		return record(ctx, tx, who, activity, target, before, after, warnings)
	})
	if err != nil {
		return nil, nil, err
	}
	return after, warnings, nil
}

func (s *Service) store(ctx context.Context, tx *sqldb.Tx, before, after *Credential) error {
	if err := s.fits(ctx, tx, before, after); err != nil {
		return err
	}
	if before == nil {
		return addCredential(ctx, tx, after)
	}
	return putCredential(ctx, tx, after)
}

// fits refuses a credential that what the parent has leaves no place for.
func (s *Service) fits(ctx context.Context, tx *sqldb.Tx, before, after *Credential) error {
	if before == nil && s.limit > 0 {
		n, err := countCredentials(ctx, tx, after.Parent)
		if err != nil {
			return err
		}
		if n >= s.limit {
			return fault.Because(fault.Invalid, TooMany, "There may be at most %d federated credentials here.", s.limit)
		}
	}
	if after.Expression != nil {
		n, err := countExpressions(ctx, tx, after)
		if err != nil {
			return err
		}
		if n >= maxExpressions {
			return fault.Because(fault.Invalid, TooMany, "There may be at most %d federated credentials with a claims matching expression here.", maxExpressions)
		}
	}
	sameName, sameMatch, err := takenBy(ctx, tx, after)
	switch {
	case err != nil:
		return err
	case sameName:
		return fault.Because(fault.Conflict, NameTaken, "FederatedIdentityCredential with name %s already exists.", after.Name).
			With("name", after.Name)
	case sameMatch:
		return fault.Because(fault.Invalid, PairTaken, "The combination of issuer and subject must be unique for the application. Issuer %s and Subject: %s already exist.",
			after.Issuer, after.Subject).With("issuer", after.Issuer).With("subject", string(after.Subject))
	}
	return nil
}

// newCredential returns a credential from a Graph body, or a fault that names
// the property at fault.
func newCredential(of Parent, body []byte, now time.Time) (*Credential, error) {
	c := &Credential{}
	if err := object.Merge(struct{}{}, body, c); err != nil {
		return nil, err
	}
	if c.ID != "" {
		return nil, bad("id", "Property 'id' is read-only and cannot be set.")
	}
	c.Parent, c.ID, c.CreatedAt, c.version = of, ids.New[ids.CredentialID](), now, 1
	return c, c.check()
}

// apply returns the credential as a Graph body changes it.
func (c *Credential) apply(body []byte) (*Credential, error) {
	n := &Credential{}
	if err := object.Merge(c, body, n); err != nil {
		return nil, err
	}
	switch {
	case n.ID != c.ID:
		return nil, bad("id", "Property 'id' is read-only and cannot be set.")
	case n.Name != c.Name:
		return nil, bad("name", "Property 'name' is read-only and cannot be set.")
	}
	n.Parent, n.CreatedAt, n.version = c.Parent, c.CreatedAt, c.version
	return n, n.check()
}

// record writes what became of a credential into its parent's history.
func record(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, target audit.Target, before, after *Credential, warnings []Warning) error {
	detail := make(map[string]string)
	for _, w := range warnings {
		detail["warning "+w.Code] = w.Text
	}
	return audit.Record(ctx, tx, who, audit.Entry{
		Category: "ApplicationManagement", Activity: activity, Target: target, Detail: detail,
		Changes: []audit.Change{{Name: "FederatedIdentityCredentials", Old: before.text(), New: after.text()}},
	})
}

// text returns the credential for the record; nil is no text.
func (c *Credential) text() string {
	if c == nil {
		return ""
	}
	text, err := json.Marshal(c)
	if err != nil {
		return c.Name
	}
	return string(text)
}
