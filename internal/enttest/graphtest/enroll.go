package graphtest

import (
	"testing"

	"entente/internal/core/authz"
	"entente/internal/core/factor"
	"entente/internal/enttest/phone"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
)

// Enroll gives a user of a tenant an authenticator and returns its identifier.
// No operation of Graph makes one: people do, where they sign in.
func Enroll(t testing.TB, factors *factor.Service, clk clock.Clock, in ids.TenantID, user string) string {
	t.Helper()
	id := ids.ObjectID(user)
	who := authz.Caller{Tenant: in, Subject: ids.Principal{Kind: ids.Person, Home: in, ID: id}, Object: id, Name: "someone"}
	holder := string(ids.New[ids.MethodID]()) // a key of its own follows from it
	e, err := factors.Offer(t.Context(), who, holder)
	must(t, err)
	_, err = factors.Enroll(t.Context(), who, holder, "", phone.Typed(t, e.Secret.Reveal()).Code(clk.Wall()))
	must(t, err)
	info, err := factors.Info(t.Context(), who, id)
	must(t, err)
	return string(info.Authenticators[len(info.Authenticators)-1].ID)
}
