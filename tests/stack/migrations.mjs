import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

// The tables the Supabase CLI keeps, so that either can go on where the other stopped.
const LEDGERS = `
  create schema if not exists supabase_migrations;
  create table if not exists supabase_migrations.schema_migrations
    (version text primary key, statements text[], name text);
  create table if not exists supabase_migrations.seed_files
    (path text primary key, hash text not null);`;

/** Applies what is not yet applied of a directory, in the order of the names. Answers the names. */
export async function migrate(database, directory) {
  await database.exec(LEDGERS);
  const rows = await database.exec('select version from supabase_migrations.schema_migrations');
  const known = new Set(rows.map((row) => row.version));
  const files = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
  const applied = [];
  for (const file of files) {
    const [, version, name] = /^(\d+)_(.*)\.sql$/.exec(file) ?? [];
    if (!version) throw new Error(`${file} is not named <version>_<name>.sql`);
    if (known.has(version)) continue;
    const text = await readFile(join(directory, file), 'utf8');
    const record = `insert into supabase_migrations.schema_migrations (version, name, statements)
      values (${quote(version)}, ${quote(name)}, array[${quote(text)}])`;
    await together(database, file, text, record);
    applied.push(file);
  }
  return applied;
}

/** Runs a seed file unless it was run before. */
export async function seed(database, file) {
  await database.exec(LEDGERS);
  const text = await readFile(file, 'utf8');
  const path = quote(basename(file));
  const done = await database.exec(`select from supabase_migrations.seed_files where path = ${path}`);
  if (done.length > 0) return;
  const hash = createHash('sha256').update(text).digest('hex');
  const record = `insert into supabase_migrations.seed_files values (${path}, ${quote(hash)})`;
  await together(database, basename(file), text, record);
}

async function together(database, file, text, record) {
  try {
    await database.exec(`begin;\n${text}\n;${record};\ncommit`);
  } catch (error) {
    if (database.pglite) await database.exec('rollback');
    const { hint, detail, where } = error;
    throw new Error([`${file}: ${error.message}`, detail, hint, where].filter(Boolean).join('\n'));
  }
}

function quote(text) {
  return `'${text.replaceAll("'", "''")}'`;
}
