package queue

import "context"

// mostForgotten bounds the jobs that are removed at once, so that the database is not
// blocked for long.
const mostForgotten = 100

// forget removes jobs that ended longer ago than they are kept, with their records,
// results and idempotency keys. Their outputs and the audit log are kept.
func (q *Queue) forget(ctx context.Context, e engine) error {
	if q.config.Keep == 0 {
		return nil
	}
	before := now() - q.config.Keep.Microseconds()
	for {
		var ids []string
		err := e.query(ctx, `SELECT id FROM veil_job WHERE ended > 0 AND ended < $1 AND state NOT IN `+notOver+` ORDER BY ended LIMIT $2`, []any{before, mostForgotten}, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		err = e.within(ctx, func(tx transaction) error {
			for _, id := range ids {
				for _, statement := range []string{"DELETE FROM veil_job_record WHERE job = $1", "DELETE FROM veil_job WHERE id = $1"} {
					if _, err := tx.exec(ctx, statement, id); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		q.config.Logger.Info("jobs were removed from the database, since they ended longer ago than operator.jobs.keep", "jobs", len(ids))
	}
}
