/** No token of anybody is anywhere but where it is used. Comes last: it looks at what the others left. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { database } from '../support/agency.mjs';
import { begin, consent, control, person, simulators } from '../support/assistant.mjs';
import { canaries, inNoFacts, inNoLine, inNoTable, nowhereIn } from '../support/secrets.mjs';

const ada = person('ada@assistant.example.test');
const sql = database();

describe('secrets', () => {
  /** Every token that HubSpot gave out; and what it takes to get one. */
  let tokens;
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
    tokens = await canaries('access', 'refresh', 'code');
    planted = [...tokens, simulators.settings.HUBSPOT_CLIENT_SECRET, simulators.settings.LLM_API_KEY];
  });
  after(() => sql.end());

  test('are in no answer', () => {
    assert.ok(answers.length > 10);
    for (const [at, answer] of answers.entries()) nowhereIn(answer, `answer ${at}`, planted);
  });

  test('are in no table', async () => {
    await inNoTable(sql, 'assistant', planted);
    const [sealed] = await sql`select s.* from assistant.hubspot_connection_secrets s join assistant.hubspot_connections c
      on c.id = s.connection_id where c.user_id = ${ada.id}`;
    assert.match(sealed.access_token, /^cs1\./);
    assert.match(sealed.refresh_token, /^cs1\./);
  });

  test('are in no line of the Worker\'s log, and tokens not in what describes the run', async () => {
    await inNoLine('hubspot', planted);
    await inNoFacts(tokens);
  });
});
