-- What the programs of a drug safety network and its data quality reviews send, and dbt's models and tests.

--- claims-attrition
--: masked
SELECT 'all' AS step, count(DISTINCT patid) FROM scdm.demographic UNION ALL SELECT 'enrolled', count(DISTINCT patid) FROM scdm.enrollment WHERE medcov = 'Y' AND drugcov = 'Y' UNION ALL SELECT 'user', count(DISTINCT patid) FROM scdm.dispensing

--- claims-enrolment-bridged
--: masked
WITH s AS (SELECT patid, enr_start, enr_end, lag(enr_end) OVER (PARTITION BY patid ORDER BY enr_start) AS prev FROM scdm.enrollment), g AS (SELECT *, sum(CASE WHEN prev IS NULL OR enr_start - prev > 45 THEN 1 ELSE 0 END) OVER (PARTITION BY patid ORDER BY enr_start) AS episode FROM s) SELECT patid, episode, min(enr_start) AS episode_start, max(enr_end) AS episode_end, count(*) AS spans FROM g GROUP BY patid, episode

--- claims-new-users
--: masked
SELECT d.patid, d.rx, min(d.rxdate) AS index_date FROM scdm.dispensing d GROUP BY d.patid, d.rx HAVING NOT bool_or(EXISTS (SELECT 1 FROM scdm.death x WHERE x.patid = d.patid AND x.deathdt < d.rxdate))

--- claims-new-user-view
--: masked
SELECT rx, count(*) AS users, sum(fills) AS fills, sum(days) AS days FROM scdm.v_new_users GROUP BY rx ORDER BY rx

--- claims-follow-up
--: masked
SELECT n.rx, count(*) FROM scdm.v_new_users n JOIN scdm.diagnosis x ON x.patid = n.patid AND x.dx = 'I509' AND x.adate > n.index_date AND x.adate <= n.index_date + 365 GROUP BY n.rx ORDER BY 1

--- claims-pdc
--: masked
SELECT patid, round(least(sum(rxsup)::numeric / nullif(max(rxdate) - min(rxdate) + 30, 0), 1), 6) AS pdc FROM scdm.dispensing GROUP BY patid HAVING count(*) > 2

--- claims-gaps
--: masked
SELECT count(*), max(gap), min(gap) FROM (SELECT lead(rxdate) OVER (PARTITION BY patid, rx ORDER BY rxdate) - (rxdate + rxsup) AS gap FROM scdm.dispensing) x WHERE gap > 30

--- claims-washout
--: masked
SELECT count(DISTINCT d.patid) FROM scdm.dispensing d WHERE NOT EXISTS (SELECT 1 FROM scdm.dispensing e WHERE e.patid = d.patid AND e.rxdate < d.rxdate AND e.rxdate >= d.rxdate - 183)

--- claims-inpatient-stays
--: masked
SELECT patid, encounterid, adate, ddate, ddate - adate AS los FROM scdm.encounter WHERE enctype IN ('IP', 'IS') AND ddate IS NOT NULL

--- claims-los-summary
--: masked
SELECT enctype, count(ddate) AS n, round(avg(ddate - adate), 6) AS mean, percentile_cont(0.5) WITHIN GROUP (ORDER BY ddate - adate) AS median FROM scdm.encounter GROUP BY enctype ORDER BY enctype

--- claims-age-at-event
--: masked
SELECT e.enctype, width_bucket(extract(year FROM age(e.adate, d.birth_date))::int, 0, 100, 10) AS decade, count(*) FROM scdm.encounter e JOIN scdm.demographic d USING (patid) GROUP BY 1, 2 ORDER BY 1, 2

--- claims-charlson
--: masked
SELECT patid, max(CASE WHEN dx LIKE 'I50%' THEN 1 ELSE 0 END) + max(CASE WHEN dx LIKE 'N18%' THEN 2 ELSE 0 END) + max(CASE WHEN dx ~ '^E1[0-4]' THEN 1 ELSE 0 END) AS score FROM scdm.diagnosis GROUP BY patid

--- claims-two-outpatient-or-one-inpatient
--: masked
SELECT patid FROM scdm.diagnosis WHERE dx = 'E119' GROUP BY patid HAVING count(*) FILTER (WHERE enctype = 'IP') >= 1 OR count(DISTINCT adate) FILTER (WHERE enctype IN ('AV', 'OA')) >= 2

--- claims-pairs-within
--: masked
SELECT count(*) FROM scdm.encounter a JOIN scdm.encounter b ON a.patid = b.patid AND b.adate > a.ddate AND b.adate - a.ddate <= 30 WHERE a.enctype = 'IP' AND b.enctype = 'IP'

--- claims-prior-events
--: masked
SELECT e.encounterid, (SELECT count(*) FROM scdm.encounter p WHERE p.patid = e.patid AND p.adate < e.adate) AS prior FROM scdm.encounter e WHERE e.drg = '017'

--- claims-cumulative
--: masked
SELECT patid, adate, count(*) OVER (PARTITION BY patid ORDER BY adate) AS n FROM scdm.encounter WHERE enctype = 'ED'

--- claims-monthly
--: masked
SELECT to_char(date_trunc('month', adate), 'YYYY-MM') AS month, enctype, count(*) FROM scdm.encounter GROUP BY 1, 2 ORDER BY 1, 2

--- claims-quarter-spine
--: masked
SELECT q::date AS quarter, count(e.encounterid) FROM generate_series(date '2019-01-01', date '2022-10-01', interval '3 months') q LEFT JOIN scdm.encounter e ON e.adate >= q AND e.adate < q + interval '3 months' GROUP BY 1 ORDER BY 1

--- claims-date-range
--: masked
--: param 2021-01-01
--: param 2021-12-31
SELECT count(*) FROM scdm.dispensing WHERE rxdate BETWEEN $1::date AND $2::date

--- claims-partition-pruned
--: masked
SELECT rx, sum(rxsup) FROM scdm.dispensing WHERE rxdate >= '2021-06-01' AND rxdate < '2021-09-01' GROUP BY rx ORDER BY rx

--- claims-amounts
--: masked
SELECT rx, sum(rxamt) AS amount, min(rxamt), max(rxamt), round(avg(rxamt), 4) FROM scdm.dispensing GROUP BY rx ORDER BY rx

--- claims-amount-filter
--: masked
SELECT count(*) FROM scdm.dispensing WHERE rxamt > 50 AND rxsup IN (30, 90)

--- claims-zip
--: masked
SELECT postalcode, count(*) FROM scdm.demographic GROUP BY postalcode ORDER BY count(*) DESC, postalcode NULLS LAST

--- claims-birth-years
--: masked
SELECT extract(decade FROM birth_date) AS d, sex, count(*) FROM scdm.demographic GROUP BY 1, 2 ORDER BY 1, 2

--- claims-provider-counts
--: masked
SELECT providerid, count(*) AS n, count(DISTINCT patid) AS people FROM scdm.diagnosis GROUP BY providerid

--- claims-provider-join
--: masked
SELECT count(*) FROM scdm.diagnosis x JOIN scdm.dispensing d ON d.patid = x.patid AND d.providerid = x.providerid WHERE x.dx = 'I10'

--- claims-provider-top
--: masked
SELECT n, count(*) FROM (SELECT providerid, count(*) AS n FROM scdm.dispensing WHERE providerid IS NOT NULL GROUP BY providerid) x GROUP BY n ORDER BY n

--- claims-provider-equals
--: masked
--: param {{cell SELECT min(providerid) FROM scdm.diagnosis}}
SELECT count(*) FROM scdm.diagnosis WHERE providerid = $1

--- claims-provider-in
--: masked
SELECT dx, count(*) FROM scdm.diagnosis WHERE providerid IN ('{{cell SELECT min(providerid) FROM scdm.diagnosis}}', '{{cell SELECT max(providerid) FROM scdm.diagnosis}}') GROUP BY dx ORDER BY dx

--- claims-provider-order
--: shape
SELECT providerid, count(*) FROM scdm.diagnosis WHERE dx = 'I10' GROUP BY providerid ORDER BY providerid

--- claims-provider-like
--: masked
SELECT count(*) FROM scdm.dispensing WHERE providerid LIKE 'NPI%'

--- claims-provider-min-max
--: shape
SELECT rx, min(providerid), max(providerid) FROM scdm.dispensing GROUP BY rx ORDER BY rx

--- claims-provider-upper
--: masked
SELECT upper(providerid) AS p, count(*) FROM scdm.dispensing GROUP BY upper(providerid)

--- claims-facility-prefix
--: masked
SELECT left(facilityid, 2) AS p, count(*) FROM scdm.encounter GROUP BY 1 ORDER BY 1

--- claims-facility-window
--: masked
SELECT facilityid, adate, rank() OVER (PARTITION BY facilityid ORDER BY adate, drg) AS r FROM scdm.encounter WHERE enctype = 'IS' AND drg < '040'

--- claims-matview
--: masked
SELECT enctype, sum(visits), max(visits) FROM scdm.mv_visits GROUP BY enctype ORDER BY 1

--- claims-matview-join
--: masked
SELECT count(*) FROM scdm.mv_visits m JOIN scdm.demographic d ON d.patid = m.patid WHERE d.sex = 'F' AND m.enctype = 'IP'

--- claims-deaths
--: masked
SELECT d.patid, x.deathdt - max(d.rxdate) AS days FROM scdm.dispensing d JOIN scdm.death x ON x.patid = d.patid GROUP BY d.patid, x.deathdt

--- claims-count-prefixed
--: masked
SELECT enctype, count(DISTINCT 'P:' || patid) AS people FROM scdm.encounter GROUP BY enctype ORDER BY 1

--- claims-made-key-join
--: masked
SELECT count(*) FROM (SELECT patid, md5(patid || '-' || enctype) AS k FROM scdm.encounter) a WHERE a.k IS NOT NULL

--- claims-having-sub
--: masked
SELECT patid FROM scdm.encounter GROUP BY patid HAVING count(*) > (SELECT avg(n) FROM (SELECT count(*) AS n FROM scdm.encounter GROUP BY patid) x) + 1

--- dbt-show-source
--: masked
SELECT * FROM (select * from scdm.stg_encounter) AS dbt_show_subq WHERE encounter_type = 'IS' AND drg = '004'

--- dbt-unique
--: masked
select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error from (select encounter_id as unique_field, count(*) as n_records from scdm.stg_encounter where encounter_id is not null group by encounter_id having count(*) > 1) dbt_internal_test

--- dbt-not-null
--: masked
select count(*) as failures from (select patient_id from scdm.stg_encounter where patient_id is null) dbt_internal_test

--- dbt-accepted-values
--: masked
with all_values as (select encounter_type as value_field, count(*) as n_records from scdm.stg_encounter group by encounter_type) select * from all_values where value_field not in ('AV', 'OA', 'IP')

--- dbt-relationships
--: masked
with child as (select patient_id as from_field from scdm.stg_encounter where patient_id is not null), parent as (select patid as to_field from scdm.demographic) select count(*) as failures from (select from_field from child left join parent on child.from_field = parent.to_field where parent.to_field is null) x

--- dbt-utils-equal-rowcount
--: masked
with a as (select 1 as id_dbtutils_test_equal_rowcount, count(*) as count_a from scdm.stg_encounter group by 1), b as (select 1 as id_dbtutils_test_equal_rowcount, count(*) as count_b from scdm.encounter group by 1), final as (select a.id_dbtutils_test_equal_rowcount as x, count_a, count_b, abs(count_a - count_b) as diff_count from a full join b on a.id_dbtutils_test_equal_rowcount = b.id_dbtutils_test_equal_rowcount) select * from final

--- dbt-surrogate-key
--: masked
select md5(cast(coalesce(cast(patient_id as TEXT), '_dbt_utils_surrogate_key_null_') || '-' || coalesce(cast(encounter_id as TEXT), '_dbt_utils_surrogate_key_null_') as TEXT)) as encounter_key, encounter_type from scdm.stg_encounter where drg = '010'

--- dbt-date-spine
--: masked
with rawdata as (with p as (select 0 as generated_number union all select 1), unioned as (select p0.generated_number * power(2, 0) + p1.generated_number * power(2, 1) + p2.generated_number * power(2, 2) + 1 as generated_number from p as p0 cross join p as p1 cross join p as p2) select * from unioned order by generated_number), all_periods as (select (cast('2021-01-01' as date) + ((interval '1 month') * (row_number() over (order by 1) - 1))) as date_month from rawdata) select a.date_month, count(e.encounter_id) from all_periods a left join scdm.stg_encounter e on date_trunc('month', e.admitted_on) = a.date_month group by 1 order by 1

--- dbt-incremental-max
--: masked
select max(admitted_on) from scdm.stg_encounter

--- dbt-freshness
--: masked
--: ignore snapshotted_at
select max(adate) as max_loaded_at, now() as snapshotted_at from scdm.encounter

--- dbt-dedupe
--: masked
select encounter_type, count(*) from (select *, row_number() over (partition by patient_id, encounter_type order by admitted_on desc, drg) as rn from scdm.stg_encounter) t where rn = 1 group by 1 order by 1

--- dbt-pivot
--: masked
select patient_id, sum(case when encounter_type = 'AV' then 1 else 0 end) as "AV", sum(case when encounter_type = 'IP' then 1 else 0 end) as "IP" from scdm.stg_encounter group by patient_id

--- dbt-catalog
--: shape
select n.nspname as table_schema, c.relname as table_name, c.relkind, a.attname as column_name, a.attnum as column_index, format_type(a.atttypid, a.atttypmod) as column_type from pg_catalog.pg_namespace n join pg_catalog.pg_class c on c.relnamespace = n.oid join pg_catalog.pg_attribute a on a.attrelid = c.oid where n.nspname = 'scdm' and a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'v', 'f', 'p', 'm') order by 1, 2, 5
