// Package labtest runs a module's tests while a lab is up, a process of its own
// that the tests reach as anybody would: by what `entente lab env` prints.
package labtest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
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

	"entente/internal/cli"
	"entente/internal/lab"
)

// A Lab is one that runs.
type Lab struct {
	Env    map[string]string // what `entente lab env` prints
	Client *http.Client      // trusts the lab's authority alone

	data string
}

// MoveClock moves the lab's clock, as `entente lab clock` does.
func (l Lab) MoveClock(ctx context.Context, by string) error {
	move, err := lab.ParseMove(by)
	if err != nil {
		return err
	}
	return lab.Clock(ctx, l.data, move, io.Discard)
}

// Main starts one lab, hands it to up, runs all tests and returns their exit
// code. The lab's process is the test's own binary under another name, so that
// nothing needs to be built or installed first.
func Main(m *testing.M, up func(Lab)) int {
	if len(os.Args) > 1 && os.Args[1] == "lab" {
		return cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	}
	code, err := run(m, up)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

func run(m *testing.M, up func(Lab)) (int, error) {
	dir, err := os.MkdirTemp("", "entente-interop-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	forget()
	l, stop, err := start(dir)
	if err != nil {
		return 1, err
	}
	up(l)
	code := m.Run()
	return code, stop()
}

// Mapped starts a further lab for one test: one that answers under Microsoft's
// host names, through a proxy, for clients that know no others. The tests must
// have been started by Main.
func Mapped(t *testing.T) Lab {
	t.Helper()
	return Another(t, "--map-hosts")
}

// Another starts a further lab for one test, with these flags. The tests must
// have been started by Main.
func Another(t *testing.T, flags ...string) Lab {
	t.Helper()
	l, stop, err := start(t.TempDir(), flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return l
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

// start starts a lab in a folder below dir and waits until it is up. The
// function returned ends it.
func start(dir string, flags ...string) (l Lab, stop func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return l, nil, err
	}
	roots, err := trustTestIssuers(dir)
	if err != nil {
		return l, nil, err
	}
	port, err := freePort()
	if err != nil {
		return l, nil, err
	}
	data := filepath.Join(dir, "lab")
	cmd := exec.Command(self, append([]string{"lab", "--data", data, "--port", strconv.Itoa(port), "--no-color"}, flags...)...)
	cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+roots)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return l, nil, err
	}
	if err := cmd.Start(); err != nil {
		return l, nil, err
	}
	stop = func() error {
		if l.Client != nil {
			l.Client.CloseIdleConnections()
		}
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
			if l, err = open(data); err != nil {
				return l, nil, errors.Join(err, stop())
			}
			return l, stop, nil
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	return l, nil, fmt.Errorf("the lab did not come up\n%s", &said)
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

// open reads the environment of the lab in data and makes the client that
// trusts it.
func open(data string) (Lab, error) {
	l := Lab{data: data}
	var text bytes.Buffer
	if err := lab.Env(data, "json", &text); err != nil {
		return l, err
	}
	if err := json.Unmarshal(text.Bytes(), &l.Env); err != nil {
		return l, err
	}
	ca, err := os.ReadFile(l.Env["ENTENTE_CA_FILE"])
	if err != nil {
		return l, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return l, fmt.Errorf("%s holds no certificate", l.Env["ENTENTE_CA_FILE"])
	}
	l.Client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	return l, nil
}
