/** Canaries: every token and secret that providers gave out or took is looked for wherever it must not be. Comes last. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { database } from '../support/agency.mjs';
import { A, connect, control, person, simulators, workerUrl } from '../support/coaching.mjs';
import { canaries, inNoFacts, inNoLine, inNoTable, nowhereIn } from '../support/secrets.mjs';

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
    tokens = await canaries('fathom-access', 'fathom-refresh', 'fathom-code', 'access', 'refresh', 'code');
    planted = [...tokens];
    for (const name of ['HUBSPOT_CLIENT_SECRET', 'FATHOM_CLIENT_SECRET', 'LLM_API_KEY']) planted.push(simulators.settings[name]);
  });
  after(async () => {
    await sql`delete from coaching."Conversations" where account_id = ${A} and external_id !~ '^fc-'`;
    await sql`delete from coaching."Synced_Activities" where account_id = ${A} and external_id !~ '^hs-'`;
    await sql.end();
  });

  test('are in no answer', () => {
    assert.ok(answers.length > 12);
    for (const [at, answer] of answers.entries()) nowhereIn(answer, `answer ${at}`, planted);
  });

  test('are in no table', () => inNoTable(sql, 'coaching', planted));

  test('are in no line of the Worker\'s log, and tokens not in what describes the run', async () => {
    await inNoLine('fathom', planted);
    await inNoFacts(tokens);
  });
});
