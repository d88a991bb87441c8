// Package rule reads membership rules, which say by their attributes who belongs
// to something, and tells whether somebody does.
//
// The language is that of dynamic groups in Microsoft Entra ID:
//
//	rule       = and *( "-or" and )
//	and        = not *( "-and" not )
//	not        = "-not" not / "(" rule ")" / comparison
//	comparison = property operator value
//	           / property ( "-any" / "-all" ) "(" rule ")" ; of "_", an item
//	property   = object "." name / "_"
//
// Operators may lack their hyphen. Operators, names and texts ignore case. What
// stands in double quotes escapes a quote with ` or \, what stands in single ones
// doubles it; null, true, false, numbers and times stand without. A property that
// has no value equals null and nothing else, and each operator with "not" is the
// opposite of the one without. An operator on a collection speaks of its items:
// one of them has it.
//
// A rule is read against the properties that there are, so that one which was
// read can be evaluated. What is wrong or not supported is told with its place.
// Reading and evaluating take time in the length of the rule and of the values:
// patterns are RE2's.
// https://learn.microsoft.com/entra/identity/users/groups-dynamic-membership
package rule
