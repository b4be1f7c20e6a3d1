// node-postgres as its users use it: simple, parameterised and named queries, a
// cursor, several queries in one, a pool.
const { Client, Pool } = require('pg');
const Cursor = require('pg-cursor');

const show = (title, rows) => {
  console.log('==', title);
  for (const row of rows) console.log(JSON.stringify(row));
};

(async () => {
  const client = new Client();
  await client.connect();
  const text = `SELECT id, first_name, sex, birth_date, weight_kg, uid, created_at, aliases
    FROM clinic.patients WHERE height_cm = 153 ORDER BY weight_kg, birth_date, zip`;
  const simple = await client.query(text);
  show('simple', simple.rows);
  console.log(simple.fields.map((f) => [f.name, f.dataTypeID < 16384 ? f.dataTypeID : 'own']).join(' '));
  const array = await client.query({ text, rowMode: 'array' });
  console.log('array', array.rows.length, array.rows[0].length);

  const id = simple.rows[0].id;
  const parameter = 'SELECT class, los_days FROM clinic.encounters WHERE patient_id = $1 ORDER BY 1, 2';
  show('parameter', (await client.query(parameter, [id])).rows);
  for (let i = 0; i < 3; i++) {
    const named = await client.query({ name: 'by-patient', text: parameter, values: [id] });
    console.log('named', named.rows.length);
  }
  const several = await client.query('SELECT 1 AS a; SELECT count(*) FROM clinic.departments');
  console.log('several', several.map((r) => JSON.stringify(r.rows)).join(' '));

  const cursor = client.query(new Cursor('SELECT code, chapter FROM clinic.icd10_codes ORDER BY code'));
  show('cursor', await cursor.read(3));
  show('cursor', await cursor.read(3));
  await cursor.close();

  const doc = await client.query('SELECT doc FROM clinic.documents WHERE id = 4');
  console.log('document', Object.keys(doc.rows[0].doc).sort().join(' '));

  try {
    await client.query('SELECT nothing FROM clinic.departments');
  } catch (e) {
    console.log('error', e.code);
  }
  show('after the error', (await client.query('SELECT name FROM clinic.departments ORDER BY 1')).rows);
  await client.end();

  const pool = new Pool({ max: 5 });
  const counts = await Promise.all([...Array(20).keys()].map((n) =>
    pool.query('SELECT count(*) AS n FROM clinic.encounters WHERE los_days > $1', [n % 9])));
  console.log('pool', counts.map((r) => r.rows[0].n).join(' '));
  await pool.end();
})().catch((e) => {
  console.error(e);
  process.exit(1);
});
