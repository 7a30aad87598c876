/** PGlite as seen by a PostgreSQL client. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import postgres from 'postgres';
import { openBarePglite } from './database.mjs';
import { serveWire } from './wire.mjs';

let database, wire;

before(async () => {
  database = await openBarePglite();
  wire = await serveWire(database, { host: '127.0.0.1', port: 0 });
});

after(async () => {
  wire.close();
  await database.close();
});

/** One client, closed whatever happens. */
async function client(work) {
  const sql = postgres({ host: '127.0.0.1', port: wire.port, user: 'postgres', max: 1 });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

test('parameters, many statements and errors', async () => {
  await client(async (sql) => {
    assert.deepEqual([...(await sql`select ${20}::int + 22 as n`)], [{ n: 42 }]);
    const results = await sql.unsafe('create table t (n int); insert into t values (1); select n from t');
    assert.equal(results.at(-1)[0].n, 1);
    await assert.rejects(sql`select nowhere`, { code: '42703' });
    assert.equal((await sql`select count(*)::int as n from t`)[0].n, 1);
  });
});

test('the next client finds a clean session', async () => {
  await client(async (sql) => {
    await sql.unsafe('create role somebody; set role somebody; begin');
  });
  await client(async (sql) => {
    const [{ current_user: user }] = await sql`select current_user`;
    assert.equal(user, 'postgres');
    assert.equal(database.pglite.isInTransaction(), false);
  });
});

test('an answer that breaks off ends the connection', async () => {
  const { pglite } = database;
  const lossy = {
    runExclusive: (work) => work(),
    execProtocolRaw: async (message) => {
      const answer = await pglite.execProtocolRaw(message);
      return message.includes('loses') ? answer.subarray(0, -6) : answer;
    },
    isInTransaction: () => pglite.isInTransaction(),
    exec: (sql) => pglite.exec(sql),
  };
  const other = await serveWire({ pglite: lossy, turns: database.turns }, { host: '127.0.0.1', port: 0 });
  const sql = postgres({ host: '127.0.0.1', port: other.port, user: 'postgres', max: 1 });
  try {
    assert.equal((await sql.unsafe('select 1 as n'))[0].n, 1);
    await assert.rejects(sql.unsafe(`select 'loses'`), { code: 'CONNECTION_CLOSED' });
  } finally {
    await sql.end({ timeout: 1 });
    other.close();
  }
});

test('PostgreSQL 18, too', async () => {
  const newer = await openBarePglite({ major: '18' });
  try {
    await newer.pglite.exec('create extension vector; create extension pg_trgm');
    const { rows } = await newer.pglite.query('show server_version_num');
    assert.equal(Math.floor(rows[0].server_version_num / 10_000), 18);
  } finally {
    await newer.close();
  }
  await assert.rejects(openBarePglite({ major: '9' }), /17 or 18/);
});

test('a second client waits for the first to leave', async () => {
  const order = [];
  const first = client(async (sql) => {
    await sql`select 1`;
    await new Promise((resolve) => setTimeout(resolve, 100));
    order.push('first');
  });
  const second = client(async (sql) => {
    await sql`select 2`;
    order.push('second');
  });
  await Promise.all([first, second]);
  assert.deepEqual(order, ['first', 'second']);
});

test('others use the session between the queries of a client, never within its transaction', async () => {
  await client(async (sql) => {
    let inside;
    await sql.begin(async (transaction) => {
      await transaction`select 1`;
      inside = database.turns.run(async () => database.pglite.isInTransaction());
      await transaction`select 2`;
    });
    assert.equal(await inside, false);
    await sql`select 3`;
  });
});
