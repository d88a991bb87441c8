package agent_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"entente/internal/agent"
	"entente/internal/client"
	"entente/internal/enttest"
	"entente/internal/kit/clock"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A machine runs an agent of a real server's host.
type machine struct {
	t   *testing.T
	env map[string]string
}

// newMachine makes a host with the body's identities and runs its agent.
func newMachine(t *testing.T, s *enttest.Server, path string, body any) *machine {
	t.Helper()
	s.ARM(t, s.A, http.MethodPut, path, body, nil)
	var right struct{ Token string }
	s.ARM(t, s.A, http.MethodPost, path+"/createEnrollmentToken", nil, &right)
	pem, err := os.ReadFile(s.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	c, err := client.New(client.Options{Base: s.Name, Roots: roots})
	if err != nil {
		t.Fatal(err)
	}
	state, err := agent.Enroll(t.Context(), c, secret.NewString(right.Token))
	if err != nil {
		t.Fatal(err)
	}
	a, err := agent.New(agent.Options{Server: c, State: state, CacheFor: time.Nanosecond, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		c.Close()
	})
	return &machine{t, a.Environment(l.Addr().String())}
}

// ask sends a GET and returns the status and the answer.
func (m *machine) ask(target string, header ...string) (int, map[string]string) {
	m.t.Helper()
	req, err := http.NewRequest(http.MethodGet, target, nil)
	if err != nil {
		m.t.Fatal(err)
	}
	req.Header.Set(header[0], header[1])
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		m.t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	got := make(map[string]string)
	if res.StatusCode != http.StatusUnauthorized {
		json.Unmarshal(text, &got)
	}
	return res.StatusCode, got
}

func (m *machine) appService(resource, selector string) (int, map[string]string) {
	return m.ask(m.env["IDENTITY_ENDPOINT"]+"?api-version=2019-08-01&resource="+resource+selector, "X-IDENTITY-HEADER", m.env["IDENTITY_HEADER"])
}

func (m *machine) imds(resource, selector string) (int, map[string]string) {
	return m.ask(m.env["AZURE_POD_IDENTITY_AUTHORITY_HOST"]+"/metadata/identity/oauth2/token?api-version=2018-02-01&resource="+resource+selector, "Metadata", "true")
}

func claims(t *testing.T, token string) (c map[string]any) {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token+"..", ".")[1])
	if err == nil {
		err = json.Unmarshal(payload, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestAgainstTheServer takes the whole way: the host is made and enrolled
// through the APIs, the agent asks the real token endpoint, and what is taken
// away is away at the next question that reaches the server. The clock is the
// machine's, because the agent checks the server's certificate by it.
func TestAgainstTheServer(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		s := enttest.Start(t, enttest.Options{Engine: engine, Clock: clock.System{}})
		reader, other := s.Identity(t, s.A, "reader"), s.Identity(t, s.A, "other")
		group := "/subscriptions/" + s.A.Subscription + "/resourceGroups/test"
		vm := group + "/providers/Microsoft.Compute/virtualMachines/vm"
		m := newMachine(t, s, vm, map[string]any{"location": "westeurope", "identity": map[string]any{
			"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": map[string]any{reader.Resource: map[string]any{}},
		}})

		status, got := m.appService("api://AzureADTokenExchange", "&client_id="+reader.Client)
		if status != http.StatusOK {
			t.Fatalf("got %d %v", status, got)
		}
		c := claims(t, got["access_token"])
		for name, want := range map[string]any{
			"aud": "fb60f99c-7a34-4190-8149-302f77469936", "iss": s.Name + "/" + s.A.ID + "/v2.0", "sub": reader.Object, "oid": reader.Object,
			"azp": reader.Client, "tid": s.A.ID, "ver": "2.0", "xms_mirid": reader.Resource,
		} {
			if c[name] != want {
				t.Errorf("%s = %v, want %v", name, c[name], want)
			}
		}
		if got["client_id"] != reader.Client || got["expires_in"] < "86390" || got["resource"] != "api://AzureADTokenExchange" {
			t.Errorf("got %v", got)
		}

		status, got = m.imds("https://management.azure.com/", "")
		if status != http.StatusOK {
			t.Fatalf("got %d %v", status, got)
		}
		c = claims(t, got["access_token"])
		if want := strings.Replace(vm, "resourceGroups", "resourcegroups", 1); c["xms_mirid"] != want || c["aud"] != "https://management.azure.com/" || c["ver"] != "1.0" {
			t.Errorf("the host's own: %v", c)
		}
		for _, selector := range []string{"&object_id=" + reader.Object, "&msi_res_id=" + strings.ToUpper(reader.Resource)} {
			if status, got := m.imds("https://graph.microsoft.com", selector); status != http.StatusOK || got["client_id"] != reader.Client {
				t.Errorf("%s: got %d %v", selector, status, got)
			}
		}

		if status, got := m.imds("https://graph.microsoft.com", "&client_id="+other.Client); status != 400 || got["error_description"] != "Identity not found" {
			t.Errorf("another's identity: got %d %v", status, got)
		}
		if status, got := m.imds("https://nowhere.example", ""); status != 400 || got["error"] != "invalid_resource" || !strings.Contains(got["error_description"], "AADSTS500011") {
			t.Errorf("an unknown resource: got %d %v", status, got)
		}
		if status, _ := m.ask(m.env["IDENTITY_ENDPOINT"]+"?resource=x", "X-IDENTITY-HEADER", "x"); status != 401 {
			t.Errorf("a wrong header: got %d", status)
		}

		s.ARM(t, s.A, http.MethodDelete, reader.Resource, nil, nil)
		s.ARM(t, s.A, http.MethodPatch, vm, map[string]any{"identity": map[string]any{"type": "None"}}, nil)
		if status, got := m.appService("api://AzureADTokenExchange", "&client_id="+reader.Client); status != 400 {
			t.Errorf("an identity that was deleted: got %d %v", status, got)
		}
		if status, got := m.imds("https://management.azure.com/", ""); status != 400 || got["error_description"] != "Identity not found" {
			t.Errorf("an identity that was switched off: got %d %v", status, got)
		}
		s.ARM(t, s.A, http.MethodPost, vm+"/revokeKeys", nil, nil)
		if status, got := m.imds("https://management.azure.com/", ""); status != 400 || got["error"] != "invalid_client" {
			t.Errorf("a host whose keys are revoked: got %d %v", status, got)
		}
	})
}
