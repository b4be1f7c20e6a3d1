package mask

// Snapshot holds the counts of a pass at one moment. The zero value is ready for
// Pass.Snapshot, and can be reused.
type Snapshot struct {
	counts    []uint64
	resources map[string]uint64
}

// Snapshot stores the current counts of the pass in s.
func (p *Pass) Snapshot(s *Snapshot) {
	s.counts = append(s.counts[:0], p.Counts...)
	if s.resources == nil {
		s.resources = map[string]uint64{}
	}
	clear(s.resources)
	for name, n := range p.resources {
		s.resources[name] = n
	}
}

// Tally holds the counts of a pass since a Snapshot, without details and Found.
type Tally struct {
	actions   []actionCount
	resources []Count
}

type actionCount struct {
	action int
	n      uint64
}

// Since returns what the pass has counted since a Snapshot.
func (p *Pass) Since(s *Snapshot) (t Tally) {
	for i, n := range p.Counts {
		if more := n - s.counts[i]; more > 0 {
			t.actions = append(t.actions, actionCount{i, more})
		}
	}
	for name, n := range p.resources {
		if more := n - s.resources[name]; more > 0 {
			t.resources = append(t.resources, Count{name, more})
		}
	}
	return t
}

// Count adds the counts of a Tally.
func (p *Pass) Count(t *Tally) {
	for _, a := range t.actions {
		p.Counts[a.action] += a.n
	}
	for i := range t.resources {
		p.resources[t.resources[i].Name] += t.resources[i].N
	}
}

// Size returns the approximate size of a Tally in bytes.
func (t *Tally) Size() int { return 16*len(t.actions) + 24*len(t.resources) }
