package index

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/veil-proxy/veil/audit"
)

// Filter selects records. All fields that are set must match; zero fields exclude
// nothing.
type Filter struct {
	Consumer, Listener, Outcome, Reason, Project, Ruleset string
	// Operation is an operation or its first words, such as read for "read Patient".
	Operation string
	// Rule selects records in which the rule was applied; Category, a letter, those with a
	// rule of the category; Path those with a rule at the path or below it, such as
	// Patient.name for Patient.name.given. They need not be the same application.
	Rule, Category, Path string
	RequestID            string
	// Since and Until bound the time of records, in whole seconds: at or after Since, and
	// before Until. Fractions of a second are rounded up.
	Since, Until time.Time
	// Before selects records in lines before this one, to get the next page.
	Before uint64
	// Limit is the maximum number of records of a page.
	Limit int
}

// Page has the newest records that match.
type Page struct {
	Records []Record
	// Total is how many records match, on all pages.
	Total uint64
	// Next is Filter.Before for the next page, or zero.
	Next uint64
}

// Record is a record of the log.
type Record struct {
	Seq uint64
	// Line is nil if the log cannot be read at this position; Err says why.
	Line *audit.Line
	Err  error
	// Text is the text of the line.
	Text []byte
	// place is the position of the record, details that of the lines before it.
	place, details audit.Place
}

// errLimit says that the size of a page is missing.
var errLimit = errors.New("the limit of a search must be positive")

// Search returns a page of records, newest first.
func (x *Index) Search(ctx context.Context, f *Filter) (*Page, error) {
	if f.Limit <= 0 {
		return nil, errLimit
	}
	p := &Page{}
	err := x.look(func() error {
		q, err := x.query(f)
		if err != nil {
			return err
		}
		return q.each(ctx, func(m *match) error {
			p.Total += uint64(m.set.count()) //nolint:gosec // not negative
			if len(p.Records) > f.Limit || f.Before > 0 && m.first >= f.Before {
				return nil
			}
			p.Records, err = m.appendTo(p.Records, f.Before, f.Limit+1)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	if len(p.Records) > f.Limit {
		p.Records = p.Records[:f.Limit]
		p.Next = p.Records[f.Limit-1].Seq
	}
	log := audit.OpenPlaces(x.opts.Log)
	defer log.Close()
	for i := range p.Records {
		p.Records[i].fetch(log)
	}
	return p, nil
}

// Each calls a function for each matching record, newest first, without blocking the index
// meanwhile. It stops when the function returns an error. It ignores Filter.Limit.
func (x *Index) Each(ctx context.Context, f *Filter, each func(r *Record) error) error {
	var q *query
	var records []Record
	log := audit.OpenPlaces(x.opts.Log)
	defer log.Close()
	next := func(do func() error) error {
		records = records[:0]
		if err := x.look(do); err != nil {
			return err
		}
		for i := range records {
			records[i].fetch(log)
			if err := errors.Join(ctx.Err(), each(&records[i])); err != nil {
				return err
			}
		}
		return nil
	}
	take := func(m *match, err error) error {
		if err == nil && m != nil {
			records, err = m.appendTo(records, f.Before, blockRecords)
		}
		return err
	}
	err := next(func() (err error) {
		if q, err = x.query(f); err != nil {
			return err
		}
		return take(q.inMemory(), nil)
	})
	for i := len(q.blocks) - 1; err == nil && i >= 0; i-- {
		err = next(func() error {
			if len(x.blocks) == 0 || x.blocks[0].id > q.blocks[i].id {
				return nil // removed meanwhile
			}
			return take(q.match(&q.blocks[i]))
		})
	}
	return err
}

// Record returns the record in the line with this number, and its details, or nil.
func (x *Index) Record(ctx context.Context, seq uint64) (*Record, []*audit.Line, error) {
	var found []Record
	err := x.look(func() error {
		q, err := x.query(&Filter{Before: seq + 1})
		if err != nil {
			return err
		}
		return q.each(ctx, func(m *match) error {
			if seq < m.first || seq > m.last {
				return nil
			}
			found, err = m.appendTo(found, seq+1, 1)
			return err
		})
	})
	if err != nil || len(found) == 0 || found[0].Seq != seq {
		return nil, nil, err
	}
	r := &found[0]
	log := audit.OpenPlaces(x.opts.Log)
	defer log.Close()
	if r.fetch(log); r.Err != nil || r.details.Bytes == 0 {
		return r, nil, nil
	}
	details, _, err := log.Read(r.details)
	return r, details, err
}

// Errors of single records.
var (
	errMoved   = errors.New("the log has a different line at the position of this record: the log was changed")
	errRemoved = errors.New("the segment of this record was removed from the log")
)

// fetch reads a record from the log.
func (r *Record) fetch(log *audit.Places) {
	lines, text, err := log.Read(r.place)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.Err = errRemoved
	case err != nil:
		r.Err = err
	case len(lines) != 1 || lines[0].Seq != r.Seq:
		r.Err = errMoved
	default:
		r.Line, r.Text = lines[0], text
	}
}

// look runs a function on the index while it does not change.
func (x *Index) look(do func() error) error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.store == nil {
		problem := x.status.Problem
		if problem == "" {
			problem = "the audit index is being opened: try again in a moment"
		}
		return &UnavailableError{problem}
	}
	err := do()
	if errors.Is(err, errForm) {
		err = errDamaged
	}
	if canBuild(err) {
		select {
		case x.rebuild <- err:
		default:
		}
		return &UnavailableError{err.Error() + ": it is being rebuilt from the log"}
	}
	return err
}
