package pgproxy

import (
	"context"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veil-proxy/veil/internal/pgtest"
)

// endless is a query that runs until it is ended, and costs nothing meanwhile. It is for
// the database that waiting returns.
const endless = "SELECT count(*) FROM clinic.dictionary WHERE id <> 3000000"

var waits struct {
	sync.Mutex
	db   *pgtest.Database
	lock *pgconn.PgConn
}

// waiting returns a database with the table clinic.dictionary, whose rows never come: its only
// partition is locked while the process lives. The tests of the process share it.
func waiting(t testing.TB) *pgtest.Database {
	t.Helper()
	waits.Lock()
	defer waits.Unlock()
	if waits.db != nil {
		return waits.db
	}
	db := pgtest.Start(t).SharedDatabase(t, "waits")
	db.Exec(t, "CREATE SCHEMA clinic; CREATE TABLE clinic.dictionary (id int) PARTITION BY LIST (id); CREATE TABLE clinic.part PARTITION OF clinic.dictionary DEFAULT")
	db.GrantRead(t, "clinic")
	conn, err := pgconn.Connect(context.Background(), db.DSN(pgtest.Owner))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Exec(context.Background(), "BEGIN; LOCK TABLE clinic.part").Close(); err != nil {
		t.Fatal(err)
	}
	waits.db, waits.lock = db, conn
	return db
}
