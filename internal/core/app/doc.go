// Package app keeps applications and service principals, which are always two
// things: an application is a definition and lives in its home tenant; a
// service principal is its presence in one tenant, the home tenant included.
// A managed identity has a service principal and no application.
//
// An application defines app roles and delegated scopes, its secrets and
// certificates, its identifier URIs and redirect addresses, and what it asks of
// other resources. A service principal says whether the application may act in
// its tenant at all. What it was granted there is the business of package
// consent; who may stand in for it without a secret, that of federation.
//
// Tokens are decided on rows of the application itself, wherever it lives, so
// that a role switched off or a secret removed in the home tenant counts at
// the next request everywhere. Nothing that decides is copied between tenants.
//
// The nouns are Go structs whose JSON names are Microsoft Graph's, so a Graph
// body merges onto them (object.Merge) and what is stored as face is what
// Graph shows.
package app
