package graphtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entente/internal/edge/graph/edm"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
)

// long matches words that could be identifiers, which differ from run to run.
var long = regexp.MustCompile(`[A-Za-z0-9_-]{36,}`)

// sid matches the security identifier that follows from a group's identifier.
var sid = regexp.MustCompile(`S-1-12-1(-[0-9]+){4}`)

// proofs matches what proves a domain.
var proofs = regexp.MustCompile(`MS=ms[0-9]+`)

// plain matches identifiers without their dashes, as names of extensions have them.
var plain = regexp.MustCompile(`\b[0-9a-f]{32}\b|[0-9a-f]{32}_`)

// steady gives each identifier a number, in the order of appearance: GUIDs, and
// the longer ones of assignments, grants, roles given, what packages give and log entries. Security identifiers are all alike.
func steady(text []byte) []byte {
	seen := map[string]string{}
	text = sid.ReplaceAll(text, []byte("a-security-identifier"))
	text = proofs.ReplaceAll(text, []byte("MS=ms1"))
	text = plain.ReplaceAll(text, []byte("an-identifier"))
	return long.ReplaceAllFunc(text, func(word []byte) []byte {
		id := string(word)
		if n := len(id); !ids.Valid(id) && n != 43 && n != 64 && n != 45 && n != 66 && n != 73 && !strings.HasPrefix(id, "Directory_") {
			return word
		}
		if seen[id] == "" {
			seen[id] = fmt.Sprintf("id-%d", len(seen)+1)
		}
		return []byte(seen[id])
	})
}

// hint is the beginning of a secret, and once is what is told only once: the
// secret itself, what names a certificate made anew, the ticket of an invitation.
var (
	hint = regexp.MustCompile(`"hint":"[^"]*"`)
	once = regexp.MustCompile(`("secretText":"|"customKeyIdentifier":"|[?&]ticket=)[^"&]*`)
)

// settled returns an answer without what chance decides: the beginning of
// secrets, and the order of entities, whose identifiers are random.
func settled(t *testing.T, raw []byte) []byte {
	t.Helper()
	raw = hint.ReplaceAll(raw, []byte(`"hint":"a-b"`))
	raw = once.ReplaceAll(raw, []byte("${1}once"))
	at := bytes.Index(raw, []byte(`"value":[`))
	if at < 0 || !bytes.HasSuffix(raw, []byte("]}")) {
		return raw
	}
	var answer struct{ Value []json.RawMessage }
	must(t, json.Unmarshal(raw, &answer))
	nameless := func(entity []byte) []byte { return long.ReplaceAll(sid.ReplaceAll(entity, nil), nil) }
	for i, v := range answer.Value {
		if id := strings.Trim(string(v), `"`); ids.Valid(id) { // a list of nothing but identifiers has a chance order
			answer.Value[i] = json.RawMessage(`"an-identifier"`)
		}
	}
	slices.SortFunc(answer.Value, func(a, b json.RawMessage) int { return bytes.Compare(nameless(a), nameless(b)) })
	out := append(slices.Clone(raw[:at]), `"value":[`...)
	for i, entity := range answer.Value {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, entity...)
	}
	return append(out, "]}"...)
}

// TestAnswers compares the answers of every set, in both versions, with golden
// files.
func TestAnswers(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			clk := clock.NewFake(dbtest.Noon)
			w := New(t, dbtest.OpenClock(t, engine, clk), clk)
			c := w.Client(t, w.A, Everything...)
			var out bytes.Buffer
			for _, x := range w.examples(t, c).paths {
				for _, v := range []string{"/v1.0", "/beta"} {
					path := x.one
					if path == "" {
						path = x.many
					}
					if v == "/beta" {
						path = x.beta
					}
					a := c.Get(t, w, v+path)
					if a.Status != 200 && a.Status != 204 {
						t.Fatalf("GET %s%s: %d %s", v, path, a.Status, a.Raw)
					}
					fmt.Fprintf(&out, "GET %s%s\n", v, path)
					if a.Status == 204 { // a requestor of no organization
						continue
					}
					must(t, json.Indent(&out, settled(t, a.Raw), "", "  "))
					out.WriteString("\n\n")
				}
			}
			golden(t, "testdata/answers.txt", steady(out.Bytes()))
			golden(t, "testdata/made.beta.txt", steady(w.made(t, w.startWalk(t, false))))
		})
	}
}

// made returns what beta answers to whoever creates, and calls actions and
// functions.
func (w *World) made(t *testing.T, k *walk) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, r := range routes(w.Registry) {
		one := strings.TrimPrefix(r.op.Suffix, "/{id}")
		if len(r.op.May.App) == 0 || stops[r.String()] == delivered || r.op.Method != "POST" && !strings.HasPrefix(k.f.Call(r.words, one), one+"(") {
			continue
		}
		req := k.of(t, edm.Beta, r)
		a := w.Call(t, k.all.Token, req.method, req.path, req.body, "ConsistencyLevel", "eventual")
		if a.Status >= 300 {
			t.Fatalf("%s %s: %d %s", req.method, req.path, a.Status, a.Raw)
		}
		fmt.Fprintf(&out, "%s %s: %d\n", req.method, req.path, a.Status)
		if a.Body != nil {
			must(t, json.Indent(&out, settled(t, a.Raw), "", "  "))
			out.WriteByte('\n')
		}
		out.WriteByte('\n')
	}
	return out.Bytes()
}
