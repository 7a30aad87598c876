/** What is made under an `Idempotency-Key` is made once. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { database } from '../support/agency.mjs';
import { connect, control, fault, person, stack, workerUrl } from '../support/assistant.mjs';

const dov = person('dov@assistant.example.test');
const sql = database();

async function create(key, properties, kind = 'deals') {
  const response = await fetch(`${workerUrl}/functions/v1/assistant-${kind}`, {
    method: 'POST',
    headers: {
      apikey: stack.publishableKey,
      authorization: `Bearer ${dov.accessToken}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify({ properties }),
  });
  return { status: response.status, replayed: response.headers.get('idempotency-replayed'), body: await response.json() };
}

const made = async () => {
  const { requests } = await control('GET', '/log');
  return requests.filter(({ request }) => request.method === 'POST' && request.path.endsWith('/deals')).length;
};

describe('an Idempotency-Key', () => {
  before(async () => {
    await sql`delete from assistant.hubspot_connections where user_id = ${dov.id}`;
    await connect(dov);
  });
  beforeEach(async () => {
    await control('DELETE', '/faults');
    await control('DELETE', '/log');
  });
  after(async () => {
    await sql`delete from countersign_edge.idempotency_keys where caller = ${dov.id}`;
    await sql.end();
  });

  test('makes one of any number of requests', async () => {
    const key = randomUUID();
    const first = await create(key, { dealname: 'Once' });
    assert.deepEqual([first.status, first.replayed], [201, null], JSON.stringify(first.body));
    for (let again = 0; again < 3; again += 1) {
      assert.deepEqual(await create(key, { dealname: 'Once' }), { ...first, replayed: 'true' });
    }
    assert.equal(await made(), 1);
    const other = await create(key, { dealname: 'Twice' });
    assert.deepEqual([other.status, other.body.code], [422, 'CS422']);
    assert.equal((await create(randomUUID(), { dealname: 'Once' })).replayed, null);
    assert.equal(await made(), 2);
  });

  test('holds while the first is under way', async () => {
    const key = randomUUID();
    await fault({ latency: 500 }, { method: 'POST', path: '/deals' });
    const both = await Promise.all([1, 2].map(() => create(key, { dealname: 'At once' })));
    assert.deepEqual(both.map(({ status }) => status).sort(), [201, 409]);
    assert.equal(await made(), 1);
  });

  test('keeps it to itself that nothing was done, and says so when that is not known', async () => {
    const key = randomUUID();
    await fault({ answer: { status: 503 } }, { method: 'POST', path: '/deals', times: 9 });
    assert.equal((await create(key, { dealname: 'Later' })).status >= 500, true);
    await control('DELETE', '/faults');
    const lost = randomUUID();
    await fault('dropped', { method: 'POST', path: '/deals', when: 'after' });
    const unknown = await create(lost, { dealname: 'Lost' });
    assert.deepEqual([unknown.status, unknown.body.code], [502, 'provider_uncertain']);
    assert.deepEqual(await create(lost, { dealname: 'Lost' }), { ...unknown, replayed: 'true' });
  });
});
