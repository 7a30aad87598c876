/** Canaries: what providers gave out or took, and where it must not be. */
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { control } from './assistant.mjs';

/** What describes the run to whoever starts tests beside it. */
export const facts = process.env.COUNTERSIGN_STACK_JSON;

/** Every token and code that was sent since the log of the simulators was emptied, whose kind is one of these. */
export async function canaries(...kinds) {
  const { requests } = await control('GET', '/log');
  // Forms are percent-encoded.
  const text = JSON.stringify(requests).replaceAll('%2D', '-');
  const found = [...new Set(text.match(new RegExp(`(?:${kinds.join('|')})-\\d{6,}[\\w-]*`, 'g')))];
  for (const kind of kinds) assert.ok(found.some((secret) => secret.startsWith(`${kind}-`)), `nothing to look for: ${kind}`);
  return found;
}

/** Finds none of the secrets in a text. */
export function nowhereIn(text, where, secrets) {
  for (const secret of secrets) assert.ok(!text.includes(secret), `${where} has ${secret.slice(0, 14)}...`);
}

/** Finds none of them in any table of an app, of the Worker, of auth. */
export async function inNoTable(sql, app, secrets) {
  const tables = await sql`select table_schema as schema, table_name as name from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema in ${sql([app, 'countersign_edge', 'auth', 'public'])}`;
  assert.ok(tables.length > 10);
  for (const { schema, name } of tables) {
    const [{ rows }] = await sql`select coalesce(string_agg(t::text, ' '), '') as rows from ${sql(schema)}.${sql(name)} t`;
    nowhereIn(rows, `${schema}.${name}`, secrets);
    assert.doesNotMatch(rows, /whsec_/, `${schema}.${name}`);
  }
}

/** Finds none of them in a line of the Worker's log, which has lines of calls to this provider. */
export async function inNoLine(provider, secrets) {
  const directory = join(dirname(facts), facts.replace(/.*\/|\.json$/g, ''), 'logs');
  const files = (await readdir(directory)).filter((name) => name.startsWith('worker'));
  assert.ok(files.length > 0);
  let lines = '';
  for (const file of files) lines += await readFile(join(directory, file), 'utf8');
  // Its own lines: at its start wrangler lists every variable that is no secret to it.
  lines = lines.split('\n').filter((line) => line.includes('{"')).join('\n');
  assert.ok(lines.includes(`"provider":"${provider}"`), 'it is the log that provider calls are written to');
  nowhereIn(lines, 'the log', secrets);
  assert.doesNotMatch(lines, /whsec_/);
}

/** Finds none of them in what describes the run. */
export async function inNoFacts(secrets) {
  nowhereIn(await readFile(facts, 'utf8'), facts, secrets);
}
