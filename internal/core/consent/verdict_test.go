package consent

import (
	"testing"

	"entente/internal/core/app"
	"entente/internal/core/tenant"
)

func TestJudge(t *testing.T) {
	var (
		read   = Item{Value: "User.Read", Low: true}
		mail   = Item{Value: "Mail.Read"}
		all    = Item{Value: "User.Read.All", Administrators: true}
		absent = Item{Value: "Orders.Read", Low: true, Absent: true}
	)
	had := func(i Item) Item { i.Granted = true; return i }
	verified, own := Terms{Policy: tenant.ConsentLow, Verified: true}, Terms{Policy: tenant.ConsentLow, Own: true}
	tests := []struct {
		name  string
		terms Terms
		items []Item
		want  Verdict
	}{
		{"nothing is asked", Terms{}, nil, Agreed},
		{"all is granted, though people may not agree", Terms{}, []Item{had(read), had(all)}, Agreed},
		{"people may not agree", Terms{Verified: true, Own: true}, []Item{read}, NeedsAdministrator},
		{"low impact, verified publisher", verified, []Item{read}, NeedsPerson},
		{"low impact, the tenant's own application", own, []Item{read}, NeedsPerson},
		{"low impact, publisher not verified", Terms{Policy: tenant.ConsentLow}, []Item{read}, NeedsAdministrator},
		{"more than low impact", verified, []Item{read, mail}, NeedsAdministrator},
		{"more than low impact, but granted", verified, []Item{read, had(mail)}, NeedsPerson},
		{"all may be agreed to, publisher not verified", Terms{Policy: tenant.ConsentAll}, []Item{mail}, NeedsPerson},
		{"for administrators only, whatever may be agreed to", Terms{Policy: tenant.ConsentAll, Own: true, Verified: true}, []Item{read, all}, NeedsAdministrator},
		{"for administrators only, but granted", Terms{Policy: tenant.ConsentAll}, []Item{read, had(all)}, NeedsPerson},
		{"a resource that the tenant lacks", Terms{Policy: tenant.ConsentAll}, []Item{absent}, NeedsAdministrator},
		{"who is assigned to it is not asked", Terms{Policy: tenant.ConsentAll, Own: true, Assignment: true}, []Item{read}, NeedsAdministrator},
		{"an administrator, where people may not agree", Terms{Administrator: true}, []Item{read}, NeedsPerson},
		{"an administrator, for administrators only", Terms{Administrator: true, Assignment: true}, []Item{all, absent}, NeedsPerson},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Judge(tt.terms, tt.items); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestLowImpact(t *testing.T) {
	said := []Classification{{Class: "low", Permission: "2"}, {Class: "medium", Permission: "3"}}
	tests := []struct {
		name string
		item Item
		want bool
	}{
		{"Microsoft's own proposal", Item{ResourceApp: app.GraphAppID, ID: "1", Value: "User.Read"}, true},
		{"in another case it is another", Item{ResourceApp: app.GraphAppID, ID: "1", Value: "user.read"}, false},
		{"the same name of another resource", Item{ResourceApp: "x", ID: "1", Value: "User.Read"}, false},
		{"classified as low", Item{ResourceApp: "x", ID: "2", Value: "Orders.Read"}, true},
		{"classified as more, against the proposal", Item{ResourceApp: app.GraphAppID, ID: "3", Value: "User.Read"}, false},
		{"not classified", Item{ResourceApp: app.GraphAppID, ID: "4", Value: "Mail.Read"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := lowImpact(tt.item, said); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
