package sqltest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Entry is one statement of a corpus, or a short sequence of them on one
// connection, with what must happen.
type Entry struct {
	// Name is unique within a corpus; File and Line say where it stands.
	Name, File string
	Line       int
	// Expect are the outcomes of which one must come about.
	Expect []Outcome
	// Simple: only the simple protocol can carry it.
	Simple bool
	// Unordered: the order of rows is not compared.
	Unordered bool
	// Copy: the response is COPY data.
	Copy bool
	// Ignore are columns of the response that are not compared, such as OIDs.
	Ignore []string
	// From and Until are the versions of PostgreSQL that have what it reads; 0 is any.
	From, Until int
	// Params are the values of $1 and following, as text.
	Params []string
	Steps  []string
}

// Outcome is one thing that may happen.
type Outcome struct {
	// Word is refused, empty, masked, same, shape or "no canary".
	Word string
	// Codes are the SQLSTATEs of a refusal; any but internal ones when empty.
	Codes []string
}

var (
	outcomeForm = regexp.MustCompile(`^(refused(?: [0-9A-Z]{5})*|empty|masked|same|shape|no canary)( unordered)?( copy)?$`)
	entryName   = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
)

// ReadCorpus reads every .sql file of a folder.
func ReadCorpus(dir string) ([]Entry, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.sql"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("%s: no .sql files", dir)
	}
	var all []Entry
	seen := map[string]string{}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		entries, err := parseCorpus(filepath.Base(file), string(src))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if other, twice := seen[e.Name]; twice {
				return nil, fmt.Errorf("%s:%d: %s is also in %s", e.File, e.Line, e.Name, other)
			}
			seen[e.Name] = e.File
		}
		all = append(all, entries...)
	}
	return all, nil
}

// parseCorpus reads the entries of one file.
func parseCorpus(file, src string) ([]Entry, error) {
	var entries []Entry
	for i, line := range strings.Split(src, "\n") {
		bad := func(format string, args ...any) error {
			return fmt.Errorf("%s:%d: %s", file, i+1, fmt.Sprintf(format, args...))
		}
		if name, ok := strings.CutPrefix(line, "--- "); ok {
			if !entryName.MatchString(name) {
				return nil, bad("name %q: want lower-case words joined by hyphens", name)
			}
			entries = append(entries, Entry{Name: name, File: file, Line: i + 1, Steps: []string{""}})
			continue
		}
		if len(entries) == 0 {
			if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "--") {
				return nil, bad("a statement before the first entry")
			}
			continue
		}
		e := &entries[len(entries)-1]
		step := &e.Steps[len(e.Steps)-1]
		directive, ok := strings.CutPrefix(line, "--: ")
		switch {
		case ok:
			if err := e.directive(directive); err != nil {
				return nil, bad("%v", err)
			}
		case line == "--;":
			e.Steps = append(e.Steps, "")
		case *step == "" && strings.HasPrefix(line, "-- "): // prose before the statement
		default:
			*step += line + "\n"
		}
	}
	for i := range entries {
		e := &entries[i]
		for j := range e.Steps {
			if e.Steps[j] = strings.TrimSpace(e.Steps[j]); e.Steps[j] == "" {
				return nil, fmt.Errorf("%s:%d: %s has an empty statement", file, e.Line, e.Name)
			}
		}
		if len(e.Expect) == 0 {
			return nil, fmt.Errorf("%s:%d: %s says not what must happen", file, e.Line, e.Name)
		}
	}
	return entries, nil
}

func (e *Entry) directive(s string) error {
	word, rest, _ := strings.Cut(s, " ")
	switch word {
	case "simple":
		e.Simple = true
	case "from", "until":
		version, err := strconv.Atoi(rest)
		if err != nil {
			return fmt.Errorf("%q is not a version of PostgreSQL", rest)
		}
		if word == "from" {
			e.From = version
		} else {
			e.Until = version
		}
	case "ignore":
		e.Ignore = append(e.Ignore, strings.Fields(rest)...)
	case "param":
		e.Params = append(e.Params, rest)
	default:
		for _, alternative := range strings.Split(s, " or ") {
			m := outcomeForm.FindStringSubmatch(alternative)
			if m == nil {
				return fmt.Errorf("%q is no outcome", alternative)
			}
			o := Outcome{Word: m[1]}
			if codes, ok := strings.CutPrefix(m[1], "refused"); ok {
				o = Outcome{Word: "refused", Codes: strings.Fields(codes)}
			}
			e.Expect = append(e.Expect, o)
			e.Unordered = e.Unordered || m[2] != ""
			e.Copy = e.Copy || m[3] != ""
		}
	}
	return nil
}

// In reports whether a version of PostgreSQL has what the entry reads.
func (e *Entry) In(version int) bool {
	return version >= e.From && (e.Until == 0 || version <= e.Until)
}

// Expects reports whether the outcome may come about.
func (e *Entry) Expects(word string) bool {
	for _, o := range e.Expect {
		if o.Word == word {
			return true
		}
	}
	return false
}

var placeholder = regexp.MustCompile(`\{\{([^{}|]*)\|([^{}|]*)\}\}|\{\{([a-z]+) ([^{}|]*)\}\}`)

// Fill puts values in the place of {{placeholders}}. {{a|b}} is a, or b where
// other is true; {{word argument}} is what value says.
func Fill(s string, other bool, value func(word, argument string) string) string {
	return placeholder.ReplaceAllStringFunc(s, func(p string) string {
		m := placeholder.FindStringSubmatch(p)
		switch {
		case m[3] != "":
			return value(m[3], m[4])
		case other:
			return m[2]
		}
		return m[1]
	})
}
