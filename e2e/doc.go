// Package e2e holds no code, only tests: the pages as people meet them, in
// Debian's Chromium, against a lab that runs as a process of its own.
//
// One browser serves all cases; each case has a profile of its own in it, as a
// private window has. Where a case stops on a page it looks around: axe-core
// finds nothing at any impact, in light and dark, on a phone and on a desk;
// nothing is wider than the window; the browser complained of nothing (script,
// Content-Security-Policy, forms); and with ENTENTE_SCREENSHOTS set to a folder
// the page is photographed, in forced colors too.
//
// Without Chromium, or without axe-core in e2e/js, the cases are skipped and
// say so; with CI=true they fail.
package e2e
