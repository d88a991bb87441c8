// Package offer is what administrators set up for people to ask for: catalogs of
// resources, access packages made of their roles, and policies.
//
// A tenant connects organizations and fills catalogs with resources: groups,
// applications, sites. An access package bundles roles of a catalog's resources;
// its policies say who may ask for it, what they are asked, who approves, until
// when, and which endpoints are called. Roles of ours delegate all that, for a
// catalog or for the tenant; May and Readable are who may do what.
//
// Nothing here knows of requests, or of who has a package. Those are
// flow/entitlement's, which reads what is set up in the transaction in which
// somebody asks, decides or is given something. Only whether a package or policy is
// in use is counted in its tables, for what is in use stays.
//
// A change, its audit entry and its jobs commit together. What a caller may do is
// read in the transaction that does it.
//
// Each noun has a file with its rules, one with its SQL and one with its verbs.
// https://learn.microsoft.com/graph/api/resources/entitlementmanagement-overview?view=graph-rest-1.0
package offer
