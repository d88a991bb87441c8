package interop

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"entente/interop/labtest"
)

// An azure is the Azure CLI, signed in or not, with a folder of its own.
type azure struct {
	*testing.T
	path string
	vars []string
}

// run runs a command and returns what it printed, without the last line's end.
func (a azure) run(args ...string) (string, error) {
	cmd := exec.CommandContext(a.Context(), a.path, args...)
	cmd.Env = a.vars
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok {
		err = fmt.Errorf("az %s: %w\n%s", strings.Join(args, " "), err, exit.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}

// does runs what is to succeed. The command is split at blanks, more arguments
// are taken as they are.
func (a azure) does(command string, more ...string) string {
	a.Helper()
	out, err := a.run(append(strings.Fields(command), more...)...)
	if err != nil {
		a.Fatal(err)
	}
	return out
}

// prints runs what is to print this in az's form tsv.
func (a azure) prints(want, command string, more ...string) {
	a.Helper()
	if got := a.does(command+" -o tsv", more...); got != want {
		a.Errorf("az %s printed %q, want %q", command, got, want)
	}
}

// refused runs what is to be refused in these words.
func (a azure) refused(words, command string, more ...string) {
	a.Helper()
	if out, err := a.run(append(strings.Fields(command), more...)...); err == nil || !strings.Contains(err.Error(), words) {
		a.Errorf("az %s printed %q, err = %v, want %q", command, out, err, words)
	}
}

// TestAzureCLI signs in with the Azure CLI and manages applications, service
// principals, people and groups with it. The CLI knows Microsoft's host names
// only, so the lab answers to them. Where it is not installed the test is
// skipped, and fails when CI=true.
func TestAzureCLI(t *testing.T) {
	path, err := exec.LookPath("az")
	if err != nil {
		absent(t, "the Azure CLI is not installed (Debian: azure-cli)")
	}
	env := labtest.Mapped(t).Env
	a := azure{t, path, append(os.Environ(), "AZURE_CONFIG_DIR="+t.TempDir(), "AZURE_CORE_COLLECT_TELEMETRY=false",
		"AZURE_CORE_ONLY_SHOW_ERRORS=true", "AZURE_CORE_NO_COLOR=true")}
	for name, value := range env {
		a.vars = append(a.vars, name+"="+value)
	}
	tenant := env["ENTENTE_TENANT_B"]
	login := "login --allow-no-subscriptions --service-principal --query [].tenantId --tenant " + tenant + " -u "
	a.refused("AADSTS7000215", login+env["ENTENTE_SECRET_APP_ID"], "-p", "wrong")
	a.prints(tenant, login+env["ENTENTE_CERT_APP_ID"], "-p", env["ENTENTE_CERT_PEM_FILE"])
	a.prints(tenant, login+env["ENTENTE_SECRET_APP_ID"], "-p", env["ENTENTE_SECRET"])
	a.prints("Bearer", "account get-access-token --resource-type ms-graph --query tokenType")
	domain := strings.SplitN(env["ENTENTE_ADMIN_B_UPN"], "@", 2)[1]
	a.user(domain)
	a.group("azuser@" + domain)
	a.application(env)
}

func (a azure) user(domain string) {
	upn := "azuser@" + domain
	a.prints(upn, "ad user create --password Correct-horse-7 --mail-nickname azuser --query userPrincipalName --user-principal-name "+upn, "--display-name", "Az User")
	a.does("ad user update --account-enabled false --id "+upn, "--display-name", "Az Other")
	a.prints("Az Other", "ad user show --query displayName --id "+upn)
	a.prints("Az Other", "ad user list --query [].displayName --upn "+upn)
	a.prints("Az Other", "ad user list --query [].displayName --display-name Az")
	a.prints(upn, "ad user list --query [].userPrincipalName", "--filter", "startswith(displayName,'Az') and accountEnabled eq false")
}

// group ends with the person gone too.
func (a azure) group(upn string) {
	user := a.does("ad user show --query id -o tsv --id " + upn)
	const create = "ad group create --display-name azgroup --mail-nickname azgroup --query id -o tsv"
	group := a.does(create)
	if again := a.does(create); again != group {
		a.Errorf("the group was created twice: %s, %s", group, again)
	}
	a.does("ad group member add --group azgroup --member-id " + user)
	a.prints("true", "ad group member check --query value --group azgroup --member-id "+user)
	a.prints("Az Other", "ad group member list --query [].displayName --group azgroup")
	a.prints("azgroup", "ad user get-member-groups --query [].displayName --id "+user)
	a.does("ad group owner add --group azgroup --owner-object-id " + user)
	a.prints("Az Other", "ad group owner list --query [].displayName --group azgroup")
	a.does("ad group member remove --group azgroup --member-id " + user)
	a.prints("", "ad group member list --query [].id --group azgroup")
	a.prints("azgroup", "ad group list --query [].displayName --display-name azgr")
	a.does("ad group delete --group azgroup")
	a.does("ad user delete --id " + upn)
	a.refused("does not exist", "ad user show --id "+upn)
}

func (a azure) application(env map[string]string) {
	id := a.does("ad app create --display-name azapp --web-redirect-uris https://az.example/cb --query appId -o tsv --app-roles " +
		`[{"allowedMemberTypes":["User"],"description":"d","displayName":"Approver","isEnabled":true,"value":"approver"}]`)
	a.does("ad app update --set notes=hello --id " + id + " --identifier-uris api://" + id)
	a.prints("hello", "ad app list --query [].notes --identifier-uri api://"+id)
	a.does("ad app credential reset --append --display-name c1 --id " + id)
	key := a.does("ad app credential list --query [].keyId -o tsv --id " + id)
	a.does("ad app credential delete --id " + id + " --key-id " + key)
	a.prints("", "ad app credential list --query [].keyId --id "+id)

	credential := func(subject string) string {
		text, err := json.Marshal(map[string]any{"name": "from-ci", "issuer": "https://login.microsoftonline.com/" + env["ENTENTE_TENANT_A"] + "/v2.0",
			"subject": subject, "audiences": []string{"api://AzureADTokenExchange"}})
		if err != nil {
			a.Fatal(err)
		}
		return string(text)
	}
	const federated = "ad app federated-credential "
	a.prints("from-ci", federated+"create --query name --id "+id, "--parameters", credential("s"))
	a.does(federated+"update --federated-credential-id from-ci --id "+id, "--parameters", credential("t"))
	a.prints("t", federated+"list --query [].subject --id "+id)
	a.does(federated + "delete --federated-credential-id from-ci --id " + id)

	const graph = " --api 00000003-0000-0000-c000-000000000000 "
	a.does("ad app permission add --api-permissions e1fe6dd8-ba31-4d61-89e7-88639da4683d=Scope --id " + id + graph)
	a.prints("Application", "ad sp create --query servicePrincipalType --id "+id)
	a.prints("User.Read", "ad app permission grant --scope User.Read --query scope --id "+id+graph)
	a.prints("User.Read", "ad app permission list-grants --query [].scope --id "+id)
	user := a.does("ad user list --query [0].id -o tsv")
	a.does("ad app owner add --id " + id + " --owner-object-id " + user)
	a.prints(user, "ad app owner list --id "+id, "--query", "[?userPrincipalName].id")
	a.prints("azapp", "ad sp list --query [].displayName", "--filter", "appId eq '"+id+"'")
	a.does("ad sp update --set tags=[\"x\"] --id " + id)
	a.prints("azapp", "ad sp show --query appDisplayName --id "+id)
	a.does("ad sp delete --id " + id)
	a.does("ad app delete --id " + id)
	a.refused("does not exist", "ad app show --id "+id)
}
