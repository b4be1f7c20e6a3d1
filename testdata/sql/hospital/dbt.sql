-- Models and tests as dbt compiles them.

--- dbt-not-null
--: masked
select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error from (select visit_occurrence_id from "cdm"."visit_occurrence" where visit_occurrence_id is null) dbt_internal_test

--- dbt-unique
--: masked
select count(*) as failures, count(*) != 0 as should_warn from (select person_source_value as unique_field, count(*) as n_records from "cdm"."person" where person_source_value is not null group by person_source_value having count(*) > 1) dbt_internal_test

--- dbt-unique-sealed
--: masked
select visit_occurrence_id as unique_field, count(*) as n_records from "cdm"."visit_occurrence" where visit_occurrence_id is not null group by visit_occurrence_id having count(*) > 1

--- dbt-relationships
--: masked
with child as (select person_id as from_field from "cdm"."visit_occurrence" where person_id is not null), parent as (select person_id as to_field from "cdm"."person") select from_field from child left join parent on child.from_field = parent.to_field where parent.to_field is null

--- dbt-accepted-values
--: masked
with all_values as (select gender as value_field, count(*) as n_records from "cdm"."person" group by gender) select * from all_values where value_field not in ('female','male','other')

--- dbt-staging
--: masked
with source as (select * from "cdm"."visit_occurrence"), renamed as (select visit_occurrence_id as visit_id, person_id as patient_id, visit_start_datetime as started_at, visit_end_datetime as ended_at, cast(days as bigint) as los from source) select * from renamed

--- dbt-surrogate-key
--: masked
select md5(cast(coalesce(cast(person_id as TEXT), '_dbt_utils_surrogate_key_null_') || '-' || coalesce(cast(visit_start_date as TEXT), '_dbt_utils_surrogate_key_null_') as TEXT)) as sk from cdm.visit_occurrence

--- dbt-surrogate-key-pseudonym
--: masked
select md5(cast(coalesce(cast(visit_source_value as TEXT), '_dbt_utils_surrogate_key_null_') || '-' || coalesce(cast(visit_start_date as TEXT), '_dbt_utils_surrogate_key_null_') as TEXT)) as sk, count(*) from cdm.visit_occurrence group by 1

--- dbt-incremental
--: masked
select * from cdm.visit_occurrence where visit_start_datetime > (select coalesce(max(visit_start_datetime), '1900-01-01') - interval '200 days' from cdm.visit_occurrence)

--- dbt-dedupe
--: masked
select visit_occurrence_id, person_id from (select *, row_number() over (partition by person_id, visit_start_date order by visit_end_datetime desc nulls last, visit_source_value) as rn from cdm.visit_occurrence) x where rn = 1

--- dbt-date-spine
--: masked
with rawdata as (with p as (select 0 as generated_number union all select 1), unioned as (select p0.generated_number * 1 + p1.generated_number * 2 + p2.generated_number * 4 + 1 as generated_number from p as p0 cross join p as p1 cross join p as p2) select * from unioned where generated_number <= 6), all_periods as (select (timestamp '2021-01-01' + ((interval '1 month') * (row_number() over (order by generated_number) - 1))) as date_month from rawdata) select a.date_month, count(v.visit_occurrence_id) from all_periods a left join cdm.visit_occurrence v on date_trunc('month', v.visit_start_datetime) = a.date_month group by 1 order by 1

--- dbt-pivot
--: masked
select person_id, sum(case when visit_concept_id = '9201' then 1 else 0 end) as "inpatient", sum(case when visit_concept_id = '9202' then 1 else 0 end) as "outpatient" from cdm.visit_occurrence group by person_id

--- dbt-star-except
--: masked
select "visit_occurrence_id", "person_id", "visit_concept_id" from cdm.visit_occurrence

--- dbt-union-relations
--: masked
(select cast('condition' as TEXT) as _dbt_source_relation, cast("person_id" as text) as "person_id", cast("condition_start_date" as date) as "d" from cdm.condition_occurrence) union all (select cast('drug' as TEXT), cast("person_id" as text), cast("drug_exposure_start_date" as date) from cdm.drug_exposure)

--- dbt-mart-patient
--: masked
with visits as (select person_id, min(visit_start_date) as first_visit, max(visit_start_date) as last_visit, count(*) as n from cdm.visit_occurrence group by 1), costs as (select person_id, sum(total_charge) as charge from cdm.cost group by 1) select p.person_id, p.gender, v.first_visit, v.last_visit, v.last_visit - v.first_visit as tenure, coalesce(c.charge, 0) as charge from cdm.person p left join visits v using (person_id) left join costs c using (person_id)

--- dbt-snapshot-hash
--: masked
select md5(coalesce(cast(person_source_value as varchar ), '') || '|' || coalesce(cast(care_site_id as varchar ), '')) as dbt_scd_id, count(*) from cdm.person group by 1

--- dbt-expression-is-true
--: masked
select 1 from cdm.cost where not (total_charge >= 0)

--- dbt-recency
--: masked
with recency as (select max(visit_start_date) as most_recent from cdm.visit_occurrence) select most_recent, cast('2019-01-01' as date) as threshold from recency where most_recent < cast('2019-01-01' as date)

--- dbt-equal-rowcount
--: masked
with a as (select 1 as id_dbtutils, count(*) as count_a from cdm.visit_occurrence group by 1), b as (select 1 as id_dbtutils, count(*) as count_b from cdm.condition_occurrence group by 1) select count_a, count_b, abs(count_a - count_b) as diff from a full join b on a.id_dbtutils = b.id_dbtutils

--- dbt-mutually-exclusive-ranges
--: masked
with window_functions as (select person_id as partition_by_col, visit_start_date as lower_bound, visit_end_date as upper_bound, lead(visit_start_date) over (partition by person_id order by visit_start_date, visit_end_date, visit_source_value) as next_lower_bound, row_number() over (partition by person_id order by visit_start_date desc, visit_end_date desc, visit_source_value desc) = 1 as is_last_record from cdm.visit_occurrence) select count(*) from window_functions where not (coalesce(lower_bound <= upper_bound, false) and coalesce(upper_bound <= next_lower_bound, is_last_record, false))

--- dbt-sessionize
--: masked
select person_id, session, count(*) from (select person_id, sum(case when gap > 60 or gap is null then 1 else 0 end) over (partition by person_id order by visit_start_datetime, visit_source_value) as session from (select person_id, visit_start_datetime, visit_source_value, visit_start_date - lag(visit_end_date) over (partition by person_id order by visit_start_datetime, visit_source_value) as gap from cdm.visit_occurrence) g) s group by 1, 2

--- dbt-scd
--: masked
select person_id, care_site_id, visit_start_date as valid_from, coalesce(lead(visit_start_date) over (partition by person_id order by visit_start_datetime, visit_source_value), date '9999-12-31') as valid_to from cdm.visit_occurrence

--- dbt-fct
--: masked
select v.visit_occurrence_id, v.person_id, dense_rank() over (partition by v.person_id order by v.visit_start_date) as visit_no, case when v.provider_id = p.provider_id then 'own' when v.provider_id is distinct from p.provider_id then 'other' end as which from cdm.visit_occurrence v join cdm.person p on p.person_id = v.person_id

--- dbt-list-agg
--: masked
select person_id, string_agg(visit_occurrence_id::text, ', ' order by visit_start_datetime, visit_source_value) as visits from cdm.visit_occurrence group by person_id

--- dbt-array-agg-distinct
--: masked
select care_site_id, array_agg(distinct person_id) filter (where person_id is not null) as persons from cdm.visit_occurrence group by 1

--- dbt-freshness
--: masked
select max(visit_start_datetime) as max_loaded_at, timestamp '2023-01-01' as snapshotted_at from cdm.visit_occurrence
