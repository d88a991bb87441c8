package arch

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A module is a line of a go.mod file, as go mod edit -json prints it.
type module struct {
	Path, Version string
	Indirect      bool
}

// requirements returns what the go.mod file at path requires.
func requirements(t *testing.T, path string) []module {
	t.Helper()
	out, err := exec.Command("go", "mod", "edit", "-json", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Require []module }
	if err := json.Unmarshal(out, &file); err != nil {
		t.Fatal(err)
	}
	return file.Require
}

// TestEachModuleHasItsSentence compares go.mod with doc/dependencies.md.
func TestEachModuleHasItsSentence(t *testing.T) {
	page, err := os.ReadFile("../../doc/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range requirements(t, "../../go.mod") {
		if !m.Indirect && !strings.Contains(string(page), m.Path+" "+strings.TrimPrefix(m.Version, "v")) {
			t.Errorf("%s %s has no sentence in doc/dependencies.md", m.Path, m.Version)
		}
	}
}

// TestLibcIsSQLitesOwn: the C library translated for SQLite must be the very
// version that SQLite was translated with, and another module can raise it
// without anyone noticing.
func TestLibcIsSQLitesOwn(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.GoMod}}", "modernc.org/sqlite").Output()
	if err != nil {
		t.Fatal(err)
	}
	got, want := libc(t, "../../go.mod"), libc(t, strings.TrimSpace(string(out)))
	if got != want {
		t.Errorf("modernc.org/libc is %s, want %s, which modernc.org/sqlite names", got, want)
	}
}

func libc(t *testing.T, gomod string) string {
	t.Helper()
	for _, m := range requirements(t, gomod) {
		if m.Path == "modernc.org/libc" {
			return m.Version
		}
	}
	t.Fatalf("%s does not name modernc.org/libc", gomod)
	return ""
}
