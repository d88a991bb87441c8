// Package automation runs scripts of a tenant on a host of that tenant, and
// keeps what they printed.
//
// An automation account is a resource of package managedidentity, which knows
// its identities. It holds runbooks: scripts for a shell or for PowerShell, each
// with a draft and a published text. A job is one run of a published text, by
// hand or by a schedule. It goes to one worker of the tenant, under a lease that
// the worker renews while it is at work:
//
//	New        → Activating, Stopped
//	Activating → Running, Stopping, Failed, New
//	Running    → Completed, Failed, Stopping, New
//	Stopping   → Stopped, Completed, Failed
//
// Completed, Failed and Stopped are final. State names are those of Azure
// Automation (jobStatus). A job is queued (New) a second time only when its
// worker was lost and its runbook says that it may be run again; each run has a
// number, and what a worker says of an earlier run is refused. A worker that was
// handed a text may have begun it, whether or not it could say so.
//
// Leases end by the wall clock, schedules by the tenant's. The rules take both
// as arguments and know neither the database nor the network.
package automation
