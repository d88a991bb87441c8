// Command entente lets one organization's people and workloads into another's
// systems, and out again. `entente help` lists what it does.
package main

import (
	"os"

	"entente/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
