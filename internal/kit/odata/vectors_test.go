package odata

import (
	"errors"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"entente/internal/kit/fault"
)

// vectors is where the OASIS test cases of the OData grammar 4.01 lie.
const vectors = "../../../../shared/vectors/odata-abnf-testcases.yaml"

// A vector is one of their cases; it fails at a position, or not at all (-1).
type vector struct {
	name, rule, input string
	failAt            int
}

// lenient lists what the grammar refuses and we take, and why.
var lenient = map[string]string{
	"$filter= true":     "clients send spaces around the value",
	"$search=#1":        "no '#' reaches a server unescaped, and escaped it is part of a word",
	"$search=more&more": "'more' is an option of another maker, which we list only",
	"$search=a;b":       "';' separates nothing outside $expand",
	"$index=fortytwo":   "$index is not supported, whatever its value",
	"Model.Available":   "a name with a dot is a type cast, which is not supported",
}

// elsewhere lists where we see a mistake at another place than the grammar's
// own tool, and why.
var elsewhere = map[string]string{
	"Products/all()":                  "the variable is missing before the bracket, not behind",
	"$count":                          "positions count within the value, which is empty",
	"$search=%22blue":                 "positions count decoded characters",
	"$expand=Manager($search=gr(een)": "a word may be followed by a bracket; the end is what lacks one",
}

// TestGrammarOfOASIS: what the grammar allows is never called a mistake of
// syntax, and what it refuses is, but for the exceptions above.
func TestGrammarOfOASIS(t *testing.T) {
	counts := make(map[string]int)
	for _, v := range readVectors(t) {
		err := parseVector(t, v)
		if err == errOtherRule {
			continue
		}
		syntax := errors.Is(err, Syntax)
		switch {
		case err == nil:
			counts["taken"]++
		case syntax:
			counts["syntax"]++
		case errors.Is(err, Unsupported):
			counts["unsupported"]++
		default:
			t.Errorf("%s: %q: %v", v.name, v.input, err)
		}
		switch {
		case syntax && v.failAt < 0:
			t.Errorf("%s: %q is well formed, but: %v", v.name, v.input, err)
		case !syntax && v.failAt >= 0 && lenient[v.input] == "":
			t.Errorf("%s: %q is taken, want a mistake at %d", v.name, v.input, v.failAt)
		case syntax && elsewhere[v.input] == "" && position(v, err) != v.failAt:
			t.Errorf("%s: %q: %v, want the mistake at %d", v.name, v.input, err, v.failAt)
		}
	}
	t.Logf("%v", counts)
	if counts["taken"] < 100 || counts["unsupported"] < 100 || counts["syntax"] < 10 {
		t.Errorf("%v: too few of some kind; were the cases read?", counts)
	}
}

// position returns where err sees the mistake, counted in the whole input.
func position(v vector, err error) int {
	values := fault.Public(err).Values
	n, _ := strconv.Atoi(values["position"])
	if strings.HasPrefix(v.input, values["option"]+"=") {
		n += len(values["option"] + "=")
	}
	return n
}

var errOtherRule = errors.New("a rule that is not ours")

// parseVector parses a case by the parser for its rule.
func parseVector(t *testing.T, v vector) error {
	switch v.rule {
	case "filter", "select", "expand", "orderby", "orderBy", "search", "queryOptions":
		_, err := ParseOptions(v.input)
		return err
	case "boolCommonExpr", "boolcommonExpr", "commonExpr":
		text, err := url.PathUnescape(v.input)
		if err != nil {
			t.Fatalf("%s: %v", v.name, err)
		}
		_, err = ParseFilter(text)
		return err
	}
	return errOtherRule
}

// readVectors reads the file, which uses a small part of YAML: a list of maps
// whose values are plain, quoted or folded over several lines.
func readVectors(t *testing.T) []vector {
	t.Helper()
	text, err := os.ReadFile(vectors)
	if errors.Is(err, os.ErrNotExist) && os.Getenv("CI") != "true" {
		t.Skip("the test cases of the OData grammar are not here: " + vectors)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, cases, ok := strings.Cut(string(text), "\nTestCases:")
	if !ok {
		t.Fatal("no test cases in " + vectors)
	}
	var list []vector
	var key string
	fields := map[string]string{}
	flush := func() {
		if fields["Rule"] != "" {
			v := vector{fields["Name"], fields["Rule"], unquoteYAML(fields["Input"]), -1}
			if n, err := strconv.Atoi(fields["FailAt"]); err == nil {
				v.failAt = n
			}
			list = append(list, v)
		}
		clear(fields)
	}
	for line := range strings.Lines(cases) {
		line = strings.TrimRight(line, "\n")
		member := ""
		switch {
		case strings.HasPrefix(line, "  - "):
			flush()
			member = line[4:]
		case strings.HasPrefix(line, "    ") && !strings.HasPrefix(line, "     "):
			member = line[4:]
		case strings.HasPrefix(line, "     "):
			fields[key] = strings.TrimSpace(fields[key] + " " + strings.TrimSpace(line))
			continue
		default:
			continue
		}
		if k, v, ok := strings.Cut(member, ":"); ok {
			key = k
			fields[key] = strings.TrimSpace(v)
		}
	}
	flush()
	return list
}

// unquoteYAML removes the quotes around a value.
func unquoteYAML(s string) string {
	switch {
	case len(s) >= 2 && s[0] == '\'' && s[len(s)-1] == '\'':
		return strings.ReplaceAll(s[1:len(s)-1], "''", "'")
	case len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"':
		return strings.ReplaceAll(s[1:len(s)-1], `\"`, `"`)
	}
	return s
}

// isRefusal reports whether err is one of the package's own.
func isRefusal(err error) bool {
	return errors.Is(err, fault.Invalid) &&
		(errors.Is(err, Syntax) || errors.Is(err, Unsupported) || errors.Is(err, TooComplex))
}
