package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/internal/kit/secret"
)

func TestLaterSourcesWin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "entente.yaml")
	write(t, file, "name: https://file.example\nlog-level: warn\ndrain: 5s\ninternal-issuers: [10.0.0.0/8, gitlab.intern.example]\nfederated-credential-limit: 20\n")
	c, err := Load(Sources{
		File:  file,
		Env:   []string{"PATH=/bin", "ENTENTE_CA_FILE=of the lab", "ENTENTE_SERVE_NAME=https://env.example", "ENTENTE_SERVE_LOG_LEVEL=debug", "ENTENTE_SERVE_ALSO=https://a.example, https://b.example"},
		Flags: map[string]string{"name": "https://flag.example"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Defaults()
	want.Name, want.LogLevel, want.Drain = "https://flag.example", "debug", 5*time.Second
	want.Also = []string{"https://a.example", "https://b.example"}
	want.InternalIssuers = []string{"10.0.0.0/8", "gitlab.intern.example"}
	want.FederatedCredentialLimit = 20
	if diff := cmp.Diff(want, c, cmp.AllowUnexported(secret.String{})); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestUnknownSettingsAreRefusedEverywhere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "entente.yaml")
	write(t, file, "nmae: https://id.example\n")
	_, err := Load(Sources{
		File:  file,
		Env:   []string{"ENTENTE_SERVE_NMAE=x"},
		Flags: map[string]string{"nmae": "x"},
	})
	for _, want := range []string{file + ": there is no setting nmae", "environment: there is no setting ENTENTE_SERVE_NMAE", "command line: there is no setting --nmae"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want it to say %q", err, want)
		}
	}
}

func TestContradictionsComeAllAtOnce(t *testing.T) {
	_, err := Load(Sources{Flags: map[string]string{
		"also":                       "http://plain.example,https://path.example/x,https://Upper.example",
		"listen":                     "8443",
		"database":                   "mysql://x",
		"certificate-file":           "cert.pem",
		"master-keys":                "short",
		"metrics":                    ":9464",
		"trusted-proxies":            "10.0.0.1",
		"internal-issuers":           "every where",
		"federated-credential-limit": "-1",
		"graph-limit":                "-1",
		"sign-in-retention":          "-1h",
		"drain":                      "-1s",
		"log-level":                  "loud",
		"log-format":                 "xml",
	}})
	if err == nil {
		t.Fatal("nothing is wrong, it says")
	}
	for _, want := range []string{
		"name: set it", "http://plain.example", "https://path.example/x", "https://Upper.example", "listen: ", "database: ",
		"certificate-file, certificate-key-file", "master-keys: line 1", "metrics: name the address", "trusted-proxies: ",
		"internal-issuers: ", "federated-credential-limit: ", "graph-limit: ", "sign-in-retention: ", "drain: ", "log-level: ", "log-format: ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the refusal does not speak of %q:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "mysql") {
		t.Error("the refusal shows the database's address, which holds a password")
	}
}

// TestMailSettings: each contradiction names its setting, and no message shows
// the password.
func TestMailSettings(t *testing.T) {
	whole := func(change ...string) map[string]string {
		all := map[string]string{"name": "https://id.example", "mail-server": "mail.contoso.example:587", "mail-from": "no-reply@contoso.example"}
		for i := 0; i < len(change); i += 2 {
			all[change[i]] = change[i+1]
		}
		return all
	}
	for _, tt := range []struct {
		name  string
		flags map[string]string
		want  string // in the refusal; empty: it is fine
	}{
		{"server and sender", whole(), ""},
		{"a name beside the sender's address", whole("mail-from", "Contoso <no-reply@contoso.example>"), ""},
		{"with a user", whole("mail-user", "id", "mail-password", "geheim", "mail-tls", "implicit"), ""},
		{"this machine without TLS", whole("mail-server", "localhost:25", "mail-tls", "none"), ""},
		{"nothing of mail", map[string]string{"name": "https://id.example"}, ""},
		{"no server", whole("mail-server", ""), "mail-server: set it as well"},
		{"no port", whole("mail-server", "mail.contoso.example"), "mail-server: \"mail.contoso.example\""},
		{"a port that is none", whole("mail-server", "mail.contoso.example:smtp"), "mail-server: "},
		{"no sender", whole("mail-from", ""), "mail-from: set it"},
		{"a sender who is none", whole("mail-from", "no-reply"), "mail-from: \"no-reply\""},
		{"a user without password", whole("mail-user", "id"), "mail-user, mail-password: "},
		{"a password without user", whole("mail-password", "geheim"), "mail-user, mail-password: "},
		{"elsewhere without TLS", whole("mail-tls", "none"), "mail-tls: none is for"},
		{"a password without TLS", whole("mail-server", "[::1]:25", "mail-tls", "none", "mail-user", "id", "mail-password", "geheim"), "mail-tls: with none"},
		{"a way that is none", whole("mail-tls", "ssl"), "mail-tls: \"ssl\""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(Sources{Flags: tt.flags})
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("err = %v, want %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "geheim") {
				t.Error("the refusal shows the password")
			}
		})
	}
}

func TestWrongTypesNameTheirSetting(t *testing.T) {
	_, err := Load(Sources{Flags: map[string]string{"name": "https://id.example", "drain": "soon"}})
	if err == nil || !strings.Contains(err.Error(), "drain") {
		t.Errorf("err = %v, want it to name drain", err)
	}
}

// TestEachSettingIsDescribed: a field without a comment, a type or a name would
// be a setting nobody can learn of.
func TestEachSettingIsDescribed(t *testing.T) {
	for _, s := range Describe() {
		if s.Name == "" || s.Type == "" || !strings.HasSuffix(s.About, ".") {
			t.Errorf("%+v is not described", s)
		}
	}
}

func TestAddress(t *testing.T) {
	for _, tt := range []struct{ name, listen, want string }{
		{"https://id.example", "", ":443"},
		{"https://localhost:8443", "", ":8443"},
		{"https://id.example", "127.0.0.1:9000", "127.0.0.1:9000"},
	} {
		if got := (Config{Name: tt.name, Listen: tt.listen}).Address(); got != tt.want {
			t.Errorf("address of %s, %q = %s, want %s", tt.name, tt.listen, got, tt.want)
		}
	}
}
