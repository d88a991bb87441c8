package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// post sends a form to an endpoint of tenant B and returns the answer, whatever
// it is.
func post(t *testing.T, endpoint string, form url.Values) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, env["ENTENTE_LOGIN_URL"]+"/"+env["ENTENTE_TENANT_B"]+"/oauth2/v2.0/"+endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// A device waits for somebody.
type device struct {
	app  *application
	code string // that a person types
	own  string
	at   string // where they type it
}

// device has a device of the application wait.
func (a *application) device(t *testing.T) device {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, env["ENTENTE_LOGIN_URL"]+"/"+env["ENTENTE_TENANT_B"]+"/oauth2/v2.0/devicecode",
		strings.NewReader(url.Values{"client_id": {a.id}, "scope": {"openid profile User.Read"}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", "build-tool/2.1 (linux)")
	said := answer(t, r, http.StatusOK)
	return device{a, fmt.Sprint(said["user_code"]), fmt.Sprint(said["device_code"]), strings.TrimPrefix(fmt.Sprint(said["verification_uri"]), env["ENTENTE_LOGIN_URL"])}
}

func (d device) poll(t *testing.T) (int, string) {
	t.Helper()
	return post(t, "token", url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "client_id": {d.app.id}, "device_code": {d.own}})
}

// enter types the device's code.
func (b *tab) enter(d device) {
	b.t.Helper()
	b.visit(d.at)
	b.at("Enter the code of your device")
	b.fill("Code", d.code)
	b.press("Next")
}

func TestDevice(t *testing.T) {
	app := newApplication(t, "Build tool", web).agreed(t, "openid profile User.Read")
	graph(t, http.MethodPatch, "/v1.0/applications/"+app.object, map[string]any{"isFallbackPublicClient": true}, http.StatusNoContent)
	p := newPerson(t, "Device Person")
	b := open(t)

	d := app.device(t)
	b.visit(d.at)
	b.look("device-code")
	b.fill("Code", "CCCCCCCCC")
	b.press("Next")
	b.at("Enter the code of your device")
	b.says("The code is not right")
	b.look("device-code-wrong")

	b.enter(d)
	b.signIn(p)
	b.at("Did you start this?")
	b.says("build-tool/2.1 (linux)")
	b.look("device-started")
	if status, said := d.poll(t); status != http.StatusBadRequest || !strings.Contains(said, "authorization_pending") {
		t.Errorf("while the person decides the device hears %d %s", status, said)
	}
	b.press("I started this myself")
	b.at("You are signed in on the device")
	b.look("device-done")
	if status, said := d.poll(t); status != http.StatusOK || !strings.Contains(said, "access_token") {
		t.Errorf("after that the device hears %d %s", status, said)
	}

	// Again, in the session of before, and not by the person's own doing.
	d = app.device(t)
	b.enter(d)
	b.goOnAs(p.upn)
	b.at("Did you start this?")
	b.press("I did not")
	b.at("Nothing was given")
	b.look("device-declined")
	if status, said := d.poll(t); status != http.StatusBadRequest || !strings.Contains(said, "authorization_declined") {
		t.Errorf("after that the device hears %d %s", status, said)
	}
}

// TestDeviceWithoutScript enters a code and decides with script switched off.
func TestDeviceWithoutScript(t *testing.T) {
	app := newApplication(t, "Scriptless build tool", web).agreed(t, "openid profile User.Read")
	graph(t, http.MethodPatch, "/v1.0/applications/"+app.object, map[string]any{"isFallbackPublicClient": true}, http.StatusNoContent)
	p := newPerson(t, "Scriptless Device Person")
	b := open(t)
	b.withoutScript()
	b.enter(app.device(t))
	b.signIn(p)
	b.press("I started this myself")
	b.at("You are signed in on the device")
}

// TestDeviceAcrossOrganizations: one of Contoso is sent a code of Fabrikam's.
func TestDeviceAcrossOrganizations(t *testing.T) {
	app := newApplication(t, "Payroll tool", web).agreed(t, "openid profile User.Read")
	graph(t, http.MethodPatch, "/v1.0/applications/"+app.object, map[string]any{"isFallbackPublicClient": true}, http.StatusNoContent)
	b := open(t)
	d := app.device(t)
	b.enter(d)
	b.signIn(person{env["ENTENTE_ADMIN_A_UPN"], env["ENTENTE_ADMIN_A_PASSWORD"]})
	b.at("Contoso does not allow this")
	b.look("device-across")
	if status, said := d.poll(t); status != http.StatusBadRequest || !strings.Contains(said, "authorization_pending") {
		t.Errorf("the device hears %d %s", status, said)
	}
}
