package agent

import (
	"net"
	"net/http"
	"strings"
)

// appService answers as App Service, Azure Functions, Azure Automation and
// Azure Machine Learning do: by GET or, as runbooks do, by a posted form, with
// or without an api-version. The secret header is the caller's right to ask.
// The older style (2017-09-01) sends it as Secret.
func (a *Agent) appService(w http.ResponseWriter, r *http.Request) {
	given := r.Header.Get("X-IDENTITY-HEADER")
	if given == "" {
		given = r.Header.Get("Secret")
	}
	job, known := a.visitor(given)
	if !known {
		a.failAppService(w, r, &refusal{
			status:  http.StatusUnauthorized,
			message: "The X-IDENTITY-HEADER header is missing or does not hold the value of IDENTITY_HEADER.",
		})
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		a.failAppService(w, r, methodNotAllowed(w, "GET, POST"))
		return
	}
	a.reply(w, r, job, a.failAppService)
}

// imds answers as the instance metadata service does. It has no secret, so it
// guards against requests that someone else has led here: through a proxy
// (X-Forwarded-For), from a browser that was told a false address (Host), or by
// a program that fetches what it is given (Metadata).
func (a *Agent) imds(w http.ResponseWriter, r *http.Request) {
	bad := a.led(r)
	switch {
	case bad != nil:
	case r.Method != http.MethodGet:
		bad = methodNotAllowed(w, "GET")
	case r.URL.Query().Get("api-version") == "":
		bad = badRequest("Required query variable 'api-version' is missing.")
	}
	if bad != nil {
		a.failIMDS(w, r, bad)
		return
	}
	a.reply(w, r, "", a.failIMDS)
}

// cloudShell answers as Cloud Shell does: a posted form, no version, no secret
// and therefore the guards of the metadata service.
func (a *Agent) cloudShell(w http.ResponseWriter, r *http.Request) {
	bad := a.led(r)
	if bad == nil && r.Method != http.MethodPost {
		bad = methodNotAllowed(w, "POST")
	}
	if bad != nil {
		a.failIMDS(w, r, bad)
		return
	}
	a.reply(w, r, "", a.failIMDS)
}

// led refuses a request that this machine's own program would not have sent.
func (a *Agent) led(r *http.Request) *refusal {
	switch {
	case r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "":
		return badRequest("A forwarded request is not answered.")
	case !a.names[hostOf(r.Host)]:
		return badRequest("The host name of the request is not the metadata service's.")
	case !strings.EqualFold(r.Header.Get("Metadata"), "true"):
		return badRequest("Required metadata header not specified")
	}
	return nil
}

// hostOf returns a Host header's name without port and brackets, in lower case.
func hostOf(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

func methodNotAllowed(w http.ResponseWriter, allowed string) *refusal {
	w.Header().Set("Allow", allowed)
	return &refusal{status: http.StatusMethodNotAllowed, word: "invalid_request", message: "The method is not allowed here."}
}

// reply reads the request, gets the token and writes it, or has fail write why not.
func (a *Agent) reply(w http.ResponseWriter, r *http.Request, job string, fail func(http.ResponseWriter, *http.Request, *refusal)) {
	q, bad := read(r)
	if bad != nil {
		fail(w, r, bad)
		return
	}
	q.job = job
	t, err := a.cache.token(r.Context(), q.key, q.stale)
	if err != nil {
		a.log.WarnContext(r.Context(), "no managed identity token", "resource", q.resource, "err", err)
		fail(w, r, refused(err))
		return
	}
	writeJSON(w, http.StatusOK, 0, newAnswer(t, q.resource, a.clock.Wall()))
}

func (a *Agent) failIMDS(w http.ResponseWriter, _ *http.Request, f *refusal) {
	writeJSON(w, f.status, f.retry, map[string]string{"error": f.word, "error_description": f.message})
}

func (a *Agent) failAppService(w http.ResponseWriter, _ *http.Request, f *refusal) {
	message := f.message
	if f.missing {
		message = "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
	}
	writeJSON(w, f.status, f.retry, map[string]any{
		"statusCode": f.status, "message": message, "correlationId": newCorrelation(),
	})
}
