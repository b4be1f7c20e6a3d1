-- What pharmacists and actuaries send over claims of a pharmacy benefit.

--- claims-by-month
--: masked
SELECT date_trunc('month', fill_date)::date AS m, count(*), sum(days_supply) FROM rx.claim WHERE status = 'P' GROUP BY 1 ORDER BY 1

--- claims-pmpm
--: masked
SELECT m.group_id, round(sum(c.patient_pay) / count(DISTINCT c.member_id), 2) AS pmpm FROM rx.claim c JOIN rx.member m USING (member_id) WHERE c.status = 'P' GROUP BY m.group_id ORDER BY m.group_id

--- claims-generic-rate
--: masked
SELECT m.gender, avg(d.generic::int) FROM rx.claim c JOIN rx.drug d USING (ndc) JOIN rx.member m USING (member_id) GROUP BY m.gender ORDER BY 1

--- claims-adherence-pdc
--: masked unordered
SELECT member_id, left(d.gpi, 4) AS class, least(1, sum(days_supply)::numeric / nullif(max(fill_date) - min(fill_date) + 30, 0)) AS pdc FROM rx.claim c JOIN rx.drug d ON d.ndc = c.ndc WHERE status = 'P' GROUP BY member_id, left(d.gpi, 4) HAVING count(*) > 1

--- claims-early-refill
--: masked
SELECT count(*) FROM (SELECT member_id, ndc, fill_date, lag(fill_date + days_supply) OVER (PARTITION BY member_id, ndc ORDER BY fill_date) AS due FROM rx.claim WHERE status = 'P') x WHERE fill_date < due - 5

--- claims-reversals
--: masked
SELECT count(*) FROM rx.claim p JOIN rx.claim x ON x.member_id = p.member_id AND x.rx_number = p.rx_number AND x.status = 'X' WHERE p.status = 'P'

--- claims-reject-reasons
--: masked
SELECT code, count(*), count(DISTINCT member_id) FROM rx.claim, unnest(reject_codes) AS code WHERE status = 'R' GROUP BY code ORDER BY 2 DESC, 1

--- claims-top-pharmacies
--: masked unordered
SELECT pharmacy_npi, count(*), sum(patient_pay) FROM rx.claim GROUP BY pharmacy_npi ORDER BY 2 DESC

--- claims-per-prescriber
--: masked unordered
SELECT prescriber_npi, count(*) AS n, count(DISTINCT member_id) AS members FROM rx.claim GROUP BY prescriber_npi

--- claims-prescriber-shopping
--: masked
SELECT count(*) FROM (SELECT member_id FROM rx.claim GROUP BY member_id HAVING count(DISTINCT prescriber_npi) >= 4 AND count(DISTINCT pharmacy_npi) >= 4) x

--- claims-one-prescriber
--: masked unordered
--: param {{cell SELECT prescriber_npi FROM rx.claim WHERE prescriber_npi IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, count(DISTINCT ndc), min(quantity), sum(patient_pay) LIMIT 1}}
SELECT claim_id, ndc, status FROM rx.claim WHERE prescriber_npi = $1

--- claims-household
--: masked
SELECT size, count(*) FROM (SELECT cardholder_id, count(*) AS size FROM rx.member GROUP BY cardholder_id) h GROUP BY size ORDER BY size

--- claims-member-key
--: masked
SELECT count(DISTINCT cardholder_id || person_code) AS persons, count(*) FROM rx.member

--- claims-household-spend
--: masked unordered
SELECT m.cardholder_id || '*' AS card, sum(c.patient_pay) FROM rx.member m JOIN rx.claim c USING (member_id) GROUP BY m.cardholder_id || '*'

--- claims-concat-group
--: masked unordered
SELECT concat(m.cardholder_id, '-', m.person_code) AS who, count(*) FROM rx.member m JOIN rx.claim c ON c.member_id = m.member_id WHERE c.status = 'R' GROUP BY concat(m.cardholder_id, '-', m.person_code)

--- claims-json-preferences
--: masked
SELECT preferences->>'language' AS lang, count(*) FROM rx.member GROUP BY 1 ORDER BY 1

--- claims-json-nested
--: masked
SELECT (request->'segments'->'pricing'->>'ucd')::numeric AS ucd, count(*) FROM rx.claim WHERE request @> '{"pcn": "P1"}' GROUP BY 1 ORDER BY 1

--- claims-json-each
--: masked
SELECT e.key, count(*) FROM rx.member, jsonb_each(preferences) AS e GROUP BY e.key ORDER BY e.key

--- claims-json-each-text
--: masked
SELECT k, v, count(*) FROM rx.claim, LATERAL jsonb_each_text(request->'segments'->'pricing') AS j(k, v) WHERE status = 'X' GROUP BY k, v ORDER BY k, v

--- claims-json-text
--: masked unordered
SELECT member_id, preferences::text FROM rx.member WHERE gender = 'U'

--- claims-json-cast
--: masked unordered
SELECT claim_id, CAST(request AS json) AS request FROM rx.claim WHERE status = 'X'

--- claims-json-channels
--: masked
SELECT ch, count(*) FROM rx.member, jsonb_array_elements_text(preferences->'channels') ch GROUP BY ch ORDER BY ch

--- claims-json-keys
--: masked
SELECT DISTINCT jsonb_object_keys(request) AS k FROM rx.claim ORDER BY k

--- claims-prior-auth-before-fill
--: masked
SELECT decision, count(DISTINCT p.pa_id), count(c.claim_id) FROM rx.prior_auth p LEFT JOIN rx.claim c ON c.member_id = p.member_id AND c.ndc = p.ndc GROUP BY decision ORDER BY decision

--- claims-members-without-claims
--: masked
SELECT count(*) FROM rx.member WHERE member_id NOT IN (SELECT member_id FROM rx.claim)

--- claims-paid-view
--: masked
SELECT generic, count(DISTINCT cardholder_id), avg(run_out - fill_date) FROM rx.v_paid GROUP BY generic ORDER BY generic

--- claims-collected-then-unnested
--: masked
WITH c AS (SELECT ndc, array_agg(DISTINCT member_id) AS members FROM rx.claim GROUP BY ndc) SELECT c.ndc, count(*) FROM c, unnest(c.members) AS m(id) JOIN rx.member r ON r.member_id = m.id WHERE r.gender = 'F' GROUP BY c.ndc ORDER BY c.ndc

--- claims-any-of-collected
--: masked
SELECT count(*) FROM rx.claim WHERE member_id = ANY (ARRAY(SELECT member_id FROM rx.prior_auth WHERE decision = 'APPROVED'))

--- claims-collected-size
--: masked
WITH t AS (SELECT member_id, array_agg(DISTINCT rx_number) AS scripts FROM rx.claim GROUP BY member_id) SELECT array_length(scripts, 1) AS n, count(*) FROM t GROUP BY 1 ORDER BY 1

--- claims-fwa-same-day
--: masked
SELECT count(*) FROM rx.claim a JOIN rx.claim b ON a.member_id = b.member_id AND a.claim_id <> b.claim_id AND a.fill_date = b.fill_date AND a.pharmacy_npi <> b.pharmacy_npi

--- claims-has-email
--: masked
SELECT email IS NOT NULL AS has, count(*), count(DISTINCT email) FROM rx.member GROUP BY 1 ORDER BY 1
