package interop

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// The example that the pages name is built and run as its reader would, in the
// lab's environment.
func TestTheCrossingExample(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	binary := t.TempDir() + "/crossing"
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./crossing").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(ctx, binary)
	cmd.Env = os.Environ()
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "Found ") || !strings.HasSuffix(string(out), " users in tenant B\n") {
		t.Errorf("got %q, %v", out, err)
	}
}
