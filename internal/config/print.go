package config

import (
	"io"
	"strings"
)

// Write prints the configuration as a file that can be read again.
func (c *Config) Write(w io.Writer) error {
	p := &printing{}
	p.line("veil: 1", "version of this format")
	for _, s := range c.settings() {
		s.print(p)
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}

// printing is a configuration being printed.
type printing struct {
	out     strings.Builder
	indent  int
	dash    bool // the next line begins an item of a list
	comment bool // what is printed is commented out
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

// asComment prints settings that are not set.
func (p *printing) asComment(s setting) {
	before := p.comment
	p.comment = true
	s.print(p)
	p.comment = before
}

// printed is a setting as it is printed.
func printed(s setting) string {
	p := &printing{}
	s.print(p)
	return p.out.String()
}
