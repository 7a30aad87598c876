/** Canaries: every token and secret that providers gave out or took is looked for wherever it must not be. Comes last. */
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { database } from '../support/agency.mjs';
import { A, connect, control, person, simulators, workerUrl } from '../support/coaching.mjs';

const [olivia, rosa] = ['olivia', 'rosa'].map(person);
const sql = database();

describe('secrets of accounts', () => {
  let tokens;
  let planted;
  const answers = [];

  before(async () => {
    await control('DELETE', '/faults');
    await control('DELETE', '/log');
    for (const [provider, consented] of [['hubspot', {}], ['fathom', { email: rosa.email }]]) {
      answers.push(JSON.stringify(await connect(olivia, provider, consented)));
      for (const [path, method, body] of [
        [`${provider}-connect`, 'GET'],
        [`sync/${provider}`, 'POST'],
        ['similar', 'POST', { situation: 'price' }],
      ]) {
        const answer = await olivia.invoke(path, method, body);
        answers.push(JSON.stringify([answer.body, [...answer.headers]]));
      }
      await control('POST', '/faults', { provider, times: 9, effect: { answer: { status: 401 } } });
      answers.push(JSON.stringify((await olivia.invoke(`sync/${provider}`, 'POST')).body));
      await control('DELETE', '/faults');
      await sql`update coaching."API_Connections" set status = 'active', token_expires_at = now() where account_id = ${A} and provider = ${provider}`;
      answers.push(JSON.stringify((await olivia.invoke(`sync/${provider}`, 'POST')).body));
      const rpc = await olivia.client.rpc(`get_${provider}_connection`);
      answers.push(JSON.stringify(rpc.data));
    }
    for (const table of ['API_Connections', 'API_Connection_Secrets', 'Sync_Logs']) {
      answers.push(JSON.stringify(await olivia.client.from(table).select('*')));
    }
    const [{ id, sync_cursor }] = await sql`select id, sync_cursor from coaching."API_Connections" where account_id = ${A} and provider = 'fathom'`;
    const made = await control('POST', '/fathom/webhook', { id: sync_cursor.webhook_id, recording_id: 700201, message: 'msg_canary' });
    const told = await fetch(`${workerUrl}/functions/v1/coaching-fathom-webhook/${id}`, { method: 'POST', headers: made.headers, body: made.body });
    answers.push(await told.text());
    const { requests } = await control('GET', '/log');
    // Forms are percent-encoded.
    const text = JSON.stringify(requests).replaceAll('%2D', '-');
    tokens = [...new Set(text.match(/(?:fathom-(?:access|refresh|code)|access|refresh|code)-\d{6,}[\w-]*/g))];
    planted = [...tokens];
    for (const name of ['HUBSPOT_CLIENT_SECRET', 'FATHOM_CLIENT_SECRET', 'LLM_API_KEY']) planted.push(simulators.settings[name]);
  });
  after(async () => {
    await sql`delete from coaching."Conversations" where account_id = ${A} and external_id !~ '^fc-'`;
    await sql`delete from coaching."Synced_Activities" where account_id = ${A} and external_id !~ '^hs-'`;
    await sql.end();
  });

  const nowhereIn = (text, where, of = planted) => {
    for (const secret of of) assert.ok(!text.includes(secret), `${where} has ${secret.slice(0, 14)}...`);
  };

  test('were given out, so that there is something to look for', () => {
    for (const kind of ['access-', 'refresh-', 'code-', 'fathom-access-', 'fathom-refresh-', 'fathom-code-']) {
      assert.ok(planted.some((secret) => secret.startsWith(kind)), kind);
    }
    assert.ok(answers.length > 12);
  });

  test('are in no answer', () => answers.forEach((answer, at) => nowhereIn(answer, `answer ${at}`)));

  test('are in no table', async () => {
    const tables = await sql`select table_schema as schema, table_name as name from information_schema.tables
      where table_type = 'BASE TABLE' and table_schema in ('coaching', 'countersign_edge', 'auth', 'public')`;
    assert.ok(tables.length > 15);
    for (const { schema, name } of tables) {
      const [{ rows }] = await sql`select coalesce(string_agg(t::text, ' '), '') as rows from ${sql(schema)}.${sql(name)} t`;
      nowhereIn(rows, `${schema}.${name}`);
      assert.doesNotMatch(rows, /whsec_/, `${schema}.${name}`);
    }
  });

  test('are in no line of the Worker\'s log, and tokens not in what describes the run', async () => {
    const facts = process.env.COUNTERSIGN_STACK_JSON;
    nowhereIn(await readFile(facts, 'utf8'), facts, tokens);
    const directory = join(dirname(facts), facts.replace(/.*\/|\.json$/g, ''), 'logs');
    const files = (await readdir(directory)).filter((name) => name.startsWith('worker'));
    assert.ok(files.length > 0);
    let lines = '';
    for (const file of files) lines += await readFile(join(directory, file), 'utf8');
    lines = lines.split('\n').filter((line) => line.includes('{"')).join('\n');
    assert.match(lines, /"provider":"fathom"/, 'it is the log that provider calls are written to');
    nowhereIn(lines, 'the log');
    assert.doesNotMatch(lines, /whsec_/);
  });
});
