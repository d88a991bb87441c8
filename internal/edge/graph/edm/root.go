package edm

// roots are the types on which all others stand.
// https://learn.microsoft.com/graph/api/resources/directoryobject?view=graph-rest-1.0
var roots = Schema{Entities: []Entity{
	{Name: "entity", Abstract: true, Props: []Prop{
		{Name: "id", Type: String, NotNull: true, Filter: "eq in; ne not"},
	}},
	{Name: "directoryObject", Base: "entity", Props: []Prop{
		{Name: "deletedDateTime", Type: DateTimeOffset},
	}, Shared: []Prop{
		{Name: "displayName", Type: String, Filter: "; eq ne not in sw", Order: "A", Search: ByWords},
	}},
}}
