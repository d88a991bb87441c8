package factor

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

const (
	homeTenant     ids.TenantID = "b0000000-0000-4000-8000-000000000000"
	resourceTenant ids.TenantID = "a0000000-0000-4000-8000-000000000000"
)

func TestWhomARuleReaches(t *testing.T) {
	tests := []struct {
		who    Who
		member bool
		admin  bool
	}{
		{Nobody, false, false}, {Administrators, false, true}, {Everybody, true, true},
	}
	for _, tt := range tests {
		if tt.who.Demands(false) != tt.member || tt.who.Demands(true) != tt.admin {
			t.Errorf("%s: of members %v, of administrators %v", tt.who, tt.who.Demands(false), tt.who.Demands(true))
		}
		if got, err := ParseWho(string(tt.who)); got != tt.who || err != nil {
			t.Errorf("parsed %s, %v", got, err)
		}
	}
	if _, err := ParseWho("guests"); !errors.Is(err, fault.Invalid) {
		t.Errorf("err = %v, want Invalid", err)
	}
}

func TestWhatIsMissing(t *testing.T) {
	home, here := Account{homeTenant, "u"}, Account{resourceTenant, "g"}
	side := func(of Account, words string) Side {
		has := func(w string) bool { return slices.Contains(strings.Fields(words), w) }
		return Side{of, has("demanded"), has("enrolled"), has("proven")}
	}
	guest := func(words string) *Side { s := side(here, words); return &s }
	tests := []struct {
		name string
		q    Question
		want Need
	}{
		{"nothing is demanded and nothing there", Question{Home: side(home, "")}, Need{}},
		{"who has registered one is asked", Question{Home: side(home, "enrolled")}, Need{Account: home}},
		{"and not silently", Question{Home: side(home, "enrolled"), Silent: true}, Need{}},
		{"once a session", Question{Home: side(home, "enrolled proven")}, Need{}},
		{"home demands it of who has one", Question{Home: side(home, "demanded enrolled")}, Need{Account: home}},
		{"silently too", Question{Home: side(home, "demanded enrolled"), Silent: true}, Need{Account: home}},
		{"home demands it of who has none", Question{Home: side(home, "demanded")}, Need{Account: home, Enroll: true}},
		{"the application wants it", Question{Home: side(home, ""), Wanted: true}, Need{Account: home, Enroll: true}},
		{"and has it", Question{Home: side(home, "proven"), Wanted: true}, Need{}},
		{"a guest where nothing is demanded", Question{Home: side(home, ""), Here: guest("")}, Need{}},
		{"a guest who registered there once, where nothing is demanded now", Question{Home: side(home, ""), Here: guest("enrolled")}, Need{}},
		{"a guest of a tenant that demands and trusts", Question{Home: side(home, "enrolled"), Here: guest("demanded"), Trusts: true}, Need{Account: home}},
		{"has none at home", Question{Home: side(home, ""), Here: guest("demanded"), Trusts: true}, Need{Account: home, Enroll: true}},
		{"has proved it at home", Question{Home: side(home, "enrolled proven"), Here: guest("demanded"), Trusts: true}, Need{}},
		{"of a tenant that demands and does not trust", Question{Home: side(home, ""), Here: guest("demanded")}, Need{here, true, true}},
		{"though proved at home", Question{Home: side(home, "enrolled proven"), Here: guest("demanded")}, Need{here, true, true}},
		{"has registered there", Question{Home: side(home, "enrolled proven"), Here: guest("demanded enrolled")}, Need{here, false, true}},
		{"has proved it there", Question{Home: side(home, "enrolled proven"), Here: guest("demanded enrolled proven")}, Need{}},
		{"home is asked first", Question{Home: side(home, "demanded enrolled"), Here: guest("demanded enrolled")}, Need{Account: home}},
		{"the application of a tenant that does not trust wants it", Question{Home: side(home, ""), Here: guest(""), Wanted: true}, Need{here, true, true}},
		{"of one that trusts", Question{Home: side(home, "enrolled"), Here: guest(""), Trusts: true, Wanted: true}, Need{Account: home}},
		{"no guest yet", Question{Home: side(home, ""), Trusts: false}, Need{}},
		{"no guest yet, and the application wants it", Question{Home: side(home, "enrolled"), Wanted: true, Trusts: true}, Need{Account: home}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.q.Need(); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestWhatASessionProves(t *testing.T) {
	tests := []struct {
		name            string
		proved          []ids.TenantID
		in              ids.TenantID
		trusts, factors bool
		shown           string
	}{
		{"nothing", nil, homeTenant, false, false, "pwd"},
		{"home's, at home", []ids.TenantID{homeTenant}, homeTenant, false, true, "pwd otp mfa"},
		{"home's, where it is not trusted", []ids.TenantID{homeTenant}, resourceTenant, false, false, "pwd"},
		{"home's, where it is", []ids.TenantID{homeTenant}, resourceTenant, true, false, "pwd otp mfa"},
		{"the other's, there", []ids.TenantID{resourceTenant}, resourceTenant, false, true, "pwd otp mfa"},
		{"the other's, at home", []ids.TenantID{resourceTenant}, homeTenant, false, false, "pwd"},
		{"the other's, in a third that trusts the home", []ids.TenantID{resourceTenant}, "c", true, false, "pwd"},
		{"both, twice", []ids.TenantID{homeTenant, resourceTenant, homeTenant, resourceTenant}, resourceTenant, true, true, "pwd otp mfa"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			methods := []string{"pwd"}
			for _, in := range tt.proved {
				methods = Prove(methods, homeTenant, in)
			}
			if got := Proven(methods, homeTenant, tt.in); got != tt.factors {
				t.Errorf("proven: got %v, want %v", got, tt.factors)
			}
			if got := strings.Join(Shown(methods, homeTenant, tt.in, tt.trusts), " "); got != tt.shown {
				t.Errorf("shown: got %s, want %s", got, tt.shown)
			}
		})
	}
}
