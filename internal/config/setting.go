package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/mask/civil"
)

// setting is one name of the configuration file: a value, or a section of further names.
// It has everything about the setting: what it means, when a changed value takes effect,
// which flag and environment variable set it, and how it is read and printed. It reads
// into, and prints from, the variable that it was created with.
type setting struct {
	name, doc string
	effect    effect
	flag, env string
	// placeholder is the placeholder of the flag's value in help, such as FILE.
	placeholder string
	inner       []setting // of a section
	// each returns the settings of an item of a list, of a section that is optional as a
	// whole, or of one that the operator names; suffix is what such a name ends in.
	each   func() []setting
	suffix string
	isBool bool
	// set sets the value from a text, and returns what is wrong with it; nil for what is not
	// a value.
	set   func(text string) (problem string)
	read  func(r *reading, path string, n strictyaml.Node)
	print func(p *printing)
}

// effect says when a changed value takes effect.
type effect int

const (
	inherited effect = iota // as for the section that contains the setting
	reload                  // at SIGHUP
	restart                 // when the process starts
	// switched is for sections whose values take effect at a reload, but which can be
	// switched on or off only when the process starts.
	switched
)

func (s setting) at(e effect) setting {
	s.effect = e
	return s
}

// flagged names the flag of veil serve that sets a value, and its placeholder in help.
func (s setting) flagged(name, placeholder string) setting {
	s.flag, s.placeholder = name, placeholder
	return s
}

// fromEnv names the environment variable that contains the default of a value.
func (s setting) fromEnv(name string) setting {
	s.env = name
	return s
}

// reading is a configuration file being read.
type reading struct {
	strictyaml.Tree
	problems *problems
}

// section reads a mapping of settings.
func (r *reading) section(path string, n strictyaml.Node, settings []setting) {
	r.problems.attribute(parent(path))
	fields := map[string]strictyaml.Field{}
	for _, s := range settings {
		fields[s.name] = func(n strictyaml.Node) {
			inner := strings.TrimPrefix(path+"."+s.name, ".")
			r.problems.at[inner] = r.At(n)
			s.read(r, inner, n)
		}
	}
	r.Mapping(n, fields, nil)
	r.problems.attribute(path)
}

// value is a setting with a single value. set returns what is wrong with a text.
func value(name, doc string, set func(text string) (problem string), show func() string) setting {
	return setting{
		name: name, doc: doc, set: set,
		read: func(r *reading, path string, n strictyaml.Node) {
			text, ok := r.Text(n)
			if !ok {
				return
			}
			if problem := setText(set, text); problem != "" {
				r.Bad(n, "%s: %s", path, problem)
			}
		},
		print: func(p *printing) { p.line(name+": "+show(), doc) },
	}
}

// setText sets a value, unless it is a secret: secrets do not belong in a configuration.
func setText(set func(string) string, text string) (problem string) {
	if isSecret(text) {
		return belongsInFile
	}
	return set(text)
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
			return fmt.Sprintf("expected a whole number of %d or more", least)
		}
		*to = n
		return ""
	}, func() string { return strconv.Itoa(*to) })
}

// decimal is a number of 0 or more with a point.
func number64(name, doc string, to *int64) setting {
	n := int(*to)
	s := number(name, doc, &n, 0)
	set := s.set
	return value(name, doc, func(text string) string {
		problem := set(text)
		*to = int64(n)
		return problem
	}, func() string { return strconv.FormatInt(*to, 10) })
}

func decimal(name, doc string, to *float64) setting {
	return value(name, doc, func(s string) string {
		n, err := strconv.ParseFloat(s, 64)
		if err != nil || !(n >= 0) {
			return "expected a number of 0 or more"
		}
		*to = n
		return ""
	}, func() string { return strconv.FormatFloat(*to, 'g', -1, 64) })
}

func duration(name, doc string, to *time.Duration) setting {
	return value(name, doc, func(s string) string {
		d, err := time.ParseDuration(s)
		if err != nil || d <= 0 {
			return "expected a duration such as 30s"
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
			return "expected a duration such as 5s, or 0s"
		}
		*to = d
		return ""
	}, func() string { return to.String() })
}

func boolean(name, doc string, to *bool) setting {
	s := value(name, doc, func(s string) string {
		if s != "true" && s != "false" {
			return "expected true or false"
		}
		*to = s == "true"
		return ""
	}, func() string { return strconv.FormatBool(*to) })
	s.isBool = true
	return s
}

// day is a date; empty for none.
func day(name, doc string, to *civil.Date) setting {
	return value(name, doc, func(s string) string {
		if s == "" {
			*to = civil.Date{}
			return ""
		}
		d, err := civil.Parse(s)
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
	return setting{
		name: name, doc: doc,
		read: func(r *reading, path string, n strictyaml.Node) {
			r.Sequence(n, func(item strictyaml.Node) {
				inner := fmt.Sprintf("%s[%d]", path, len(*to))
				var one string
				r.problems.at[inner] = r.At(item)
				text("", "", &one, checks...).read(r, inner, item)
				*to = append(*to, one)
			})
		},
		print: func(p *printing) {
			quoted := make([]string, len(*to))
			for i, s := range *to {
				quoted[i] = strconv.Quote(s)
			}
			p.line(name+": ["+strings.Join(quoted, ", ")+"]", doc)
		},
	}
}

// section is a setting that contains other settings.
func section(name, doc string, settings ...setting) setting {
	return setting{
		name: name, doc: doc, inner: settings,
		read: func(r *reading, path string, n strictyaml.Node) { r.section(path, n, settings) },
		print: func(p *printing) {
			p.line(name+":", doc)
			p.nested(settings)
		},
	}
}

// defaulted is a section whose defaults are not zero values.
type defaulted interface{ setDefaults() }

// fresh sets the defaults of a section in which nothing is set. The function that makes
// its settings must not do so, since it is also called for sections that have values.
func fresh[T any]() *T {
	section := new(T)
	if d, ok := any(section).(defaulted); ok {
		d.setDefaults()
	}
	return section
}

// optional is a section that may be left out as a whole.
func optional[T any](name, doc string, to **T, settings func(*T) []setting) setting {
	return setting{
		name: name, doc: doc, each: func() []setting { return settings(fresh[T]()) },
		read: func(r *reading, path string, n strictyaml.Node) {
			*to = fresh[T]()
			r.section(path, n, settings(*to))
		},
		print: func(p *printing) {
			if *to != nil {
				section(name, doc, settings(*to)...).print(p)
				return
			}
			p.asComment(section(name, doc, settings(fresh[T]())...))
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
	return setting{
		name: name, doc: doc, each: func() []setting { return settings(new(T)) }, suffix: "[]",
		read: func(r *reading, path string, n strictyaml.Node) {
			r.Sequence(n, func(item strictyaml.Node) {
				inner := fmt.Sprintf("%s[%d]", path, len(*to))
				r.problems.at[inner] = r.At(item)
				var one T
				r.section(inner, item, settings(&one))
				*to = append(*to, one)
			})
		},
		print: func(p *printing) {
			if len(*to) > 0 {
				items(p, *to)
				return
			}
			p.asComment(setting{print: func(p *printing) { items(p, make([]T, 1)) }})
		},
	}
}
