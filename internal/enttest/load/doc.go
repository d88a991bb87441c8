// Package load measures what access packages cost (section 8 of the plan): a
// lifecycle from the request to its end, with few and with many assignments
// stored, and a hundred thousand ends that are due at one minute while tokens are
// asked for. doc/performance.md has the commands and what came of them.
package load
