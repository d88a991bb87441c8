package agent

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"entente/internal/client"
)

const runbook = "# café\r\n$users = 14\n\"Found $users users in tenant B for $env:PARTNER\"\n"

// ran runs the runbook and returns what it printed and why it failed.
func ran(t *testing.T) (string, string) {
	t.Helper()
	r := &Runner{Dir: t.TempDir(), Env: []string{"PARTNER=Fabrikam"}}
	s, err := r.start(&client.Order{Kind: "PowerShell", Text: runbook}, nil)
	if err != nil {
		return "", err.Error()
	}
	<-s.done
	defer s.clean()
	var out strings.Builder
	for _, rec := range s.printed {
		out.Write(rec.Bytes)
	}
	return out.String(), s.exception()
}

// TestPowerShell: the text comes to pwsh as it was typed, without a profile and
// without questions; a worker that has none says so.
func TestPowerShell(t *testing.T) {
	path, real := os.Getenv("PATH"), false
	if _, err := exec.LookPath("pwsh"); err == nil {
		real = true
	}
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	if _, why := ran(t); why != "PowerShell (pwsh) is not installed on the worker" {
		t.Errorf("without pwsh: %q", why)
	}
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+path)
	// It stands in for pwsh, and shows what that would be started with.
	if err := os.WriteFile(filepath.Join(bin, "pwsh"), []byte("#!/bin/sh\nfor a; do last=$a; echo \"$a\" | sed 's#.*/##'; done\necho \"$PARTNER\"\ncat \"$last\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, why := ran(t); out != "-NoLogo\n-NoProfile\n-NonInteractive\n-File\nrunbook.ps1\nFabrikam\n"+runbook || why != "" {
		t.Errorf("pwsh was started with %q, %s", out, why)
	}
	if !real {
		return // the rest is for machines that have it
	}
	t.Setenv("PATH", path)
	if out, why := ran(t); strings.TrimSpace(out) != "Found 14 users in tenant B for Fabrikam" || why != "" {
		t.Errorf("pwsh printed %q, %s", out, why)
	}
}
