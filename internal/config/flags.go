package config

import (
	"slices"
	"strings"
)

// Flag is a flag of the command line that sets a setting.
type Flag struct {
	Name, Doc, Setting string
	// Value is the placeholder of the value in help, such as FILE.
	Value string
	// Default is the value without a flag and a file.
	Default string
	Bool    bool
}

// Flags returns the flags of the command line. env looks up environment variables.
func Flags(env func(string) string) []Flag {
	var out []Flag
	each(Default(env).settings(), func(path string, s setting, _ effect) {
		if s.flag != "" {
			_, shown, _ := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(printed(s), "\n"), " # "+s.doc), ": ")
			out = append(out, Flag{Name: s.flag, Doc: s.doc, Setting: path, Value: s.placeholder, Default: strings.Trim(shown, `"`), Bool: s.isBool})
		}
	})
	return out
}

// override puts the values of flags above those of the file.
func (c *Config) override(flags map[string]string) {
	c.problems.flags, c.problems.bad = map[string]string{}, map[string]bool{}
	each(c.settings(), func(path string, s setting, _ effect) {
		value, given := flags[s.flag]
		if s.flag == "" || !given {
			return
		}
		c.problems.flags[path] = s.flag
		if problem := setText(s.set, value); problem != "" {
			c.problems.add(path, "%s", problem)
			c.problems.bad[path] = true
		}
	})
}

// needsRestart returns the settings that differ in next and that a reload cannot
// change, in the order they are printed.
func (c *Config) needsRestart(next *Config) []string {
	var out []string
	now := map[string]string{}
	each(c.settings(), func(path string, s setting, _ effect) { now[path] = printed(s) })
	isOn, wasOn := next.switches(), c.switches()
	each(next.settings(), func(path string, s setting, e effect) {
		switch section := parent(path); {
		case e == restart && printed(s) != now[path]:
			out = append(out, path)
		case e == switched && isOn[section] != wasOn[section] && !slices.Contains(out, section):
			out = append(out, section)
		}
	})
	return out
}

// switches reports, for each section whose effect is switched, whether any of its values
// is set.
func (c *Config) switches() map[string]bool {
	on := map[string]bool{}
	each(c.settings(), func(path string, s setting, e effect) {
		if e == switched {
			on[parent(path)] = on[parent(path)] || !strings.HasPrefix(printed(s), s.name+`: "" #`)
		}
	})
	return on
}
