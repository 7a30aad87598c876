/** No token of anybody is anywhere but where it is used. Comes last: it looks at what the others left. */
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { database } from '../support/agency.mjs';
import { begin, consent, control, person, simulators } from '../support/assistant.mjs';

const ada = person('ada@assistant.example.test');
const sql = database();

describe('secrets', () => {
  /** Every token that HubSpot gave out, and what it takes to get one. */
  let planted;
  const answers = [];

  before(async () => {
    await control('DELETE', '/faults');
    await control('DELETE', '/log');
    await sql`delete from assistant.hubspot_connections where user_id = ${ada.id}`;
    await control('POST', '/hubspot/consent', {});
    const { url, cookie } = await begin(ada);
    const back = await fetch(await consent(url), { headers: { cookie }, redirect: 'manual' });
    answers.push(await back.text(), JSON.stringify([...back.headers]));
    for (const [path, method, body] of [
      ['hubspot-connect', 'GET'],
      ['contacts?limit=2', 'GET'],
      ['contacts/101', 'GET'],
      ['contacts/999', 'GET'],
      ['contacts', 'POST', { properties: { email: 'nowhere' } }],
      ['process', 'POST', { activity_type: 'notes', activity_id: '512005' }],
    ]) {
      if (path === 'process') await control('POST', '/faults', { provider: 'llm', times: 9, effect: { answer: { status: 401 } } });
      const answer = await ada.invoke(path, method, body);
      answers.push(JSON.stringify([answer.body, answer.headers ? [...answer.headers] : []]));
    }
    for (const table of ['hubspot_connections', 'hubspot_connection_secrets', 'ai_processing_logs']) {
      answers.push(JSON.stringify(await ada.client.from(table).select('*')));
    }
    await sql`update assistant.hubspot_connections set token_expires_at = now() where user_id = ${ada.id}`;
    answers.push(JSON.stringify((await ada.invoke('contacts/101')).body));
    await control('DELETE', '/faults');
    await sql`delete from assistant.ai_processing_logs where user_id = ${ada.id} and activity_id = '512005'`;
    const { requests } = await control('GET', '/log');
    // Forms are percent-encoded.
    const text = JSON.stringify(requests).replaceAll('%2D', '-');
    planted = [...new Set(text.match(/(?:access|refresh|code)-\d{6,}[\w-]*/g))];
    planted.push(simulators.settings.HUBSPOT_CLIENT_SECRET, simulators.settings.LLM_API_KEY);
  });
  after(() => sql.end());

  const nowhereIn = (text, where) => {
    for (const secret of planted) assert.ok(!text.includes(secret), `${where} has ${secret.slice(0, 9)}...`);
  };

  test('were given out, so that there is something to look for', () => {
    for (const kind of ['access-', 'refresh-', 'code-']) assert.ok(planted.some((secret) => secret.startsWith(kind)), kind);
    assert.ok(answers.length > 10);
  });

  test('are in no answer', () => answers.forEach((answer, at) => nowhereIn(answer, `answer ${at}`)));

  test('are in no table', async () => {
    const tables = await sql`select table_schema as schema, table_name as name from information_schema.tables
      where table_type = 'BASE TABLE' and table_schema in ('assistant', 'countersign_edge', 'auth', 'public')`;
    assert.ok(tables.length > 10);
    for (const { schema, name } of tables) {
      const [{ rows }] = await sql`select coalesce(string_agg(t::text, ' '), '') as rows from ${sql(schema)}.${sql(name)} t`;
      nowhereIn(rows, `${schema}.${name}`);
    }
    const [sealed] = await sql`select s.* from assistant.hubspot_connection_secrets s join assistant.hubspot_connections c
      on c.id = s.connection_id where c.user_id = ${ada.id}`;
    assert.match(sealed.access_token, /^cs1\./);
    assert.match(sealed.refresh_token, /^cs1\./);
  });

  test('are in no line of the Worker\'s log', async () => {
    const directory = join(dirname(process.env.COUNTERSIGN_STACK_JSON), process.env.COUNTERSIGN_STACK_JSON.replace(/.*\/|\.json$/g, ''), 'logs');
    const files = (await readdir(directory)).filter((name) => name.startsWith('worker'));
    assert.ok(files.length > 0);
    let lines = '';
    for (const file of files) lines += await readFile(join(directory, file), 'utf8');
    // Its own lines: at its start wrangler lists every variable that is no secret to it.
    lines = lines.split('\n').filter((line) => line.includes('{"')).join('\n');
    assert.match(lines, /"provider":"hubspot"/, 'it is the log that provider calls are written to');
    nowhereIn(lines, 'the log');
  });
});
