// Vermonster's fhir-kit-client.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'fhir-kit-client';

const PAGE = 7; // small, so that a search has many pages
const SAMPLE = 10; // how many resources of a large type are read one by one
const EXPORT_MS = 120_000;

const [base, factsFile] = process.argv.slice(2);
if (!factsFile) {
  console.error('usage: fhir-kit-client.js BASE FACTS');
  process.exit(2);
}
const { counts, planted } = JSON.parse(readFileSync(factsFile, 'utf8'));
const bearerToken = process.env.VEIL_TOKEN || undefined;
const client = new Client({ baseUrl: base, bearerToken });

let checked = 0;

// check fails if a text that was received shows a planted value.
function check(text) {
  checked += text.length;
  for (const value of planted) {
    assert(!text.includes(value), `received a planted value of ${value.length} characters`);
  }
}

// received returns what was, once nothing planted is in it.
function received(resource) {
  check(JSON.stringify(resource));
  return resource;
}

// pages returns the resources from a Bundle and the pages after it.
async function pages(first) {
  const resources = [];
  for (let bundle = first; bundle; bundle = await client.nextPage({ bundle })) {
    resources.push(...(received(bundle).entry ?? []).map((e) => e.resource));
  }
  return resources;
}

function search(resourceType, searchParams, options) {
  return client.search({ resourceType, searchParams, options }).then(pages);
}

function idsOf(resources, type) {
  return resources.filter((r) => r.resourceType === type).map((r) => r.id);
}

// allThere fails if the ids of a type are not as many as there are, each once.
function allThere(type, ids) {
  assert.equal(new Set(ids).size, ids.length, `${type}: an id comes twice`);
  assert.equal(ids.length, counts[type], `${type}: not all there`);
  return ids.sort();
}

// exported returns the resources of a bulk export by type.
async function exported(types) {
  const headers = bearerToken ? { authorization: `Bearer ${bearerToken}` } : {};
  const kick = await fetch(`${base}/$export?_type=${types.join(',')}`, {
    headers: { ...headers, accept: 'application/fhir+json', prefer: 'respond-async' },
  });
  assert.equal(kick.status, 202, await kick.text());
  const job = kick.headers.get('content-location');
  assert(job.startsWith(base), 'the job is not at the server that was asked');
  const deadline = Date.now() + EXPORT_MS;
  let status = await fetch(job, { headers });
  for (; status.status === 202; status = await fetch(job, { headers })) {
    assert(Date.now() < deadline, 'the export does not end');
    await sleep(1000 * Math.min(5, Number(status.headers.get('retry-after') ?? 1)));
  }
  const manifest = await status.text();
  assert.equal(status.status, 200, manifest);
  check(manifest);
  const resources = Object.fromEntries(types.map((type) => [type, []]));
  for (const { type, url } of JSON.parse(manifest).output) {
    assert(url.startsWith(base), 'a file is not at the server that was asked');
    const file = await fetch(url, { headers: { ...headers, accept: 'application/fhir+ndjson' } });
    const text = await file.text();
    assert.equal(file.status, 200, text);
    check(text);
    resources[type].push(...text.split('\n').filter(Boolean).map((line) => JSON.parse(line)));
  }
  return resources;
}

assert.equal(received(await client.capabilityStatement()).fhirVersion, '4.0.1');

// By GET, and by POST as a client does that keeps parameters out of URLs.
const patients = allThere('Patient', idsOf(await search('Patient', { _count: PAGE }), 'Patient'));
const posted = await search('Patient', { _count: PAGE }, { postSearch: true });
assert.deepEqual(idsOf(posted, 'Patient').sort(), patients);
const found = await search('Observation', { _count: 100 });
const observations = allThere('Observation', idsOf(found, 'Observation'));
for (const [resourceType, ids] of [['Patient', patients], ['Observation', observations.slice(0, SAMPLE)]]) {
  for (const id of ids) {
    assert.equal(received(await client.read({ resourceType, id })).id, id);
  }
}
// The subject of an observation can be followed.
const subject = await client.resolve({ reference: found[0].subject.reference });
assert(patients.includes(subject.id));

const [id] = patients;
const record = await client
  .operation({ name: '$everything', resourceType: 'Patient', id, method: 'GET', input: { _count: 20 } })
  .then(pages);
assert(idsOf(record, 'Patient').includes(id));
const own = idsOf(await search('Observation', { patient: id, _count: PAGE }), 'Observation');
const inRecord = new Set(idsOf(record, 'Observation'));
assert(own.length > 0 && own.every((o) => inRecord.has(o)), '$everything lacks what search finds');

const files = await exported(['Patient', 'Observation']);
assert.deepEqual(idsOf(files.Patient, 'Patient').sort(), patients, 'Patient: search and export differ');
assert.deepEqual(idsOf(files.Observation, 'Observation').sort(), observations, 'Observation: search and export differ');
const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
console.log(
  `fhir-kit-client ${dependencies['fhir-kit-client']}: ${patients.length} Patient, ${observations.length} Observation; ` +
    `${checked} characters without a planted value`,
);
