// Package quick has what tests need less of than those who are served.
package quick

import "entente/internal/core/directory"

// Passwords is the least that a password check can cost: tests make people by
// the hundred, and nobody guesses at their passwords.
var Passwords = directory.Cost{Memory: 8, Passes: 1}
