package signin

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// TestStatesAsDocumented compares the table in the package comment with next.
func TestStatesAsDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	documented := make(map[State]string)
	for line := range strings.Lines(string(doc)) {
		if from, to, ok := strings.Cut(strings.TrimPrefix(line, "//\t"), " → "); ok {
			documented[State(strings.TrimSpace(from))] = strings.TrimSpace(to)
		}
	}
	for from, to := range next {
		want := strings.Trim(strings.ReplaceAll(fmt.Sprint(to), " ", ", "), "[]")
		if got := documented[from]; got != want {
			t.Errorf("the package comment says %s → %q, the rules say %q", from, got, want)
		}
		delete(documented, from)
	}
	for from := range documented {
		t.Errorf("the package comment lets %s go on, the rules do not", from)
	}
}

func TestFlow(t *testing.T) {
	type do func(f *Flow) error
	identify := func(f *Flow) error { return f.Identify("admin@fabrikam.example", "b") }
	prove := func(f *Flow) error { return f.Prove("u", false, noon) }
	renew := func(f *Flow) error { return f.Prove("u", true, noon) }
	renewed := func(f *Flow) error { return f.Renewed(noon) }
	confirmed := func(f *Flow) error { return f.Confirmed(Held{Session: Session{Home: "b", User: "u"}, Live: true}) }
	onto := func(s State) do { return func(f *Flow) error { return f.move(s) } }
	grant := func(f *Flow) error { return f.Grant("x", time.Time{}) }
	tests := []struct {
		name string
		from State
		do   []do
		want State
		err  error
	}{
		{name: "the whole way", from: Identify, do: []do{identify, prove, onto(Consent), grant}, want: Done},
		{name: "with a password of one's own first", from: Password, do: []do{renew, renewed}, want: Proven},
		{name: "a new password where none was asked", from: Password, do: []do{renewed}, want: Password, err: Stale},
		{name: "the account of the session", from: Confirm, do: []do{confirmed, onto(Consent), (*Flow).Decline}, want: Done},
		{name: "an account of the browser's that is to be proved again", from: Confirm, do: []do{identify, prove}, want: Proven},
		{name: "another account", from: Confirm, do: []do{(*Flow).Restart}, want: Identify},
		{name: "another account after consent was shown", from: Consent, do: []do{(*Flow).Restart, identify}, want: Password},
		{name: "an application where consent is not yet given", from: Proven, do: []do{onto(Done)}, want: Proven, err: Stale},
		{name: "restart at the beginning changes nothing", from: Identify, do: []do{(*Flow).Restart}, want: Identify},
		{name: "a password before the address", from: Identify, do: []do{prove}, want: Identify, err: Stale},
		{name: "consent before anyone is known", from: Password, do: []do{grant}, want: Password, err: Stale},
		{name: "a session's word where there was none", from: Password, do: []do{confirmed}, want: Password, err: Stale},
		{name: "a decision twice", from: Consent, do: []do{grant, grant}, want: Done, err: Stale},
		{name: "a change of mind", from: Consent, do: []do{(*Flow).Decline, grant}, want: Done, err: Stale},
		{name: "another account after the decision", from: Done, do: []do{(*Flow).Restart}, want: Done, err: Stale},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := NewFlow("browser", Ask{}, noon)
			f.State = tt.from
			var err error
			for _, step := range tt.do {
				err = step(f)
			}
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Errorf("err = %v, want %v", err, tt.err)
			}
			if f.State != tt.want {
				t.Errorf("state = %s, want %s", f.State, tt.want)
			}
		})
	}
}

func TestResource(t *testing.T) {
	f := NewFlow("browser", Ask{}, noon)
	f.Home = "home"
	if got := f.Resource(); got != "home" {
		t.Errorf("common: got %s, want the home of whoever signs in", got)
	}
	f.Ask.Tenant = ids.TenantID("b")
	if got := f.Resource(); got != "b" {
		t.Errorf("got %s, want the tenant that was asked for", got)
	}
}

func TestReplyTo(t *testing.T) {
	registered := []string{"https://sync.contoso.example/done", "http://localhost:3000/cb"}
	tests := []struct {
		name       string
		registered []string
		asked      string
		v2         bool
		want       string
		err        error
	}{
		{name: "a registered one", registered: registered, asked: "https://sync.contoso.example/done", want: "https://sync.contoso.example/done"},
		{name: "none asked: the first", registered: registered, want: "https://sync.contoso.example/done"},
		{name: "none asked in version 2", registered: registered, v2: true, err: MissingReply},
		{name: "none at all", want: ""},
		{name: "none at all in version 2", v2: true, want: ""},
		{name: "another path", registered: registered, asked: "https://sync.contoso.example/Done", err: WrongReply},
		{name: "more behind it", registered: registered, asked: "https://sync.contoso.example/done?x=1", err: WrongReply},
		{name: "loopback at another port", registered: registered, asked: "http://localhost:49152/cb", want: "http://localhost:49152/cb"},
		{name: "loopback at another path", registered: registered, asked: "http://localhost:49152/x", err: WrongReply},
		{name: "a user before loopback", registered: registered, asked: "http://x@localhost:3000/cb", err: WrongReply},
		{name: "another port elsewhere", registered: registered, asked: "https://sync.contoso.example:444/done", err: WrongReply},
		{name: "none registered", asked: "https://evil.example", err: WrongReply},
	}
	for _, tt := range tests {
		got, err := replyTo(tt.registered, tt.asked, tt.v2)
		if got != tt.want || !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
			t.Errorf("%s: got %q, %v, want %q, %v", tt.name, got, err, tt.want, tt.err)
		}
	}
}

func TestWant(t *testing.T) {
	tests := []struct {
		name, scope string
		resource    string
		scopes      []string
		err         error
	}{
		{name: "the list of a resource", scope: "https://graph.microsoft.com/.default", resource: "https://graph.microsoft.com"},
		{name: "with scopes of OpenID Connect", scope: "openid https://graph.microsoft.com/.default offline_access", resource: "https://graph.microsoft.com"},
		{name: "a slash at the resource's end", scope: "https://api.contoso.example//.default", resource: "https://api.contoso.example/"},
		{name: "delegated scopes", scope: "openid User.Read", scopes: []string{"openid", "User.Read"}},
		{name: "nothing", scope: " ", err: WrongScope},
		{name: "two lists", scope: "https://a/.default https://b/.default", err: WrongScope},
		{name: "a list and a scope", scope: "https://a/.default User.Read", err: WrongScope},
		{name: "a quotation mark", scope: `User.Read"`, err: WrongScope},
	}
	for _, tt := range tests {
		got, err := Ask{V2: true, Scope: tt.scope}.want()
		if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
			t.Errorf("%s: err = %v, want %v", tt.name, err, tt.err)
		}
		if err == nil && (got.Resource != tt.resource || fmt.Sprint(got.Scopes) != fmt.Sprint(tt.scopes)) {
			t.Errorf("%s: got %+v", tt.name, got)
		}
	}
	if got, err := (Ask{Scope: "ignored"}).want(); err != nil || got.Resource != "" || len(got.Scopes) > 0 {
		t.Errorf("version 1: got %+v, %v, want all that is listed", got, err)
	}
}

func TestUntil(t *testing.T) {
	tests := []struct {
		name, day string
		want      time.Time
		bad       bool
	}{
		{name: "no end", day: ""},
		{name: "today ends tonight", day: "2026-11-23", want: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)},
		{name: "a later day", day: "2027-02-28", want: time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)},
		{name: "yesterday", day: "2026-11-22", bad: true},
		{name: "no date", day: "soon", bad: true},
	}
	for _, tt := range tests {
		got, err := until(tt.day, noon)
		if (err != nil) != tt.bad || !tt.bad && !got.Equal(tt.want) {
			t.Errorf("%s: got %v, %v, want %v", tt.name, got, err, tt.want)
		}
		if f, ok := errors.AsType[*fault.Error](err); tt.bad && (!ok || f.Target != "until") {
			t.Errorf("%s: err = %v, want it to name the field", tt.name, err)
		}
	}
}

// TestRules: an account at which everybody guesses costs from the first try on.
func TestRules(t *testing.T) {
	if calm, besieged := ruleFor(false).After(1), ruleFor(true).After(1); calm != 0 || besieged == 0 {
		t.Errorf("after the first try: %v, besieged %v", calm, besieged)
	}
}
