/** The four smaller systems through the Worker: two people of each, and what tells them apart. */
import { createClient } from '@supabase/supabase-js';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stack, workerUrl } from './support/agency.mjs';

/** A client that goes through the Worker as somebody of the seed. */
function as(email) {
  const person = stack.people.find((one) => one.email === email);
  assert.ok(person, `the seed has ${email}`);
  const client = createClient(workerUrl, stack.publishableKey, {
    db: { schema: person.app },
    accessToken: async () => person.accessToken,
  });
  return { id: person.id, client };
}

async function count(client, table, columns = '*') {
  const { data, error } = await client.from(table).select(columns);
  assert.equal(error, null, JSON.stringify(error));
  return data.length;
}

/** The answer of a request that the policy refuses. */
async function refused(request) {
  const { data, error, status } = await request;
  assert.equal(status, 403, JSON.stringify({ data, error, status }));
  assert.equal(error.code, '42501');
  assert.ok(error.message.length > 0);
}

async function answered(request) {
  const { data, error } = await request;
  assert.equal(error, null, JSON.stringify(error));
  return data;
}

describe('assistant', () => {
  const ada = as('ada@assistant.example.test').client;
  const ben = as('ben@assistant.example.test').client;

  test('each has their own runs, on one activity of one portal', async () => {
    assert.equal(await count(ada, 'ai_processing_logs'), 3);
    assert.equal(await count(ben, 'ai_processing_logs'), 1);
    const drafts = await answered(ben.from('ai_generated_drafts').select('id, ai_processing_logs(activity_id)'));
    assert.deepEqual(drafts.map((draft) => draft.ai_processing_logs.activity_id), ['512001']);
  });

  test('choosing is all that is open on what the AI made', async () => {
    const draft = 'b0000000-0000-4000-8000-000000050001';
    const change = (client, row) => client.from('ai_generated_drafts').update(row).eq('id', draft).select('id');
    assert.deepEqual(await answered(change(ada, { selected: true })), []);
    assert.deepEqual(await answered(change(ben, { selected: true })), [{ id: draft }]);
    await refused(change(ben, { draft_text: 'mine' }));
    await refused(ben.from('hubspot_connection_secrets').select('*'));
  });
});

describe('portal', () => {
  const mia = as('mia@portal.example.test');
  const noel = as('noel@portal.example.test');

  test('a member has their own account, by an id that is text', async () => {
    for (const { id, client } of [mia, noel]) {
      const rows = await answered(client.from('user').select('id'));
      assert.deepEqual(rows, [{ id }]);
    }
    assert.equal(await count(mia.client, 'session', 'id, expiresAt'), 2);
    assert.equal(await count(noel.client, 'session', 'id, expiresAt'), 1);
  });

  test('tokens stay hidden, and the link to Baserow is the Worker\'s', async () => {
    await refused(mia.client.from('session').select('token'));
    await refused(mia.client.from('account').select('id'));
    await refused(mia.client.from('user').update({ baserowMemberId: '999' }).eq('id', mia.id));
    const named = mia.client.from('user').update({ name: 'Mia S.' }).eq('id', mia.id).select('name');
    assert.deepEqual(await answered(named), [{ name: 'Mia S.' }]);
  });
});

describe('advisory', () => {
  const henry = as('henry@advisory.example.test').client;
  const iris = as('iris@advisory.example.test').client;

  test('what came through a personal connection is its owner\'s', async () => {
    assert.equal(await count(henry, 'households'), 3);
    assert.equal(await count(iris, 'households'), 2);
  });

  test('advisers hold meetings, analysts read them', async () => {
    const meeting = { firm_id: 'a0000000-0000-4000-8000-000000010001', crm_client_id: 'crm-900' };
    await refused(iris.from('sessions').insert(meeting));
    const [made] = await answered(henry.from('sessions').insert(meeting).select('id, crm_client_id'));
    assert.equal(made.crm_client_id, 'crm-900');
    const seen = await answered(iris.from('sessions').select('id').eq('id', made.id));
    assert.deepEqual(seen, [{ id: made.id }]);
    await refused(henry.from('households').update({ name: 'x' }).eq('external_id', 'hh-1001'));
  });
});

describe('coaching', () => {
  const quinn = as('quinn@coaching.example.test').client;
  const rosa = as('rosa@coaching.example.test');
  const account_id = 'a0000000-0000-4000-8000-000000010001';

  test('a rep has their own calls, who leads the team has the team\'s', async () => {
    assert.equal(await count(rosa.client, 'Conversations'), 1);
    assert.equal(await count(quinn, 'Conversations'), 2);
    await refused(rosa.client.from('API_Connection_Secrets').select('*'));
  });

  test('messages are written by who leads, and acknowledged by whom they are for', async () => {
    const message = { account_id, user_id: rosa.id, team_id: 'a0000000-0000-4000-8000-000000020001', body: 'Well done.' };
    await refused(rosa.client.from('Coaching_Messages').insert(message));
    const [made] = await answered(quinn.from('Coaching_Messages').insert(message).select('id, status'));
    assert.equal(made.status, 'draft');
    assert.deepEqual(await answered(rosa.client.from('Coaching_Messages').select('id').eq('id', made.id)), []);
    const step = (client, status) =>
      client.from('Coaching_Messages').update({ status }).eq('id', made.id).select('status');
    assert.deepEqual(await answered(step(quinn, 'sent')), [{ status: 'sent' }]);
    assert.deepEqual(await answered(step(rosa.client, 'acknowledged')), [{ status: 'acknowledged' }]);
  });
});
