package metrics

import (
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	vm "github.com/VictoriaMetrics/metrics"
)

// maxMembers bounds the members of a family.
const maxMembers = 200

// family is a metric with labels: one member for each combination of their
// values.
type family[M any] struct {
	name   string
	labels []string // one or two
	clean  func(string) string
	create func(name string) M

	// members are by values that clean has let through. The map is never changed: to add a
	// member, which is rare, it is replaced.
	members atomic.Pointer[map[[2]string]M]
	adding  sync.Mutex
}

func newFamily[M any](name string, labels []string, clean func(string) string, create func(string) M) *family[M] {
	f := &family[M]{name: name, labels: labels, clean: clean, create: create}
	f.members.Store(&map[[2]string]M{})
	return f
}

func counters(s *vm.Set, name string, labels ...string) *family[*vm.Counter] {
	return newFamily(name, labels, fixedWords, s.NewCounter)
}

func histograms(s *vm.Set, name string, labels ...string) *family[*vm.PrometheusHistogram] {
	return newFamily(name, labels, fixedWords, func(name string) *vm.PrometheusHistogram { return s.NewPrometheusHistogramExt(name, seconds) })
}

// of returns the member for label values; b is empty if there is one label.
func (f *family[M]) of(a, b string) M {
	if m, ok := (*f.members.Load())[[2]string{a, b}]; ok {
		return m
	}
	key := [2]string{f.clean(a), b}
	if len(f.labels) > 1 {
		key[1] = f.clean(b)
	}
	if m, ok := (*f.members.Load())[key]; ok {
		return m
	}
	return f.add(key)
}

// add returns the member for values that clean has let through, and creates it if
// necessary.
func (f *family[M]) add(key [2]string) M {
	f.adding.Lock()
	defer f.adding.Unlock()
	members := *f.members.Load()
	if _, ok := members[key]; !ok && len(members) >= maxMembers {
		for i := range f.labels {
			key[i] = "other"
		}
	}
	if m, ok := members[key]; ok {
		return m
	}
	var pairs []string
	for i, label := range f.labels {
		pairs = append(pairs, label+`="`+key[i]+`"`)
	}
	m := f.create(f.name + "{" + strings.Join(pairs, ",") + "}")
	members = maps.Clone(members)
	members[key] = m
	f.members.Store(&members)
	return m
}

// fixedWords returns s if it has the form of fixed words in the code, and "other" if not:
// 1 to 40 lowercase letters, digits, spaces and hyphens, not beginning with a space.
func fixedWords(s string) string {
	if s == "" || len(s) > 40 || s[0] == ' ' || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789 -") != "" {
		return "other"
	}
	return s
}

// category returns the Safe Harbor identifiers that a rule is about, letters
// from A to R, "none" where it is about none, and "other" for any other text.
func category(s string) string {
	switch {
	case s == "":
		return "none"
	case len(s) > 18 || strings.Trim(s, "ABCDEFGHIJKLMNOPQR") != "":
		return "other"
	}
	return s
}
