// Package examples holds the scripts of the stories, as files that people copy
// and as text that the lab plays.
package examples

import _ "embed"

// Runbook is the article's runbook for bash, curl and jq.
//
//go:embed runbook.sh
var Runbook string
