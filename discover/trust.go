package discover

// weighNames sets how reliable the names of each table are: how often they agree with the
// values of columns whose values are clear. One wrong name is an exception; several in a
// table are a habit.
func weighNames(tables []*tableState) {
	all := newTally()
	per := make([]tally, len(tables))
	for i, t := range tables {
		per[i] = newTally()
		for _, b := range t.boards {
			agrees, tells := b.agrees()
			if tells {
				per[i].add(agrees)
				all.add(agrees)
			}
		}
	}
	for i, t := range tables {
		// The rest of the database counts as much as a few columns of the table.
		trust := per[i].with(all.rate(), 3)
		for _, b := range t.boards {
			b.trust = trust
		}
	}
}

type tally struct{ agree, all float64 }

// newTally begins in good faith: four names that were right.
func newTally() tally { return tally{4, 4} }

func (t *tally) add(agrees bool) {
	t.all++
	if agrees {
		t.agree++
	}
}

func (t tally) rate() float64 { return t.agree / t.all }

// with returns the rate combined with another rate that counts as n cases, between 0.15
// and 1: if more than a fifth of the names are wrong, trust falls quickly.
func (t tally) with(rate, n float64) float64 {
	r := (t.agree - 4 + rate*n) / (t.all - 4 + n)
	return clamp(1.6*r-0.6, 0.15, 1)
}

// agrees reports whether the name of a column matches its values and type. It reports
// nothing if either says little.
func (b *board) agrees() (agrees, tells bool) {
	named, margin, _ := b.best(fromName)
	scores := b.scores(fromName)
	if scores[named] < 4 || margin < 0.5 && scores[named] < 5 {
		return false, false
	}
	evidence := b.scores(fromValues, fromType)
	top := 0.0
	for _, s := range evidence {
		top = max(top, s)
	}
	switch {
	case evidence[named] <= -4:
		return false, true // the values or the type rule it out
	case top >= 3.5 && evidence[named] >= top-2:
		return true, true
	case top >= 6 && evidence[named] <= 0.5:
		return false, true
	}
	return false, false
}
