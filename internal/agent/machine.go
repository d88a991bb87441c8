package agent

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"

	"entente/internal/client"
	"entente/internal/kit/clock"
	"entente/internal/kit/secret"
)

// A Machine is what `entente agent` knows of the machine it runs on.
type Machine struct {
	StateFile string // where the host's key is
	CAFile    string // PEM of the authority of the installation's certificate, or "" for the system's
}

// client returns a client of the installation, and the text of the authority's file.
func (m Machine) client(base string) (*client.Client, []byte, error) {
	o := client.Options{Base: base}
	var text []byte
	if m.CAFile != "" {
		var err error
		if text, err = os.ReadFile(m.CAFile); err != nil {
			return nil, nil, err
		}
		o.Roots = x509.NewCertPool()
		if !o.Roots.AppendCertsFromPEM(text) {
			return nil, nil, fmt.Errorf("%s holds no certificate", m.CAFile)
		}
	}
	c, err := client.New(o)
	return c, text, err
}

// Enroll redeems a one-time token at an installation and keeps the new key in the
// state file, which must not be there yet. It returns which resource the machine is.
func (m Machine) Enroll(ctx context.Context, base, token string) (resource string, err error) {
	if _, err := os.Stat(m.StateFile); err == nil {
		return "", fmt.Errorf("%s is there already: this machine is a host. Name another file, or remove it", m.StateFile)
	}
	c, _, err := m.client(base)
	if err != nil {
		return "", err
	}
	defer c.Close()
	s, err := Enroll(ctx, c, secret.NewString(token))
	if err != nil {
		return "", err
	}
	return s.ResourceID, s.Save(m.StateFile)
}

// Run answers at a loopback address until ctx ends: for the machine's identities, of
// which out then hears the variables that clients read, or with a runner for what
// runs in jobs.
func (m Machine) Run(ctx context.Context, listen string, r *Runner, out, log io.Writer) error {
	s, err := Load(m.StateFile)
	if err != nil {
		return err
	}
	c, roots, err := m.client(s.Server)
	if err != nil {
		return err
	}
	defer c.Close()
	if r != nil {
		r.Roots = roots
		if err := r.Check(); err != nil {
			return err
		}
	}
	a, err := New(Options{Server: c, State: s, Runner: r, Clock: clock.System{}, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	if r != nil {
		fmt.Fprintf(out, "Runs runbooks as %s.\n", r.User)
	} else {
		for name, value := range a.Environment(l.Addr().String()) {
			fmt.Fprintf(out, "%s=%s\n", name, value)
		}
	}
	return a.Run(ctx, l)
}
