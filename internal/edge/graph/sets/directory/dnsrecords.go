package directory

import (
	"context"

	"github.com/google/uuid"

	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/sqldb"
)

// dnsTypes are the types of records in a domain's zone.
// https://learn.microsoft.com/graph/api/resources/domaindnsrecord?view=graph-rest-1.0
func dnsTypes() []edm.Entity {
	text, number := edm.String, edm.Int32
	return []edm.Entity{
		{Name: "domainDnsRecord", Base: "entity", Props: []edm.Prop{
			{Name: "isOptional", Type: edm.Boolean, NotNull: true},
			{Name: "label", Type: text, NotNull: true},
			{Name: "recordType", Type: text},
			{Name: "supportedService", Type: text, NotNull: true},
			{Name: "ttl", Type: number, NotNull: true},
		}},
		{Name: "domainDnsTxtRecord", Base: "domainDnsRecord", Props: []edm.Prop{{Name: "text", Type: text, NotNull: true}}},
		{Name: "domainDnsMxRecord", Base: "domainDnsRecord", Props: []edm.Prop{
			{Name: "mailExchange", Type: text, NotNull: true},
			{Name: "preference", Type: number},
		}},
	}
}

// A dnsRecord is how a record looks.
type dnsRecord struct {
	ID         string `json:"id"`
	IsOptional bool   `json:"isOptional"`
	Label      string `json:"label"`
	Type       string `json:"recordType"`
	Service    string `json:"supportedService"`
	TTL        int    `json:"ttl"`
}

type (
	txtRecord struct {
		dnsRecord
		Text string `json:"text"`
	}
	mxRecord struct {
		dnsRecord
		Exchange   string `json:"mailExchange"`
		Preference int    `json:"preference"`
	}
)

const (
	proofTTL        = 3600  // seconds
	proofPreference = 32767 // the last exchange that mail would try
)

// dnsSpace is where the identifiers of records come from: they follow from
// tenant, domain and type.
var dnsSpace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:entente:domain-dns-record"))

// proofs returns the records of which one proves the domain.
func proofs(t *tenant.Tenant, d tenant.Domain) ([]edm.Item, error) {
	of := func(kind string) dnsRecord {
		id := uuid.NewSHA1(dnsSpace, []byte(string(t.ID)+"/"+d.Name+"/"+kind)).String()
		return dnsRecord{ID: id, Label: d.Name, Type: kind, Service: "Email", TTL: proofTTL}
	}
	txt, mx := of("Txt"), of("Mx")
	a, err := item(txt.ID, txtRecord{txt, d.ProofText()})
	if err != nil {
		return nil, err
	}
	b, err := item(mx.ID, mxRecord{mx, d.ProofExchange(), proofPreference})
	a.Type, b.Type = edm.Of("domainDnsTxtRecord"), edm.Of("domainDnsMxRecord")
	return []edm.Item{a, b}, err
}

// verificationRecords are the records of which the owner of a domain publishes
// one to prove it.
// https://learn.microsoft.com/graph/api/domain-list-verificationdnsrecords?view=graph-rest-1.0
func (s Services) verificationRecords() *edm.Set {
	all := func(ctx context.Context, r *edm.Request) ([]edm.Item, error) {
		return ofDomain(ctx, s, r, r.Parent(), func(_ *sqldb.Tx, t *tenant.Tenant, d tenant.Domain) ([]edm.Item, error) { return proofs(t, d) })
	}
	return &edm.Set{
		Path: edm.Both("verificationDnsRecords"), Type: edm.Of("domainDnsRecord"), Unpaged: true,
		Doc: "https://learn.microsoft.com/graph/api/domain-list-verificationdnsrecords?view=graph-rest-1.0",
		List: edm.List{May: readRecords, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			list, err := all(ctx, r)
			return edm.Page{Items: list}, err
		}},
		Get: edm.Get{May: readRecords, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			list, err := all(ctx, r)
			for _, it := range list {
				if it.ID == r.ID {
					return it, err
				}
			}
			if err == nil {
				err = object.Missing(r.ID)
			}
			return edm.Item{}, err
		}},
	}
}

// configurationRecords are the records that a domain's services need. No
// service here needs any: mail and telephony are elsewhere.
// https://learn.microsoft.com/graph/api/domain-list-serviceconfigurationrecords?view=graph-rest-1.0
func (s Services) configurationRecords() *edm.Set {
	return &edm.Set{
		Path: edm.Both("serviceConfigurationRecords"), Type: edm.Of("domainDnsRecord"), Unpaged: true,
		Doc: "https://learn.microsoft.com/graph/api/domain-list-serviceconfigurationrecords?view=graph-rest-1.0",
		List: edm.List{May: readRecords, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			return ofDomain(ctx, s, r, r.Parent(), func(*sqldb.Tx, *tenant.Tenant, tenant.Domain) (edm.Page, error) { return edm.Page{}, nil })
		}},
	}
}
