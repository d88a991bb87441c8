package cli

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write the files that the tests compare")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"entente": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScripts plays the scripts in testdata: command, expected output, expected
// exit.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", UpdateScripts: *update, Cmds: map[string]func(*testscript.TestScript, bool, []string){
		"exits": exits,
	}})
}

// exits runs a command and compares its exit code: exits CODE COMMAND…
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("%v exits with %s, want %s", args[1:], got, args[0])
	}
}

// TestDocumented compares doc/cli.md with the commands.
func TestDocumented(t *testing.T) {
	const path = "../../doc/cli.md"
	var out bytes.Buffer
	out.WriteString("# Commands\n\nPrinted from the program: `go test ./internal/cli -update` writes this page.\n\n" +
		"The exit code is 0 when it was done, 1 when it was refused or failed, 2 when the command was called wrongly.\n")
	document(&out, (&program{}).root())
	if *update {
		if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("doc/cli.md is not what the commands say (-file +commands):\n%s", diff)
	}
}

// document writes a command's help and that of those below it.
func document(out *bytes.Buffer, cmd *cobra.Command) {
	if cmd.Hidden {
		return
	}
	if cmd.Runnable() {
		fmt.Fprintf(out, "\n## %s\n\n%s.\n\n", cmd.CommandPath(), cmd.Short)
		if cmd.Long != "" {
			fmt.Fprintf(out, "%s\n\n", cmd.Long)
		}
		fmt.Fprintf(out, "    %s\n", cmd.UseLine())
		if cmd.Example != "" {
			fmt.Fprintf(out, "\nFor example:\n\n")
			for l := range strings.Lines(cmd.Example) {
				fmt.Fprintf(out, "  %s", l)
			}
			fmt.Fprintln(out)
		}
		documentFlags(out, cmd)
	}
	for _, c := range cmd.Commands() {
		document(out, c)
	}
}

func documentFlags(out *bytes.Buffer, cmd *cobra.Command) {
	var rows []string
	row := func(f *pflag.Flag) {
		name := "`--" + f.Name + "`"
		if f.Shorthand != "" {
			name = "`-" + f.Shorthand + "`, " + name
		}
		byDefault := ""
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" {
			byDefault = " (`" + f.DefValue + "`)"
		}
		rows = append(rows, fmt.Sprintf("| %s | %s%s |", name, strings.ReplaceAll(f.Usage, "|", `\|`), byDefault))
	}
	cmd.LocalFlags().VisitAll(row)
	cmd.InheritedFlags().VisitAll(row)
	if len(rows) > 0 {
		fmt.Fprintf(out, "\n| flag | meaning |\n|---|---|\n%s\n", strings.Join(rows, "\n"))
	}
}
