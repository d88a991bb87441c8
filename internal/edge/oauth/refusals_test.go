package oauth

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"entente/internal/kit/fault"
)

// TestEveryRefusalHasItsForm reads the reasons that the packages behind the
// token endpoint declare and looks for each in the table. Reasons for which a
// write is refused never come here.
func TestEveryRefusalHasItsForm(t *testing.T) {
	writes := map[string]bool{"BadValue": true, "NeverMatches": true, "NameTaken": true, "PairTaken": true, "TooMany": true}
	for _, folder := range []string{"../../flow/sts", "../../kit/jose", "../../kit/oauth2", "../../core/federation", "."} {
		found := declared(t, folder)
		if len(found) == 0 {
			t.Errorf("%s declares no reasons", folder)
		}
		for name, reason := range found {
			if _, ok := reasons[reason]; !ok && !writes[name] {
				t.Errorf("%s: %s (%s) has no form", folder, name, reason)
			}
		}
	}
	for _, code := range []fault.Code{fault.Invalid, fault.Unauthenticated, fault.Forbidden, fault.NotFound, fault.Conflict, fault.Throttled, fault.Unavailable, fault.Internal} {
		if f := formOf(fault.New(code, "x")); f.number == 0 || f.status == 0 || f.word == "" {
			t.Errorf("%s has the form %+v", code, f)
		}
	}
}

// declared returns the constants of type fault.Reason in a folder.
func declared(t *testing.T, folder string) map[string]fault.Reason {
	t.Helper()
	files, err := filepath.Glob(folder + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]fault.Reason)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			typ, ok := spec.Type.(*ast.SelectorExpr)
			if !ok || typ.Sel.Name != "Reason" {
				return true
			}
			for i, id := range spec.Names {
				if lit, ok := spec.Values[i].(*ast.BasicLit); ok {
					value, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					all[id.Name] = fault.Reason(value)
				}
			}
			return true
		})
	}
	return all
}
