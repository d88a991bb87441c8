// Package interop holds no code, only tests: other people's clients, unmodified
// and at pinned versions, against a lab that runs as a process of its own.
//
// The clients are azidentity, MSAL for Go, go-oidc and x/oauth2, and, where
// Node is installed, @azure/identity, MSAL Node, openid-client, oauth4webapi and
// the Microsoft Graph client for JavaScript, which manages people, groups and
// applications too, and, where it is installed, the Azure CLI. They stand in a module of their own so that
// the product does not depend on them. oauth2-proxy, a web application to sign in
// to, is built from the module oauth2proxy.
//
// Each client is given what `entente lab env` prints and nothing else.
package interop
