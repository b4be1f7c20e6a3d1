-- What a laboratory's staff and its dashboards send.

--- lab-workload
--: masked
SELECT status, material, count(*) FROM lims.sample GROUP BY CUBE (status, material) ORDER BY 1, 2

--- lab-turnaround
--: masked
SELECT assay, count(*), count(*) FILTER (WHERE tat <= target) AS in_time, percentile_disc(0.9) WITHIN GROUP (ORDER BY tat) FROM lims.v_tat WHERE tat IS NOT NULL GROUP BY assay ORDER BY assay

--- lab-delta-check
--: masked
SELECT count(*) FROM (SELECT s.patient_ref, r.assay, r.value, lag(r.value) OVER (PARTITION BY s.patient_ref, r.assay ORDER BY r.run, r.value) AS prev FROM lims.result r JOIN lims.sample s USING (sample_id)) x WHERE abs(value - prev) > 2 * prev

--- lab-flags
--: masked
SELECT r.assay, f, count(*) FROM lims.result r CROSS JOIN LATERAL unnest(r.flags) f GROUP BY 1, 2 ORDER BY 1, 2

--- lab-out-of-range
--: masked
SELECT a.label, round(avg((r.value NOT BETWEEN a.low AND a.high)::int), 4) FROM lims.result r JOIN lims.assay a ON a.assay = r.assay WHERE a.low IS NOT NULL AND a.high IS NOT NULL GROUP BY a.label ORDER BY 1

--- lab-aliquots
--: masked unordered
WITH RECURSIVE tree AS (SELECT sample_id, parent_id, 0 AS depth FROM lims.sample WHERE parent_id IS NULL AND status = 'REJECTED' UNION ALL SELECT s.sample_id, s.parent_id, t.depth + 1 FROM lims.sample s JOIN tree t ON s.parent_id = t.sample_id) SELECT depth, count(*) FROM tree GROUP BY depth

--- lab-parent
--: masked unordered
SELECT c.sample_id, p.sample_id AS parent, c.material, p.material AS parent_material FROM lims.sample c JOIN lims.sample p ON p.sample_id = c.parent_id WHERE c.status = 'RUNNING'

--- lab-find-barcode
--: masked
--: param {{cell SELECT barcode FROM lims.sample ORDER BY volume_ml, requester, material, meta::text, storage, sample_id LIMIT 1}}
SELECT material, volume_ml FROM lims.sample WHERE barcode = $1

--- lab-find-barcodes
--: masked unordered
SELECT barcode, material FROM lims.sample WHERE barcode IN ('{{cell SELECT min(barcode) FROM lims.sample WHERE status = 'REJECTED'}}', '{{cell SELECT max(barcode) FROM lims.sample WHERE status = 'REJECTED'}}', 'B000000000')

--- lab-barcode-unique
--: masked
SELECT count(*) - count(DISTINCT barcode) AS duplicates FROM lims.sample

--- lab-verified-by
--: masked unordered
SELECT verified_by, count(*) AS n, count(DISTINCT assay) FROM lims.result WHERE verified_by IS NOT NULL GROUP BY verified_by

--- lab-unverified
--: masked
SELECT assay, count(*) FROM lims.result WHERE verified_by IS NULL GROUP BY assay ORDER BY 1

--- lab-verifier-label
--: masked unordered
SELECT coalesce(verified_by, 'nobody') AS who, count(*) FROM lims.result GROUP BY 1

--- lab-storage-map
--: masked
SELECT storage[1] AS freezer, count(*), sum(volume_ml) FROM lims.sample WHERE 'R3' = ANY (storage) GROUP BY 1 ORDER BY 1

--- lab-meta
--: masked
SELECT meta->'tube'->>'type' AS tube, avg((meta->>'hemolysis')::int), count(*) FROM lims.sample GROUP BY 1 ORDER BY 1

--- lab-meta-to-record
--: masked
SELECT x.site, count(*) FROM lims.sample s, jsonb_to_record(s.meta) AS x(site text, hemolysis int) WHERE x.hemolysis > 4 GROUP BY x.site ORDER BY 1

--- lab-meta-path
--: masked
SELECT count(*) FROM lims.sample WHERE jsonb_path_exists(meta, '$.hemolysis ? (@ > 5)')

--- lab-patient-history
--: masked unordered
SELECT s.patient_ref, json_agg(json_build_object('assay', r.assay, 'value', r.value) ORDER BY r.assay, r.value, r.run) AS results FROM lims.sample s JOIN lims.result r ON r.sample_id = s.sample_id WHERE r.flags @> ARRAY['delta'] GROUP BY s.patient_ref

--- lab-samples-per-patient
--: masked unordered
SELECT patient_ref, array_agg(barcode ORDER BY volume_ml, material, storage) AS barcodes FROM lims.sample WHERE status = 'REJECTED' GROUP BY patient_ref

--- lab-queue
--: masked
SELECT requester, count(*) FROM lims.sample WHERE status IN ('RECEIVED', 'RUNNING') GROUP BY requester ORDER BY 2 DESC, 1 LIMIT 5

--- lab-westgard
--: masked
SELECT assay, run, round(avg(value)::numeric, 6) AS m, count(*) FROM lims.result GROUP BY assay, run HAVING count(*) > 5 ORDER BY assay, run

--- lab-label-print
--: masked unordered
SELECT format('%s|%s|%s', s.barcode, s.patient_ref, s.material) AS label FROM lims.sample s WHERE s.status = 'REGISTERED'

--- lab-hourly
--: masked
SELECT extract(hour FROM collected_at) AS h, count(*) FROM lims.sample GROUP BY 1 ORDER BY 1

--- lab-missing-results
--: masked
SELECT a.assay, count(*) FROM lims.sample s CROSS JOIN lims.assay a LEFT JOIN lims.result r ON r.sample_id = s.sample_id AND r.assay = a.assay WHERE r.result_id IS NULL AND s.status = 'AUTHORISED' GROUP BY a.assay ORDER BY a.assay
