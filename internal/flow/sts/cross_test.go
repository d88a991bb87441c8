package sts_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/crosstenant"
	"entente/internal/enttest/crossing"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
)

// section returns a Graph body in which one B2B section has this block of
// applications. What blocks all applications must block all people.
func section(name, access, target string) []byte {
	users := "allowed"
	if target == crosstenant.AllApplications {
		users = access
	}
	return []byte(`{"` + name + `":{
		"usersAndGroups":{"accessType":"` + users + `","targets":[{"target":"AllUsers","targetType":"user"}]},
		"applications":{"accessType":"` + access + `","targets":[{"target":"` + target + `","targetType":"application"}]}}}`)
}

// TestPolicyOfBothSides blocks the crossing by each side's policy. The next
// request after the change is refused, and the next after it was taken back is
// answered.
func TestPolicyOfBothSides(t *testing.T) {
	const in, out = "b2bCollaborationInbound", "b2bCollaborationOutbound"
	each(t, func(t *testing.T, w *crossing.World, clk *clock.Fake) {
		ctx, s := t.Context(), crosstenant.NewService(w.DB)
		another := string(ids.New[ids.AppID]())
		tests := []struct {
			name    string
			of      ids.TenantID
			section string
			access  string
			target  string
			want    error
		}{
			{"B shuts all out", w.B, in, "blocked", "AllApplications", crosstenant.InboundBlocked},
			{"B blocks the application", w.B, in, "blocked", string(w.App), crosstenant.InboundBlocked},
			{"B blocks Microsoft Graph for A", w.B, in, "blocked", "00000003-0000-0000-c000-000000000000", crosstenant.InboundBlocked},
			{"B allows another application only", w.B, in, "allowed", another, crosstenant.InboundBlocked},
			{"B blocks another application", w.B, in, "blocked", another, nil},
			{"B allows the application alone", w.B, in, "allowed", string(w.App), nil},
			{"A keeps everything at home", w.A, out, "blocked", "AllApplications", crosstenant.OutboundBlocked},
			{"A keeps the application at home", w.A, out, "blocked", string(w.App), crosstenant.OutboundBlocked},
			{"A lets nobody in, which is no way out", w.A, in, "blocked", "AllApplications", nil},
			{"B lets nobody out, which is no way in", w.B, out, "blocked", "AllApplications", nil},
		}
		assertion := w.ExchangeToken(t)
		try := func() error {
			clk.Advance(time.Second) // so that the entry is the newest
			_, err := ask(w, w.B, 2, w.AssertionForm(graph, assertion))
			return err
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				must := func(err error) {
					t.Helper()
					if err != nil {
						t.Fatal(err)
					}
				}
				who := crossing.System(tt.of)
				must(s.UpdateDefault(ctx, who, section(tt.section, tt.access, tt.target)))
				if err := try(); !errors.Is(err, tt.want) {
					t.Errorf("by default: err = %v, want %v", err, tt.want)
				}
				wantRules(t, w, tt.want)
				must(s.ResetDefault(ctx, who))
				must(try())
				other := w.A
				if tt.of == w.A {
					other = w.B
				}
				_, err := s.AddPartner(ctx, who, []byte(`{"tenantId":"`+string(other)+`"}`))
				must(err)
				must(try())
				must(s.UpdatePartner(ctx, who, other, section(tt.section, tt.access, tt.target)))
				if err := try(); !errors.Is(err, tt.want) {
					t.Errorf("towards the partner: err = %v, want %v", err, tt.want)
				}
				wantRules(t, w, tt.want)
				must(s.RemovePartner(ctx, who, other))
				must(try())
			})
		}
	})
}

// wantRules looks for the rules in the newest entry of B: its own in words, the
// home tenant's as a verdict only. A's own log has A's rule.
func wantRules(t *testing.T, w *crossing.World, refused error) {
	t.Helper()
	find := func(e audit.SignIn, name string) (l audit.Link) {
		for _, link := range e.Links {
			if link.Name == name {
				l = link
			}
		}
		return l
	}
	e := signIns(t, w, w.B)[0]
	out, in := find(e, "outbound policy"), find(e, "inbound policy")
	if refused != crosstenant.OutboundBlocked {
		if out.Verdict != "ok" || out.Found != "allowed" || !strings.Contains(in.Found, "b2bCollaborationInbound.applications") {
			t.Errorf("links out %+v, in %+v", out, in)
		}
		if want := refused == crosstenant.InboundBlocked; (in.Verdict == string(crosstenant.InboundBlocked)) != want {
			t.Errorf("verdict %q", in.Verdict)
		}
		return
	}
	if out.Verdict != string(crosstenant.OutboundBlocked) || strings.Contains(out.Found, "b2b") || in.Name != "" {
		t.Errorf("links out %+v, in %+v", out, in)
	}
	home := signIns(t, w, w.A)[0]
	if l := find(home, "outbound policy"); home.Reason != string(crosstenant.OutboundBlocked) || home.App != w.App || home.Principal != "" ||
		!strings.Contains(l.Found, "configuration: b2bCollaborationOutbound.applications blocked") {
		t.Errorf("entry at home %+v", home)
	}
}

// TestWhatStaysAtHomeAsksNoPolicy: a tenant that lets nobody in or out still
// gives its own applications tokens.
func TestWhatStaysAtHomeAsksNoPolicy(t *testing.T) {
	each(t, func(t *testing.T, w *crossing.World, _ *clock.Fake) {
		w.Presence(t, w.A, w.App)
		s := crosstenant.NewService(w.DB)
		for _, name := range []string{"b2bCollaborationInbound", "b2bCollaborationOutbound"} {
			if err := s.UpdateDefault(t.Context(), crossing.System(w.A), section(name, "blocked", "AllApplications")); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := ask(w, w.A, 2, w.AssertionForm(graph, w.ExchangeToken(t))); err != nil {
			t.Error(err)
		}
	})
}
