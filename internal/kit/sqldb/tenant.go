package sqldb

import (
	"regexp"
	"slices"

	"entente/internal/kit/fault"
)

// allTenants is the comment by which a statement says that it means every
// tenant, and why.
var allTenants = regexp.MustCompile(`(?s)/\*\s*all tenants:\s*[^\s*].*?\*/`)

// tenantFault returns why a statement on tenants' tables is refused, or nil.
//
// In every (sub)query each table with a tenant_id column must have that column
// bound: compared in a where or on clause with something that is not just the
// same column of another unbound table, and not beside an "or" that would open
// another way. An insert must list the column.
func tenantFault(query string, tokens []token, tenant map[string]bool) error {
	for _, t := range tokens {
		if t.kind == comment && allTenants.MatchString(t.text) {
			return nil
		}
	}
	c := tenantCheck{tenant: tenant, tokens: slices.DeleteFunc(slices.Clone(tokens), func(t token) bool { return t.kind == comment })}
	if table := c.run(); table != "" {
		return fault.New(fault.Internal, "A statement does not say which tenant it means.").
			Wrap(errTenant{table, query})
	}
	return nil
}

// errTenant names the table whose tenant_id is not bound.
type errTenant struct{ table, query string }

func (e errTenant) Error() string {
	return "tenant_id of table " + e.table + " is not bound; bind it, or say /* all tenants: reason */: " + e.query
}

// A tenantCheck walks once through a statement.
type tenantCheck struct {
	tokens []token
	tenant map[string]bool
	frames []frame
	serial int
	fault  string // the first table found unbound
}

// A frame is an open parenthesis, or the statement itself. A parenthesis that
// begins a subquery has a scope of its own; others share the scope around them.
type frame struct {
	*scope
	own  bool
	id   int // changes with each clause, so that an "or" counts for its clause only
	open int
}

// A scope is one select, update, delete or insert.
type scope struct {
	clause string
	refs   []ref
	binds  []bind
	ors    map[int]bool // frames with an "or" of their own
	using  bool         // joined with using (tenant_id …)
}

// A ref is a table with tenants' rows under its name in the statement.
type ref struct{ table, alias string }

// A bind is one comparison of a tenant_id.
type bind struct {
	alias string // empty when unqualified
	other string // the table of this scope it is compared with, or empty
	edge  bool   // compared with the tenant_id of another table of this scope
	chain []int  // the frames it stands in
}

func (c *tenantCheck) run() string {
	c.push(true, -1)
	for i := 0; i < len(c.tokens) && c.fault == ""; i++ {
		c.step(i)
	}
	for len(c.frames) > 0 {
		c.pop()
	}
	return c.fault
}

func (c *tenantCheck) at(i int) token {
	if i < 0 || i >= len(c.tokens) {
		return token{kind: punct}
	}
	return c.tokens[i]
}

func (c *tenantCheck) top() *frame { return &c.frames[len(c.frames)-1] }

func (c *tenantCheck) push(own bool, open int) {
	c.serial++
	f := frame{own: own, id: c.serial, open: open}
	if own {
		f.scope = &scope{ors: map[int]bool{}}
	} else {
		f.scope = c.top().scope
	}
	c.frames = append(c.frames, f)
}

func (c *tenantCheck) pop() {
	f := c.top()
	if f.own {
		c.settle(f.scope)
	}
	c.frames = c.frames[:len(c.frames)-1]
}

func (c *tenantCheck) step(i int) {
	t := c.at(i)
	switch {
	case t.is("("):
		n := c.at(i + 1)
		c.push(n.is("select") || n.is("with") || n.is("insert") || n.is("update") || n.is("delete"), i)
	case t.is(")"):
		if len(c.frames) > 1 {
			c.pop()
		}
	case t.is(",") && c.top().clause == "from":
		c.table(i + 1)
	case t.kind == word:
		c.keyword(i, t.text)
	}
}

// keyword follows the clauses of the statement.
func (c *tenantCheck) keyword(i int, w string) {
	prev := c.at(i - 1)
	switch w {
	case "union", "intersect", "except":
		c.settle(c.top().scope)
		*c.top().scope = scope{ors: map[int]bool{}}
	case "from", "join":
		if !prev.is("distinct") {
			c.clause("from")
			c.table(i + 1)
		}
	case "update":
		if !prev.is("for") && !prev.is("do") {
			c.clause("from")
			c.table(i + 1)
		}
	case "into":
		c.insert(i + 1)
	case "using":
		if !c.at(i + 1).is("(") {
			c.clause("from")
			c.table(i + 1)
		} else if c.listed(i + 1) {
			c.top().using = true
		}
	case "select", "where", "set", "group", "order", "having", "limit", "offset", "returning", "values", "on":
		c.clause(w)
	case "or":
		c.top().ors[c.top().id] = true
	case "tenant_id":
		if cl := c.top().clause; cl == "where" || cl == "on" {
			c.compare(i)
		}
	}
}

// clause enters a clause.
func (c *tenantCheck) clause(name string) {
	f := c.top()
	f.clause = name
	c.serial++
	f.id = c.serial
}

// table notes the table named at i, if it has tenants' rows.
func (c *tenantCheck) table(i int) {
	for c.at(i).is("only") || c.at(i).is("lateral") {
		i++
	}
	if c.at(i + 1).is(".") {
		i += 2
	}
	name := c.at(i)
	if name.kind != word || !c.tenant[name.text] {
		return
	}
	alias := c.at(i + 1)
	if alias.is("as") {
		alias = c.at(i + 2)
	}
	if alias.kind != word || notAlias[alias.text] {
		alias = name
	}
	s := c.top().scope
	s.refs = append(s.refs, ref{name.text, alias.text})
}

// notAlias are the words that may follow a table without an alias.
var notAlias = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range []string{"where", "on", "join", "left", "right", "inner", "outer", "cross", "full", "natural", "set", "group",
		"order", "limit", "using", "returning", "union", "intersect", "except", "values", "for", "having", "default", "indexed", "not",
		"select", "window", "offset", "fetch", "from"} {
		m[w] = true
	}
	return m
}()

// insert checks that the table named at i has its tenant_id listed.
func (c *tenantCheck) insert(i int) {
	if c.at(i + 1).is(".") {
		i += 2
	}
	name := c.at(i)
	if !c.tenant[name.text] {
		return
	}
	open := i + 1
	if c.at(open).is("as") {
		open += 2
	}
	if !c.at(open).is("(") || !c.listed(open) {
		c.fault = name.text
	}
}

// listed reports whether the parenthesis that opens at i lists tenant_id.
func (c *tenantCheck) listed(i int) bool {
	for i++; i < len(c.tokens) && !c.at(i).is(")"); i++ {
		if c.at(i).is("tenant_id") {
			return true
		}
	}
	return false
}

// compare notes the comparison in which the tenant_id at i takes part.
func (c *tenantCheck) compare(i int) {
	alias, start := c.qualifier(i)
	var b bind
	switch after, before := c.at(i+1), c.at(start-1); {
	case after.is("in"):
		b = bind{alias: alias}
	case after.is("="):
		j := i + 2
		if c.at(j + 1).is(".") {
			j += 2
		}
		b = c.bindWith(alias, j)
	case before.is("="):
		b = c.bindWith(alias, start-2)
	case c.rowValue():
		b = bind{alias: alias}
	default:
		return
	}
	for k := len(c.frames) - 1; k >= 0; k-- {
		b.chain = append(b.chain, c.frames[k].id)
		if c.frames[k].own {
			break
		}
	}
	s := c.top().scope
	s.binds = append(s.binds, b)
}

// qualifier returns the name before the column at i, and where it begins.
func (c *tenantCheck) qualifier(i int) (string, int) {
	if c.at(i - 1).is(".") {
		return c.at(i - 2).text, i - 2
	}
	return "", i
}

// bindWith is a comparison with the operand whose last token is at j.
func (c *tenantCheck) bindWith(alias string, j int) bind {
	if !c.at(j).is("tenant_id") {
		return bind{alias: alias}
	}
	other, _ := c.qualifier(j)
	return bind{alias: alias, other: other, edge: true}
}

// rowValue reports whether the innermost parenthesis is compared as a row.
func (c *tenantCheck) rowValue() bool {
	f := c.top()
	if f.own {
		return false
	}
	depth, i := 0, f.open
	for ; i < len(c.tokens); i++ {
		if c.at(i).is("(") {
			depth++
		} else if c.at(i).is(")") {
			if depth--; depth == 0 {
				break
			}
		}
	}
	return c.at(i+1).is("=") || c.at(i+1).is("in") || c.at(f.open-1).is("=")
}

// settle decides, at the end of a scope, whether each of its tables is bound.
func (c *tenantCheck) settle(s *scope) {
	bound := map[string]bool{}
	binds := slices.DeleteFunc(slices.Clone(s.binds), func(b bind) bool {
		return slices.ContainsFunc(b.chain, func(id int) bool { return s.ors[id] })
	})
	here := func(alias string) bool {
		return slices.ContainsFunc(s.refs, func(r ref) bool { return r.alias == alias })
	}
	for range len(binds) + 1 {
		for _, b := range binds {
			switch {
			case !b.edge || !here(b.other):
				bound[b.alias] = true
			case bound[b.other]:
				bound[b.alias] = true
			case bound[b.alias]:
				bound[b.other] = true
			}
		}
	}
	for _, r := range s.refs {
		if !bound[r.alias] && !(bound[""] && (len(s.refs) == 1 || s.using)) && c.fault == "" {
			if !(s.using && anyBound(s, bound)) {
				c.fault = r.table
			}
		}
	}
}

func anyBound(s *scope, bound map[string]bool) bool {
	return slices.ContainsFunc(s.refs, func(r ref) bool { return bound[r.alias] })
}
