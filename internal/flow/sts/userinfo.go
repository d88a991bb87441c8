package sts

import (
	"context"
	"errors"

	"entente/internal/core/authz"
	"entente/internal/core/claim"
	"entente/internal/core/directory"
	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/core/token"
	"entente/internal/kit/fault"
	"entente/internal/kit/sqldb"
)

// NotOpenID is why a token is not enough to be told whom it is about.
const NotOpenID fault.Reason = "sts.not_openid"

// A UserInfo is what an application may know of whom it acts for (OpenID
// Connect Core 1.0, section 5.3.2). Its members are those of Entra's, which no
// manifest changes.
type UserInfo struct {
	Subject string `json:"sub"` // as in the application's ID tokens
	Name    string `json:"name,omitempty"`
	Family  string `json:"family_name,omitempty"`
	Given   string `json:"given_name,omitempty"`
	Email   string `json:"email,omitempty"`
}

// UserInfo returns it for a caller whose token Graph accepts now, as far as the
// token's scopes go.
func (s *Service) UserInfo(ctx context.Context, who authz.Caller) (UserInfo, error) {
	if who.AppOnly() || !who.Has("openid") {
		return UserInfo{}, fault.Because(fault.Forbidden, NotOpenID, "The token is not for a person's sign-in with the scope openid.").
			WithFix("Ask for a token for Microsoft Graph with the scope openid, and profile or email for more than an identifier.")
	}
	var p token.Person
	err := s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		v, err := visitOf(ctx, tx, who)
		if err == nil {
			p = claim.Of(v, token.Proof{}, "", "")
		}
		return err
	})
	if errors.Is(err, fault.NotFound) { // since the token was looked at
		err = fault.New(fault.Unauthenticated, "Whom the token is about is gone.")
	}
	i := UserInfo{Subject: token.Pairwise(who.Tenant, who.Object, who.App)}
	if who.Has("profile") {
		i.Name, i.Family, i.Given = p.Name, p.Family, p.Given
	}
	if who.Has("email") {
		i.Email = p.Email
	}
	return i, err
}

// visitOf reads a caller who has just been admitted.
func visitOf(ctx context.Context, tx *sqldb.Tx, who authz.Caller) (*person.Visit, error) {
	v := &person.Visit{}
	var err error
	if v.Home, err = tenant.Get(ctx, tx, who.Subject.Home); err != nil {
		return nil, err
	}
	if v.In, err = tenant.Get(ctx, tx, who.Tenant); err != nil {
		return nil, err
	}
	if v.Account, err = directory.GetUser(ctx, tx, who.Subject.Home, string(who.Subject.ID)); err != nil {
		return nil, err
	}
	v.Here, err = directory.GetUser(ctx, tx, who.Tenant, string(who.Object))
	return v, err
}
