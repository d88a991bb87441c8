package crosstenant_test

import (
	"errors"
	"testing"

	"entente/internal/core/authz"
	"entente/internal/core/crosstenant"
	"entente/internal/enttest/house"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

const shut = `{"b2bCollaborationInbound":{
	"usersAndGroups":{"accessType":"blocked","targets":[{"target":"AllUsers","targetType":"user"}]},
	"applications":{"accessType":"blocked","targets":[{"target":"AllApplications","targetType":"application"}]}}}`

var program = crosstenant.What{Kind: ids.Workload, Apps: []ids.AppID{"11111111-0000-0000-0000-000000000001"}}

func cross(t *testing.T, h *house.House) (c crosstenant.Crossing) {
	t.Helper()
	view(t, h, func(tx *sqldb.Tx) (err error) {
		c, err = crosstenant.Cross(t.Context(), tx, h.A.ID, h.B.ID, program)
		return err
	})
	return c
}

func view(t *testing.T, h *house.House, read func(tx *sqldb.Tx) error) {
	t.Helper()
	if err := h.DB.View(t.Context(), read); err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAPolicyCounts(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx, s := t.Context(), crosstenant.NewService(h.DB)
		if c := cross(t, h); c.Err("it") != nil || c.In.Rule == "" || c.Out.Rule == "" {
			t.Fatalf("with nothing stored: %+v", c)
		}
		must(t, s.UpdateDefault(ctx, h.B.Admin, []byte(shut)))
		if c := cross(t, h); !errors.Is(c.Err("it"), crosstenant.InboundBlocked) {
			t.Errorf("shut by default: %+v", c)
		}
		_, err := s.AddPartner(ctx, h.B.Admin, []byte(`{"tenantId":"`+string(h.A.ID)+`","b2bCollaborationInbound":{
			"usersAndGroups":{"accessType":"allowed","targets":[{"target":"AllUsers","targetType":"user"}]},
			"applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}}}`))
		must(t, err)
		if c := cross(t, h); c.Err("it") != nil {
			t.Errorf("let in as a partner: %+v", c)
		}
		must(t, s.UpdatePartner(ctx, h.B.Admin, h.A.ID, []byte(`{"b2bCollaborationInbound":null}`)))
		if c := cross(t, h); !errors.Is(c.Err("it"), crosstenant.InboundBlocked) {
			t.Errorf("inherited again: %+v", c)
		}
		must(t, s.ResetDefault(ctx, h.B.Admin))
		if c := cross(t, h); c.Err("it") != nil {
			t.Errorf("reset: %+v", c)
		}
		must(t, s.RemovePartner(ctx, h.B.Admin, h.A.ID))
		must(t, s.UpdateDefault(ctx, h.A.Admin, []byte(`{"b2bCollaborationOutbound":{
			"usersAndGroups":{"accessType":"allowed","targets":[{"target":"AllUsers","targetType":"user"}]},
			"applications":{"accessType":"blocked","targets":[{"target":"11111111-0000-0000-0000-000000000001","targetType":"application"}]}}}`)))
		if c := cross(t, h); !errors.Is(c.Err("it"), crosstenant.OutboundBlocked) {
			t.Errorf("kept at home: %+v", c)
		}
	})
}

func TestTheDefault(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx, s := t.Context(), crosstenant.NewService(h.DB)
		get := func(of house.Tenant) (d crosstenant.Default) {
			view(t, h, func(tx *sqldb.Tx) (err error) { d, err = crosstenant.GetDefault(ctx, tx, of.ID); return err })
			return d
		}
		if d := get(h.A); !d.ServiceDefault || d.Inbound.Users.Access != crosstenant.Allowed || d.DirectInbound.Users.Access != crosstenant.Blocked || d.Redemption == nil {
			t.Errorf("nothing stored: %+v", d)
		}
		must(t, s.UpdateDefault(ctx, h.A.Admin, []byte(shut)))
		must(t, s.UpdateDefault(ctx, h.A.Admin, []byte(`{"inboundTrust":{"isMfaAccepted":true}}`)))
		if d := get(h.A); d.ServiceDefault || d.Inbound.Users.Access != crosstenant.Blocked || !*d.Trust.MFA || *d.Trust.Compliant || d.Outbound.Users.Access != crosstenant.Allowed {
			t.Errorf("changed twice: %+v", d)
		}
		if d := get(h.B); !d.ServiceDefault {
			t.Errorf("another tenant's default changed with it: %+v", d)
		}
		must(t, s.ResetDefault(ctx, h.A.Admin))
		if d := get(h.A); !d.ServiceDefault || *d.Trust.MFA {
			t.Errorf("reset: %+v", d)
		}
		if err := s.UpdateDefault(ctx, h.A.Admin, []byte(`{"invitationRedemptionIdentityProviderConfiguration":{"fallbackIdentityProvider":"azureActiveDirectory"}}`)); !errors.Is(err, crosstenant.Bad) {
			t.Errorf("a fallback that is none: err = %v", err)
		}
	})
}

func TestPartners(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx, s := t.Context(), crosstenant.NewService(h.DB)
		b := `{"tenantId":"` + string(h.B.ID) + `"}`
		for name, tt := range map[string]struct {
			body string
			want error
		}{
			"its own tenant":       {`{"tenantId":"` + string(h.A.ID) + `"}`, crosstenant.NoTenant},
			"a tenant nobody has":  {`{"tenantId":"33333333-0000-0000-0000-000000000001"}`, crosstenant.NoTenant},
			"no identifier":        {`{"tenantId":"contoso.example"}`, crosstenant.NoTenant},
			"an incomplete policy": {`{"tenantId":"` + string(h.B.ID) + `","b2bCollaborationInbound":{}}`, crosstenant.Bad},
		} {
			if _, err := s.AddPartner(ctx, h.A.Admin, []byte(tt.body)); !errors.Is(err, tt.want) {
				t.Errorf("%s: err = %v, want %v", name, err, tt.want)
			}
		}
		_, err := s.AddPartner(ctx, h.A.Admin, []byte(b))
		must(t, err)
		if _, err := s.AddPartner(ctx, h.A.Admin, []byte(b)); !errors.Is(err, crosstenant.Exists) {
			t.Errorf("twice: err = %v", err)
		}
		view(t, h, func(tx *sqldb.Tx) error {
			page, err := crosstenant.ListPartners(ctx, tx, h.A.ID, query.Query{Page: query.Page{Limit: 10}})
			if err != nil || len(page.Items) != 1 || page.Items[0].Tenant != h.B.ID {
				t.Errorf("partners %+v, %v", page.Items, err)
			}
			if page, err = crosstenant.ListPartners(ctx, tx, h.B.ID, query.Query{Page: query.Page{Limit: 10}}); err != nil || len(page.Items) != 0 {
				t.Errorf("the partner's own partners %+v, %v: the default is none, and A's are A's", page.Items, err)
			}
			return nil
		})
		if err := s.PutSync(ctx, h.A.Admin, h.B.ID, []byte(`{"displayName":"x"}`), false); !errors.Is(err, fault.NotFound) {
			t.Errorf("changing what is not there: err = %v", err)
		}
		must(t, s.PutSync(ctx, h.A.Admin, h.B.ID, []byte(`{"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":true}}`), true))
		must(t, s.UpdatePartner(ctx, h.A.Admin, h.B.ID, []byte(`{"inboundTrust":{"isMfaAccepted":true}}`)))
		must(t, s.PutSync(ctx, h.A.Admin, h.B.ID, []byte(`{"displayName":"F"}`), false))
		view(t, h, func(tx *sqldb.Tx) error {
			got, err := crosstenant.GetSync(ctx, tx, h.A.ID, h.B.ID)
			if err != nil || *got.Name != "F" || !*got.Users.Allowed || got.Tenant != h.B.ID {
				t.Errorf("got %+v, %v", got, err)
			}
			return nil
		})
		must(t, s.RemoveSync(ctx, h.A.Admin, h.B.ID))
		if err := s.RemoveSync(ctx, h.A.Admin, h.B.ID); !errors.Is(err, fault.NotFound) {
			t.Errorf("again: err = %v", err)
		}
		must(t, s.RemovePartner(ctx, h.A.Admin, h.B.ID))
		for name, err := range map[string]error{
			"removed again":            s.RemovePartner(ctx, h.A.Admin, h.B.ID),
			"changed when gone":        s.UpdatePartner(ctx, h.A.Admin, h.B.ID, []byte(`{}`)),
			"the default as a partner": s.RemovePartner(ctx, h.A.Admin, ""),
		} {
			if !errors.Is(err, fault.NotFound) {
				t.Errorf("%s: err = %v, want NotFound", name, err)
			}
		}
	})
}

func TestWhoChangesPolicies(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx, s := t.Context(), crosstenant.NewService(h.DB)
		person := h.AddUser(t, h.A, "walter")
		who := house.Person(h.A.ID, person.ID)
		if err := s.UpdateDefault(ctx, who, []byte(`{}`)); !errors.Is(err, authz.Denied) {
			t.Errorf("somebody: err = %v", err)
		}
		must(t, h.DB.Update(ctx, func(tx *sqldb.Tx) error {
			return authz.Assign(ctx, tx, h.A.ID, person.ID, "194ae4cb-b126-40b2-bd5b-6091b380977d")
		}))
		must(t, s.UpdateDefault(ctx, who, []byte(`{}`)))
		must(t, s.SetClouds(ctx, who, []string{"microsoftonline.us"}))
		if err := s.SetClouds(ctx, who, []string{"cloud.example"}); !errors.Is(err, crosstenant.Bad) {
			t.Errorf("a cloud nobody has: err = %v", err)
		}
		view(t, h, func(tx *sqldb.Tx) error {
			list, err := crosstenant.Clouds(ctx, tx, h.A.ID)
			if err != nil || len(list) != 1 || list[0] != "microsoftonline.us" {
				t.Errorf("clouds %v, %v", list, err)
			}
			return nil
		})
	})
}

// TestSectionsHaveActions: who may add partners gives them nothing by it that
// takes an action of its own.
func TestSectionsHaveActions(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx, s := t.Context(), crosstenant.NewService(h.DB)
		holder := func(nick string, role ids.RoleID) authz.Caller {
			u := h.AddUser(t, h.A, nick)
			_, err := h.Users.AssignRole(ctx, h.A.Admin, u.ID, role, "/")
			must(t, err)
			return house.Person(h.A.ID, u.ID)
		}
		const teamsAdministrator, securityAdministrator = "69091246-20e8-4a56-aa4d-066075b2a7a8", "194ae4cb-b126-40b2-bd5b-6091b380977d"
		teams, security, reader := holder("teams", teamsAdministrator), holder("security", securityAdministrator), holder("reader", authz.GlobalReader)
		named := `"tenantId":"` + string(h.B.ID) + `"`
		for _, tt := range []struct {
			name, body string
			who        authz.Caller
			want       error
		}{
			{"a reader adds", `{` + named + `}`, reader, authz.Denied},
			{"who adds partners trusts one", `{` + named + `,"inboundTrust":{"isMfaAccepted":true}}`, teams, authz.Denied},
			{"who adds partners lets one connect", `{` + named + `,"b2bDirectConnectInbound":null}`, teams, authz.Denied},
			{"who adds partners adds one", `{` + named + `}`, teams, nil},
		} {
			if _, err := s.AddPartner(ctx, tt.who, []byte(tt.body)); !errors.Is(err, tt.want) {
				t.Errorf("%s: err = %v, want %v", tt.name, err, tt.want)
			}
		}
		for _, body := range []string{`{}`, `{"inboundTrust":{"isMfaAccepted":true}}`, `{"tenantRestrictions":null}`} {
			if err := s.UpdatePartner(ctx, teams, h.B.ID, []byte(body)); !errors.Is(err, authz.Denied) {
				t.Errorf("who adds partners changes one by %s: err = %v, want Denied", body, err)
			}
			if err := s.UpdateDefault(ctx, teams, []byte(body)); !errors.Is(err, authz.Denied) {
				t.Errorf("and the default: err = %v, want Denied", err)
			}
			if err := s.UpdatePartner(ctx, security, h.B.ID, []byte(body)); err != nil {
				t.Errorf("a security administrator changes one by %s: %v", body, err)
			}
		}
		if err := s.RemovePartner(ctx, teams, h.B.ID); !errors.Is(err, authz.Denied) {
			t.Errorf("who adds partners removes one: err = %v, want Denied", err)
		}
		if err := s.ResetDefault(ctx, teams); !errors.Is(err, authz.Denied) {
			t.Errorf("who adds partners resets the default: err = %v, want Denied", err)
		}
		must(t, s.RemovePartner(ctx, security, h.B.ID))
	})
}
