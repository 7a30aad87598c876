/** What is made of calls: analyses, drafts, messages, outcomes, and the way back from these to the next coaching. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { database } from '../support/agency.mjs';
import { A, B, connect, control, person } from '../support/coaching.mjs';
import { runSchedule } from '../support/later.mjs';

const [olivia, pablo, quinn, rosa, sam, tara, victor] = ['olivia', 'pablo', 'quinn', 'rosa', 'sam', 'tara', 'victor'].map(person);
const EAST = 'a0000000-0000-4000-8000-000000020001';
const sql = database();
const analyses = (id) => sql`select * from coaching."Conversation_Analyses" where conversation_id = ${id} order by created_at desc`;
const conversation = async (external) =>
  (await sql`select id from coaching."Conversations" where account_id = ${A} and external_id = ${external}`)[0].id;

describe('coaching', () => {
  let call;

  before(async () => {
    await control('DELETE', '/faults');
    await sql`delete from coaching."API_Connections" where account_id in (${A}, ${B})`;
    await connect(olivia, 'hubspot');
    await connect(olivia, 'fathom', { email: rosa.email });
    for (const of of ['fathom', 'hubspot']) assert.equal((await olivia.invoke(`sync/${of}`, 'POST')).status, 200);
    call = await conversation('700201');
  });
  beforeEach(async () => {
    await control('DELETE', '/faults');
    await control('DELETE', '/log');
    await control('POST', '/llm/script', { contents: [] });
  });
  after(async () => {
    await sql`delete from coaching."Conversations" where account_id = ${A} and external_id !~ '^fc-'`;
    await sql`delete from coaching."Synced_Activities" where account_id = ${A} and external_id !~ '^hs-'`;
    await sql`delete from coaching."Coaching_Outcomes" where situation like 'edge:%'`;
    await sql.end();
  });

  test('a call is analysed, and linked to the activities that it is', async () => {
    const { status, body } = await quinn.invoke('analyse', 'POST', { conversation_id: call });
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual([body.status, body.user_id, body.team_id], ['succeeded', rosa.id, EAST]);
    assert.deepEqual(Object.keys(body.scores).sort(), ['discovery', 'listening', 'next_step', 'objections', 'value']);
    const linked = await sql`select provider, external_id, user_id from coaching."Synced_Activities"
      where conversation_analysis_id = ${body.id} order by provider`;
    assert.deepEqual(linked.map((row) => [row.provider, row.external_id, row.user_id]), [
      ['fathom', '700201', rosa.id],
      ['hubspot', '512001', rosa.id],
    ]);
    const { requests, deviations } = await control('GET', '/log');
    assert.match(requests.find(({ provider }) => provider === 'llm').request.body, /worry about onboarding/);
    assert.deepEqual(deviations, []);
    await olivia.invoke('sync/hubspot', 'POST');
    const [kept] = await sql`select conversation_analysis_id as id from coaching."Synced_Activities" where account_id = ${A} and external_id = '512001'`;
    assert.equal(kept.id, body.id, 'another synchronisation keeps the link');

    await control('DELETE', '/log');
    const again = await pablo.invoke('analyse', 'POST', { conversation_id: call });
    assert.deepEqual([again.status, again.body.id], [200, body.id], 'nothing else was said, so it is not asked anew');
    assert.equal((await control('GET', '/log')).requests.length, 0);
    const fresh = await pablo.invoke('analyse', 'POST', { conversation_id: call, fresh: true });
    assert.deepEqual([fresh.status, fresh.body.status, fresh.body.id === body.id], [200, 'succeeded', false]);
    await sql`update coaching."Conversations" set transcript = transcript || ' And then?' where id = ${call}`;
    const changed = await quinn.invoke('analyse', 'POST', { conversation_id: call });
    assert.ok(![body.id, fresh.body.id].includes(changed.body.id), 'more was said');
  });

  test('one whose request died ends by the next, and one is under way at a time', async () => {
    const [{ id: dead }] = await sql`insert into coaching."Conversation_Analyses" (account_id, conversation_id) values (${A}, ${call}) returning id`;
    await control('POST', '/faults', { provider: 'llm', effect: { latency: 1_500 } });
    const both = await Promise.all([1, 2].map(() => quinn.invoke('analyse', 'POST', { conversation_id: call, fresh: true })));
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 409]);
    assert.equal(both.find(({ status }) => status === 409).body.code, 'analysis_running');
    const [row] = await sql`select status, error_code from coaching."Conversation_Analyses" where id = ${dead}`;
    assert.deepEqual([row.status, row.error_code], ['failed', 'INTERRUPTED']);
  });

  test('what makes something is done once under one key', async () => {
    const key = { 'idempotency-key': `coach-${Date.now()}` };
    const order = { situation: 'edge: the same key twice', outcome: 'one outcome' };
    const first = await quinn.invoke('outcomes', 'POST', { ...order, team_id: EAST }, key);
    const again = await quinn.invoke('outcomes', 'POST', { ...order, team_id: EAST }, key);
    assert.deepEqual([first.status, again.status, again.headers.get('idempotency-replayed')], [201, 201, 'true']);
    assert.deepEqual(again.body, first.body);
    assert.equal((await sql`select 1 from coaching."Coaching_Outcomes" where situation = ${order.situation}`).length, 1);
  });

  test('who does not see a call has it analysed by nobody', async () => {
    const wests = 'a0000000-0000-4000-8000-000000070003';
    assert.equal((await quinn.invoke('analyse', 'POST', { conversation_id: wests })).status, 404, 'of another team');
    assert.equal((await victor.invoke('analyse', 'POST', { conversation_id: call })).status, 404, 'of another account');
    assert.equal((await rosa.invoke('analyse', 'POST', { conversation_id: call })).status, 403, 'sells');
    assert.equal((await quinn.invoke('analyse', 'POST', { conversation_id: 'x' })).status, 400);
    const silent = await pablo.invoke('analyse', 'POST', { conversation_id: 'a0000000-0000-4000-8000-000000070004' });
    assert.deepEqual([silent.status, silent.body.code], [422, 'CS422']);
    const { requests } = await control('GET', '/log');
    assert.equal(requests.length, 0, 'the model was not asked');
  });

  test('an answer that does not fit is repaired once; then the run has failed, and says why', async () => {
    const scores = { listening: 0.5, discovery: 0.5, value: 0.5, objections: 0.5, next_step: 0.5 };
    const good = JSON.stringify({ summary: 'She listens.', scores });
    const bad = JSON.stringify({ summary: 'She listens.', scores: { ...scores, value: 7 } });
    await control('POST', '/llm/script', { contents: [bad, good] });
    const repaired = await quinn.invoke('analyse', 'POST', { conversation_id: call, fresh: true });
    assert.deepEqual([repaired.status, repaired.body.summary], [200, 'She listens.']);
    for (const [contents, effect, status, code, error] of [
      [[bad, 'not json', good], null, 502, 'provider_malformed', 'LLM_INVALID_OUTPUT'],
      [[], { answer: { status: 503 } }, 503, 'provider_down', 'LLM_DOWN'],
      [[], { answer: { status: 429, retry_after: '900' } }, 429, 'provider_limited', 'LLM_LIMITED'],
    ]) {
      await control('POST', '/llm/script', { contents });
      if (effect) await control('POST', '/faults', { provider: 'llm', times: 9, effect });
      const failed = await quinn.invoke('analyse', 'POST', { conversation_id: call, fresh: true });
      assert.deepEqual([failed.status, failed.body.code], [status, code]);
      const [run] = await analyses(call);
      assert.deepEqual([run.status, run.error_code, run.summary], ['failed', error, null]);
      await control('DELETE', '/faults');
    }
  });

  test('outcomes are found again by their meaning, by those who see them', async () => {
    const add = (who, situation, outcome, more = {}) => who.invoke('outcomes', 'POST', { situation: `edge: ${situation}`, outcome, ...more });
    const east = await add(quinn, 'the price came before the need', 'asked first, closed', { rating: 5, user_id: rosa.id, team_id: EAST });
    assert.deepEqual([east.status, east.body.embedded], [201, true], JSON.stringify(east.body));
    const all = await add(pablo, 'onboarding worried the customer', 'two half days agreed', { rating: 4 });
    assert.equal(all.status, 201);
    assert.equal((await add(quinn, 'x', 'y', { team_id: 'a0000000-0000-4000-8000-000000020002' })).status, 403, 'not her team');
    assert.equal((await add(rosa, 'x', 'y')).status, 403);
    assert.equal((await add(pablo, 'x', 'y', { rating: 6 })).status, 400);
    const find = async (who, situation) => (await who.invoke('similar', 'POST', { situation, count: 3 })).body.results.map(({ id }) => id);
    assert.equal((await find(pablo, 'the customer worried about onboarding'))[0], all.body.outcome.id);
    assert.equal((await find(pablo, 'price came before need'))[0], east.body.outcome.id);
    assert.ok(!(await find(quinn, 'the customer worried about onboarding')).includes(all.body.outcome.id), 'not of her team');
    assert.equal((await find(victor, 'price')).length, 0 + (await sql`select 1 from coaching."Coaching_Outcomes" where account_id = ${B} and embedding is not null`).length);

    await pablo.client.from('Coaching_Outcomes').update({ situation: 'edge: nobody knew who signs' }).eq('id', all.body.outcome.id);
    const [stale] = await sql`select embedding from coaching."Coaching_Outcomes" where id = ${all.body.outcome.id}`;
    assert.equal(stale.embedding, null, 'a vector of another text is none');
    await runSchedule();
    assert.equal((await find(pablo, 'who signs, nobody knew'))[0], all.body.outcome.id);
  });

  test('a message goes from draft to sent to acknowledged, in this order', async () => {
    const [{ id: analysis }] = await sql`select id from coaching."Conversation_Analyses" where conversation_id = ${call} and status = 'succeeded' order by created_at limit 1`;
    const drafted = await quinn.invoke('draft', 'POST', { analysis_id: analysis });
    assert.equal(drafted.status, 201, JSON.stringify(drafted.body));
    const { message, similar } = drafted.body;
    assert.deepEqual([message.status, message.user_id, message.author_id], ['draft', rosa.id, quinn.id]);
    assert.ok(similar.length > 0, 'what came of coaching before was read');
    const { requests } = await control('GET', '/log');
    const asked = requests.findLast(({ request }) => request.path.endsWith('/chat/completions')).request.body;
    assert.match(asked, /asked first, closed \(rated 5\)/);

    const messages = (who) => who.client.from('Coaching_Messages');
    const seen = async (who) => (await messages(who).select('id').eq('id', message.id)).data.length;
    const step = async (who, status) => (await messages(who).update({ status }).eq('id', message.id).select('status')).data ?? [];
    assert.equal(await seen(rosa), 0, 'a draft is not hers to read yet');
    assert.deepEqual(await step(rosa, 'acknowledged'), []);
    assert.deepEqual(await step(quinn, 'sent'), [{ status: 'sent' }]);
    assert.equal(await seen(rosa), 1);
    assert.equal(await seen(sam), 0);
    assert.deepEqual(await step(quinn, 'draft'), [], 'what is sent stays sent');
    assert.deepEqual(await step(rosa, 'acknowledged'), [{ status: 'acknowledged' }]);
    const [row] = await sql`select sent_at, acknowledged_at from coaching."Coaching_Messages" where id = ${message.id}`;
    assert.ok(row.sent_at && row.acknowledged_at >= row.sent_at);
    assert.equal((await tara.invoke('draft', 'POST', { analysis_id: analysis })).status, 403);
    assert.equal((await victor.invoke('draft', 'POST', { analysis_id: analysis })).status, 404);
  });
});
