package signin

import (
	"testing"
	"time"

	"entente/internal/kit/ids"
)

func TestSession(t *testing.T) {
	for _, kept := range []bool{false, true} {
		life := sessionLife
		if kept {
			life = keptLife
		}
		s := NewSession("home", "user", noon)
		id := s.ID
		first := s.Prove("pwd", kept, Browser{UserAgent: "a browser", IP: "192.0.2.7"}, noon)
		if first.IsZero() || s.Kept != kept || !s.ExpiresAt.Equal(noon.Add(life)) || !s.AuthAt.Equal(noon) || s.Agent != "a browser" || s.IP != "192.0.2.7" {
			t.Fatalf("got %+v", s)
		}
		if s.Slide(noon.Add(30 * time.Minute)) {
			t.Error("stored again within the hour")
		}
		if !s.Slide(noon.Add(2*time.Hour)) || !s.ExpiresAt.Equal(noon.Add(2*time.Hour+life)) || !s.AuthAt.Equal(noon) {
			t.Errorf("got %+v, want a later end and the same proof", s)
		}
		if again := s.Prove("pwd otp", kept, Browser{}, noon.Add(3*time.Hour)); again.Equal(first.Reveal()) || s.ID != id || !s.CreatedAt.Equal(noon) {
			t.Errorf("proved again: %+v, want another secret of the same session", s)
		}
	}
}

// TestChoose: which of a browser's sessions a sign-in goes on with.
func TestChoose(t *testing.T) {
	hour := 3600
	session := func(id, home, name string, live bool) Held {
		return Held{Session{ID: ids.SessionID(id), Home: ids.TenantID(home), User: ids.ObjectID(name), AuthAt: noon.Add(-2 * time.Hour)}, name, "", live}
	}
	of := func(h Held) *ids.Principal { return &ids.Principal{Kind: ids.Person, Home: h.Home, ID: h.User} }
	ada, grace := session("1", "contoso", "ada@contoso.example", true), session("2", "fabrikam", "grace@fabrikam.example", true)
	away := session("3", "fabrikam", "hedy@fabrikam.example", false)
	for _, tt := range []struct {
		name     string
		all      []Held
		hints    hints
		take     ids.SessionID
		ask      bool
		several  bool
		username string
	}{
		{name: "nobody"},
		{name: "nobody, with a hint", hints: hints{account: "x@contoso.example"}, username: "x@contoso.example"},
		{name: "one", all: []Held{ada}, take: "1"},
		{name: "one, and one that is away", all: []Held{ada, away}, take: "1"},
		{name: "two", all: []Held{ada, grace}, ask: true, several: true},
		{name: "two, with a hint", all: []Held{ada, grace}, hints: hints{account: "GRACE@fabrikam.example"}, take: "2", username: "GRACE@fabrikam.example"},
		{name: "two, with a hint of ours to who was renamed", all: []Held{ada, grace}, hints: hints{account: "before@fabrikam.example", who: of(grace)}, take: "2", username: "before@fabrikam.example"},
		{name: "a hint of ours to somebody whose address another has now", all: []Held{ada, grace}, hints: hints{account: "ada@contoso.example", who: of(away)}, username: "ada@contoso.example"},
		{name: "two, by home", all: []Held{ada, grace}, hints: hints{home: "contoso"}, take: "1"},
		{name: "two, by session", all: []Held{ada, grace}, hints: hints{session: "2"}, take: "2"},
		{name: "a hint for neither", all: []Held{ada, grace}, hints: hints{account: "x@contoso.example"}, username: "x@contoso.example"},
		{name: "hints that disagree", all: []Held{ada, grace}, hints: hints{account: "ada@contoso.example", session: "2"}, username: "ada@contoso.example"},
		{name: "a session that is over", all: []Held{ada, grace}, hints: hints{session: "9"}},
		{name: "two, to be proved", all: []Held{ada, grace}, hints: hints{prompt: promptLogin}},
		{name: "one, to be chosen", all: []Held{ada}, hints: hints{prompt: promptSelect, account: "ada@contoso.example"}, ask: true, username: "ada@contoso.example"},
		{name: "one that is away", all: []Held{away}, username: "hedy@fabrikam.example"},
		{name: "one that is away, with its hint", all: []Held{away}, hints: hints{home: "fabrikam"}, username: "hedy@fabrikam.example"},
		{name: "one that was proved too long ago", all: []Held{ada}, hints: hints{maxAge: &hour}, username: "ada@contoso.example"},
	} {
		got := choose(tt.all, tt.hints, noon)
		var take ids.SessionID
		if got.take != nil {
			take = got.take.ID
		}
		if take != tt.take || got.ask != tt.ask || got.several != tt.several || got.username != tt.username {
			t.Errorf("%s: got %+v", tt.name, got)
		}
	}
}
