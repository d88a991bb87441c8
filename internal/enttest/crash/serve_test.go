package crash_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/directory"
	"entente/internal/enttest/dbtest"
	"entente/internal/flow/entitlement"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// A pair is two processes of the built program that serve one installation on one
// PostgreSQL database, and two programs of a tenant that speak to both.
type pair struct {
	t        *testing.T
	binary   string
	settings []string
	at       [2]string // their base URLs
	served   [2]*exec.Cmd
	client   *http.Client
	tenant   ids.TenantID
	domain   string
	asks     speaker
	approves speaker
}

// A speaker is a program that speaks to Graph.
type speaker struct{ id, secret, token string }

const em = "/v1.0/identityGovernance/entitlementManagement"

// TestTwoProcessesOneIsKilled has requests and approvals go in through both of two
// processes, while assignments are delivered and end, and kills one of them with
// SIGKILL in the midst of it. The other carries on: each request ends, nothing is
// given or taken twice, and nobody keeps what has ended.
func TestTwoProcessesOneIsKilled(t *testing.T) {
	const people = 32
	p := newPair(t)
	pkg, policy, group := p.offer()
	db := dbtest.OpenURL(t, p.settings[len(p.settings)-1], clock.System{})

	users := make([]string, people)
	for i := range users {
		users[i] = p.must(i%2, &p.approves, "POST", "/v1.0/users", map[string]any{"accountEnabled": true, "displayName": "p", "mailNickname": fmt.Sprint("p", i),
			"userPrincipalName": fmt.Sprintf("p%d@%s", i, p.domain), "passwordProfile": map[string]any{"password": "Correct-horse-8"}})["id"].(string)
	}
	var going sync.WaitGroup
	for n := range 4 {
		going.Add(1)
		go func() {
			defer going.Done()
			for i := n; i < people; i += 4 {
				p.ask(i, users[i], pkg, policy)
				time.Sleep(400 * time.Millisecond) // so that it goes on when the first ones end
			}
		}()
	}
	// The first have ended, and the next one is asked for or delivered just now.
	for until := time.Now().Add(15 * time.Second); p.count(db, `select count(*) from package_assignment where tenant_id = ? and live = 0`) == 0 ||
		p.count(db, `select count(*) from assignment_request where tenant_id = ? and waits = 1`) == 0; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("nothing is delivered and ends")
		}
	}
	if err := p.served[0].Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = p.served[0].Wait()
	t.Logf("killed with %d requests under way, %d jobs in hand and %d assignments live", p.count(db, `select count(*) from assignment_request where tenant_id = ? and waits = 1`),
		p.count(db, `select count(*) from job where tenant_id = ? and state = 'running'`), p.count(db, `select count(*) from package_assignment where tenant_id = ? and live = 1`))
	going.Wait()
	// A worker's lease lasts a minute; that it is over here does not harm who lives.
	check(t, db.Update(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), `update job set lease_us = 1 /* all tenants: a minute passes */ where state = 'running'`)
		return err
	}))
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		open := p.count(db, `select count(*) from assignment_request where tenant_id = ? and waits = 1`)
		live := p.count(db, `select count(*) from package_assignment where tenant_id = ? and live = 1`)
		if open+live == 0 {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("%d requests are under way and %d assignments live", open, live)
		}
	}
	p.look(db, users, group)
}

// look finds every person's story told once, from the request to the end.
func (p *pair) look(db *sqldb.DB, users []string, group string) {
	t, ctx := p.t, p.t.Context()
	delivered, late, ended, members := 0, 0, 0, 0
	check(t, db.View(ctx, func(tx *sqldb.Tx) error {
		all, err := sqldb.All(ctx, tx, `select id, kind, state from assignment_request where tenant_id = ?`, []any{p.tenant}, func(scan func(...any) error) (r [3]string, err error) {
			return r, scan(&r[0], &r[1], &r[2])
		})
		if err != nil {
			return err
		}
		for _, r := range all {
			told, err := audit.Entries(ctx, tx, p.tenant, r[0], 50)
			if err != nil {
				return err
			}
			said := map[string]int{}
			for _, e := range told {
				said[e.Activity]++
			}
			given, failed := said["Fulfill access package assignment"], said["Failed access package assignment request"]
			switch {
			case r[1] == string(entitlement.SystemRemove) && r[2] == string(entitlement.Delivered) && said["Remove access package assignment"] == 1:
				ended++
			case r[1] == string(entitlement.OnBehalfAdd) && r[2] == string(entitlement.Delivered) && given == 1 && failed == 0:
				delivered++
			case r[1] == string(entitlement.OnBehalfAdd) && r[2] == string(entitlement.DeliveryFailed) && given == 0 && failed == 1:
				late++ // its time was over when somebody came to it
			default:
				t.Errorf("the request %s (%s) is %s: %v", r[0], r[1], r[2], said)
			}
		}
		told, err := audit.Entries(ctx, tx, p.tenant, group, 1000)
		if err != nil {
			return err
		}
		said := map[string]int{}
		for _, e := range told {
			said[e.Activity]++
		}
		if said["Add member to group"] != delivered || said["Remove member from group"] != delivered {
			t.Errorf("of the group the log says %v", said)
		}
		page, err := directory.ListObjects(ctx, tx, p.tenant, directory.AllMembersOf(ids.ObjectID(group)), "", query.Query{})
		members = len(page.Items)
		return err
	}))
	if delivered+late != len(users) || ended != delivered || delivered < len(users)/2 || members != 0 {
		t.Errorf("of %d people %d got it, %d were too late, %d lost it, and %d members are left", len(users), delivered, late, ended, members)
	}
	if n := p.count(db, `select count(*) from provision_grant where tenant_id = ?`); n != 0 {
		t.Errorf("%d grants are left", n)
	}
	if n := p.count(db, `select count(*) from job where tenant_id = ? and state = 'dead'`); n != 0 {
		t.Errorf("%d jobs died", n)
	}
}

// newPair builds the program, makes a tenant with it and starts it twice.
func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{t: t, binary: filepath.Join(t.TempDir(), "entente"), domain: "contoso.onmicrosoft.com"}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", p.binary, "entente/cmd/entente").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for i := range p.at {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		check(t, err)
		p.at[i] = fmt.Sprintf("https://localhost:%d", l.Addr().(*net.TCPAddr).Port)
		check(t, l.Close())
	}
	data := t.TempDir()
	p.settings = []string{"--name", p.at[0], "--also", p.at[1], "--data", data, "--log-level", "error", "--database", dbtest.URL(t, sqldb.PostgreSQL)}
	made := exec.CommandContext(t.Context(), p.binary, append([]string{"tenant", "create", "--display-name", "Contoso", "--initial", p.domain,
		"--admin-upn", "admin@" + p.domain, "--client", "Approves", "-o", "json"}, p.settings...)...)
	made.Stderr = os.Stderr
	out, err := made.Output()
	check(t, err)
	var tenant map[string]any
	check(t, json.Unmarshal(out, &tenant))
	p.tenant = ids.TenantID(tenant["tenantId"].(string))
	p.approves = speaker{id: tenant["clientId"].(string), secret: tenant["clientSecret"].(string)}
	for i, base := range p.at {
		s := exec.Command(p.binary, append([]string{"serve", "--listen", strings.TrimPrefix(base, "https://")}, p.settings...)...)
		s.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		s.Stderr = os.Stderr
		check(t, s.Start())
		p.served[i] = s
		t.Cleanup(func() { _ = s.Process.Kill(); _ = s.Wait() })
	}
	roots := x509.NewCertPool()
	pem, err := os.ReadFile(filepath.Join(data, "ca", "ca.pem"))
	check(t, err)
	roots.AppendCertsFromPEM(pem)
	p.client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConnsPerHost: 8}}
	for i := range p.at {
		p.meet(i, &p.approves)
	}
	return p
}

// meet waits for a server and gets a token there.
func (p *pair) meet(at int, s *speaker) {
	p.t.Helper()
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		resp, err := p.client.PostForm(p.at[at]+"/"+string(p.tenant)+"/oauth2/v2.0/token", url.Values{
			"grant_type": {"client_credentials"}, "client_id": {s.id}, "client_secret": {s.secret}, "scope": {"https://graph.microsoft.com/.default"}})
		if err == nil {
			var answer struct {
				Token string `json:"access_token"`
			}
			err = json.NewDecoder(resp.Body).Decode(&answer)
			resp.Body.Close()
			if s.token = answer.Token; s.token != "" {
				return
			}
		}
		if time.Now().After(until) {
			p.t.Fatalf("no token at %s: %v", p.at[at], err)
		}
	}
}

// send sends a request to a server; a fault is that there was no answer.
func (p *pair) send(at int, by *speaker, method, path string, body any) (int, map[string]any, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.at[at]+path, bytes.NewReader(text))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+by.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || len(raw) == 0 {
		return resp.StatusCode, nil, err
	}
	var answer map[string]any
	return resp.StatusCode, answer, json.Unmarshal(raw, &answer)
}

// must sends a request that succeeds.
func (p *pair) must(at int, by *speaker, method, path string, body any) map[string]any {
	p.t.Helper()
	status, answer, err := p.send(at, by, method, path, body)
	if err != nil || status >= 300 {
		p.t.Fatalf("%s %s: %d %v %v", method, path, status, answer, err)
	}
	return answer
}

// offer makes the program that asks on behalf of people, which may not be the other's
// own, and a package that takes somebody's word.
func (p *pair) offer() (pkg, policy, group string) {
	p.t.Helper()
	id := func(answer map[string]any) string { return answer["id"].(string) }
	first := func(path string) map[string]any {
		return p.must(0, &p.approves, "GET", path, nil)["value"].([]any)[0].(map[string]any)
	}
	a := p.must(0, &p.approves, "POST", "/v1.0/applications", map[string]any{"displayName": "Asks"})
	password := p.must(0, &p.approves, "POST", "/v1.0/applications/"+id(a)+"/addPassword", map[string]any{})
	sp := p.must(0, &p.approves, "POST", "/v1.0/servicePrincipals", map[string]any{"appId": a["appId"]})
	graph := first("/v1.0/servicePrincipals?$filter=" + url.QueryEscape("appId eq '00000003-0000-0000-c000-000000000000'"))
	role := ""
	for _, r := range graph["appRoles"].([]any) {
		if r := r.(map[string]any); r["value"] == "EntitlementManagement.ReadWrite.All" {
			role = id(r)
		}
	}
	self := first("/v1.0/servicePrincipals?$filter=" + url.QueryEscape("appId eq '"+p.approves.id+"'"))
	for _, who := range []string{id(sp), id(self)} {
		p.must(0, &p.approves, "POST", "/v1.0/servicePrincipals/"+who+"/appRoleAssignments", map[string]any{"principalId": who, "resourceId": id(graph), "appRoleId": role})
	}
	// Whoever owns a program has no say in what it asks for: the one that makes it here
	// gives it away.
	for _, made := range []string{"/v1.0/applications/" + id(a), "/v1.0/servicePrincipals/" + id(sp)} {
		for _, owner := range p.must(0, &p.approves, "GET", made+"/owners", nil)["value"].([]any) {
			p.must(0, &p.approves, "DELETE", made+"/owners/"+id(owner.(map[string]any))+"/$ref", nil)
		}
	}
	p.asks = speaker{id: a["appId"].(string), secret: password["secretText"].(string)}
	for _, s := range []*speaker{&p.asks, &p.approves} {
		p.meet(0, s)
	}

	group = id(p.must(0, &p.approves, "POST", "/v1.0/groups", map[string]any{"displayName": "g", "mailNickname": "g", "mailEnabled": false, "securityEnabled": true}))
	askers := id(p.must(0, &p.approves, "POST", "/v1.0/groups", map[string]any{"displayName": "a", "mailNickname": "a", "mailEnabled": false, "securityEnabled": true}))
	p.must(0, &p.approves, "POST", "/v1.0/groups/"+askers+"/members/$ref", map[string]any{"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/" + id(sp)})
	admin := first("/v1.0/users?$filter=" + url.QueryEscape("userPrincipalName eq 'admin@"+p.domain+"'"))

	catalog := id(p.must(0, &p.approves, "POST", em+"/catalogs", map[string]any{"displayName": "c", "state": "published"}))
	p.must(0, &p.approves, "POST", em+"/resourceRequests", map[string]any{"requestType": "adminAdd", "catalog": map[string]any{"id": catalog},
		"resource": map[string]any{"originSystem": "AadGroup", "originId": group}})
	pkg = id(p.must(0, &p.approves, "POST", em+"/accessPackages", map[string]any{"displayName": "p", "catalog": map[string]any{"id": catalog}}))
	of := map[string]any{"originId": group, "originSystem": "AadGroup"}
	p.must(0, &p.approves, "POST", em+"/accessPackages/"+pkg+"/resourceRoleScopes", map[string]any{
		"role": map[string]any{"originId": "Member_" + group, "originSystem": "AadGroup", "resource": of}, "scope": of})
	policy = id(p.must(0, &p.approves, "POST", em+"/assignmentPolicies", map[string]any{
		"displayName": "p", "allowedTargetScope": "allMemberUsers", "accessPackage": map[string]any{"id": pkg},
		"expiration": map[string]any{"type": "afterDuration", "duration": "P1D"},
		"requestorSettings": map[string]any{"enableOnBehalfRequestorsToAddAccess": true, "allowCustomAssignmentSchedule": true,
			"onBehalfRequestors": []any{map[string]any{"@odata.type": "#microsoft.graph.groupMembers", "groupId": askers}}},
		"requestApprovalSettings": map[string]any{"isApprovalRequiredForAdd": true, "stages": []any{map[string]any{
			"primaryApprovers": []any{map[string]any{"@odata.type": "#microsoft.graph.singleUser", "userId": id(admin)}}}}},
	}))
	return pkg, policy, group
}

// ask has somebody asked for, and approves it at the other server. Where no answer
// comes the other server is asked, who may know of it already.
func (p *pair) ask(n int, user, pkg, policy string) {
	body := map[string]any{"requestType": "onBehalfAdd", "justification": "x",
		"assignment": map[string]any{"targetId": user, "accessPackageId": pkg, "assignmentPolicyId": policy},
		"schedule":   map[string]any{"expiration": map[string]any{"type": "afterDateTime", "endDateTime": time.Now().Add(2 * time.Second).UTC().Format(time.RFC3339Nano)}}}
	at := n % 2
	status, answer, err := p.send(at, &p.asks, "POST", em+"/assignmentRequests", body)
	if err != nil { // it may be stored, and then it may not be made again
		status, answer, err = p.send(1, &p.asks, "POST", em+"/assignmentRequests", body)
	}
	if err != nil || status >= 500 {
		p.t.Errorf("person %d: %d %v %v", n, status, answer, err)
		return
	}
	id, _ := answer["id"].(string)
	if id == "" { // it was stored by the one to which no answer came
		path := em + "/assignmentRequests?$filter=" + url.QueryEscape("accessPackage/id eq '"+pkg+"' and assignment/target/objectId eq '"+user+"'")
		_, found, err := p.send(1, &p.asks, "GET", path, nil)
		list, _ := found["value"].([]any)
		if err != nil || len(list) == 0 {
			p.t.Errorf("person %d: %d %v, and there is no request: %v %v", n, status, answer, found, err)
			return
		}
		id = list[0].(map[string]any)["id"].(string)
	}
	for _, at := range []int{1 - at, 1} {
		status, answer, err = p.send(at, &p.approves, "GET", em+"/accessPackageAssignmentApprovals/"+id+"/stages", nil)
		if err != nil {
			continue
		}
		stage := answer["value"].([]any)[0].(map[string]any)["id"].(string)
		status, answer, err = p.send(at, &p.approves, "PATCH", em+"/accessPackageAssignmentApprovals/"+id+"/stages/"+stage, map[string]any{"reviewResult": "Approve", "justification": "y"})
		if err == nil && (status < 300 || status == http.StatusConflict) { // decided by the word to which no answer came
			return
		}
	}
	p.t.Errorf("nobody approved for person %d: %d %v %v", n, status, answer, err)
}

func (p *pair) count(db *sqldb.DB, text string) (n int) {
	p.t.Helper()
	check(p.t, db.View(p.t.Context(), func(tx *sqldb.Tx) error { return tx.One(p.t.Context(), text, []any{p.tenant}, &n) }))
	return n
}
