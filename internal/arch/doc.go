// Package arch keeps the plan of the house true: doc/architecture.md, section 3.
//
// It has no code of its own. Its tests read the packages of the module and say
// which import or call leaves its floor; planted.txtar holds one violation of
// each rule, and a test proves that every one of them is found.
package arch
