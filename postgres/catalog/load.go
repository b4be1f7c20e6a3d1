package catalog

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// VersionSQL returns one row with one text, the state of the system catalogs: a hash over
// the versions of all rows that Load reads. It takes milliseconds: the listener runs it
// about every second, and loads the catalog again if the result differs from Version.
// Between two of these checks, Plan.CheckSQL detects changes.
const VersionSQL = `SELECT pg_catalog.md5(pg_catalog.string_agg(h, ',' ORDER BY h)) FROM (
 SELECT 'c' || c.oid || ' ' || c.xmin AS h FROM pg_catalog.pg_class c WHERE c.oid >= 16384 AND c.relkind IN ('r','p','f','v','m','i','I')
 UNION ALL SELECT 'x' || x.indexrelid || ' ' || x.xmin FROM pg_catalog.pg_index x WHERE x.indexrelid >= 16384
 UNION ALL SELECT 'a' || a.attrelid || ' ' || pg_catalog.count(*) || ' ' || pg_catalog.sum(a.xmin::text::bigint) FROM pg_catalog.pg_attribute a WHERE a.attrelid >= 16384 GROUP BY a.attrelid
 UNION ALL SELECT 't' || t.oid || ' ' || t.xmin FROM pg_catalog.pg_type t WHERE t.oid >= 16384 AND t.typtype IN ('d','e','c','r')
 UNION ALL SELECT 'r' || r.oid || ' ' || r.xmin FROM pg_catalog.pg_rewrite r WHERE r.oid >= 16384
 UNION ALL SELECT 'k' || k.oid || ' ' || k.xmin FROM pg_catalog.pg_cast k WHERE k.oid >= 16384
 UNION ALL SELECT 'i' || i.inhrelid || ' ' || i.inhparent || ' ' || i.xmin FROM pg_catalog.pg_inherits i
 UNION ALL SELECT 'n' || n.oid || ' ' || n.xmin FROM pg_catalog.pg_namespace n WHERE n.oid >= 16384
) AS s`

// Querier runs a query: a *pgx.Conn, a pgx.Tx or a pool.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Load reads the catalog of a database. The session must have the parameters of
// SessionSettings, so that every name in view definitions is qualified. A change while
// it reads results in a different version afterwards.
func Load(ctx context.Context, q Querier) (*Catalog, error) {
	version, err := loadVersion(ctx, q)
	if err != nil {
		return nil, err
	}
	path, err := one(ctx, q, "SELECT pg_catalog.current_setting('search_path')")
	if err != nil {
		return nil, err
	}
	if path != SessionSettings()["search_path"] {
		return nil, fmt.Errorf("load catalog: the session's search_path is not the required one")
	}
	types, err := loadTypes(ctx, q)
	if err != nil {
		return nil, err
	}
	relations, err := loadRelations(ctx, q)
	if err != nil {
		return nil, err
	}
	c, err := New(version, relations, types)
	if err != nil {
		return nil, fmt.Errorf("load catalog: %w", err)
	}
	c.functions = map[relationName]bool{}
	err = each(ctx, q, "SELECT DISTINCT n.nspname::text, p.proname::text FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace", func(r pgx.Rows) error {
		var name relationName
		err := r.Scan(&name.schema, &name.name)
		c.functions[name] = true
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, each(ctx, q, "SELECT oid, nspname::text FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_(toast|temp)'", func(r pgx.Rows) error {
		var oid uint32
		var name string
		err := r.Scan(&oid, &name)
		c.schemas[name] = oid
		return err
	})
}

// loadVersion runs VersionSQL.
func loadVersion(ctx context.Context, q Querier) (string, error) { return one(ctx, q, VersionSQL) }

func one(ctx context.Context, q Querier, sql string) (s string, err error) {
	err = each(ctx, q, sql, func(r pgx.Rows) error { return r.Scan(&s) })
	return s, err
}

func each(ctx context.Context, q Querier, sql string, f func(pgx.Rows) error) error {
	rows, err := q.Query(ctx, sql)
	if err != nil {
		return fmt.Errorf("load catalog: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return fmt.Errorf("load catalog: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("load catalog: %w", err)
	}
	return nil
}

func loadTypes(ctx context.Context, q Querier) ([]Type, error) {
	var types []Type
	at := map[uint32]int{}
	composites := map[uint32]uint32{}
	err := each(ctx, q, `SELECT t.oid, n.nspname::text, t.typname::text, t.typtype::text, t.typbasetype,
  CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END, t.typlen, CASE WHEN t.typtype = 'c' THEN t.typrelid ELSE 0 END
 FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace`, func(r pgx.Rows) error {
		var t Type
		var kind string
		var relation uint32
		if err := r.Scan(&t.OID, &t.Schema, &t.Name, &kind, &t.base, &t.Element, &t.Size, &relation); err != nil {
			return err
		}
		t.Kind, t.Relation = kind[0], relation
		at[t.OID] = len(types)
		if relation != 0 {
			composites[relation] = t.OID
		}
		types = append(types, t)
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = each(ctx, q, "SELECT castsource, casttarget, castcontext = 'i' FROM pg_catalog.pg_cast WHERE castfunc >= 16384 ORDER BY castsource, casttarget", func(r pgx.Rows) error {
		var source uint32
		var cast Cast
		err := r.Scan(&source, &cast.Target, &cast.Implicit)
		if i, ok := at[source]; ok {
			types[i].Casts = append(types[i].Casts, cast)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	err = loadAttributes(ctx, q, "c.relkind = 'c'", func(relation uint32, a Attribute) {
		t := &types[at[composites[relation]]]
		t.Fields = append(t.Fields, a)
	})
	return types, err
}

func loadRelations(ctx context.Context, q Querier) ([]Relation, error) {
	var relations []Relation
	at := map[uint32]int{}
	err := each(ctx, q, `SELECT c.oid, n.nspname::text, c.relname::text, c.relkind::text, c.relkind IN ('r', 'm') AND c.relam = 2, c.xmin::text::bigint,
  CASE WHEN c.relkind = 'v' AND n.nspname NOT IN ('pg_catalog', 'information_schema') THEN pg_catalog.pg_get_viewdef(c.oid) ELSE '' END
 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r','p','f','v','m') AND n.nspname !~ '^pg_(toast|temp)'`, func(r pgx.Rows) error {
		var rel Relation
		var kind string
		var row int64
		if err := r.Scan(&rel.OID, &rel.Schema, &rel.Name, &kind, &rel.Heap, &row, &rel.Definition); err != nil {
			return err
		}
		rel.Kind, rel.Row = kind[0], uint32(row)
		at[rel.OID] = len(relations)
		relations = append(relations, rel)
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = loadAttributes(ctx, q, "c.relkind IN ('r','p','f','v','m')", func(relation uint32, a Attribute) {
		if i, ok := at[relation]; ok {
			relations[i].Columns = append(relations[i].Columns, a)
		}
	})
	if err != nil {
		return nil, err
	}
	pair := func(f func(*Relation, uint32)) func(pgx.Rows) error {
		return func(r pgx.Rows) error {
			var relation, other uint32
			err := r.Scan(&relation, &other)
			if i, ok := at[relation]; ok {
				f(&relations[i], other)
			}
			return err
		}
	}
	err = each(ctx, q, "SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits ORDER BY inhrelid, inhseqno",
		pair(func(r *Relation, parent uint32) { r.Parents = append(r.Parents, parent) }))
	if err != nil {
		return nil, err
	}
	err = each(ctx, q, `SELECT i.indrelid, a.attname::text FROM pg_catalog.pg_index i
 JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
 WHERE i.indisprimary AND i.indisvalid ORDER BY i.indrelid, a.attnum`, func(r pgx.Rows) error {
		var relation uint32
		var name string
		err := r.Scan(&relation, &name)
		if i, ok := at[relation]; ok {
			relations[i].Key = append(relations[i].Key, name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	err = each(ctx, q, "SELECT partrelid, partattrs::int2[] FROM pg_catalog.pg_partitioned_table WHERE partexprs IS NULL", func(r pgx.Rows) error {
		var relation uint32
		var keys []int16
		err := r.Scan(&relation, &keys)
		if i, ok := at[relation]; ok {
			relations[i].Partitioned = keys
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	err = each(ctx, q, `SELECT i.indrelid, i.indexrelid, c.relname::text, i.indkey::int2[] FROM pg_catalog.pg_index i
 JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indexprs IS NULL AND i.indpred IS NULL ORDER BY i.indexrelid`, func(r pgx.Rows) error {
		var relation uint32
		var index Index
		err := r.Scan(&relation, &index.OID, &index.Name, &index.Keys)
		if i, ok := at[relation]; ok {
			relations[i].Plain = append(relations[i].Plain, index)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	err = each(ctx, q, "SELECT indrelid, indexrelid FROM pg_catalog.pg_index ORDER BY indexrelid",
		pair(func(r *Relation, index uint32) { r.Indexes = append(r.Indexes, index) }))
	return relations, err
}

func loadAttributes(ctx context.Context, q Querier, which string, f func(relation uint32, a Attribute)) error {
	return each(ctx, q, `SELECT a.attrelid, a.attname::text, a.attnum, a.atttypid, a.atttypmod, a.attcollation
 FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
 WHERE a.attnum > 0 AND NOT a.attisdropped AND `+which+` ORDER BY a.attrelid, a.attnum`, func(r pgx.Rows) error {
		var relation uint32
		var a Attribute
		if err := r.Scan(&relation, &a.Name, &a.Number, &a.Type, &a.Modifier, &a.Collation); err != nil {
			return err
		}
		f(relation, a)
		return nil
	})
}
