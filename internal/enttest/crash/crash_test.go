package crash_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"entente/internal/config"
	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/directory"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/quick"
	"entente/internal/flow/onboard"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
	"entente/internal/server"
)

const (
	// childStore names the store of the server that this binary then is.
	childStore = "ENTENTE_CRASH_STORE"
	childData  = "ENTENTE_CRASH_DATA"
	childName  = "ENTENTE_CRASH_NAME"
	childAt    = "ENTENTE_CRASH_AT" // the address at which it listens

	rounds  = 5
	callers = 8
	storm   = 700 * time.Millisecond
)

func TestMain(m *testing.M) {
	if os.Getenv(childSteps) != "" {
		if err := stumble(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if os.Getenv(childStore) != "" {
		if err := serve(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serve is the child: a server like any other, which says when it listens.
func serve() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	l, err := net.Listen("tcp", os.Getenv(childAt))
	if err != nil {
		return err
	}
	s, err := server.New(ctx, settings(os.Getenv(childStore), os.Getenv(childData), os.Getenv(childName)), server.Options{Listener: l})
	if err != nil {
		return err
	}
	fmt.Println("listening")
	return s.Run(ctx)
}

func settings(store, data, name string) config.Config {
	c := config.Defaults()
	c.Name, c.Data = name, data
	if strings.HasPrefix(store, "postgres") {
		c.Database = secret.NewString(store)
	}
	return c
}

// A stage is what the storm needs: a tenant, and a program that may create
// users in it.
type stage struct {
	store, data, name string
	tenant            ids.TenantID
	domain            string
	app               ids.AppID
	secret            string
	client            *http.Client
}

// TestNothingAcknowledgedIsLost kills the server with SIGKILL while callers
// create users and ask for tokens, starts it again on the same store, and in
// the end looks for every user and for the entry of every token it had
// answered with.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			s := newStage(t, engine)
			acknowledged := newLedger()
			for round := range rounds {
				child := s.start(t)
				s.storm(t, round, acknowledged)
				if err := child.Process.Signal(syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
				s.settle(child, acknowledged)
			}
			if users, tokens := acknowledged.count(); users < rounds || tokens < rounds {
				t.Fatalf("the storm had %d users and %d tokens acknowledged; too few to say anything", users, tokens)
			}
			s.look(t, acknowledged)
		})
	}
}

func newStage(t *testing.T, engine sqldb.Engine) *stage {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	port := l.Addr().(*net.TCPAddr).Port
	check(t, l.Close())
	s := &stage{data: t.TempDir(), name: fmt.Sprintf("https://localhost:%d", port), domain: "contoso.example"}
	if s.store = "sqlite"; engine == sqldb.PostgreSQL {
		s.store = dbtest.DurableURL(t, engine)
	}
	// The first start makes the master key and the local authority.
	srv, err := server.New(t.Context(), settings(s.store, s.data, s.name), server.Options{})
	check(t, err)
	check(t, srv.Close())
	s.seed(t)
	pem, err := os.ReadFile(filepath.Join(s.data, "ca", "ca.pem"))
	check(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	s.client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConnsPerHost: callers}}
	return s
}

func (s *stage) open(t *testing.T) *sqldb.DB {
	if s.store == "sqlite" {
		return dbtest.OpenURL(t, "sqlite:"+filepath.Join(s.data, "entente.db"), clock.System{})
	}
	return dbtest.OpenURL(t, s.store, clock.System{})
}

func (s *stage) seed(t *testing.T) {
	t.Helper()
	ctx, db := t.Context(), s.open(t)
	text, err := os.ReadFile(filepath.Join(s.data, "master.key"))
	check(t, err)
	master, err := secret.ParseKeys(string(text))
	check(t, err)
	ring, err := secret.NewRing(master...)
	check(t, err)
	made, err := onboard.NewService(db, directory.NewHasher(1, quick.Passwords)).Create(ctx, onboard.Request{
		DisplayName: "Contoso", Initial: s.domain, AdminUPN: "admin@" + s.domain, Password: secret.NewString("Correct-horse-7"),
	})
	check(t, err)
	s.tenant = made.Tenant
	who := authz.System(made.Tenant, "test")
	apps := app.NewService(db, ring)
	a, err := apps.Create(ctx, who, []byte(`{"displayName":"Storm","passwordCredentials":[{"displayName":"s"}]}`), nil)
	check(t, err)
	s.app, s.secret = a.AppID, *a.PasswordCredentials[0].SecretText
	sp, err := apps.CreatePrincipal(ctx, who, a.AppID, []byte(`{}`), nil)
	check(t, err)
	var graph *app.ServicePrincipal
	check(t, db.View(ctx, func(tx *sqldb.Tx) (err error) {
		graph, err = app.PrincipalByAppID(ctx, tx, made.Tenant, app.GraphAppID)
		return err
	}))
	const userReadWriteAll = "741f803b-c850-494e-b5df-cde7c675a1ca"
	_, err = consent.NewService(db).Assign(ctx, who, sp.ID, graph.ID, userReadWriteAll, time.Time{})
	check(t, err)
}

// start runs the child until it says that it listens and answers.
func (s *stage) start(t *testing.T) *exec.Cmd {
	t.Helper()
	return s.startAt(t, strings.TrimPrefix(s.name, "https://"))
}

// startAt is start for one that listens elsewhere than its name says.
func (s *stage) startAt(t *testing.T, address string) *exec.Cmd {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childStore+"="+s.store, childData+"="+s.data, childName+"="+s.name, childAt+"="+address)
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	check(t, err)
	check(t, child.Start())
	t.Cleanup(func() { _ = child.Process.Kill() }) // it is dead already unless the test failed
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != "listening" {
		t.Fatalf("the server said %q, %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return child
}

// storm lets the callers loose for a while; they go on until the server is gone.
func (s *stage) storm(t *testing.T, round int, l *ledger) {
	t.Helper()
	l.wait.Add(callers)
	for n := range callers {
		go func() {
			defer l.wait.Done()
			token := ""
			for i := 0; ; i++ {
				if token == "" || i%2 == 1 {
					text, uti, err := s.token()
					if err != nil {
						return
					}
					token = text
					l.token(uti)
					continue
				}
				nick := fmt.Sprintf("u%d-%d-%d", round, n, i)
				status, id, err := s.createUser(token, nick)
				if err != nil {
					return
				}
				if status == http.StatusCreated {
					l.user(nick, id)
				}
			}
		}()
	}
	time.Sleep(storm)
	for range 600 { // on a slow machine longer: until this round has something to lose
		if users, tokens := l.count(); users > round && tokens > round {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// settle waits for the child's end and for the callers to notice it.
func (s *stage) settle(child *exec.Cmd, l *ledger) {
	_ = child.Wait() // killed: that it says so is the point
	l.wait.Wait()
	s.client.CloseIdleConnections()
}

func (s *stage) token() (text, uti string, err error) {
	resp, err := s.client.PostForm(s.name+"/"+string(s.tenant)+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {string(s.app)}, "client_secret": {s.secret}, "scope": {"https://graph.microsoft.com/.default"},
	})
	if err != nil {
		return "", "", err
	}
	defer resp.Body.Close()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return "", "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", "", fmt.Errorf("token endpoint: %s", resp.Status)
	}
	part := strings.Split(answer.AccessToken, ".")[1]
	payload, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return "", "", err
	}
	var claims struct {
		UTI string `json:"uti"`
	}
	err = json.Unmarshal(payload, &claims)
	return answer.AccessToken, claims.UTI, err
}

func (s *stage) createUser(token, nick string) (int, string, error) {
	body := fmt.Sprintf(`{"accountEnabled":true,"displayName":%q,"mailNickname":%q,"userPrincipalName":"%s@%s","passwordProfile":{"password":"Correct-horse-8"}}`,
		nick, nick, nick, s.domain)
	req, err := http.NewRequest(http.MethodPost, s.name+"/v1.0/users", strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	var made struct {
		ID string `json:"id"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&made); err != nil {
		return 0, "", err
	}
	return resp.StatusCode, made.ID, nil
}

// look compares the store with what was acknowledged.
func (s *stage) look(t *testing.T, l *ledger) {
	t.Helper()
	ctx, db := t.Context(), s.open(t)
	check(t, db.View(ctx, func(tx *sqldb.Tx) error {
		entries, err := audit.SignInsOf(ctx, tx, s.tenant, s.app, 1_000_000)
		if err != nil {
			return err
		}
		stored := make(map[string]bool, len(entries))
		for _, e := range entries {
			stored[e.TokenID] = true
		}
		for uti := range l.tokens {
			if !stored[uti] {
				t.Errorf("token %s was issued and has no entry", uti)
			}
		}
		added := make(map[string]bool)
		changes, err := audit.Entries(ctx, tx, s.tenant, "", 1_000_000)
		if err != nil {
			return err
		}
		for _, e := range changes {
			if e.Activity == "Add user" {
				added[e.Target.ID] = true
			}
		}
		for nick, id := range l.users {
			u, err := directory.GetUser(ctx, tx, s.tenant, nick+"@"+s.domain)
			if err != nil || string(u.ID) != id {
				t.Errorf("user %s was created and is gone: %v", nick, err)
			}
			if !added[id] {
				t.Errorf("user %s has no audit entry", nick)
			}
		}
		t.Logf("found all of %d users and %d tokens; the log has %d sign-ins", len(l.users), len(l.tokens), len(entries))
		return nil
	}))
}

// A ledger is what the server acknowledged.
type ledger struct {
	wait   sync.WaitGroup
	mu     sync.Mutex
	users  map[string]string // nickname to identifier
	tokens map[string]bool   // by their uti
}

func newLedger() *ledger {
	return &ledger{users: make(map[string]string), tokens: make(map[string]bool)}
}

func (l *ledger) user(nick, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.users[nick] = id
}

func (l *ledger) token(uti string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens[uti] = true
}

func (l *ledger) count() (users, tokens int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.users), len(l.tokens)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
