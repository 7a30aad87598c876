/** Migrations and seeds are applied once, whole, and in order. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openDatabase } from './database.mjs';
import { migrate, seed } from './migrations.mjs';

const FIRST = '20260101000000_first.sql';
const SECOND = '20260102000000_second.sql';
let database, directory;

before(async () => {
  database = await openDatabase({});
  directory = await mkdtemp(join(tmpdir(), 'countersign-'));
});

after(async () => {
  await database.close();
  await rm(directory, { recursive: true });
});

const write = (name, text) => writeFile(join(directory, name), text);

test('only what is not applied yet is applied, in the order of the names', async () => {
  await write(SECOND, "insert into t values ('second''s');");
  await write(FIRST, 'create table t (name text);');
  assert.deepEqual(await migrate(database, directory), [FIRST, SECOND]);
  assert.deepEqual(await migrate(database, directory), []);
  const ledger = await database.exec(
    'select version, name from supabase_migrations.schema_migrations order by version',
  );
  assert.deepEqual(ledger[1], { version: '20260102000000', name: 'second' });
});

test('a file that fails leaves nothing, and says what and where', async () => {
  const third = '20260103000000_third.sql';
  await write(third, 'create table u (); select nowhere;');
  await assert.rejects(migrate(database, directory), /20260103000000_third.sql: .*nowhere/);
  assert.deepEqual(await database.exec("select to_regclass('u') as u"), [{ u: null }]);
  await write(third, 'create table u ();');
  assert.deepEqual(await migrate(database, directory), [third]);
});

test('a name without a version is refused', async () => {
  await write('oops.sql', 'select 1');
  await assert.rejects(migrate(database, directory), /oops.sql is not named/);
});

test('a seed runs once', async () => {
  await write('seed.sql', 'insert into u default values;');
  await seed(database, join(directory, 'seed.sql'));
  await seed(database, join(directory, 'seed.sql'));
  assert.deepEqual(await database.exec('select count(*)::int as n from u'), [{ n: 1 }]);
});
