package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// clockWords are the functions of package time that read the machine's clock.
var clockWords = []string{"Now", "Since", "Until"}

// serverWords are the names in net/http that only a server needs.
var serverWords = []string{
	"Handler", "HandlerFunc", "ResponseWriter", "Server", "ServeMux", "NewServeMux", "Handle", "HandleFunc",
	"ListenAndServe", "ListenAndServeTLS", "Serve", "ServeTLS", "FileServer", "FileServerFS", "Error", "NotFound", "Redirect",
}

// sourceComplaints reads a package's files, tests aside.
func sourceComplaints(t *testing.T, p listed) []string {
	t.Helper()
	var all []string
	from, comments := inside(p.ImportPath), 0
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if f.Doc != nil {
			comments++
		}
		all = append(all, wordComplaints(from, name, f)...)
		if isRuleFile(from, name, p.GoFiles) {
			all = append(all, ruleComplaints(from, name, f)...)
		}
	}
	if len(p.GoFiles) > 0 && comments != 1 {
		all = append(all, from+" has "+strconv.Itoa(comments)+" package comments, not one")
	}
	return all
}

// wordComplaints looks for the machine's clock and for HTTP servers where they
// do not belong.
func wordComplaints(from, name string, f *ast.File) []string {
	var all []string
	where := from + "/" + name
	for _, word := range uses(f, "time") {
		if slices.Contains(clockWords, word) && from != "kit/clock" && program(from) != "enttest" {
			all = append(all, where+" calls time."+word+": only kit/clock does")
		}
	}
	for _, word := range uses(f, "net/http") {
		if slices.Contains(serverWords, word) && !within(from+"/", servers) && !within(from, servers) {
			all = append(all, where+" uses http."+word+": no server stands here")
		}
	}
	for _, path := range []string{"time", "net/http"} {
		if localName(f, path) == "." {
			all = append(all, where+" imports "+path+" without a name, which hides what it uses")
		}
	}
	return all
}

// uses returns the names that f takes from the package at path.
func uses(f *ast.File, path string) []string {
	name := localName(f, path)
	if name == "" || name == "_" {
		return nil
	}
	var all []string
	ast.Inspect(f, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		// A resolved identifier is a variable that has taken the name.
		if id, ok := sel.X.(*ast.Ident); ok && id.Name == name && id.Obj == nil {
			all = append(all, sel.Sel.Name)
		}
		return true
	})
	return all
}

// localName returns the name by which f knows the package at path, or "".
func localName(f *ast.File, path string) string {
	for _, imp := range f.Imports {
		if got, _ := strconv.Unquote(imp.Path.Value); got != path {
			continue
		}
		if imp.Name != nil {
			return imp.Name.Name
		}
		return path[strings.LastIndex(path, "/")+1:]
	}
	return ""
}

// isRuleFile reports whether name holds a noun's rules: in core and flow, the
// file request.go beside request_sql.go.
func isRuleFile(from, name string, files []string) bool {
	noun := strings.TrimSuffix(name, ".go")
	onFloor := strings.HasPrefix(from, "core/") || strings.HasPrefix(from, "flow/")
	return onFloor && noun != "service" && slices.Contains(files, noun+"_sql.go")
}

func ruleComplaints(from, name string, f *ast.File) []string {
	var all []string
	for _, banned := range []string{"context", "entente/internal/kit/sqldb"} {
		if localName(f, banned) != "" {
			all = append(all, from+"/"+name+" imports "+strings.TrimPrefix(banned, "entente/internal/")+": a rule knows neither")
		}
	}
	return all
}
