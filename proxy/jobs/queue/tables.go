package queue

import "context"

// The tables of this package, in addition to those of River. Times are microseconds since
// 1970, and structures are stored as JSON text, so that both databases have the same
// tables.
var tables = []string{
	`CREATE TABLE IF NOT EXISTS veil_job (
		id TEXT PRIMARY KEY,
		kind TEXT NOT NULL,
		operator TEXT NOT NULL,
		view TEXT NOT NULL,
		spec TEXT NOT NULL,
		basis TEXT NOT NULL,
		target TEXT NOT NULL,
		idempotency_key TEXT NOT NULL,
		digest TEXT NOT NULL,
		state TEXT NOT NULL,
		cancel BIGINT NOT NULL DEFAULT 0,
		owner TEXT NOT NULL DEFAULT '',
		river BIGINT NOT NULL DEFAULT 0,
		starts BIGINT NOT NULL DEFAULT 0,
		failures BIGINT NOT NULL DEFAULT 0,
		created BIGINT NOT NULL,
		started BIGINT NOT NULL DEFAULT 0,
		ended BIGINT NOT NULL DEFAULT 0,
		heartbeat BIGINT NOT NULL DEFAULT 0,
		progress TEXT NOT NULL DEFAULT '',
		error TEXT NOT NULL DEFAULT '',
		problems TEXT NOT NULL DEFAULT '',
		result TEXT NOT NULL DEFAULT '',
		memory TEXT NOT NULL DEFAULT ''
	)`,
	`CREATE UNIQUE INDEX IF NOT EXISTS veil_job_idempotency ON veil_job (operator, idempotency_key) WHERE idempotency_key <> ''`,
	`CREATE INDEX IF NOT EXISTS veil_job_created ON veil_job (created, id)`,
	`CREATE INDEX IF NOT EXISTS veil_job_state ON veil_job (state)`,
	`CREATE INDEX IF NOT EXISTS veil_job_ended ON veil_job (ended)`,
	`CREATE TABLE IF NOT EXISTS veil_job_record (
		job TEXT NOT NULL,
		number BIGINT NOT NULL,
		ruleset TEXT NOT NULL,
		key TEXT NOT NULL,
		project TEXT NOT NULL,
		input TEXT NOT NULL,
		output TEXT NOT NULL,
		record TEXT NOT NULL,
		PRIMARY KEY (job, number)
	)`,
	`CREATE INDEX IF NOT EXISTS veil_job_record_output ON veil_job_record (output)`,
}

func createTables(ctx context.Context, e engine) error {
	return e.within(ctx, func(tx transaction) error {
		for _, statement := range tables {
			if _, err := tx.exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}
