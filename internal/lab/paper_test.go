package lab

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// TestPaperFitsEightyColumns looks at everything that paper prints, with the
// longest addresses of the story.
func TestPaperFitsEightyColumns(t *testing.T) {
	const guid = "8cd9128e-43d1-456e-9970-143bb9053e56"
	address := "/subscriptions/" + guid + "/resourceGroups/automation/providers/Microsoft.ManagedIdentity/userAssignedIdentities/runbook-identity?api-version=2024-11-30"
	var out bytes.Buffer
	p := newPaper(&out, true)
	p.heading(1, 12, "Tenant A: create a user-assigned managed identity")
	p.note("An administrator of the tenant consents to the application at /%s/adminconsent?client_id=%s, which makes its service principal.", guid, guid)
	p.exchange("DELETE", address, 201)
	p.exchange("GET", strings.Repeat("x", 200), 0)
	p.fact("issuer", "https://login.microsoftonline.com/"+guid+"/v2.0")
	token := "e30.eyJpc3MiOiJodHRwczovL2xvY2FsaG9zdDo4NDQzLzhjZDkxMjhlLTQzZDEtNDU2ZS05OTcwLTE0M2JiOTA1M2U1Ni92Mi4wIiwiZXhwIjoxNzk1NDg3NzgzfQ."
	if err := p.claims("of tenant A, for the exchange", token, "of tenant B, for Microsoft Graph", token); err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimRight(l, "\n")); n > lineWidth {
			t.Errorf("%d columns: %s", n, l)
		}
	}
	if want := "exp   2026-11-24 02:36:23 UTC               2026-11-24 02:36:23 UTC"; !strings.Contains(out.String(), want) {
		t.Errorf("the tokens' end is not a time that people read:\n%s", out.String())
	}
}

func TestFold(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", []string{""}},
		{"/common/signin", []string{"/common/signin"}},
		{"https://localhost/abc/v2.0", []string{"https://localhost/", "abc/v2.0"}},
		{"/common/adminconsent?client_id=1", []string{"/common/", "adminconsent", "?client_id=1"}},
		{"abcdefghijklmnopqrstuvwxyz", []string{"abcdefghijklmnopqr", "stuvwxyz"}},
	} {
		if diff := cmp.Diff(c.want, fold(c.text, 18)); diff != "" {
			t.Errorf("fold(%q) (-want +got):\n%s", c.text, diff)
		}
	}
}

func TestProgramNameIsWhatPersonsType(t *testing.T) {
	for self, want := range map[string]string{
		"/usr/local/bin/entente":           "entente",
		"/tmp/go-build12345/b001/exe/main": "go run ./cmd/entente",
	} {
		if got := programName([]string{self}); got != want {
			t.Errorf("programName(%s) = %s, want %s", self, got, want)
		}
	}
}
