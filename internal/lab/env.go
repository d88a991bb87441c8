package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// A variable is one of the environment that makes clients speak to the lab.
type variable struct{ name, value string }

// ErrNotPlayed says that a lab has nothing to tell yet.
var ErrNotPlayed = errors.New("the lab in this folder has not played its story yet; start it with `entente lab`")

// Env writes the environment for clients of the lab in data: as shell (the
// empty form), json or powershell. Before the first story has been played it
// writes nothing and returns ErrNotPlayed.
func Env(data, form string, out io.Writer) error {
	vars, err := environment(data)
	if err != nil {
		return err
	}
	switch form {
	case "", "shell":
		for _, v := range vars {
			fmt.Fprintf(out, "export %s=%s\n", v.name, quoteShell(v.value))
		}
	case "powershell":
		for _, v := range vars {
			fmt.Fprintf(out, "$env:%s = %s\n", v.name, quotePowerShell(v.value))
		}
	case "json":
		m := make(map[string]string)
		for _, v := range vars {
			m[v.name] = v.value
		}
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(m)
	default:
		return fmt.Errorf("%q is no form of output: shell, json or powershell", form)
	}
	return nil
}

// Exec runs a command in the lab's environment and returns its exit code.
func Exec(ctx context.Context, data string, command []string, in io.Reader, out, errs io.Writer) (int, error) {
	vars, err := environment(data)
	if err != nil {
		return 1, err
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = withVariables(os.Environ(), vars)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, errs
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return max(exit.ExitCode(), 1), nil
	}
	if err != nil {
		return 127, err
	}
	return 0, nil
}

// withVariables returns env with vars in place of those of the same name.
func withVariables(env []string, vars []variable) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		return slices.ContainsFunc(vars, func(v variable) bool { return v.name == name })
	})
	for _, v := range vars {
		env = append(env, v.name+"="+v.value)
	}
	return env
}

// environment reads the lab in data.
func environment(data string) ([]variable, error) {
	if _, err := os.Stat(worldFile(data)); err != nil {
		return nil, ErrNotPlayed
	}
	w, err := loadWorld(data)
	if err != nil {
		return nil, err
	}
	if !w.Played {
		return nil, ErrNotPlayed
	}
	all := slices.Concat(w.forSDKs(), w.forContract(), w.forProxy())
	return slices.DeleteFunc(all, func(v variable) bool { return v.value == "" }), nil // of what no story made
}

// forSDKs are the variables that other people's libraries read.
func (w *world) forSDKs() []variable {
	return []variable{
		{"AZURE_AUTHORITY_HOST", w.Name},
		{"SSL_CERT_FILE", w.Bundle}, // replaces the system's authorities in Go and OpenSSL, so it holds those too
		{"NODE_EXTRA_CA_CERTS", w.CAFile},
		{"REQUESTS_CA_BUNDLE", w.Bundle},
		{"CURL_CA_BUNDLE", w.Bundle},
		{"IDENTITY_ENDPOINT", w.Host.Endpoint},
		{"IDENTITY_HEADER", w.Host.Header},
		{"AZURE_POD_IDENTITY_AUTHORITY_HOST", w.Host.Base},
		{"ARM_METADATA_HOSTNAME", strings.TrimPrefix(w.Name, "https://")},
	}
}

// forContract are the lab's own names. They are a contract with those who
// write against the lab.
func (w *world) forContract() []variable {
	return []variable{
		{"ENTENTE_LOGIN_URL", w.Name},
		{"ENTENTE_GRAPH_URL", w.Name},
		{"ENTENTE_CA_FILE", w.CAFile},
		{"ENTENTE_TENANT_A", w.A.ID},
		{"ENTENTE_TENANT_B", w.B.ID},
		{"ENTENTE_TENANT_C", w.C.ID},
		{"ENTENTE_APP_ID", w.Chain.AppID},
		{"ENTENTE_MI_CLIENT_ID", w.Chain.IdentityClient},
		{"ENTENTE_MI_OBJECT_ID", w.Chain.IdentityObject},
		{"ENTENTE_MI_RESOURCE_ID", w.Chain.IdentityResource},
		{"ENTENTE_MI_OTHER_CLIENT_ID", w.Chain.OtherClient},
		{"ENTENTE_IMDS_URL", w.Host.Base},
		{"ENTENTE_ADMIN_A_UPN", w.A.Admin.UPN},
		{"ENTENTE_ADMIN_A_PASSWORD", w.A.Admin.Password},
		{"ENTENTE_MEMBER_A_UPN", w.A.Others[1].UPN},
		{"ENTENTE_MEMBER_A_PASSWORD", w.A.Others[1].Password},
		{"ENTENTE_ADMIN_B_UPN", w.B.Admin.UPN},
		{"ENTENTE_ADMIN_B_PASSWORD", w.B.Admin.Password},
		{"ENTENTE_SECRET_APP_ID", w.SecretApp.ID},
		{"ENTENTE_SECRET", w.SecretApp.Secret},
		{"ENTENTE_CERT_APP_ID", w.CertApp.ID},
		{"ENTENTE_CERT_PEM_FILE", w.CertApp.PEMFile},
		{"ENTENTE_PUBLIC_APP_ID", w.PublicApp.ID},
		{"ENTENTE_WEB_APP_URL", w.Desk.URL},
		{"ENTENTE_WEBAPP_URL", w.Desk.URL},
		{"ENTENTE_PORTAL_URL", w.Name},
		{"ENTENTE_USER_B_UPN", w.B.Others[2].UPN},
		{"ENTENTE_USER_B_PASSWORD", w.B.Others[2].Password},
		{"ENTENTE_APPROVER_A_UPN", w.A.Others[0].UPN},
		{"ENTENTE_APPROVER_A_PASSWORD", w.A.Others[0].Password},
		{"ENTENTE_PACKAGE_LINK", w.packageLink()},
		{"ENTENTE_PACKAGE_ID", w.Access.Package},
		{"ENTENTE_TEAM_ID", w.Access.Group},
		{"ENTENTE_SECRET_A_APP_ID", w.SecretA.ID},
		{"ENTENTE_SECRET_A", w.SecretA.Secret},
	}
}

// forProxy are the variables that lead clients through the mapping proxy. The
// identity endpoints are on this machine and are asked without it.
func (w *world) forProxy() []variable {
	if w.Proxy == "" {
		return nil
	}
	return []variable{
		{"HTTPS_PROXY", w.Proxy},
		{"https_proxy", w.Proxy},
		{"NO_PROXY", "localhost,127.0.0.1,169.254.169.254"},
		{"no_proxy", "localhost,127.0.0.1,169.254.169.254"},
		{"NODE_USE_ENV_PROXY", "1"},
	}
}

func quoteShell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func quotePowerShell(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
