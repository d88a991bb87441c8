package edm

import (
	"errors"
	"slices"
	"strings"

	"entente/internal/core/authz"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/odata"
	"entente/internal/kit/query"
)

// Why a query is refused.
const (
	UnknownInFilter fault.Reason = "edm.unknown_in_filter" // no such property
	WrongLiteral    fault.Reason = "edm.wrong_literal"     // the value is not of the property's type
	NoSuchOperator  fault.Reason = "edm.no_such_operator"  // the property is not asked this way
	NotIndexed      fault.Reason = "edm.not_indexed"       // nor in an advanced query
	TooMany         fault.Reason = "edm.too_many"          // alternatives, outside an advanced query
	NeedsAdvanced   fault.Reason = "edm.needs_advanced"    // ConsistencyLevel and $count are missing
	UnknownInOrder  fault.Reason = "edm.unknown_in_order"  // no such property in $orderby
	NotSortable     fault.Reason = "edm.not_sortable"      // $orderby on this property
)

// An Asker says in whose name and how a query is asked.
type Asker struct {
	Version  Version
	Type     Type
	Advanced bool // ConsistencyLevel: eventual and $count=true
	Grant    Grant
	Scope    any // whose words are searched: the tenant
}

// Filter turns a parsed $filter into a condition on the noun's fields. A nil
// expression is no condition.
func (r *Registry) Filter(a Asker, e odata.Expr) (query.Expr, error) {
	if e == nil {
		return nil, nil
	}
	l := &lowering{r: r, a: a}
	return l.expr(e)
}

// A lowering walks a filter.
type lowering struct {
	r       *Registry
	a       Asker
	negated bool
	element *element // within a lambda
}

// An element is what a lambda's variable stands for.
type element struct {
	name string
	of   *Prop
}

// A leaf is a property that is compared.
type leaf struct {
	root  *Prop // of the entity; a part of it may be meant
	prop  *Prop
	typ   Type
	field string
}

func (l *lowering) expr(e odata.Expr) (query.Expr, error) {
	switch e := e.(type) {
	case *odata.Logic:
		return l.logic(e)
	case *odata.Not:
		return l.not(e)
	case *odata.Compare:
		return l.compare(e)
	case *odata.In:
		return l.in(e)
	case *odata.Call:
		return l.call(e)
	case *odata.Lambda:
		return l.lambda(e)
	case *odata.Path:
		f, err := l.leaf(e, "eq")
		if err != nil {
			return nil, err
		}
		if f.typ != Boolean {
			return nil, l.mismatch(f, "Edm.Boolean", "eq")
		}
		return query.Compare{Field: f.field, Op: query.Eq, Value: true}, nil
	}
	return nil, invalidFilter("The filter is no condition.")
}

func (l *lowering) logic(e *odata.Logic) (query.Expr, error) {
	parts := make([]query.Expr, len(e.Parts))
	for i, p := range e.Parts {
		var err error
		if parts[i], err = l.expr(p); err != nil {
			return nil, err
		}
	}
	if e.Op == "or" {
		return query.Or(parts), l.alternatives(len(parts))
	}
	return query.And(parts), nil
}

func (l *lowering) not(e *odata.Not) (query.Expr, error) {
	was := l.negated
	l.negated = true
	defer func() { l.negated = was }()
	x, err := l.expr(e.X)
	return query.Not{X: x}, err
}

// ops are the comparisons, the word each is declared under, and what remains
// when the sides change places.
var ops = map[string]struct {
	op      query.Op
	word    string
	swapped string
}{
	"eq": {query.Eq, "eq", "eq"},
	"ne": {query.Ne, "ne", "ne"},
	"lt": {query.Lt, "le", "gt"},
	"le": {query.Le, "le", "ge"},
	"gt": {query.Gt, "ge", "lt"},
	"ge": {query.Ge, "ge", "le"},
}

func (l *lowering) compare(e *odata.Compare) (query.Expr, error) {
	path, isPath := e.X.(*odata.Path)
	lit, isLiteral := e.Y.(*odata.Literal)
	op := e.Op
	if !isPath {
		path, isPath = e.Y.(*odata.Path)
		lit, isLiteral = e.X.(*odata.Literal)
		op = ops[op].swapped
	}
	if !isPath || !isLiteral {
		return nil, invalidFilter("A comparison needs a property and a value.")
	}
	if last := len(path.Names) - 1; path.Names[last] == "$count" {
		return l.count(path.Names[:last], op, lit)
	}
	word := ops[op].word
	if lit.Kind == odata.Null {
		if op != "eq" && op != "ne" {
			return nil, invalidFilter("Only eq and ne compare with null.")
		}
		word = "null"
	}
	f, err := l.leaf(path, word)
	if err != nil {
		return nil, err
	}
	v, err := l.literal(f, lit, op)
	return query.Compare{Field: f.field, Op: ops[op].op, Value: v}, err
}

func (l *lowering) count(names []string, op string, lit *odata.Literal) (query.Expr, error) {
	if e := l.r.entities[l.a.Type]; e != nil && l.element == nil && len(names) == 1 && slices.Contains(e.Counted, names[0]) {
		return l.countPart(names[0], op, lit)
	}
	f, err := l.resolve(names)
	if err != nil {
		return nil, err
	}
	if !f.prop.Type.IsMany() {
		return nil, l.refuse(f.prop)
	}
	if err := l.allow(f, "cnt"); err != nil {
		return nil, err
	}
	if lit.Kind != odata.Int || lit.Int < 0 || lit.Int > 1<<31 {
		return nil, invalidFilter("$count is compared with a whole number.")
	}
	return query.Count{Field: f.field, Op: ops[op].op, N: int(lit.Int)}, nil
}

// countPart compares how many entities a part has: with none or one, for equal
// or not, as the directory does.
func (l *lowering) countPart(name, op string, lit *odata.Literal) (query.Expr, error) {
	switch {
	case !l.a.Advanced:
		return nil, NeedAdvanced()
	case l.a.Grant.Only != nil:
		return nil, authz.Refuse().With("property", name)
	case lit.Kind != odata.Int || lit.Int < 0 || lit.Int > 1 || op != "eq" && op != "ne":
		return nil, fault.Because(fault.Invalid, NoSuchOperator,
			"Unsupported or invalid query filter clause specified for property '%s' of resource '%s'.", name, l.a.Type.Resource()).With("property", name)
	}
	return query.Count{Field: name, Op: ops[op].op, N: int(lit.Int)}, nil
}

func (l *lowering) in(e *odata.In) (query.Expr, error) {
	path, ok := e.X.(*odata.Path)
	if !ok {
		return nil, invalidFilter("Before in stands a property.")
	}
	f, err := l.leaf(path, "in")
	if err != nil {
		return nil, err
	}
	in := query.In{Field: f.field}
	for _, lit := range e.List {
		v, err := l.literal(f, lit, "in")
		if err != nil {
			return nil, err
		}
		in.Values = append(in.Values, v)
	}
	return in, l.alternatives(len(in.Values))
}

// maxAlternatives is how many values or conditions may stand for one another
// outside an advanced query.
const maxAlternatives = 15

func (l *lowering) alternatives(n int) error {
	if n > maxAlternatives && !l.a.Advanced {
		return fault.Because(fault.Invalid, TooMany,
			"Too many child clauses specified in search filter expression containing 'OR' operators: %d. Max allowed: %d.", n, maxAlternatives)
	}
	return nil
}

func (l *lowering) call(e *odata.Call) (query.Expr, error) {
	if len(e.Args) != 2 {
		return nil, invalidFilter("The function " + e.Name + " takes two arguments.")
	}
	path, isPath := e.Args[0].(*odata.Path)
	lit, isLiteral := e.Args[1].(*odata.Literal)
	if !isPath || !isLiteral || lit.Kind != odata.String {
		return nil, invalidFilter("The function " + e.Name + " takes a property and a text.")
	}
	word := map[string]string{"startswith": "sw", "endswith": "ew", "contains": "contains"}[e.Name]
	f, err := l.leaf(path, word)
	if err != nil {
		return nil, err
	}
	if f.typ != String {
		return nil, l.mismatch(f, "Edm.String", e.Name)
	}
	switch word {
	case "sw":
		return query.StartsWith{Field: f.field, Value: lit.Text}, nil
	case "ew":
		return query.EndsWith{Field: f.field, Value: lit.Text}, nil
	}
	return query.Contains{Field: f.field, Value: lit.Text}, nil
}

func (l *lowering) lambda(e *odata.Lambda) (query.Expr, error) {
	f, err := l.resolve(e.Path.Names)
	switch {
	case err != nil:
		return nil, err
	case !f.prop.Type.IsMany() || e.All || l.element != nil:
		return nil, l.refuse(f.prop)
	case e.Body == nil:
		return query.Any{Field: f.field}, l.allow(f, "cnt")
	}
	if !l.a.Grant.Reaches(f.root.Name) {
		return nil, outOfReach(f.root)
	}
	l.element = &element{e.Var, f.prop}
	defer func() { l.element = nil }()
	body, err := l.expr(e.Body)
	return query.Any{Field: f.field, Of: body}, err
}

// leaf resolves a path to a single value and checks that op may be asked of it.
func (l *lowering) leaf(path *odata.Path, op string) (leaf, error) {
	f, err := l.resolve(path.Names)
	if err != nil {
		return f, err
	}
	if f.typ.IsMany() || l.r.complex[f.typ] != nil {
		return f, l.refuse(f.prop)
	}
	return f, l.allow(f, op)
}

// resolve follows a path's names through the types.
func (l *lowering) resolve(names []string) (leaf, error) {
	t := l.a.Type
	var at leaf
	switch {
	case len(names) > 0 && (names[0] == "$it" || names[0] == "$this"):
		names = names[1:]
	case l.element != nil:
		if len(names) == 0 || names[0] != l.element.name {
			return at, invalidFilter("Within any, only the collection's elements can be compared.")
		}
		t = l.element.of.Type.Item()
		names = names[1:]
		if len(names) == 0 {
			return leaf{l.element.of, l.element.of, t, ""}, nil
		}
	}
	if f := l.r.fields[t]; f != nil && l.element == nil && len(names) > 1 {
		if p := f.paths[l.a.Version][strings.ToLower(strings.Join(names, "/"))]; p != nil {
			return leaf{p, p, p.Type, p.field()}, nil
		}
	}
	for i, name := range names {
		p := l.r.FoldProp(t, l.a.Version, name)
		if p == nil && i == 0 {
			p = l.r.shared(t, name)
		}
		if p == nil {
			return at, fault.Because(fault.Invalid, UnknownInFilter,
				"Could not find a property named '%.100s' on type '%s'.", name, t).With("property", name)
		}
		if i == 0 {
			at.root = p
		}
		at.prop, at.typ, at.field = p, p.Type, at.field+p.field()
		if i < len(names)-1 {
			at.field += "/"
		}
		t = p.Type
	}
	if at.prop == nil {
		return at, invalidFilter("The filter names no property.")
	}
	return at, nil
}

// allow checks a property's operator, and the negation around it.
func (l *lowering) allow(f leaf, op string) error {
	if l.element == nil && !l.a.Grant.Reaches(f.root.Name) {
		return outOfReach(f.root)
	}
	have := f.prop.supports(op)
	if op == "null" && have == unsupported {
		return l.refuse(f.prop)
	}
	if l.negated && have != unsupported {
		if not := f.prop.supports("not"); not == unsupported || not == advanced {
			have = not
		}
	}
	switch {
	case have == unsupported && l.a.Advanced && f.prop.Filter != "" && ordinary[op]:
		return fault.Because(fault.Invalid, NotIndexed, "The filter uses the property '%s' in a way that is not indexed.", f.prop.In(l.a.Version))
	case have == unsupported:
		return l.refuse(f.prop)
	case have == advanced && !l.a.Advanced:
		return NeedAdvanced()
	}
	return nil
}

// NeedAdvanced refuses what is possible in an advanced query alone.
func NeedAdvanced() error {
	return fault.Because(fault.Invalid, NeedsAdvanced, "Unsupported Query.").
		WithFix("Send the header ConsistencyLevel: eventual and the query option $count=true.")
}

// ordinary are the operators that the directory takes on one property or
// another.
var ordinary = map[string]bool{"eq": true, "ne": true, "ge": true, "le": true, "in": true, "sw": true, "ew": true}

// outOfReach refuses to speak of a property that the caller may not see.
func outOfReach(p *Prop) error { return authz.Refuse().With("property", p.Name) }

func (l *lowering) refuse(p *Prop) error {
	return fault.Because(fault.Invalid, NoSuchOperator,
		"Unsupported or invalid query filter clause specified for property '%s' of resource '%s'.", p.In(l.a.Version), l.a.Type.Resource()).
		With("property", p.Name)
}

func invalidFilter(say string) error {
	return fault.Because(fault.Invalid, WrongLiteral, "%s", say)
}

// operatorKinds are OData's names of operators, for messages.
var operatorKinds = map[string]string{
	"eq": "Equal", "ne": "NotEqual", "lt": "LessThan", "le": "LessThanOrEqual",
	"gt": "GreaterThan", "ge": "GreaterThanOrEqual", "in": "In",
}

func (l *lowering) mismatch(f leaf, found, op string) error {
	kind, ok := operatorKinds[op]
	if !ok {
		kind = op
	}
	return fault.Because(fault.Invalid, WrongLiteral,
		"A binary operator with incompatible types was detected. Found operand types '%s' and '%s' for operator kind '%s'.", f.typ, found, kind)
}

// literal returns a literal as the value of a leaf.
func (l *lowering) literal(f leaf, lit *odata.Literal, op string) (any, error) {
	text := lit.Kind == odata.String || lit.Kind == odata.GUID
	switch {
	case lit.Kind == odata.Null:
		return nil, nil
	case f.typ == String && text && ids.Valid(lit.Text):
		return strings.ToLower(lit.Text), nil // identifiers are stored so, and names compare without regard to case
	case f.typ == String && text:
		return lit.Text, nil
	case f.typ == Guid && text && ids.Valid(lit.Text):
		return strings.ToLower(lit.Text), nil
	case f.typ == Boolean && lit.Kind == odata.Bool:
		return lit.Int == 1, nil
	case (f.typ == Int32 || f.typ == Int64) && lit.Kind == odata.Int:
		return lit.Int, nil
	case f.typ == DateTimeOffset && (lit.Kind == odata.DateTime || lit.Kind == odata.Date):
		return lit.Time, nil
	}
	if e := l.r.enums[f.typ]; e != nil && (lit.Kind == odata.String || lit.Kind == odata.Enum) {
		if word := e.member(lit.Text); word != "" {
			return word, nil
		}
	}
	return nil, l.mismatch(f, literalTypes[lit.Kind], op)
}

var literalTypes = map[odata.Kind]string{
	odata.Bool: "Edm.Boolean", odata.Int: "Edm.Int32", odata.Decimal: "Edm.Double", odata.String: "Edm.String",
	odata.GUID: "Edm.Guid", odata.Date: "Edm.Date", odata.DateTime: "Edm.DateTimeOffset", odata.Enum: "Edm.String",
}

// Order turns a parsed $orderby into sort keys. filtered says that a filter
// stands beside it, which Graph's directory takes in advanced queries only.
func (r *Registry) Order(a Asker, orders []odata.Order, filtered bool) ([]query.Key, error) {
	l := &lowering{r: r, a: a}
	var keys []query.Key
	for _, o := range orders {
		path, ok := o.Expr.(*odata.Path)
		if !ok {
			return nil, notSortable()
		}
		f, err := l.resolve(path.Names)
		switch {
		case errors.Is(err, UnknownInFilter):
			return nil, fault.Because(fault.Invalid, UnknownInOrder, "%s", fault.Public(err).Message)
		case err != nil:
			return nil, err
		case !a.Grant.Reaches(f.root.Name):
			return nil, outOfReach(f.root)
		case f.prop.Order == "":
			return nil, notSortable()
		case !a.Advanced && (f.prop.Order == "A" || filtered && f.prop.Order != "F"):
			return nil, NeedAdvanced()
		}
		keys = append(keys, query.Key{Field: f.field, Desc: o.Desc})
	}
	return keys, nil
}

func notSortable() error {
	return fault.Because(fault.Invalid, NotSortable, "Sorting not supported for current query.")
}
