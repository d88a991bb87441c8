package lab

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"entente/examples"
	"entente/internal/kit/ids"
)

// exchangeAudience is what an identity endpoint is asked for when its token is
// to be exchanged elsewhere.
const exchangeAudience = "api://AzureADTokenExchange"

// Runbook does what examples/runbook.sh does, from the same environment. It is
// the lab's child process on machines without bash, curl or jq.
func Runbook(ctx context.Context, out io.Writer) error {
	env := make(map[string]string)
	for _, name := range []string{"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "ENTENTE_MI_CLIENT_ID", "ENTENTE_APP_ID", "ENTENTE_TENANT_B", "ENTENTE_LOGIN_URL", "ENTENTE_GRAPH_URL"} {
		if env[name] = os.Getenv(name); env[name] == "" {
			return fmt.Errorf("%s is not set; run this with `entente lab run --`", name)
		}
	}
	roots, err := rootsFrom(os.Getenv("ENTENTE_CA_FILE"))
	if err != nil {
		return err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	defer transport.CloseIdleConnections()
	a := &api{http: &http.Client{Transport: transport}, base: env["ENTENTE_LOGIN_URL"]}
	assertion, err := a.identityToken(ctx, env["IDENTITY_ENDPOINT"], env["IDENTITY_HEADER"], exchangeAudience, env["ENTENTE_MI_CLIENT_ID"])
	if err != nil {
		return fmt.Errorf("ask the identity endpoint: %w", err)
	}
	token, err := a.exchange(ctx, env["ENTENTE_TENANT_B"], env["ENTENTE_APP_ID"], assertion, graphScope)
	if err != nil {
		return fmt.Errorf("exchange at tenant B: %w", err)
	}
	a.base = env["ENTENTE_GRAPH_URL"]
	n, err := a.countUsers(ctx, token)
	if err != nil {
		return fmt.Errorf("list users: %w", err)
	}
	_, err = fmt.Fprintf(out, "Found %d users in tenant B\n", n)
	return err
}

// rootsFrom returns the authorities in a PEM file, or nil for the system's.
func rootsFrom(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return pool, nil
}

// A job is one run of the runbook on the automation account's host.
type job struct {
	ID      string    `json:"jobId"`
	Account string    `json:"automationAccount"`
	Runbook string    `json:"runbook"`
	By      string    `json:"runBy"` // the program that ran it
	Started time.Time `json:"startTime"`
	Ended   time.Time `json:"endTime"`
	Status  string    `json:"status"` // Completed or Failed
	Output  string    `json:"output"`
	Errors  string    `json:"errors"`
}

// missing returns which of the programs that the runbook needs are not here.
func missing(programs ...string) []string {
	var all []string
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			all = append(all, p)
		}
	}
	return all
}

// runJob runs the runbook as a child process with the environment of the
// automation account's host, and keeps its record in the data folder.
func (s *story) runJob(ctx context.Context) (*job, error) {
	j := &job{ID: ids.New[string](), Account: s.world.Host.Resource, Runbook: "runbook.sh", By: "bash", Started: s.clock.Now()}
	dir := filepath.Join(s.data, "jobs", j.ID)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, s.self[0], s.self[1:]...)
	if lack := missing("bash", "curl", "jq"); s.builtIn || len(lack) > 0 {
		j.Runbook, j.By = "lab runbook", "entente"
		s.paper.note("The runbook is run by entente's own binary, which makes the same requests as examples/runbook.sh%s.", because(lack))
	} else {
		script := filepath.Join(dir, "runbook.sh")
		if err := os.WriteFile(script, []byte(examples.Runbook), 0o600); err != nil {
			return nil, err
		}
		cmd = exec.CommandContext(ctx, "bash", script)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Env = withVariables(os.Environ(), s.world.hostVariables())
	runErr := cmd.Run()
	j.Ended, j.Output, j.Errors, j.Status = s.clock.Now(), out.String(), errs.String(), "Completed"
	if runErr != nil {
		j.Status = "Failed"
		runErr = fmt.Errorf("the runbook failed: %w: %s", runErr, strings.TrimSpace(j.Errors))
	}
	text, err := json.MarshalIndent(j, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "job.json"), append(text, '\n'), 0o600)
	}
	return j, errors.Join(runErr, err)
}

func because(lack []string) string {
	if len(lack) == 0 {
		return ""
	}
	return ", because this machine lacks " + strings.Join(lack, ", ")
}

// hostVariables is what a process on the automation account's host sees: the
// host's identity endpoint, and the names the runbook is about. No secret.
func (w *world) hostVariables() []variable {
	return []variable{
		{"IDENTITY_ENDPOINT", w.Host.Endpoint},
		{"IDENTITY_HEADER", w.Host.Header},
		{"ENTENTE_MI_CLIENT_ID", w.Chain.IdentityClient},
		{"ENTENTE_APP_ID", w.Chain.AppID},
		{"ENTENTE_TENANT_B", w.B.ID},
		{"ENTENTE_LOGIN_URL", w.Name},
		{"ENTENTE_GRAPH_URL", w.Name},
		{"ENTENTE_CA_FILE", w.CAFile},
	}
}
