package notify

import (
	"strings"
	"testing"
	"time"

	"entente/internal/kit/secret"
)

// TestAccessMessages reads both forms of each message about access as a person
// does.
func TestAccessMessages(t *testing.T) {
	s := NewService(nil, nil, "id.example")
	at := func(day int) time.Time { return time.Date(2026, 12, day, 12, 30, 0, 0, time.UTC) }
	in := Organization{"Contoso", "contoso.example"}
	link := secret.NewString("https://id.example/follow/s3aled")
	ask := Ask{Package: "Joint files", For: Person{Name: "Grace", Address: "grace@fabrikam.example"}, Home: "Fabrikam", Words: "The joint\nproject \u202e<b>", Made: at(1), Ends: at(31)}
	other := ask
	other.By, other.Home, other.Starts, other.Ends, other.Words, other.Longer = Person{Name: "Ada", Address: "ada@contoso.example"}, "", at(5), time.Time{}, "", true
	evil := ask
	evil.Package, evil.For.Name = "Files\r\nBcc: x \u202e<script>", "Grace \u2066<i>"
	for _, tt := range []struct {
		name, subject string
		content       Content
		says, without []string
	}{
		{"asked", "Grace asks for Joint files", ApprovalContent{Organization: in, Ask: ask, Due: at(15), Link: link},
			[]string{"Contoso (contoso.example) asks you to decide", "Joint files", "Grace (grace@fabrikam.example) of Fabrikam", "December 1, 2026, 12:30 UTC", "December 31, 2026, 12:30 UTC",
				"December 15, 2026, 12:30", "The joint", "project <b>", "https://id.example/follow/s3aled", "It decides nothing by itself", "Sent for Contoso by id.example"},
			[]string{"Asked by", "others are asked as well", "no end", "\u202e"}},
		{"asked, and others after that", "Grace wants longer access to Joint files", ApprovalContent{Organization: in, Ask: other, Due: at(15), Others: at(8), Link: link},
			[]string{"Ada (ada@contoso.example)", "From December 8, 2026, 12:30 UTC on, others are asked as well", "no end", "December 5, 2026, 12:30 UTC"}, []string{"Fabrikam", "Why, in the words"}},
		{"reminded", "Reminder: Grace asks for Joint files", ApprovalContent{Organization: in, Ask: ask, Again: true, Due: at(15), Link: link}, []string{"still waits for somebody"}, nil},
		{"passed on", "Passed on to you: Grace asks for Joint files", ApprovalContent{Organization: in, Ask: ask, PassedOn: true, Due: at(15), Link: link}, []string{"was passed on to you"}, nil},
		{"approved", "Approved: Joint files for Grace", DecisionContent{Organization: in, Ask: ask, Link: link}, []string{"was approved. Nothing more waits for you."}, []string{"Others are asked now"}},
		{"approved in part", "Approved: Joint files for Grace", DecisionContent{Organization: in, Ask: ask, More: true, Link: link}, []string{"Others are asked now"}, []string{"Nothing more waits"}},
		{"timed out, to those who were asked", "Nobody has decided: Joint files for Grace", DecisionContent{Organization: in, Ask: ask, TimedOut: true, Link: link}, []string{"It has ended without access."}, nil},
		{"denied", "Your request was declined: Joint files", RefusalContent{Organization: in, Ask: ask, Link: link}, []string{"You do not get this access."}, []string{"stays as it is"}},
		{"denied longer", "Your request was declined: Joint files", RefusalContent{Organization: in, Ask: other, Link: link}, []string{"What you have stays as it is."}, []string{"You do not get"}},
		{"timed out", "Nobody has decided on your request for Joint files", RefusalContent{Organization: in, Ask: ask, TimedOut: true, Link: link}, []string{"you may ask again"}, nil},
		{"delivered", "You now have access: Joint files", AccessContent{Organization: in, Package: "Joint files", Gives: []string{"Designers", "Wiki \u202e<b>"}, Until: at(31), Link: link},
			[]string{"You now have", "until December 31, 2026, 12:30 UTC", "Designers", "Wiki <b>", "See what you have", "the account that you have at home"}, []string{"ask for longer", "\u202e"}},
		{"delivered to another", "Grace now has access: Joint files", AccessContent{Organization: in, Package: "Joint files", For: Person{Name: "Grace"}, Link: link},
			[]string{"Grace now has", "without an end", "See the request"}, []string{"You now have", "at home"}},
		{"changed", "Access has changed: Joint files", AccessContent{Organization: in, Package: "Joint files", Changed: true, Until: at(31), Link: link}, []string{"You still have"}, nil},
		{"ends soon", "Access ends soon: Joint files", AccessContent{Organization: in, Package: "Joint files", Ending: true, Until: at(31), Extend: true, Link: link},
			[]string{"ends on December 31, 2026, 12:30 UTC", "ask for longer before that", "Ask for longer"}, []string{"You cannot"}},
		{"ends soon for good", "Access ends soon: Joint files", AccessContent{Organization: in, Package: "Joint files", Ending: true, Until: at(31), Link: link},
			[]string{"You cannot ask for longer by yourself."}, []string{"Ask for longer"}},
		{"ended", "Access has ended: Joint files", AccessContent{Organization: in, Package: "Joint files", Ending: true, Ended: true, Until: at(31), Link: link}, []string{"has ended"}, []string{"ends on"}},
		{"failed", "Not delivered: Joint files for Grace", TroubleContent{Organization: in, Ask: ask, Why: "The group is gone.", Until: at(15), Link: link},
			[]string{"could not be given", "The group is gone.", "until December 15, 2026, 12:30 UTC"}, []string{"Not everything"}},
		{"failed in part", "Delivered in part: Joint files for Grace", TroubleContent{Organization: in, Ask: ask, Partly: true, Why: "x", Until: at(15), Link: link}, []string{"Not everything in"}, nil},
		{"failed to take", "Not taken away: Joint files for Grace", TroubleContent{Organization: in, Ask: ask, Taking: true, Why: "x", Until: at(15), Link: link}, []string{"could be taken away"}, []string{"given"}},
		{"names turn nothing and are no markup", "Grace <i> asks for Files Bcc: x <script>", ApprovalContent{Organization: in, Ask: evil, Due: at(15), Link: link}, []string{"Files Bcc: x <script>"}, []string{"\u202e", "\u2066"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := s.render(message(), tt.content)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(got.Subject, tt.subject) {
				t.Errorf("subject = %q, want %q", got.Subject, tt.subject)
			}
			words, text := wordsOf(t, got.HTML), strings.Join(strings.Fields(got.Text), " ")
			for _, want := range tt.says {
				if !strings.Contains(text, want) {
					t.Errorf("the text does not say %q:\n%s", want, got.Text)
				}
				if !strings.Contains(words, want) {
					t.Errorf("the HTML does not say %q:\n%s", want, words)
				}
			}
			for _, no := range tt.without {
				if strings.Contains(text, no) || strings.Contains(words, no) {
					t.Errorf("it says %q:\n%s", no, got.Text)
				}
			}
			if strings.Contains(got.HTML, "<script") || strings.Contains(got.HTML, "ZgotmplZ") || strings.Contains(got.Text, "\n\n\n") {
				t.Errorf("the message is not whole:\n%s\n%s", got.Text, got.HTML)
			}
		})
	}
}
