--- pg-stats
-- The most common names, with their frequencies.
--: refused or empty
SELECT attname, most_common_vals, histogram_bounds FROM pg_stats WHERE schemaname = 'clinic'

--- pg-statistic
--: refused or empty
SELECT stavalues1, stavalues2 FROM pg_statistic

--- pg-stats-ext
--: refused or empty
SELECT most_common_vals FROM pg_stats_ext

--- pg-stats-ext-exprs
--: refused or empty
SELECT * FROM pg_stats_ext_exprs

--- pg-statistic-ext-data
--: refused or empty
SELECT stxdmcv FROM pg_statistic_ext_data

--- pg-mcv-list-items
--: refused
SELECT m.* FROM pg_statistic_ext_data d, LATERAL pg_mcv_list_items(d.stxdmcv) m

--- statistics-functions
--: refused or no canary
SELECT n_distinct, correlation FROM pg_stats WHERE attname = 'last_name'

--- pg-stat-activity-query
-- What others ask holds what they know.
--: refused or no canary
SELECT query FROM pg_stat_activity

--- pg-stat-get-activity
--: refused
SELECT query FROM pg_stat_get_activity(NULL)

--- pg-stat-get-backend-activity
--: refused
SELECT pg_stat_get_backend_activity(1)

--- pg-stat-statements
--: refused
SELECT query FROM pg_stat_statements

--- pg-prepared-statements
--: refused or empty
SELECT statement FROM pg_prepared_statements

--- pg-cursors
-- The rewritten statement shows the carrier's tag and form.
--: refused or empty
SELECT statement FROM pg_cursors

--- pg-prepared-statements-own
--: refused or empty
PREPARE p AS SELECT last_name FROM clinic.patients
--;
SELECT statement FROM pg_prepared_statements

--- pg-prepared-xacts-locks
--: refused or no canary
SELECT * FROM pg_locks, pg_prepared_xacts

--- pg-stat-user-tables
-- Counters tell how many rows a refused table has.
--: refused or no canary
SELECT n_live_tup FROM pg_stat_user_tables WHERE relname = 'secrets'

--- pg-class-of-refused
-- A refused relation is not in the catalog that the consumer sees.
--: refused or empty
SELECT relname, reltuples FROM pg_class WHERE relname = 'secrets'

--- pg-class-reltuples
--: refused or no canary
SELECT relname, reltuples, relpages FROM pg_class WHERE relname = 'patients'

--- pg-namespace-of-refused
--: refused or empty
SELECT nspname FROM pg_namespace WHERE nspname = 'vault'

--- pg-attribute-of-refused
--: refused or empty
SELECT attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relname = 'secrets'

--- information-schema-of-refused
--: refused or empty
SELECT column_name FROM information_schema.columns WHERE table_schema = 'vault'

--- information-schema-tables-of-refused
--: refused or empty
SELECT table_name FROM information_schema.tables WHERE table_schema = 'vault'

--- view-definition
--: refused or no canary
SELECT pg_get_viewdef('clinic.v_mayor'::regclass)

--- view-definition-pretty
--: refused or no canary
SELECT pg_get_viewdef('clinic.v_mayor'::regclass, true), pg_get_viewdef('clinic.v_mayor')

--- pg-views-definition
--: refused or no canary
SELECT viewname, definition FROM pg_views WHERE schemaname = 'clinic'

--- pg-matviews-definition
--: refused or no canary
SELECT definition FROM pg_matviews

--- information-schema-views
--: refused or no canary
SELECT view_definition FROM information_schema.views WHERE table_schema = 'clinic'

--- pg-rewrite
--: refused or no canary
SELECT ev_action FROM pg_rewrite

--- pg-rules
--: refused or no canary
SELECT definition FROM pg_rules

--- pg-get-ruledef
--: refused or no canary
SELECT pg_get_ruledef(oid) FROM pg_rewrite

--- column-default
--: refused or no canary
SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef

--- column-default-raw
--: refused or no canary
SELECT adbin::text FROM pg_attrdef

--- information-schema-default
--: refused or no canary
SELECT column_default FROM information_schema.columns WHERE table_schema = 'clinic'

--- generation-expression
--: refused or no canary
SELECT generation_expression FROM information_schema.columns WHERE table_name = 'patients'

--- check-constraint
--: refused or no canary
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c'

--- check-constraint-raw
--: refused or no canary
SELECT conbin::text FROM pg_constraint

--- information-schema-check
--: refused or no canary
SELECT check_clause FROM information_schema.check_constraints

--- domain-check
--: refused or no canary
SELECT pg_get_constraintdef(oid, true) FROM pg_constraint WHERE contypid <> 0

--- domain-default
--: refused or no canary
SELECT typdefault, typdefaultbin::text FROM pg_type

--- partition-bound
--: refused or no canary
SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relispartition

--- partition-bound-raw
--: refused or no canary
SELECT relpartbound::text FROM pg_class

--- partition-constraint
--: refused or no canary
SELECT pg_get_partition_constraintdef(oid) FROM pg_class WHERE relispartition

--- index-predicate
--: refused or no canary
SELECT indexdef FROM pg_indexes WHERE schemaname = 'clinic'

--- index-definition-function
--: refused or no canary
SELECT pg_get_indexdef(indexrelid), pg_get_indexdef(indexrelid, 1, true), pg_get_expr(indpred, indrelid) FROM pg_index

--- index-raw
--: refused or no canary
SELECT indpred::text, indexprs::text FROM pg_index

--- statistics-definition
--: refused or no canary
SELECT pg_get_statisticsobjdef(oid) FROM pg_statistic_ext

--- enum-labels
-- Labels of an enum by which a masked column is typed.
--: refused or no canary
SELECT enumlabel FROM pg_enum

--- function-body
--: refused or no canary
SELECT proname, prosrc FROM pg_proc WHERE proname = 'patient_name'

--- function-definition
--: refused or no canary
SELECT pg_get_functiondef('clinic.patient_name(bigint)'::regprocedure)

--- function-sqlbody
--: refused or no canary
SELECT pg_get_function_sqlbody(oid) FROM pg_proc WHERE proname = 'patient_name'

--- function-arguments-default
--: refused or no canary
SELECT pg_get_function_arguments(oid), pg_get_function_arg_default(oid, 1) FROM pg_proc WHERE pronamespace = 'clinic'::regnamespace

--- information-schema-routines
--: refused or no canary
SELECT routine_definition FROM information_schema.routines WHERE routine_schema = 'clinic'

--- trigger-definition
--: refused or no canary
SELECT pg_get_triggerdef(oid), tgargs FROM pg_trigger

--- policy-expression
--: refused or no canary
SELECT qual, with_check FROM pg_policies

--- policy-raw
--: refused or no canary
SELECT polqual::text, pg_get_expr(polqual, polrelid) FROM pg_policy

--- passwords
--: refused
SELECT rolname, rolpassword FROM pg_authid

--- pg-shadow
--: refused
SELECT usename, passwd FROM pg_shadow

--- roles
--: refused or no canary
SELECT rolname, rolpassword, rolconfig FROM pg_roles

--- role-settings
--: refused or no canary
SELECT setconfig FROM pg_db_role_setting

--- pg-settings
--: refused or no canary
SELECT name, setting FROM pg_settings WHERE name LIKE 'clinic%' OR name IN ('data_directory', 'hba_file')

--- pg-file-settings
--: refused
SELECT * FROM pg_file_settings

--- hba-and-ident
--: refused
SELECT * FROM pg_hba_file_rules

--- pg-config
--: refused
SELECT * FROM pg_config

--- large-object-catalog
--: refused
SELECT data FROM pg_largeobject

--- large-object-metadata
--: refused or no canary
SELECT oid FROM pg_largeobject_metadata

--- sequences-view
--: refused or no canary
SELECT * FROM pg_sequences

--- subscription-connection
--: refused or empty
SELECT subconninfo FROM pg_subscription

--- user-mapping
--: refused
SELECT umoptions FROM pg_user_mapping

--- foreign-server
--: refused or no canary
SELECT srvoptions FROM pg_foreign_server

--- replication-slots-and-wal
--: refused
SELECT * FROM pg_stat_replication, pg_stat_wal_receiver

--- shared-memory-and-contexts
--: refused
SELECT * FROM pg_backend_memory_contexts, pg_shmem_allocations

--- pg-publication
--: refused or no canary
SELECT prqual::text FROM pg_publication_rel

--- catalog-as-whole-row
-- A whole row of the catalog has the hidden fields.
--: refused or no canary
SELECT c FROM pg_constraint c

--- catalog-to-json
--: refused or no canary
SELECT to_jsonb(p) FROM pg_proc p WHERE proname = 'patient_name'

--- catalog-regtype-name
--: same
SELECT '{{vault|xqzwj}}'::regnamespace

--- catalog-row-estimate-of-others
--: refused or no canary
SELECT stats_reset, seq_tup_read FROM pg_stat_all_tables t, pg_stat_database

--- obj-description-of-refused
--: refused or empty
SELECT obj_description(c.oid, 'pg_class') FROM pg_class c WHERE relname = 'secrets'

--- catalog-in-other-schema-name
-- pg_catalog's tables by their unqualified names, with a schema before them.
--: refused or empty
SET search_path = clinic, pg_catalog
--;
SELECT most_common_vals FROM pg_stats
