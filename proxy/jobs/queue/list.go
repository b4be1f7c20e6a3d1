package queue

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Filter selects the jobs of a list. The zero value selects all of them, newest first.
type Filter struct {
	States         []State
	Kind, Operator string
	// Limit is the maximum length of a page; 0 means defaultLimit.
	Limit int
	// After is the Next of the previous page.
	After string
}

// Limits of a page.
const (
	defaultLimit = 50
	mostLimit    = 200
)

// ErrCursor says that a filter's After is not the Next of any page.
var ErrCursor = errors.New("the cursor was not returned by a list")

// Page is a part of a list.
type Page struct {
	Jobs []*Job
	// Next continues the list; empty at its end.
	Next string
}

// List returns jobs, newest first. A page begins after the last job of the previous
// page, whatever was queued meanwhile.
func (q *Queue) List(ctx context.Context, f Filter) (*Page, error) {
	e, err := q.opened()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	limit := f.Limit
	if limit <= 0 || limit > mostLimit {
		limit = defaultLimit
	}
	var where []string
	var args []any
	place := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	if len(f.States) > 0 {
		var in []string
		for _, s := range f.States {
			in = append(in, place(string(s)))
		}
		where = append(where, "state IN ("+strings.Join(in, ", ")+")")
	}
	if f.Kind != "" {
		where = append(where, "kind = "+place(f.Kind))
	}
	if f.Operator != "" {
		where = append(where, "operator = "+place(f.Operator))
	}
	if f.After != "" {
		created, id, err := parseCursor(f.After)
		if err != nil {
			return nil, err
		}
		where = append(where, fmt.Sprintf("(created, id) < (%s, %s)", place(created), place(id)))
	}
	statement := "SELECT " + columns + " FROM veil_job"
	if len(where) > 0 {
		statement += " WHERE " + strings.Join(where, " AND ")
	}
	statement += " ORDER BY created DESC, id DESC LIMIT " + strconv.Itoa(limit+1)
	p := &Page{}
	err = e.query(ctx, statement, args, func(scan func(...any) error) error {
		j := &Job{}
		p.Jobs = append(p.Jobs, j)
		return j.scan(scan)
	})
	if err != nil {
		return nil, failure(err)
	}
	if len(p.Jobs) > limit {
		p.Jobs = p.Jobs[:limit]
		last := p.Jobs[limit-1]
		p.Next = cursor(last.Created, last.ID)
	}
	return p, nil
}

// cursor is the position of a job in a list.
func cursor(created time.Time, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(created.UnixMicro(), 10) + "." + id))
}

func parseCursor(text string) (created int64, id string, err error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return 0, "", ErrCursor
	}
	micros, id, ok := strings.Cut(string(b), ".")
	created, err = strconv.ParseInt(micros, 10, 64)
	if !ok || err != nil || strings.ContainsRune(id, 0) {
		return 0, "", ErrCursor
	}
	return created, id, nil
}

// Get returns a job, or ErrNone.
func (q *Queue) Get(ctx context.Context, id string) (*Job, error) {
	e, err := q.opened()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	j, err := byID(ctx, e, id)
	return j, failure(err)
}
