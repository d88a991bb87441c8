// Package isolation holds the test that walks every route of every edge with
// another tenant's tokens, cookies and identifiers.
//
// The routes come from what the edges declare: the registry of the Graph edge,
// the tables of the others. Each is asked three times: by a stranger for what is
// the victim's, by the stranger for what does not exist, and, at last, by the
// victim. The first two must be answered alike, the third must succeed, or the
// route was never reached. Between them no row of the victim's has changed, and
// nothing in an answer to the stranger is known to the victim alone.
//
// A route without an example here fails the test.
package isolation
