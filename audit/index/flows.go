package index

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
)

// Flow is what one consumer received from one view through one listener.
type Flow struct {
	Consumer, Listener, Project, Ruleset string
	Requests, Refused, Failed, Rows      uint64
	// Last is the minute in which the last request began.
	Last time.Time
}

// Flows returns who received what between two minutes, the second excluded, largest first.
func (x *Index) Flows(ctx context.Context, from, to time.Time) (all []Flow, err error) {
	found := map[source]*Flow{}
	err = x.look(func() error {
		return x.counted(ctx, "minute", minuteOf(from.Unix()), minuteOf(seconds(to)-1), func(at int64, id uint32, n uint64) {
			if id == 0 || int(id) > len(x.series.list) {
				return
			}
			s := &x.series.list[id-1]
			f := found[s.source]
			if f == nil {
				f = &Flow{Consumer: s.consumer, Listener: s.listener, Project: s.project, Ruleset: s.ruleset}
				found[s.source] = f
			}
			switch s.metric {
			case Requests:
				f.Requests += n
				if last := time.Unix(at*60, 0).UTC(); last.After(f.Last) {
					f.Last = last
				}
			case Refusals:
				f.Refused += n
			case Failures:
				f.Failed += n
			case Rows:
				f.Rows += n
			}
		})
	})
	for _, f := range found {
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b Flow) int {
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), strings.Compare(a.Consumer, b.Consumer), strings.Compare(a.Listener, b.Listener), strings.Compare(a.Project, b.Project), strings.Compare(a.Ruleset, b.Ruleset))
	})
	return all, err
}
