package directory

import (
	"errors"
	"testing"
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/rule"
)

// TestMembershipRules holds each kind of property against a user.
func TestMembershipRules(t *testing.T) {
	s, yes := func(v string) *string { return &v }, true
	hired, manager := time.Date(2026, 6, 10, 0, 0, 0, 0, time.UTC), ids.New[ids.ObjectID]()
	u := &User{
		Face:    Face{ID: ids.New[ids.ObjectID](), DisplayName: "Grace", UserPrincipalName: "grace@contoso.example", BusinessPhones: []string{"+1 5"}},
		Rest:    Rest{AccountEnabled: &yes, Department: s("Sales"), EmployeeHireDate: &hired, ProxyAddresses: []string{"SMTP:grace@contoso.example", "sip:g@contoso.example"}, OnPremisesAttributes: OnPremisesExtensionAttrs{"extensionAttribute7": s("blue")}},
		Manager: manager,
	}
	for text, want := range map[string]bool{
		`user.department -eq "sales" -and user.accountEnabled -eq true`: true,
		`user.userType -eq "Member"`:                                    true,
		`user.extensionAttribute7 -eq "Blue"`:                           true,
		`user.extensionAttribute8 -eq null`:                             true,
		`user.employeeHireDate -ge 2026-06-10T00:00:00Z`:                true,
		`user.telephoneNumber -startsWith "+1"`:                         true,
		`user.sipProxyAddress -eq "g@contoso.example"`:                  true,
		`user.proxyAddresses -any (_ -endsWith "@contoso.example")`:     true,
		`user.dirSyncEnabled -eq true`:                                  false,
		`user.onPremisesSecurityIdentifier -ne null`:                    false,
		`user.objectId -eq "` + string(u.ID) + `"`:                      true,
		`user.mail -ne null`:                                            false,
		`Direct Reports for "` + string(manager) + `"`:                  true,
		`direct reports for "{` + string(manager) + `}"`:                true,
		`Direct Reports for "` + string(u.ID) + `"`:                     false,
	} {
		r, err := ParseMembershipRule(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := r.Has(u); got != want {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
	}
	nobody := &User{}
	for name := range ruled {
		if name == "userType" || name == "accountEnabled" {
			continue
		}
		r, err := ParseMembershipRule("user." + name + " -ne null")
		if err != nil || r.Has(nobody) {
			t.Errorf("%s of somebody who has none: %v, %v", name, r, err)
		}
	}
	for text, at := range map[string]int{`user.manager -eq "x"`: 1, `Direct Reports for "me"`: 1, `user.assignedPlans -any (_ -eq "x")`: 1} {
		_, err := ParseMembershipRule(text)
		if e, ok := errors.AsType[*rule.Error](err); !ok || e.Pos != at {
			t.Errorf("%s: %v", text, err)
		}
	}
}
