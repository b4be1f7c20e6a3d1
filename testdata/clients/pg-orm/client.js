// TypeORM, Sequelize, Knex and drizzle as their users use them, and drizzle-kit's
// introspection.
require('reflect-metadata')
const { execFileSync } = require('child_process')
const fs = require('fs')
const os = require('os')
const path = require('path')
const { Pool } = require('pg')
const { DataSource, EntitySchema } = require('typeorm')
const { Sequelize, DataTypes, Op, QueryTypes } = require('sequelize')
const { drizzle } = require('drizzle-orm/node-postgres')
const { pgSchema, text, integer } = require('drizzle-orm/pg-core')
const { eq, gt, asc, sql, inArray } = require('drizzle-orm')

const env = process.env
const show = (title, rows) => {
  console.log('==', title)
  for (const row of rows) console.log(JSON.stringify(row))
}
const patientsOf153 = `SELECT id FROM clinic.patients WHERE height_cm = 153 ORDER BY weight_kg, birth_date, zip`

async function typeorm() {
  const Department = new EntitySchema({
    name: 'Department', tableName: 'departments', schema: 'clinic',
    columns: { name: { type: 'text', primary: true }, floor: { type: 'int' }, beds: { type: 'int' } },
  })
  const Encounter = new EntitySchema({
    name: 'Encounter', tableName: 'encounters', schema: 'clinic',
    columns: { id: { type: 'uuid', primary: true }, los_days: { type: 'int', nullable: true }, class: { type: 'text' } },
    relations: { ward: { type: 'many-to-one', target: 'Department', joinColumn: { name: 'department' } } },
  })
  const source = new DataSource({
    type: 'postgres', host: env.PGHOST, port: +env.PGPORT, username: env.PGUSER, password: env.PGPASSWORD,
    database: env.PGDATABASE, entities: [Department, Encounter], installExtensions: false,
  })
  await source.initialize()
  const departments = source.getRepository('Department')
  show('typeorm find', await departments.find({ order: { name: 'ASC' } }))
  show('findAndCount', (await departments.findAndCount({ order: { name: 'ASC' }, skip: 1, take: 2 })))
  show('query builder', await source.getRepository('Encounter').createQueryBuilder('e').innerJoin('e.ward', 'w')
    .select('w.floor', 'floor').addSelect('COUNT(*)', 'n').where('e.los_days > :n', { n: 3 }).groupBy('w.floor').orderBy('w.floor').getRawMany())
  const runner = source.createQueryRunner()
  console.log('tables', await runner.hasTable('clinic.departments'), await runner.hasColumn('clinic.departments', 'floor'))
  const table = await runner.getTable('clinic.departments')
  show('columns', table.columns.map((c) => [c.name, c.type, c.isPrimary]))
  await runner.release()
  await source.destroy()
}

async function sequelize() {
  const db = new Sequelize(env.PGDATABASE, env.PGUSER, env.PGPASSWORD, { host: env.PGHOST, port: +env.PGPORT, dialect: 'postgres', logging: false })
  await db.authenticate()
  const Department = db.define('Department', { name: { type: DataTypes.TEXT, primaryKey: true }, floor: DataTypes.INTEGER, beds: DataTypes.INTEGER },
    { tableName: 'departments', schema: 'clinic', timestamps: false })
  const Encounter = db.define('Encounter', { id: { type: DataTypes.UUID, primaryKey: true }, los_days: DataTypes.INTEGER, department: DataTypes.TEXT, patient_id: DataTypes.TEXT },
    { tableName: 'encounters', schema: 'clinic', timestamps: false })
  Encounter.belongsTo(Department, { foreignKey: 'department', as: 'ward' })
  show('sequelize findAll', await Department.findAll({ order: ['name'], raw: true }))
  const some = (await db.query(patientsOf153, { type: QueryTypes.SELECT })).slice(0, 2).map((r) => r.id)
  console.log('count', await Encounter.count({ where: { patient_id: { [Op.in]: some } } }))
  show('include', (await Encounter.findAll({ include: 'ward', where: { los_days: { [Op.gt]: 9 } } })).map((e) => [e.los_days, e.ward.floor]).sort())
  const { count, rows } = await Department.findAndCountAll({ limit: 2, offset: 1, order: ['name'] })
  console.log('page', count, rows.map((r) => r.name))
  show('replacements', await db.query('SELECT name FROM clinic.departments WHERE floor = ? ORDER BY name', { replacements: [1], type: QueryTypes.SELECT }))
  const described = await db.getQueryInterface().describeTable('departments', { schema: 'clinic' })
  show('describe', Object.entries(described).map(([k, v]) => [k, v.type, v.primaryKey]))
  console.log('indexes', Array.isArray(await db.getQueryInterface().showIndex('clinic.departments')))
  await db.close()
}

async function knexPlay() {
  const knex = require('knex')({ client: 'pg', connection: { host: env.PGHOST, port: +env.PGPORT, user: env.PGUSER, password: env.PGPASSWORD, database: env.PGDATABASE }, searchPath: ['clinic', 'public'] })
  show('knex', await knex('departments').select('name', 'floor').whereIn('floor', [1, 2, 3]).orderBy('name'))
  console.log('hasTable', await knex.schema.withSchema('clinic').hasTable('departments'))
  show('columns', Object.entries(await knex('departments').columnInfo()).map(([k, v]) => [k, v.type]))
  show('aggregate', await knex('encounters').where('los_days', '>', 5).groupBy('class').select('class').count('* as n').orderBy('class'))
  await knex.destroy()
}

async function drizzlePlay() {
  const clinic = pgSchema('clinic')
  const departments = clinic.table('departments', { name: text('name').primaryKey(), floor: integer('floor'), beds: integer('beds') })
  const encounters = clinic.table('encounters', { id: text('id').primaryKey(), patientId: text('patient_id'), losDays: integer('los_days'), department: text('department') })
  const pool = new Pool()
  const db = drizzle(pool)
  show('drizzle', await db.select().from(departments).orderBy(asc(departments.name)))
  show('join', await db.select({ floor: departments.floor, n: sql`count(*)` }).from(encounters)
    .innerJoin(departments, eq(encounters.department, departments.name)).where(gt(encounters.losDays, 4)).groupBy(departments.floor).orderBy(departments.floor))
  const some = (await pool.query(patientsOf153)).rows.slice(0, 2).map((r) => r.id)
  show('in', await db.select({ n: sql`count(*)` }).from(encounters).where(inArray(encounters.patientId, some)))
  const prepared = db.select().from(departments).where(eq(departments.floor, sql.placeholder('floor'))).prepare('by_floor')
  show('prepared', [await prepared.execute({ floor: 1 }), await prepared.execute({ floor: 2 })])
  await pool.end()

  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'drizzle-'))
  try {
    fs.symlinkSync(env.NODE_PATH, path.join(dir, 'node_modules'))
    fs.writeFileSync(path.join(dir, 'drizzle.config.json'), JSON.stringify({
      dialect: 'postgresql', out: 'out', schemaFilter: ['clinic'], tablesFilter: ['departments'],
      dbCredentials: { host: env.PGHOST, port: +env.PGPORT, user: env.PGUSER, password: env.PGPASSWORD, database: env.PGDATABASE, ssl: false },
    }))
    execFileSync(process.execPath, [path.join(env.NODE_PATH, 'drizzle-kit', 'bin.cjs'), 'introspect', '--config', 'drizzle.config.json'], { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] })
    const schema = fs.readFileSync(path.join(dir, 'out', 'schema.ts'), 'utf8')
    show('drizzle-kit', schema.split('\n').filter((l) => /^\s+(name|floor|beds|opened): /.test(l)).map((l) => l.trim().replace('.notNull()', ''))) // columns of the copy can all be NULL
  } finally {
    fs.rmSync(dir, { recursive: true, force: true })
  }
}

async function main() {
  for (const play of [typeorm, sequelize, knexPlay, drizzlePlay]) {
    console.log('#', play.name)
    await play()
  }
}
main().catch((e) => { console.error(e); process.exit(1) })
