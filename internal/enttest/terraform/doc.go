// Package terraform holds no code, only a test: the requests of Terraform's
// azuread provider, in its order, with its headers, its polling and its explicit
// nulls. The provider itself is not to be had everywhere.
//
// What makes a second plan differ from what was applied is that an answer does
// not show what was sent, so each resource is compared as a whole.
package terraform
