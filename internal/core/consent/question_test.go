package consent_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/tenant"
	"entente/internal/enttest/house"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// question asks a person of B what the application asks them.
func (h *stage) question(t *testing.T, who authz.Caller, p consent.Plea) (q *consent.Question, err error) {
	t.Helper()
	if p.AppID == "" {
		p.AppID = h.app.AppID
	}
	err = h.DB.View(t.Context(), func(tx *sqldb.Tx) error {
		q, err = consent.MakeQuestion(t.Context(), tx, who, p)
		return err
	})
	return q, err
}

func (h *stage) agree(t *testing.T, who authz.Caller, in consent.Agreement) error {
	t.Helper()
	if in.AppID == "" {
		in.AppID = h.app.AppID
	}
	return h.DB.Update(t.Context(), func(tx *sqldb.Tx) error {
		_, err := consent.Agree(t.Context(), tx, who, in)
		return err
	})
}

// agreeTo looks at a question and agrees to it.
func (h *stage) agreeTo(t *testing.T, who authz.Caller, scope string, everybody bool) error {
	t.Helper()
	p := consent.Plea{Scope: scope}
	return h.agree(t, who, consent.Agreement{Plea: p, Shown: must(h.question(t, who, p))(t).Digest, Everybody: everybody})
}

// policy has people of B agree under a policy, "" for not at all.
func (h *stage) policy(t *testing.T, policy tenant.UserConsent) {
	t.Helper()
	list := `[]`
	if policy != "" {
		list = `["` + tenant.ForSelf + string(policy) + `"]`
	}
	if err := tenant.NewService(h.DB).UpdateAuthorization(t.Context(), h.B.Admin,
		[]byte(`{"defaultUserRolePermissions":{"permissionGrantPoliciesAssigned":`+list+`}}`)); err != nil {
		t.Fatal(err)
	}
}

// verified has A's tenant stand as the application's publisher.
func (h *stage) verified(t *testing.T) {
	t.Helper()
	if err := h.Apps.SetPublisher(t.Context(), h.A.Admin, h.app.ID, "12345"); err != nil {
		t.Fatal(err)
	}
}

// scopesFor returns what the application may do on Microsoft Graph for a person of B.
func (h *stage) scopesFor(t *testing.T, person ids.ObjectID) (scopes []string) {
	t.Helper()
	if err := h.DB.View(t.Context(), func(tx *sqldb.Tx) error {
		graph, err := app.PrincipalByAppID(t.Context(), tx, h.B.ID, app.GraphAppID)
		if err != nil {
			return err
		}
		client, err := app.PrincipalByAppID(t.Context(), tx, h.B.ID, h.app.AppID)
		if errors.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		scopes, err = consent.ScopesNow(t.Context(), tx, h.B.ID, client.ID, graph.ID, person)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return scopes
}

func values(items []consent.Item) (list []string) {
	for _, i := range items {
		list = append(list, i.Value)
	}
	return list
}

// TestWhatAPersonIsAsked: by scope, publisher and policy.
func TestWhatAPersonIsAsked(t *testing.T) {
	each(t, func(t *testing.T, h *stage) {
		clerk := house.Person(h.B.ID, h.AddUser(t, h.B, "clerk").ID)
		tests := []struct {
			name    string
			who     authz.Caller
			scope   string
			missing []string
			verdict consent.Verdict
			err     error
		}{
			{"a publisher that nobody vouches for", clerk, "openid User.Read", []string{"User.Read", "openid"}, consent.NeedsAdministrator, nil},
			{"in another spelling, and twice", clerk, "user.read https://graph.microsoft.com/User.Read", []string{"User.Read"}, consent.NeedsAdministrator, nil},
			{"what the application lists", clerk, "https://graph.microsoft.com/.default", []string{"User.Read"}, consent.NeedsAdministrator, nil},
			{"itself, which is to know who somebody is", clerk, string(h.app.AppID) + "/.default", []string{"openid", "profile"}, consent.NeedsAdministrator, nil},
			{"an administrator", h.B.Admin, "User.Read.All", []string{"User.Read.All"}, consent.NeedsPerson, nil},
			{"a scope that Graph does not have", clerk, "No.Such", nil, "", consent.UnknownScope},
			{"a resource of nobody's", clerk, "api://nobody/x", nil, "", consent.UnknownResource},
			{"a resource of which nothing is listed", clerk, "https://vault.azure.net/.default", nil, "", consent.NothingListed},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				q, err := h.question(t, tt.who, consent.Plea{Scope: tt.scope})
				if !errors.Is(err, tt.err) {
					t.Fatalf("err = %v, want %v", err, tt.err)
				}
				if err == nil && (!slices.Equal(values(q.Missing()), tt.missing) || q.Verdict != tt.verdict || q.Everybody != (tt.who.Object == h.B.Admin.Object)) {
					t.Errorf("asked for %v, %s, everybody %v", values(q.Missing()), q.Verdict, q.Everybody)
				}
			})
		}
		verdict := func(scope string) consent.Verdict {
			return must(h.question(t, clerk, consent.Plea{Scope: scope}))(t).Verdict
		}
		h.verified(t)
		if a, b := verdict("User.Read"), verdict("User.ReadBasic.All"); a != consent.NeedsPerson || b != consent.NeedsAdministrator {
			t.Errorf("of a verified publisher: %s for what has a low impact, %s for more", a, b)
		}
		graph := must(h.principalOf(t, h.B.ID, app.GraphAppID))(t)
		must(h.Consent.Classify(t.Context(), h.B.Admin, graph, consent.Classification{Class: "low", Name: "User.ReadBasic.All"}))(t)
		must(h.Consent.Classify(t.Context(), h.B.Admin, graph, consent.Classification{Class: "high", Name: "User.Read"}))(t)
		if a, b := verdict("User.Read"), verdict("User.ReadBasic.All"); a != consent.NeedsAdministrator || b != consent.NeedsPerson {
			t.Errorf("classified otherwise: %s and %s", a, b)
		}
		h.policy(t, tenant.ConsentAll)
		if a, b := verdict("User.Read"), verdict("User.Read.All"); a != consent.NeedsPerson || b != consent.NeedsAdministrator {
			t.Errorf("where people agree to all: %s, and %s for what is for administrators", a, b)
		}
		h.policy(t, tenant.ConsentNone)
		if v := verdict("openid"); v != consent.NeedsAdministrator {
			t.Errorf("where nobody agrees: %s", v)
		}
	})
}

func (h *stage) principalOf(t *testing.T, in ids.TenantID, appID ids.AppID) (id ids.ObjectID, err error) {
	err = h.DB.View(t.Context(), func(tx *sqldb.Tx) error {
		p, err := app.PrincipalByAppID(t.Context(), tx, in, appID)
		if err == nil {
			id = p.ID
		}
		return err
	})
	return id, err
}

// TestAPersonAgrees for themselves, step by step, and for nobody else.
func TestAPersonAgrees(t *testing.T) {
	each(t, func(t *testing.T, h *stage) {
		h.policy(t, tenant.ConsentAll)
		clerk, other := house.Person(h.B.ID, h.AddUser(t, h.B, "clerk").ID), house.Person(h.B.ID, h.AddUser(t, h.B, "other").ID)
		if err := h.agreeTo(t, clerk, "openid profile User.Read", false); err != nil {
			t.Fatal(err)
		}
		if got := h.scopesFor(t, clerk.Object); !slices.Equal(got, []string{"User.Read", "openid", "profile"}) {
			t.Errorf("granted %v", got)
		}
		if got := h.scopesFor(t, other.Object); got != nil {
			t.Errorf("another person's: %v", got)
		}
		if q := must(h.question(t, other, consent.Plea{Scope: "openid"}))(t); q.Verdict != consent.NeedsPerson {
			t.Errorf("another person is not asked who they are: %s", q.Verdict)
		}
		q := must(h.question(t, clerk, consent.Plea{Scope: "openid email offline_access User.Read User.ReadBasic.All"}))(t)
		if !slices.Equal(values(q.Missing()), []string{"User.ReadBasic.All"}) || !slices.Equal(values(q.Had()), []string{"User.Read", "openid", "email", "offline_access"}) {
			t.Errorf("asked for %v besides %v", values(q.Missing()), values(q.Had()))
		}
		if err := h.agreeTo(t, clerk, "User.ReadBasic.All User.Read", false); err != nil {
			t.Fatal(err)
		}
		if got := h.scopesFor(t, clerk.Object); !slices.Equal(got, []string{"User.Read", "User.ReadBasic.All", "openid", "profile"}) {
			t.Errorf("after more: %v", got)
		}
		if q := must(h.question(t, clerk, consent.Plea{Scope: "https://graph.microsoft.com/.default"}))(t); q.Verdict != consent.Agreed || len(q.Items) > 0 {
			t.Errorf("what it has: %s %v", q.Verdict, values(q.Items))
		}
		again := consent.Plea{Scope: "User.Read", Again: true}
		q = must(h.question(t, clerk, again))(t)
		if q.Verdict != consent.Agreed || !slices.Equal(values(q.Had()), []string{"User.Read"}) {
			t.Errorf("asked again: %s %v", q.Verdict, values(q.Had()))
		}
		if err := h.agree(t, clerk, consent.Agreement{Plea: again, Shown: q.Digest}); err != nil {
			t.Errorf("agreed again: %v", err)
		}
		h.inBothLogs(t, "Consent to application")
		roles, scopes := h.rights(t, h.B.ID)
		if roles != nil || scopes != nil {
			t.Errorf("for everybody: %v %v", roles, scopes)
		}
	})
}

// inBothLogs fails the test unless both tenants' logs have the activity.
func (h *stage) inBothLogs(t *testing.T, activity string) {
	t.Helper()
	for _, m := range []house.Tenant{h.A, h.B} {
		var entries []audit.Stored
		if err := h.DB.View(t.Context(), func(tx *sqldb.Tx) (err error) {
			entries, err = audit.Entries(t.Context(), tx, m.ID, "", 100)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(entries, func(e audit.Stored) bool { return e.Activity == activity && e.Crossing != "" }) {
			t.Errorf("%s: no %q in the log", m.Domain, activity)
		}
	}
}

// TestAnAdministratorAgreesForEverybody, or for themselves alone.
func TestAnAdministratorAgreesForEverybody(t *testing.T) {
	each(t, func(t *testing.T, h *stage) {
		clerk := house.Person(h.B.ID, h.AddUser(t, h.B, "clerk").ID)
		if err := h.agreeTo(t, h.B.Admin, "User.Read.All", false); err != nil {
			t.Fatal(err)
		}
		if got := h.scopesFor(t, clerk.Object); got != nil {
			t.Errorf("another's: %v", got)
		}
		q := must(h.question(t, h.B.Admin, consent.Plea{Scope: "User.Read.All", Again: true}))(t)
		if q.Verdict != consent.Agreed || !q.Everybody {
			t.Errorf("asked again: %s, everybody %v", q.Verdict, q.Everybody)
		}
		if err := h.agreeTo(t, h.B.Admin, "User.Read.All User.Read", true); err != nil {
			t.Fatal(err)
		}
		if got := h.scopesFor(t, clerk.Object); !slices.Equal(got, []string{"User.Read", "User.Read.All"}) {
			t.Errorf("everybody's: %v", got)
		}
		if err := h.agreeTo(t, clerk, "User.Read", true); !errors.Is(err, consent.AdminRequired) {
			t.Errorf("one who may not: %v", err)
		}
	})
}

// TestNobodyAgreesToWhatTheyDidNotSee: what changes between the page and the
// decision is shown again.
func TestNobodyAgreesToWhatTheyDidNotSee(t *testing.T) {
	changes := []struct {
		name   string
		change func(t *testing.T, h *stage)
		shown  consent.Plea
		agreed consent.Plea
		err    error
	}{
		{"more is asked than was shown", func(*testing.T, *stage) {}, consent.Plea{Scope: "User.Read"}, consent.Plea{Scope: "User.Read User.ReadBasic.All"}, consent.OfferChanged},
		{"the list has grown", func(t *testing.T, h *stage) {
			must(h.Apps.Update(t.Context(), h.A.Admin, h.app.ID, []byte(`{"requiredResourceAccess":[{"resourceAppId":"00000003-0000-0000-c000-000000000000","resourceAccess":[
				{"id":"`+userReadScope+`","type":"Scope"},{"id":"b340eb25-3456-403f-be2f-af7a0d370277","type":"Scope"}]}]}`)))(t)
		}, consent.Plea{Scope: "https://graph.microsoft.com/.default"}, consent.Plea{Scope: "https://graph.microsoft.com/.default"}, consent.OfferChanged},
		{"another name", func(t *testing.T, h *stage) {
			must(h.Apps.Update(t.Context(), h.A.Admin, h.app.ID, []byte(`{"displayName":"Payroll"}`)))(t)
		}, consent.Plea{Scope: "User.Read"}, consent.Plea{Scope: "User.Read"}, consent.OfferChanged},
		{"the policy", func(t *testing.T, h *stage) { h.policy(t, tenant.ConsentNone) }, consent.Plea{Scope: "User.Read"}, consent.Plea{Scope: "User.Read"}, consent.OfferChanged},
	}
	for _, tt := range changes {
		t.Run(tt.name, func(t *testing.T) {
			each(t, func(t *testing.T, h *stage) {
				h.policy(t, tenant.ConsentAll)
				clerk := house.Person(h.B.ID, h.AddUser(t, h.B, "clerk").ID)
				q := must(h.question(t, clerk, tt.shown))(t)
				tt.change(t, h)
				if err := h.agree(t, clerk, consent.Agreement{Plea: tt.agreed, Shown: q.Digest}); !errors.Is(err, tt.err) {
					t.Errorf("err = %v, want %v", err, tt.err)
				}
				if got := h.scopesFor(t, clerk.Object); got != nil {
					t.Errorf("granted %v", got)
				}
			})
		})
	}
}

// TestAPersonTakesBack what they agreed to, and nothing else.
func TestAPersonTakesBack(t *testing.T) {
	each(t, func(t *testing.T, h *stage) {
		ctx := t.Context()
		h.policy(t, tenant.ConsentAll)
		h.verified(t)
		clerk, other := house.Person(h.B.ID, h.AddUser(t, h.B, "clerk").ID), house.Person(h.B.ID, h.AddUser(t, h.B, "other").ID)
		if err := h.agreeTo(t, h.B.Admin, "openid", true); err != nil {
			t.Fatal(err)
		}
		h.Clock.Advance(time.Hour)
		since := h.Clock.Now()
		for _, who := range []authz.Caller{clerk, other} {
			if err := h.agreeTo(t, who, "User.Read User.ReadBasic.All", false); err != nil {
				t.Fatal(err)
			}
		}
		own := func(who authz.Caller) (list []consent.Own) {
			t.Helper()
			if err := h.DB.View(ctx, func(tx *sqldb.Tx) (err error) {
				list, err = consent.OwnConsents(ctx, tx, who)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return list
		}
		list := own(clerk)
		if len(list) != 1 || list[0].Name != "Directory sync" || list[0].Home != h.A.ID || list[0].Publisher != "Contoso" || !list[0].Since.Equal(since) ||
			len(list[0].Given) != 2 || list[0].Given[0].Value != "User.Read" || list[0].Given[0].Name != "Sign in and read user profile" ||
			len(list[0].Everybody) != 1 || list[0].Everybody[0].Value != "openid" {
			t.Fatalf("got %+v", list)
		}
		takeBack := func(who authz.Caller, client ids.ObjectID) error {
			return h.DB.Update(ctx, func(tx *sqldb.Tx) error {
				_, err := consent.TakeBack(ctx, tx, who, client)
				return err
			})
		}
		if err := takeBack(clerk, list[0].Client); err != nil {
			t.Fatal(err)
		}
		if got := h.scopesFor(t, clerk.Object); !slices.Equal(got, []string{"openid"}) || len(own(clerk)) > 0 {
			t.Errorf("left: %v", got)
		}
		if got := h.scopesFor(t, other.Object); len(got) != 3 {
			t.Errorf("another's: %v", got)
		}
		for name, who := range map[string]authz.Caller{"twice": clerk, "one of another tenant": h.A.Admin, "an administrator with none of their own": h.B.Admin} {
			if err := takeBack(who, list[0].Client); !errors.Is(err, consent.NoConsent) {
				t.Errorf("%s: err = %v, want NoConsent", name, err)
			}
		}
		h.inBothLogs(t, "Remove delegated permission grant")
	})
}

// TestOwnConsentsEnd: what holds until a time is neither counted nor listed
// after it.
func TestOwnConsentsEnd(t *testing.T) {
	each(t, func(t *testing.T, h *stage) {
		ctx := context.Background()
		h.policy(t, tenant.ConsentAll)
		clerk := house.Person(h.B.ID, h.AddUser(t, h.B, "clerk").ID)
		client := must(h.Apps.CreatePrincipal(ctx, h.B.Admin, h.app.AppID, []byte(`{}`), nil))(t)
		graph := must(h.principalOf(t, h.B.ID, app.GraphAppID))(t)
		g := must(consent.NewGrant(h.B.ID, client.ID, graph, clerk.Object, consent.OnePrincipal))(t)
		must(h.Consent.Grant(ctx, h.B.Admin, g, "User.Read", h.Clock.Now().Add(time.Hour)))(t)
		plea := consent.Plea{Scope: "User.Read"}
		if q := must(h.question(t, clerk, plea))(t); q.Verdict != consent.Agreed {
			t.Errorf("before: %s", q.Verdict)
		}
		h.Clock.Advance(time.Hour)
		if q := must(h.question(t, clerk, plea))(t); q.Verdict != consent.NeedsPerson {
			t.Errorf("after: %s", q.Verdict)
		}
		if err := h.agreeTo(t, clerk, "User.Read", false); err != nil {
			t.Fatal(err)
		}
		if got := h.scopesFor(t, clerk.Object); !slices.Equal(got, []string{"User.Read"}) {
			t.Errorf("agreed anew: %v", got)
		}
	})
}
