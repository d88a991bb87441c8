package notify

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"entente/internal/kit/secret"
)

// TestStatesAsDocumented compares the table in the package comment with next.
func TestStatesAsDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	documented := make(map[State]string)
	for line := range strings.Lines(string(doc)) {
		if from, to, ok := strings.Cut(strings.TrimPrefix(strings.TrimRight(line, "\n"), "//\t"), " → "); ok {
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

func TestEnd(t *testing.T) {
	for _, tt := range []struct {
		from, to State
		ok       bool
	}{
		{Waiting, Sent, true}, {Waiting, Failed, true}, {Waiting, Dropped, true}, {Failed, Sent, true},
		{Sent, Failed, false}, {Dropped, Sent, false}, {Failed, Failed, false},
	} {
		m := &Message{state: tt.from}
		if err := m.end(tt.to); (err == nil) != tt.ok {
			t.Errorf("%s → %s: %v, want ok = %v", tt.from, tt.to, err, tt.ok)
		}
	}
}

func TestChoose(t *testing.T) {
	for _, asked := range []string{"", "en", "en-US", "EN-us", "xx", "zh-Hans-CN", "-", "../en"} {
		if got, _ := choose(asked); got != fallback {
			t.Errorf("for %q it is %q, want %q", asked, got, fallback)
		}
	}
}

// TestEachLanguageHasEachMessage: a language is there as a whole.
func TestEachLanguageHasEachMessage(t *testing.T) {
	want, err := fs.Glob(files, "templates/"+fallback+"/*")
	if err != nil || len(want) == 0 {
		t.Fatal(want, err)
	}
	for lang := range tongues {
		for _, file := range want {
			other := strings.Replace(file, "/"+fallback+"/", "/"+lang+"/", 1)
			if _, err := fs.Stat(files, other); err != nil {
				t.Error(err)
			}
		}
	}
}

func invitation() InvitationContent {
	return InvitationContent{
		Organization: Organization{"Contoso", "contoso.example"}, Inviter: Person{Name: "Ada Lovelace", Address: "ada@contoso.example"},
		Guest: Person{Name: "Grace", Address: "grace@fabrikam.example"}, Link: secret.NewString("https://id.example/redeem?tenant=t&ticket=s3cret"),
		Until: time.Date(2026, 12, 23, 12, 0, 0, 0, time.UTC),
	}
}

func message() *Message {
	return &Message{ID: "m1", Recipient: "grace@fabrikam.example", Addressee: "grace@fabrikam.example", Note: "Welcome, Grace.\n\nSee you on Monday."}
}

// TestInvitation reads both forms of the message as a person does.
func TestInvitation(t *testing.T) {
	s := NewService(nil, nil, "id.example")
	tests := []struct {
		name    string
		change  func(*Message, *InvitationContent)
		says    []string
		without []string
	}{
		{"from a person with words of theirs", func(*Message, *InvitationContent) {},
			[]string{"Contoso (contoso.example)", "Ada Lovelace (ada@contoso.example) of Contoso", "in words that nobody has checked", "Welcome, Grace.", "See you on Monday.",
				"Open the invitation", "ticket=s3cret", "Wednesday, December 23, 2026", "An answer goes to Ada Lovelace"}, []string{"For your information"}},
		{"without words", func(m *Message, _ *InvitationContent) { m.Note = " \n " }, []string{"invites you as a guest"}, []string{"nobody has checked"}},
		{"from nobody whom the organization can name", func(_ *Message, c *InvitationContent) { c.Inviter = Person{} },
			[]string{"Contoso", "The sender writes, in words that nobody has checked"}, []string{"Ada", "An answer goes to", " of Contoso"}},
		{"from a program", func(_ *Message, c *InvitationContent) { c.Inviter = Person{Name: "Onboarding", Program: true} },
			[]string{"The application Onboarding of Contoso", "The sender writes, in words that nobody has checked"}, []string{"An answer goes to"}},
		{"a copy has no link", func(m *Message, _ *InvitationContent) { m.Recipient = "chief@fabrikam.example" },
			[]string{"For your information: grace@fabrikam.example was sent this invitation", "Welcome, Grace."}, []string{"s3cret", "Open the invitation", "The link opens"}},
		{"names turn nothing and are no markup", func(m *Message, c *InvitationContent) {
			c.Organization.Name, c.Inviter.Name, m.Note = "Con\u202etoso <b>x</b>", "Ada\u2066\r\nBcc: x", "a <script>b</script> \u202ec"
		}, []string{"Contoso <b>x</b>", "Ada Bcc: x", "a <script>b</script> c"}, []string{"\u202e", "\u2066"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, c := message(), invitation()
			tt.change(m, &c)
			got, err := s.render(m, c)
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.ReplaceAll(c.Organization.Name, "\u202e", "") + " invites you as a guest"; got.Subject != want {
				t.Errorf("subject = %q, want %q", got.Subject, want)
			}
			words := wordsOf(t, got.HTML)
			text := strings.Join(strings.Fields(got.Text), " ")
			for _, want := range tt.says {
				if !strings.Contains(text, want) {
					t.Errorf("the text does not say %q:\n%s", want, got.Text)
				}
				if !strings.Contains(words, want) && !strings.Contains(got.HTML, strings.ReplaceAll(want, "&", "&amp;")) {
					t.Errorf("the HTML does not say %q:\n%s", want, words)
				}
			}
			for _, no := range append(tt.without, "<script", "ZgotmplZ", "#ZgotmplZ") {
				if strings.Contains(got.Text, no) && no != "<script" || strings.Contains(got.HTML, no) {
					t.Errorf("it says %q", no)
				}
			}
			for l := range strings.Lines(got.Text) {
				if strings.Contains(l, "Welcome") && !strings.HasPrefix(l, "> ") {
					t.Errorf("the inviter's words are not set apart: %q", l)
				}
			}
		})
	}
}

// wordsOf returns what a person reads in a message as HTML.
func wordsOf(t *testing.T, text string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" && n.Parent.Data != "title" {
			b.WriteString(n.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
