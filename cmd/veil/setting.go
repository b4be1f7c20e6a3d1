package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/veil-proxy/veil/mask"
)

// setting is one name of the configuration file: a value, or a section of
// further names. It reads into, and prints from, the place it was made with.
type setting struct {
	name, doc string
	read      func(r *reading, path string, n mask.Node)
	print     func(p *printing)
}

// reading is a configuration file being read.
type reading struct {
	mask.Tree
	// at has the places of all settings that the file has, by path, such as
	// "consumers.keys[0].sha256".
	at map[string]mask.Position
}

// section reads a mapping of settings.
func (r *reading) section(path string, n mask.Node, settings []setting) {
	fields := map[string]mask.Field{}
	for _, s := range settings {
		fields[s.name] = func(n mask.Node) {
			inner := strings.TrimPrefix(path+"."+s.name, ".")
			r.at[inner] = r.At(n)
			s.read(r, inner, n)
		}
	}
	r.Mapping(n, fields, nil)
}

// value is a setting of one line. read returns what is wrong with a text.
func value(name, doc string, read func(s string) (problem string), show func() string) setting {
	return setting{name, doc,
		func(r *reading, path string, n mask.Node) {
			s, ok := r.Text(n)
			if !ok {
				return
			}
			if isSecret(s) {
				r.Bad(n, "%s: %s", path, secretInConfig)
			} else if problem := read(s); problem != "" {
				r.Bad(n, "%s: %s", path, problem)
			}
		},
		func(p *printing) { p.line(name+": "+show(), doc) },
	}
}

// text is a setting of any text. A check, if there is one, returns what is wrong
// with it.
func text(name, doc string, to *string, checks ...func(string) string) setting {
	return value(name, doc, func(s string) string {
		for _, check := range checks {
			if problem := check(s); s != "" && problem != "" {
				return problem
			}
		}
		*to = s
		return ""
	}, func() string { return strconv.Quote(*to) })
}

func number(name, doc string, to *int, least int) setting {
	return value(name, doc, func(s string) string {
		n, err := strconv.Atoi(s)
		if err != nil || n < least || strconv.Itoa(n) != s {
			return fmt.Sprintf("want a whole number of %d or more", least)
		}
		*to = n
		return ""
	}, func() string { return strconv.Itoa(*to) })
}

// decimal is a number of 0 or more with a point.
func decimal(name, doc string, to *float64) setting {
	return value(name, doc, func(s string) string {
		n, err := strconv.ParseFloat(s, 64)
		if err != nil || !(n >= 0) {
			return "want a number of 0 or more"
		}
		*to = n
		return ""
	}, func() string { return strconv.FormatFloat(*to, 'g', -1, 64) })
}

func duration(name, doc string, to *time.Duration) setting {
	return value(name, doc, func(s string) string {
		d, err := time.ParseDuration(s)
		if err != nil || d <= 0 {
			return "want a duration such as 30s"
		}
		*to = d
		return ""
	}, func() string { return to.String() })
}

// pause is a duration that may be 0.
func pause(name, doc string, to *time.Duration) setting {
	return value(name, doc, func(s string) string {
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 {
			return "want a duration such as 5s, or 0s"
		}
		*to = d
		return ""
	}, func() string { return to.String() })
}

func yesno(name, doc string, to *bool) setting {
	return value(name, doc, func(s string) string {
		if s != "true" && s != "false" {
			return "want true or false"
		}
		*to = s == "true"
		return ""
	}, func() string { return strconv.FormatBool(*to) })
}

// day is a date; empty for none.
func day(name, doc string, to *mask.Date) setting {
	return value(name, doc, func(s string) string {
		if s == "" {
			*to = mask.Date{}
			return ""
		}
		d, err := mask.ParseDate(s)
		if err != nil {
			return err.Error()
		}
		*to = d
		return ""
	}, func() string {
		if to.IsZero() {
			return `""`
		}
		return strconv.Quote(to.String())
	})
}

// texts is a list of texts.
func texts(name, doc string, to *[]string, checks ...func(string) string) setting {
	return setting{name, doc,
		func(r *reading, path string, n mask.Node) {
			r.Sequence(n, func(item mask.Node) {
				inner := fmt.Sprintf("%s[%d]", path, len(*to))
				var one string
				r.at[inner] = r.At(item)
				text("", "", &one, checks...).read(r, inner, item)
				*to = append(*to, one)
			})
		},
		func(p *printing) {
			quoted := make([]string, len(*to))
			for i, s := range *to {
				quoted[i] = strconv.Quote(s)
			}
			p.line(name+": ["+strings.Join(quoted, ", ")+"]", doc)
		},
	}
}

// section is a setting that has further ones.
func section(name, doc string, settings ...setting) setting {
	return setting{name, doc,
		func(r *reading, path string, n mask.Node) { r.section(path, n, settings) },
		func(p *printing) {
			p.line(name+":", doc)
			p.nested(settings)
		},
	}
}

// optional is a section that may be left out as a whole.
func optional[T any](name, doc string, to **T, settings func(*T) []setting) setting {
	return setting{name, doc,
		func(r *reading, path string, n mask.Node) {
			*to = new(T)
			r.section(path, n, settings(*to))
		},
		func(p *printing) {
			if *to != nil {
				section(name, doc, settings(*to)...).print(p)
				return
			}
			p.asComment(section(name, doc, settings(new(T))...))
		},
	}
}

// list is a list of sections.
func list[T any](name, doc string, to *[]T, settings func(*T) []setting) setting {
	items := func(p *printing, items []T) {
		p.line(name+":", doc)
		for i := range items {
			p.item(settings(&items[i]))
		}
	}
	return setting{name, doc,
		func(r *reading, path string, n mask.Node) {
			r.Sequence(n, func(item mask.Node) {
				inner := fmt.Sprintf("%s[%d]", path, len(*to))
				r.at[inner] = r.At(item)
				var one T
				r.section(inner, item, settings(&one))
				*to = append(*to, one)
			})
		},
		func(p *printing) {
			if len(*to) > 0 {
				items(p, *to)
				return
			}
			p.asComment(setting{print: func(p *printing) { items(p, make([]T, 1)) }})
		},
	}
}

// printing is a configuration being printed.
type printing struct {
	out     strings.Builder
	indent  int
	dash    bool // the next line begins an item of a list
	comment bool // what is printed is not in force
}

func (p *printing) line(text, doc string) {
	lead := strings.Repeat(" ", p.indent)
	if p.dash {
		lead = lead[:p.indent-2] + "- "
		p.dash = false
	}
	if p.comment {
		lead = "# " + lead
	}
	p.out.WriteString(lead + text)
	if doc != "" {
		p.out.WriteString(" # " + doc)
	}
	p.out.WriteByte('\n')
}

func (p *printing) nested(settings []setting) {
	p.indent += 2
	for _, s := range settings {
		s.print(p)
	}
	p.indent -= 2
}

func (p *printing) item(settings []setting) {
	p.indent += 2
	p.dash = true
	p.nested(settings)
	p.indent -= 2
}

// asComment prints what could be set, for who wants to.
func (p *printing) asComment(s setting) {
	before := p.comment
	p.comment = true
	s.print(p)
	p.comment = before
}
