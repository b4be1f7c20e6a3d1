package metrics

import (
	"strings"
	"sync"

	vm "github.com/VictoriaMetrics/metrics"
)

// maxMembers is how many members a family has at most.
const maxMembers = 200

// family is a metric with labels: one member for each combination of their
// values.
type family[M any] struct {
	name   string
	labels []string // one or two
	create func(name string) M

	mu      sync.RWMutex
	members map[[2]string]M
}

func counters(s *vm.Set, name string, labels ...string) *family[*vm.Counter] {
	return &family[*vm.Counter]{name: name, labels: labels, create: s.NewCounter, members: map[[2]string]*vm.Counter{}}
}

func histograms(s *vm.Set, name string, labels ...string) *family[*vm.PrometheusHistogram] {
	return &family[*vm.PrometheusHistogram]{name: name, labels: labels, members: map[[2]string]*vm.PrometheusHistogram{},
		create: func(name string) *vm.PrometheusHistogram { return s.NewPrometheusHistogramExt(name, seconds) }}
}

// of returns the member of label values, which are words that were checked.
func (f *family[M]) of(values ...string) M {
	var key [2]string
	copy(key[:], values)
	f.mu.RLock()
	m, ok := f.members[key]
	f.mu.RUnlock()
	if ok {
		return m
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.members) >= maxMembers {
		for i := range f.labels {
			key[i] = "other"
		}
	}
	if m, ok = f.members[key]; ok {
		return m
	}
	var pairs []string
	for i, label := range f.labels {
		pairs = append(pairs, label+`="`+key[i]+`"`)
	}
	m = f.create(f.name + "{" + strings.Join(pairs, ",") + "}")
	f.members[key] = m
	return m
}

// fixedWords returns s if it can be words of the code, and "other" if not: 1 to
// 40 small letters, digits, spaces and hyphens, not beginning with a space.
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
