package interop

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"entente/internal/cli"
	"entente/internal/lab"
)

// env is the lab's environment: what `entente lab env` prints.
var env map[string]string

// client trusts the lab's authority alone, and is what every library under
// test is given as its transport.
var client *http.Client

// TestMain starts one lab for all tests. The lab's process is this binary under
// another name, so that nothing needs to be built or installed first.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "lab" {
		os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	code, err := runWithLab(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// runWithLab runs the tests while a lab is up.
func runWithLab(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "entente-interop-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	forget()
	stop, err := startLab(dir)
	if err != nil {
		return 1, err
	}
	code := m.Run()
	client.CloseIdleConnections()
	return code, stop()
}

// forget clears what the libraries under test would read from the environment
// of whoever runs the tests.
func forget() {
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		switch prefix, _, _ := strings.Cut(name, "_"); strings.ToUpper(prefix) {
		case "AZURE", "IDENTITY", "IMDS", "MSI", "ARM", "ENTENTE", "HTTP", "HTTPS", "ALL", "NO":
			os.Unsetenv(name)
		}
	}
}

// startLab starts a lab in a folder below dir and waits until it is up. The
// function returned ends it.
func startLab(dir string) (stop func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	roots, err := trustTestIssuers(dir)
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "lab")
	cmd := exec.Command(self, "lab", "--data", data, "--port", strconv.Itoa(port), "--no-color")
	cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+roots)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() error {
		cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			return fmt.Errorf("the lab ended badly: %w\n%s", err, &said)
		}
		return nil
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		fmt.Fprintln(&said, lines.Text())
		if strings.Contains(lines.Text(), "The lab is up.") {
			go io.Copy(io.Discard, out)
			return stop, readEnv(data)
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	return nil, fmt.Errorf("the lab did not come up\n%s", &said)
}

// trustTestIssuers writes the authority of the issuers that tests start, for
// the lab to trust. All TLS servers of httptest have the same one.
func trustTestIssuers(dir string) (string, error) {
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	file := filepath.Join(dir, "issuers.pem")
	return file, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o644)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// readEnv reads the lab's environment and makes the client that trusts it.
func readEnv(data string) error {
	var text bytes.Buffer
	if err := lab.Env(data, "json", &text); err != nil {
		return err
	}
	if err := json.Unmarshal(text.Bytes(), &env); err != nil {
		return err
	}
	ca, err := os.ReadFile(env["ENTENTE_CA_FILE"])
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return fmt.Errorf("%s holds no certificate", env["ENTENTE_CA_FILE"])
	}
	client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	return nil
}

// graphScope asks for the permissions on Microsoft Graph under its usual name.
const graphScope = "https://graph.microsoft.com/.default"

// exchangeScope asks a managed identity for a token to be exchanged elsewhere.
const exchangeScope = "api://AzureADTokenExchange/.default"

// claims returns the claims of a token, unverified.
func claims(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%.40q… is no JWT", token)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	c := make(map[string]any)
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// wantClaims compares some claims of a token.
func wantClaims(t *testing.T, token string, want map[string]any) {
	t.Helper()
	got := claims(t, token)
	for name, value := range want {
		if fmt.Sprint(got[name]) != fmt.Sprint(value) {
			t.Errorf("claim %s = %v, want %v", name, got[name], value)
		}
	}
}

// graph asks Microsoft Graph as this installation serves it, and fails the test
// unless the answer has the status.
func graph(t *testing.T, method, path, token string, body any, status int) map[string]any {
	t.Helper()
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		in = bytes.NewReader(text)
	}
	ctx := context.WithoutCancel(t.Context()) // a test's last requests are made when its context has ended
	r, err := http.NewRequestWithContext(ctx, method, env["ENTENTE_GRAPH_URL"]+path, in)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != status {
		t.Fatalf("%s %s: %s, want %d\n%s", method, path, resp.Status, status, text)
	}
	if len(text) == 0 {
		return nil
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, text)
	}
	return answer
}

// wantUsers reads tenant B's users with a token.
func wantUsers(t *testing.T, token string) {
	t.Helper()
	users, _ := graph(t, http.MethodGet, "/v1.0/users?$top=999", token, nil, http.StatusOK)["value"].([]any)
	if len(users) < 10 {
		t.Errorf("%d users in tenant B, want at least 10", len(users))
	}
}

// wantRefusal checks that a client was refused with a code, and at once: a
// client that retries what cannot succeed keeps a person waiting.
func wantRefusal(t *testing.T, code string, ask func() error) {
	t.Helper()
	start := time.Now()
	err := ask()
	switch took := time.Since(start); {
	case err == nil:
		t.Errorf("the client was served, want a refusal with %s", code)
	case !strings.Contains(err.Error(), code):
		t.Errorf("err = %v, want %s", err, code)
	case took > 5*time.Second:
		t.Errorf("the refusal took %s", took)
	}
}
