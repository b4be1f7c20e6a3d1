package queue

import "context"

// rescue queues jobs again that no process runs: running ones without a heartbeat, and
// queued ones that River lists as running or finished, as when a process ends between the
// two updates. suspects has the queued ones found before, since only a second look
// decides about them. If all is set, no other process can run jobs.
func (q *Queue) rescue(ctx context.Context, e engine, suspects map[string]bool, all bool) (next map[string]bool, err error) {
	before := now() - q.config.Stale.Microseconds()
	if all {
		before = now() + 1
	}
	var ids []string
	err = e.query(ctx, "SELECT id FROM veil_job WHERE state = 'running' AND heartbeat < $1", []any{before}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return suspects, err
	}
	next = map[string]bool{}
	err = e.query(ctx, `SELECT v.id FROM veil_job v LEFT JOIN river_job r ON r.id = v.river
		WHERE v.state IN ('queued', 'waiting') AND (r.id IS NULL OR r.state IN ('running', 'completed', 'cancelled', 'discarded'))`, nil, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		if all || suspects[id] {
			ids = append(ids, id)
		} else {
			next[id] = true
		}
		return err
	})
	if err != nil {
		return suspects, err
	}
	for _, id := range ids {
		err := e.within(ctx, func(tx transaction) error {
			n, err := tx.exec(ctx, `UPDATE veil_job SET state = 'queued', owner = '' WHERE id = $1 AND (state = 'running' AND heartbeat < $2 OR state IN ('queued', 'waiting'))`, id, before)
			if err != nil || n == 0 {
				return err
			}
			q.config.Logger.Warn("a job is continued, since its process ended", "job", id)
			return tx.enqueue(ctx, id)
		})
		if err != nil {
			return next, err
		}
	}
	return next, nil
}
