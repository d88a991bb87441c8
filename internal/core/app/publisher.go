package app

import (
	"context"
	"regexp"
	"strings"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// NoPublisherDomain is the Reason of a publisher who has proved no domain.
const NoPublisherDomain fault.Reason = "app.no_publisher_domain"

var publisherForm = regexp.MustCompile(`^[0-9]{1,20}$`)

// publishedBy marks the application as published by its home tenant. What
// people see then is the tenant's name, which a proved domain stands behind:
// there is no register of partners here that could tell more.
func (a *Application) publishedBy(home *tenant.Tenant, id string, now time.Time) error {
	domain := text(a.PublisherDomain)
	switch {
	case !publisherForm.MatchString(id):
		return fault.InvalidAt("verifiedPublisherId", "Invalid value specified for property 'verifiedPublisherId' of resource 'Application'.")
	case domain == "" || !home.Owns(domain) || strings.HasSuffix(domain, ".onmicrosoft.com"):
		return fault.Because(fault.Invalid, NoPublisherDomain, "The publisher domain of the application is not a verified custom domain.").
			WithFix("Add and verify a domain, and make it the tenant's default before creating the application.")
	}
	now = now.Truncate(time.Second)
	a.VerifiedPublisher = VerifiedPublisher{DisplayName: &home.DisplayName, ID: &id, Added: &now}
	return nil
}

// verification is what it takes to say who an application's publisher is.
var verification = []authz.Action{"applications/verification/update"}

// SetPublisher marks an application as published by its tenant.
// https://learn.microsoft.com/graph/api/application-setverifiedpublisher?view=graph-rest-1.0
func (s *Service) SetPublisher(ctx context.Context, who authz.Caller, id ids.ObjectID, publisher string) error {
	_, err := s.change(ctx, who, id, "Set verified publisher", verification, func(tx *sqldb.Tx, a *Application) (*Application, error) {
		home, err := tenant.Get(ctx, tx, who.Tenant)
		if err != nil {
			return nil, err
		}
		return a, a.publishedBy(home, publisher, tx.Now())
	})
	return err
}

// UnsetPublisher takes that back.
func (s *Service) UnsetPublisher(ctx context.Context, who authz.Caller, id ids.ObjectID) error {
	_, err := s.change(ctx, who, id, "Unset verified publisher", verification, func(_ *sqldb.Tx, a *Application) (*Application, error) {
		a.VerifiedPublisher = VerifiedPublisher{}
		return a, nil
	})
	return err
}
