package odata

import (
	"fmt"
	"strings"
	"time"
)

// show writes a tree on one line, for comparing.
func show(e Expr) string {
	switch e := e.(type) {
	case nil:
		return "nothing"
	case *Logic:
		return "(" + strings.Join(showAll(e.Parts), " "+e.Op+" ") + ")"
	case *Not:
		return "not " + show(e.X)
	case *Compare:
		return "(" + show(e.X) + " " + e.Op + " " + show(e.Y) + ")"
	case *In:
		var list []string
		for _, l := range e.List {
			list = append(list, show(l))
		}
		return "(" + show(e.X) + " in [" + strings.Join(list, " ") + "])"
	case *Call:
		return e.Name + "(" + strings.Join(showAll(e.Args), " ") + ")"
	case *Lambda:
		quantifier := "any"
		if e.All {
			quantifier = "all"
		}
		return fmt.Sprintf("%s(%s %s: %s)", quantifier, show(e.Path), e.Var, show(e.Body))
	case *Path:
		return strings.Join(e.Names, "/")
	case *Literal:
		return showLiteral(e)
	}
	return fmt.Sprintf("%T", e)
}

func showAll(list []Expr) []string {
	var s []string
	for _, e := range list {
		s = append(s, show(e))
	}
	return s
}

func showLiteral(l *Literal) string {
	switch l.Kind {
	case Null:
		return "null"
	case Bool:
		return fmt.Sprintf("bool:%d", l.Int)
	case Int:
		return fmt.Sprintf("int:%d", l.Int)
	case Decimal:
		return "decimal:" + l.Text
	case String:
		return fmt.Sprintf("%q", l.Text)
	case GUID:
		return "guid:" + l.Text
	case Date:
		return "date:" + l.Time.Format(time.DateOnly)
	case DateTime:
		return "time:" + l.Time.Format(time.RFC3339Nano)
	default:
		return l.Type + ":" + l.Text
	}
}

// showSearch writes a search on one line.
func showSearch(s Search) string {
	switch s := s.(type) {
	case *SearchList:
		var parts []string
		for _, p := range s.Parts {
			parts = append(parts, showSearch(p))
		}
		return "(" + strings.Join(parts, " "+s.Op+" ") + ")"
	case *SearchNot:
		return "not " + showSearch(s.X)
	case *SearchTerm:
		if s.Quoted {
			return fmt.Sprintf("%q", s.Text)
		}
		return s.Text
	}
	return "nothing"
}

// showExpand writes the items of $expand on one line.
func showExpand(list []Expand) string {
	var items []string
	for _, e := range list {
		s := strings.Join(e.Path, "/")
		if e.Ref {
			s += "/$ref"
		}
		if e.Count {
			s += "/$count"
		}
		if o := showNested(&e.Options); o != "" {
			s += "(" + o + ")"
		}
		items = append(items, s)
	}
	return strings.Join(items, ",")
}

func showNested(o *Options) string {
	var s []string
	if o.Filter != nil {
		s = append(s, "filter="+show(o.Filter))
	}
	if o.Search != nil {
		s = append(s, "search="+showSearch(o.Search))
	}
	for _, i := range o.Select {
		s = append(s, "select="+strings.Join(i.Path, "/"))
	}
	if o.Expand != nil {
		s = append(s, "expand="+showExpand(o.Expand))
	}
	if o.Top != nil {
		s = append(s, fmt.Sprintf("top=%d", *o.Top))
	}
	if o.Levels != 0 {
		s = append(s, fmt.Sprintf("levels=%d", o.Levels))
	}
	return strings.Join(s, ";")
}
