package crosstenant

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"entente/internal/kit/ids"
)

const (
	runbook ids.AppID    = "11111111-0000-0000-0000-000000000001"
	graph   ids.AppID    = "11111111-0000-0000-0000-000000000002"
	another ids.AppID    = "11111111-0000-0000-0000-000000000003"
	grace   ids.ObjectID = "22222222-0000-0000-0000-000000000001"
	staff   ids.ObjectID = "22222222-0000-0000-0000-000000000002"
)

func block(access, kind string, targets ...string) *Block {
	b := &Block{Access: access}
	for _, t := range targets {
		b.Targets = append(b.Targets, Target{t, kind})
	}
	return b
}

func apps(access string, targets ...string) *Block { return block(access, ofApplication, targets...) }

func inbound(users, applications *Block) *Configuration {
	return &Configuration{Inbound: &Section{users, applications}}
}

// TestInbound is the table of decisions. Outbound is the same over the other
// section, as TestEachSideHasItsOwnSection shows.
func TestInbound(t *testing.T) {
	all := block(Allowed, ofUser, AllUsers)
	program := What{Kind: ids.Workload, Apps: []ids.AppID{runbook, graph}}
	person := What{Kind: ids.Person, Person: grace, Groups: []ids.ObjectID{staff}, Apps: []ids.AppID{graph}}
	stranger := What{Kind: ids.Person}
	shut := inbound(block(Blocked, ofUser, AllUsers), apps(Blocked, AllApplications))
	tests := []struct {
		name   string
		policy Policy
		what   What
		want   bool
		rule   string // how it begins
	}{
		{"nothing is stored", Policy{}, program, true, "system default: b2bCollaborationInbound.applications allowed AllApplications"},
		{"nothing is stored, for a person", Policy{}, person, true, "system default: b2bCollaborationInbound.usersAndGroups allowed AllUsers"},
		{"nothing is stored, for whoever is invited", Policy{}, stranger, true, "system default"},
		{"the default shuts all out", Policy{Default: shut}, program, false, "default configuration: b2bCollaborationInbound.applications blocked AllApplications"},
		{"the default shuts people out", Policy{Default: shut}, person, false, "default configuration"},
		{"the default shuts out whoever is invited", Policy{Default: shut}, stranger, false, "default configuration: b2bCollaborationInbound.applications blocked AllApplications"},
		{"a partner is let in where the default is shut", Policy{shut, inbound(all, apps(Allowed, AllApplications))}, program, true, "partner configuration"},
		{"a partner without the section inherits it", Policy{shut, &Configuration{Trust: &Trust{}}}, program, false, "default configuration"},
		{"a default without the section is the system's", Policy{&Configuration{}, nil}, program, true, "system default"},

		{"the application is blocked by its identifier", Policy{Partner: inbound(all, apps(Blocked, string(runbook)))}, program, false, "partner configuration: b2bCollaborationInbound.applications blocked " + string(runbook)},
		{"another is blocked", Policy{Partner: inbound(all, apps(Blocked, string(another)))}, program, true, "partner configuration: b2bCollaborationInbound.applications blocked others only"},
		{"what it asks for is blocked", Policy{Partner: inbound(all, apps(Blocked, string(graph)))}, program, false, "partner"},
		{"the application alone is allowed", Policy{Partner: inbound(all, apps(Allowed, string(runbook)))}, program, true, "partner"},
		{"what it asks for alone is allowed", Policy{Partner: inbound(all, apps(Allowed, string(graph)))}, program, true, "partner"},
		{"another alone is allowed", Policy{Partner: inbound(all, apps(Allowed, string(another)))}, program, false, "partner configuration: b2bCollaborationInbound.applications allowed others only"},
		{"Microsoft's own sets are none of ours", Policy{Partner: inbound(all, apps(Allowed, office365, adminPortals))}, program, false, "partner"},
		{"blocking them shuts nobody out", Policy{Partner: inbound(all, apps(Blocked, office365))}, program, true, "partner"},

		{"people who are blocked do not cut workloads", Policy{Partner: inbound(block(Blocked, ofGroup, string(staff)), apps(Allowed, AllApplications))}, program, true, "partner"},
		{"a person in a blocked group", Policy{Partner: inbound(block(Blocked, ofGroup, string(staff)), apps(Allowed, AllApplications))}, person, false, "partner configuration: b2bCollaborationInbound.usersAndGroups blocked " + string(staff)},
		{"a person who alone is allowed", Policy{Partner: inbound(block(Allowed, ofUser, string(grace)), apps(Allowed, AllApplications))}, person, true, "partner"},
		{"a group of the person's identifier is none", Policy{Partner: inbound(block(Allowed, ofGroup, string(grace)), apps(Allowed, AllApplications))}, person, false, "partner"},
		{"whoever is invited where some are allowed", Policy{Partner: inbound(block(Allowed, ofUser, string(grace)), apps(Allowed, AllApplications))}, stranger, true, "partner configuration: b2bCollaborationInbound.usersAndGroups does not shut everybody out"},
		{"a person whom the applications refuse", Policy{Partner: inbound(all, apps(Blocked, string(graph)))}, person, false, "partner configuration: b2bCollaborationInbound.applications"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Inbound(tt.policy, tt.what)
			if got.Allowed != tt.want || !strings.HasPrefix(got.Rule, tt.rule) {
				t.Errorf("got %v by %q, want %v by %q", got.Allowed, got.Rule, tt.want, tt.rule)
			}
		})
	}
}

func TestEachSideHasItsOwnSection(t *testing.T) {
	p := Policy{Default: &Configuration{Outbound: everything(Blocked)}}
	what := What{Kind: ids.Workload, Apps: []ids.AppID{runbook}}
	in, out := Inbound(p, what), Outbound(p, what)
	if !in.Allowed || out.Allowed {
		t.Fatalf("in %+v, out %+v, want only the way out shut", in, out)
	}
	ok := Decision{Allowed: true}
	for name, tt := range map[string]struct {
		crossing Crossing
		want     error
	}{
		"both allow":    {Crossing{"h", "r", ok, ok, false}, nil},
		"home forbids":  {Crossing{"h", "r", out, ok, false}, OutboundBlocked},
		"asked forbids": {Crossing{"h", "r", ok, Decision{}, false}, InboundBlocked},
		"both forbid":   {Crossing{"h", "r", out, Decision{}, false}, OutboundBlocked},
	} {
		if err := tt.crossing.Err("it"); !errors.Is(err, tt.want) {
			t.Errorf("%s: err = %v, want %v", name, err, tt.want)
		}
	}
}

func TestConsentIsAutomaticWhereBothSidesSaySo(t *testing.T) {
	yes := true
	in, out := Policy{Partner: &Configuration{Consents: &Consents{Inbound: &yes}}}, Policy{Default: &Configuration{Consents: &Consents{Outbound: &yes}}}
	for name, tt := range map[string]struct {
		resource, home Policy
		want           bool
	}{
		"nobody":        {Policy{}, Policy{}, false},
		"only one":      {in, Policy{}, false},
		"only other":    {Policy{}, out, false},
		"both":          {in, out, true},
		"the wrong way": {out, in, false},
	} {
		if got := Automatic(tt.resource, tt.home); got != tt.want {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
}

func TestTrustIsInheritedByMember(t *testing.T) {
	yes, no := true, false
	def := &Configuration{Trust: &Trust{MFA: &yes}}
	for name, tt := range map[string]struct {
		partner *Configuration
		want    bool
	}{
		"no partner":                {nil, true},
		"a partner that says other": {&Configuration{Trust: &Trust{Compliant: &yes}}, true},
		"a partner that says no":    {&Configuration{Trust: &Trust{MFA: &no}}, false},
	} {
		if got := (Policy{def, tt.partner}).TrustsMFA(); got != tt.want {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
}

// TestCheck lists what cannot be said.
func TestCheck(t *testing.T) {
	section := func(users, applications string) string {
		return `{"b2bCollaborationInbound":{"usersAndGroups":` + users + `,"applications":` + applications + `}}`
	}
	const (
		allUsers  = `{"accessType":"allowed","targets":[{"target":"AllUsers","targetType":"user"}]}`
		noUsers   = `{"accessType":"blocked","targets":[{"target":"AllUsers","targetType":"user"}]}`
		someUsers = `{"accessType":"blocked","targets":[{"target":"22222222-0000-0000-0000-00000000000A","targetType":"group"}]}`
		allApps   = `{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}`
		noApps    = `{"accessType":"blocked","targets":[{"target":"AllApplications","targetType":"application"}]}`
	)
	tests := []struct {
		name, body string
		ok         bool
	}{
		{"everything allowed", section(allUsers, allApps), true},
		{"everything blocked", section(noUsers, noApps), true},
		{"some people blocked, all applications allowed", section(someUsers, allApps), true},
		{"Microsoft's sets of applications", section(allUsers, `{"accessType":"allowed","targets":[{"target":"Office365","targetType":"application"},{"target":"MicrosoftAdminPortals","targetType":"application"}]}`), true},
		{"a section that is inherited", `{"b2bCollaborationInbound":null}`, true},
		{"all people blocked, all applications allowed", section(noUsers, allApps), false},
		{"all people allowed, all applications blocked", section(allUsers, noApps), false},
		{"one block alone", `{"b2bCollaborationInbound":{"usersAndGroups":` + allUsers + `}}`, false},
		{"an empty section", `{"b2bDirectConnectOutbound":{}}`, false},
		{"no access type", section(`{"targets":[{"target":"AllUsers","targetType":"user"}]}`, allApps), false},
		{"no targets", section(`{"accessType":"allowed","targets":[]}`, allApps), false},
		{"a target without a type", section(`{"accessType":"allowed","targets":[{"target":"AllUsers"}]}`, allApps), false},
		{"an application among people", section(`{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}`, allApps), false},
		{"a person among applications", section(allUsers, allUsers), false},
		{"all users as a group", section(`{"accessType":"allowed","targets":[{"target":"AllUsers","targetType":"group"}]}`, allApps), false},
		{"a name for an identifier", section(`{"accessType":"allowed","targets":[{"target":"grace@contoso.example","targetType":"user"}]}`, allApps), false},
		{"all and some", section(`{"accessType":"allowed","targets":[{"target":"AllUsers","targetType":"user"},{"target":"22222222-0000-0000-0000-000000000001","targetType":"user"}]}`, allApps), false},
		{"a target twice, in another letter case", section(`{"accessType":"allowed","targets":[{"target":"22222222-0000-0000-0000-00000000000a","targetType":"user"},{"target":"22222222-0000-0000-0000-00000000000A","targetType":"user"}]}`, allApps), false},
		{"restrictions of one block", `{"tenantRestrictions":{"usersAndGroups":` + noUsers + `}}`, false},
		{"restrictions of devices by another word", `{"tenantRestrictions":{"usersAndGroups":` + noUsers + `,"applications":` + noApps + `,"devices":{"mode":"maybe"}}}`, false},
		{"restrictions of devices", `{"tenantRestrictions":{"usersAndGroups":` + noUsers + `,"applications":` + noApps + `,"devices":{"mode":"allowed","rule":"device.isCompliant -eq true"}}}`, true},
		{"half a section of Microsoft 365", `{"m365CollaborationInbound":{"users":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}}}`, false},
		{"more than can be kept", section(allUsers, allApps)[:1] + `"tenantRestrictions":{"usersAndGroups":` + noUsers + `,"applications":` + noApps + `,"devices":{"rule":"` + strings.Repeat("x", maxConfiguration) + `"}}}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c Configuration
			if err := change(&c, []byte(tt.body)); err != nil {
				t.Fatal(err)
			}
			if err := c.check(); (err == nil) != tt.ok || err != nil && !errors.Is(err, Bad) {
				t.Errorf("err = %v, want it to pass: %v", err, tt.ok)
			}
		})
	}
}

// TestChange: sections are replaced as a whole, others by member; null inherits.
func TestChange(t *testing.T) {
	yes := true
	c := Configuration{Inbound: everything(Blocked), Outbound: everything(Blocked), Trust: &Trust{MFA: &yes}}
	body := `{"b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed"}},"b2bCollaborationOutbound":null,"inboundTrust":{"isCompliantDeviceAccepted":true}}`
	if err := change(&c, []byte(body)); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(c)
	want := `{"appServiceConnectInbound":null,"automaticUserConsentSettings":null,` +
		`"b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed","targets":null},"applications":null},"b2bCollaborationOutbound":null,` +
		`"b2bDirectConnectInbound":null,"b2bDirectConnectOutbound":null,` +
		`"inboundTrust":{"isMfaAccepted":true,"isCompliantDeviceAccepted":true,"isHybridAzureADJoinedDeviceAccepted":null},` +
		`"m365CollaborationInbound":null,"m365CollaborationOutbound":null,"tenantRestrictions":null}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
