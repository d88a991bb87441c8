package arch

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestThePlan holds the module to the plan.
func TestThePlan(t *testing.T) {
	watchSources(t)
	for _, c := range complaints(t, "../..") {
		t.Error(c)
	}
}

// TestPlantedViolations proves that each rule bites: a small module with one
// violation of each gives exactly the complaints listed beside it.
func TestPlantedViolations(t *testing.T) {
	ar, err := txtar.ParseFile("testdata/planted.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range ar.Files {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(filepath.Join(dir, "complaints"))
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(complaints(t, dir), "\n") + "\n"
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("complaints about the planted module (-want +got):\n%s", diff)
	}
}

// TestRowsAreNoMoreThanThePlan refuses rows for folders that cannot exist: a
// typing error in the plan would otherwise allow nothing and say nothing.
func TestRowsAreNoMoreThanThePlan(t *testing.T) {
	plan, err := os.ReadFile("../../doc/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	for from, tos := range sideways {
		for _, path := range append(slices.Clone(tos), strings.TrimSuffix(from, "/…")) {
			if name := path[strings.LastIndex(path, "/")+1:]; !strings.Contains(string(plan), name) {
				t.Errorf("%s is in a row but not in doc/architecture.md", path)
			}
		}
	}
}

// A listed package is what go list says of it.
type listed struct {
	ImportPath   string
	Dir          string
	Imports      []string
	TestImports  []string
	XTestImports []string
	GoFiles      []string
}

// complaints returns everything in the module at root that leaves the plan, in
// order.
func complaints(t *testing.T, root string) []string {
	t.Helper()
	var all []string
	for _, p := range list(t, root) {
		all = append(all, importComplaints(p)...)
		all = append(all, sourceComplaints(t, p)...)
	}
	all = append(all, linkComplaints(t, root)...)
	slices.Sort(all)
	return slices.Compact(all)
}

func list(t *testing.T, root string) []listed {
	t.Helper()
	out := golist(t, root, "-json=ImportPath,Dir,Imports,TestImports,XTestImports,GoFiles", "./...")
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(out)); dec.More(); {
		var p listed
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatal("go list names no packages")
	}
	return all
}

// golist runs go list on the product's module alone. -e, so that a package
// which does not compile is still held to the plan.
func golist(t *testing.T, root string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-e"}, args...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		exit, _ := errors.AsType[*exec.ExitError](err)
		t.Fatalf("go list: %v\n%s", err, exit.Stderr)
	}
	return string(out)
}

// importComplaints holds a package's imports to the table. Tests may also use
// enttest, the whole server in the process, and sqldb, whose types dbtest hands
// out.
func importComplaints(p listed) []string {
	var all []string
	from := inside(p.ImportPath)
	check := func(imports []string, test bool) {
		for _, imp := range imports {
			to := inside(imp)
			if imp == p.ImportPath || test && (program(to) == "enttest" || to == "kit/sqldb" || to == "schema") {
				continue
			}
			if program(to) == "enttest" && program(from) != "enttest" {
				all = append(all, from+" imports "+to+": only tests may")
				continue
			}
			if why := refuse(from, to); why != "" {
				all = append(all, from+" imports "+to+": "+why)
			}
			if (imp == "database/sql" || imp == "database/sql/driver") && from != "kit/sqldb" {
				all = append(all, from+" imports "+imp+": only kit/sqldb does")
			}
		}
	}
	check(p.Imports, false)
	check(p.TestImports, true)
	check(p.XTestImports, true)
	return all
}

// linkComplaints looks at what programs link, however far below.
func linkComplaints(t *testing.T, root string) []string {
	t.Helper()
	var all []string
	for program, banned := range never {
		if _, err := os.Stat(filepath.Join(root, "internal", program)); errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("the plan speaks of %s, which does not exist", program)
		}
		out := golist(t, root, "-deps", "entente/internal/"+program)
		for dep := range strings.Lines(out) {
			if dep = inside(strings.TrimSpace(dep)); within(dep, banned) {
				all = append(all, program+" links "+dep)
			}
		}
	}
	return all
}

// watchSources reads every folder of the module. go test reuses a result until
// something the test opened has changed, and it does not see what go list opens.
func watchSources(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("../..", func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
