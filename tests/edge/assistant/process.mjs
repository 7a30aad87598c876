/** From an activity to drafts and dates, and the choice among them. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { database } from '../support/agency.mjs';
import { connect, control, fault, person } from '../support/assistant.mjs';

const dov = person('dov@assistant.example.test');
const cleo = person('cleo@assistant.example.test');
const sql = database();

const logs = () => sql`select * from assistant.ai_processing_logs where user_id = ${dov.id} order by created_at`;
const proposed = async () => {
  const [{ count }] = await sql`select (select count(*) from assistant.ai_generated_drafts d join assistant.ai_processing_logs l
    on l.id = d.log_id where l.user_id = ${dov.id}) + (select count(*) from assistant.touch_date_recommendations r
    join assistant.ai_processing_logs l on l.id = r.log_id where l.user_id = ${dov.id}) as count`;
  return Number(count);
};
const call = { activity_type: 'calls', activity_id: '512001' };
const process = (body = call) => dov.invoke('process', 'POST', body);

describe('processing an activity', () => {
  before(async () => {
    await sql`delete from assistant.hubspot_connections where user_id = ${dov.id}`;
    await connect(dov);
  });
  beforeEach(async () => {
    await control('DELETE', '/faults');
    await control('DELETE', '/log');
    await control('POST', '/llm/script', { contents: [] });
    await sql`delete from assistant.ai_processing_logs where user_id = ${dov.id}`;
  });
  after(() => sql.end());

  test('gives a draft in each tone and dates, stored with the run', async () => {
    const { status, body } = await process({ ...call, tones: ['warm', 'brief'] });
    assert.equal(status, 201, JSON.stringify(body));
    assert.deepEqual(body.drafts.map(({ tone }) => tone).sort(), ['brief', 'warm']);
    assert.equal(body.dates.length, 1);
    assert.deepEqual([body.status, body.model, body.activity_id], ['succeeded', 'simulated-writer-1', '512001']);
    const [log] = await logs();
    assert.deepEqual([log.id, log.status, log.error_code], [body.id, 'succeeded', null]);
    assert.match(log.input_notes, /^Renewal\n\nCalled Petra/);
    assert.ok(log.activity_updated_at);
    // As its person sees it through the gateway, and nobody else.
    const rows = (who) => who.client.from('ai_generated_drafts').select('id').eq('log_id', body.id);
    assert.equal((await rows(dov)).data.length, 2);
    assert.equal((await rows(cleo)).data.length, 0);
    assert.deepEqual((await control('GET', '/log')).deviations, []);
  });

  test('every kind of activity has something to read', async () => {
    for (const [activity_type, activity_id] of [['emails', '512002'], ['tasks', '512003'], ['meetings', '512004'], ['notes', '512005']]) {
      const { status, body } = await process({ activity_type, activity_id, tones: ['brief'] });
      assert.equal(status, 201, JSON.stringify(body));
    }
    assert.equal((await logs()).length, 4);
  });

  test('a person chooses one draft of a run', async () => {
    const { body } = await process();
    const [one, two] = body.drafts;
    const choose = ({ id }) => dov.invoke('select', 'POST', { draft_id: id });
    assert.equal((await choose(one)).body.selected, true);
    assert.equal((await choose(two)).body.selected, true);
    const chosen = await sql`select id from assistant.ai_generated_drafts where log_id = ${body.id} and selected`;
    assert.deepEqual(chosen.map(({ id }) => id), [two.id]);
    const foreign = await cleo.invoke('select', 'POST', { draft_id: one.id });
    assert.deepEqual([foreign.status, foreign.body.code], [404, 'CS404']);
    assert.equal((await dov.invoke('select', 'POST', { draft_id: 'x' })).status, 400);
  });

  test('an answer that does not fit is mended once', async () => {
    await control('POST', '/llm/script', { contents: ['{"drafts": []'] });
    assert.equal((await process()).status, 201);
  });

  test('an answer that cannot be mended ends the run, and leaves nothing else', async () => {
    await control('POST', '/llm/script', { contents: ['nonsense', { content: null, refusal: 'no' }] });
    const { status, body } = await process();
    assert.deepEqual([status, body.code], [502, 'provider_malformed']);
    const [log] = await logs();
    assert.deepEqual([log.status, log.error_code], ['failed', 'LLM_INVALID_OUTPUT']);
    assert.ok(log.processed_at);
    assert.equal(await proposed(), 0);
  });

  for (const [name, effect, status, code, error] of [
    ['is down', { answer: { status: 503 } }, 503, 'provider_down', 'LLM_DOWN'],
    ['breaks off', 'truncated', 503, 'provider_down', 'LLM_DOWN'],
    ['has had too many requests', { answer: { status: 429, retry_after: '600' } }, 429, 'provider_limited', 'LLM_LIMITED'],
    ['does not take the key', { answer: { status: 401 } }, 500, 'CS500', 'LLM_FAILED'],
  ]) {
    test(`the language model ${name}`, async () => {
      await fault(effect, { provider: 'llm', times: 9 });
      const { status: got, body } = await process();
      assert.deepEqual([got, body.code], [status, code]);
      const [log] = await logs();
      assert.deepEqual([log.status, log.error_code], ['failed', error]);
      assert.equal(await proposed(), 0);
    });
  }

  test('without HubSpot there is no run at all', async () => {
    for (const [effect, code] of [[{ answer: { status: 503 } }, 'provider_down'], [{ answer: { status: 404 } }, 'provider_not_found']]) {
      await fault(effect, { path: '/calls', times: 9 });
      assert.equal((await process()).body.code, code);
      await control('DELETE', '/faults');
    }
    assert.equal((await process({ ...call, activity_id: '1' })).body.code, 'provider_not_found');
    assert.equal((await process({ ...call, activity_type: 'contacts' })).status, 400);
    assert.equal((await process({ ...call, tones: ['a', 'a'] })).status, 400);
    assert.equal((await logs()).length, 0);
  });
});
