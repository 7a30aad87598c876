/** The agency's workflows, in an organization of their own: the model within its budget, search by meaning. */
import { createClient } from '@supabase/supabase-js';
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { database, stack, workerUrl } from '../support/agency.mjs';
import { control } from '../support/assistant.mjs';
import { described } from '../support/openapi.mjs';
import { newcomer } from '../support/newcomer.mjs';

const sql = database();
const people = Object.fromEntries(['owner', 'member', 'viewer', 'stranger'].map((role) => [role, signedIn(role)]));
let org;

function signedIn(role) {
  const person = newcomer(role);
  const accessToken = async () => person.token;
  return { ...person, client: createClient(workerUrl, stack.publishableKey, { db: { schema: 'agency' }, accessToken }) };
}

async function invoke({ client }, path, body) {
  const { data, error, response } = await client.functions.invoke(`agency-${path}`, { method: 'POST', body });
  const answer = response ?? error.context;
  const said = error ? await answer.json() : data;
  described('POST', `/functions/v1/agency-${path}`, answer.status, said);
  return { status: answer.status, body: said, headers: answer.headers };
}

const runs = () => sql`select status, error_code, cost_cents::float8 as cost from agency.ai_run_logs where org_id = ${org} order by created_at`;

describe('the agency', () => {
  before(async () => {
    for (const { id, email } of Object.values(people)) await sql`insert into auth.users (id, email) values (${id}, ${email})`;
    [{ id: org }] = await sql`insert into agency.organizations (name, created_by) values ('Edge', ${people.owner.id}) returning id`;
    for (const role of ['member', 'viewer']) {
      await sql`insert into agency.team_members (org_id, user_id, role, status) values (${org}, ${people[role].id}, ${role}, 'active')`;
    }
  });
  beforeEach(async () => {
    await control('DELETE', '/faults');
    await control('POST', '/llm/script', { contents: [] });
  });
  after(async () => {
    await sql`delete from countersign_edge.llm_spending where tenant = ${org}`;
    await sql.end();
  });

  test('the model answers as the schema says, and the same again for nothing', async () => {
    const steps = { type: 'array', minItems: 2, maxItems: 2, items: { type: 'string' } };
    const schema = { type: 'object', additionalProperties: false, required: ['steps'], properties: { steps } };
    const asked = { purpose: 'plan', prompt: 'Plan the launch.', schema };
    const { status, body } = await invoke(people.member, 'complete', asked);
    assert.deepEqual([status, body.cached, body.answer.steps?.length], [200, false, 2], JSON.stringify(body));
    const { body: again } = await invoke(people.owner, 'complete', asked);
    assert.deepEqual([again.cached, again.cost_cents, again.answer], [true, 0, body.answer]);
    const logged = await runs();
    assert.deepEqual(logged.map(({ status }) => status), ['succeeded', 'cached']);
    assert.equal(logged[0].cost, body.cost_cents);
    const { data } = await people.owner.client.rpc('get_ai_spend', { p_org_id: org });
    assert.equal(data, 1);
  });

  test('is for members, of their own organization', async () => {
    const asked = { purpose: 'plan', prompt: 'May I?' };
    for (const [who, path, expected] of [
      ['viewer', 'complete', 403],
      ['stranger', 'complete', 403],
      ['member', 'complete?org_id=a0000000-0000-4000-8000-000000000001', 403],
      ['member', `complete?org_id=${org}`, 200],
    ]) {
      const { status, body } = await invoke(people[who], path, asked);
      assert.equal(status, expected, `${who} ${path} ${JSON.stringify(body)}`);
    }
  });

  test('an answer that cannot be mended is logged with what it cost', async () => {
    await control('POST', '/llm/script', { contents: ['nonsense', '{"text": 5}'] });
    const { status, body } = await invoke(people.member, 'complete', { purpose: 'broken', prompt: 'Break.' });
    assert.deepEqual([status, body.code], [502, 'provider_malformed']);
    const last = (await runs()).at(-1);
    assert.deepEqual([last.status, last.error_code, last.cost > 0], ['failed', 'LLM_INVALID_OUTPUT', true]);
  });

  test('what is new is embedded, and found by meaning', async () => {
    for (const [title, content] of [['Price list', 'The annual price of the licence.'], ['Drivers', 'How drivers are brought on board.']]) {
      await sql`insert into agency.documents (org_id, title, content) values (${org}, ${title}, ${content})`;
    }
    assert.equal((await invoke(people.viewer, 'embed', { within: 'documents' })).status, 403);
    const { body } = await invoke(people.member, 'embed', { within: 'documents' });
    assert.deepEqual([body.embedded, body.more], [2, false]);
    const search = (query) => invoke(people.viewer, 'search', { query, within: 'documents', count: 1 });
    for (const [query, title] of [['annual price', 'Price list'], ['drivers on board', 'Drivers']]) {
      const { status, body: found } = await search(query);
      assert.deepEqual([status, found.results.map((row) => row.title)], [200, [title]], JSON.stringify(found));
    }
    assert.equal((await search('annual price')).body.cached, true);
  });

  test('a budget that is spent refuses until it renews, and what is remembered is still answered', async () => {
    const budget = (cents) => people.owner.client.from('organizations').update({ ai_monthly_budget_cents: cents }).eq('id', org).select('id');
    assert.equal((await budget(0)).data.length, 1);
    const { status, body, headers } = await invoke(people.member, 'complete', { purpose: 'plan', prompt: 'Something new.' });
    assert.deepEqual([status, body.code], [429, 'llm_budget']);
    assert.match(body.message, /renews on \d{4}-\d{2}-01$/);
    assert.ok(Number(headers.get('retry-after')) > 0);
    assert.equal((await invoke(people.member, 'complete', { purpose: 'plan', prompt: 'May I?' })).body.cached, true);
    await budget(5000);
    assert.equal((await invoke(people.member, 'complete', { purpose: 'plan', prompt: 'Something new.' })).status, 200);
  });
});
