package interop

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestJavaScriptClients runs js/clients.mjs, as on a host with the identity
// endpoint of App Service and as on a virtual machine, js/graph.mjs, js/access.mjs
// and js/signin.mjs. Where Node or the packages are not installed it is skipped, and
// fails when CI=true.
func TestJavaScriptClients(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		absent(t, "node is not installed")
	}
	if _, err := os.Stat("js/node_modules"); err != nil {
		absent(t, "the packages are not installed; run `npm ci` in interop/js")
	}
	vars := os.Environ()
	for name, value := range env {
		if !strings.HasPrefix(name, "IDENTITY_") {
			vars = append(vars, name+"="+value)
		}
	}
	runClients(t, node, "clients.mjs", vars)
	runClients(t, node, "graph.mjs", vars)
	runClients(t, node, "access.mjs", vars)
	runClients(t, node, "signin.mjs", vars)
	runClients(t, node, "clients.mjs", append(vars, "IDENTITY_ENDPOINT="+env["IDENTITY_ENDPOINT"], "IDENTITY_HEADER="+env["IDENTITY_HEADER"]))
}

// runClients runs a file's cases in an environment, one subtest for each.
func runClients(t *testing.T, node, file string, vars []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), node, file)
	cmd.Dir, cmd.Env = "js", vars
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &errs)
	}
	cases := 0
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); cases++ {
		var result struct{ Name, Error string }
		if err := json.Unmarshal(lines.Bytes(), &result); err != nil {
			t.Fatalf("%v: %s", err, lines.Text())
		}
		t.Run(result.Name, func(t *testing.T) {
			if result.Error != "" {
				t.Error(result.Error)
			}
		})
	}
	if cases == 0 {
		t.Errorf("no case was run\n%s", &errs)
	}
}

// absent skips clients that are not here, or fails where they have to be.
func absent(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip("not tested: " + why)
}
