/** Advisers and their CRM, by real clients through the real Worker; the CRM bridge is the simulators'. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { database } from './support/agency.mjs';
import { alone } from './support/alone.mjs';
import { control, simulators, stack, workerUrl } from './support/assistant.mjs';
import { described } from './support/openapi.mjs';
import { shown } from './support/workflows.mjs';

await alone(simulators);
const FIRM = 'b0000000-0000-4000-8000-000000010001';
const KEY = 'countersign-local-bridge-key-falk';
const sql = database();

/** Someone of the seed: a workflow's status and answer. */
const person = (name) => {
  const { accessToken } = stack.people.find((one) => one.email === `${name}@advisory.example.test`);
  return async (method, path, body) => {
    const headers = { apikey: stack.publishableKey, authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' };
    const request = { method, headers, body: body && JSON.stringify(body) };
    const response = await fetch(`${workerUrl}/functions/v1/advisory-${path}`, request);
    const answer = await response.json();
    described(method, `/functions/v1/advisory-${path.split('?')[0]}`, response.status, answer);
    return { status: response.status, body: answer };
  };
};
const jonas = person('jonas');
const kira = person('kira');
const grace = person('grace');

describe('advisory', () => {
  let kept;
  before(async () => {
    // Other tests hold the seed against the policy: what is changed here is put back.
    kept = {};
    for (const table of ['crm_connections', 'crm_connection_secrets', 'households', 'accounts', 'positions', 'transactions', 'client_data_cache']) {
      kept[table] = await sql`select * from ${sql('advisory')}.${sql(table)} where firm_id = ${FIRM}`;
    }
    await control('POST', '/bridge/permit', { revoked: [], scopes: ['clients', 'holdings'] });
  });
  after(async () => {
    await control('DELETE', '/faults');
    await sql`delete from advisory.meeting_records where firm_id = ${FIRM} and notes = 'edge'`;
    await sql`delete from advisory.sessions where firm_id = ${FIRM} and id::text not like 'b0000000-%'`;
    for (const table of ['crm_connections', 'accounts', 'client_data_cache', 'households']) {
      await sql`delete from ${sql('advisory')}.${sql(table)} where firm_id = ${FIRM}`;
    }
    for (const [table, rows] of Object.entries(kept)) {
      for (const row of rows) await sql`insert into ${sql('advisory')}.${sql(table)} ${sql(row)}`;
    }
    await sql`update advisory.sessions s set household_id = h.id from advisory.households h
      where s.firm_id = ${FIRM} and h.firm_id = s.firm_id and h.owner_id is null and h.external_id = s.crm_household_id`;
    await sql.end();
  });

  test('an adviser connects the firm by a key that the CRM takes; an analyst does not', async () => {
    const refused = await kira('POST', 'connect', { provider: 'bridge', key: KEY });
    assert.deepEqual([refused.status, refused.body.code], [403, '42501']);
    const wrong = await jonas('POST', 'connect', { provider: 'bridge', key: 'wrong' });
    assert.deepEqual([wrong.status, wrong.body.code], [422, 'key_refused']);
    const { status, body } = await jonas('POST', 'connect', { provider: 'bridge', key: KEY });
    assert.deepEqual([status, body.status, body.firm], [200, 'active', 'Falk & Petrov'], JSON.stringify(body));
    const [secret] = await sql`select secret from advisory.crm_connection_secrets where firm_id = ${FIRM}`;
    assert.match(secret.secret, /^cs1\./);
  });

  test('a client comes with what they hold, and from the copy when the CRM is down', async () => {
    const { status, body } = await kira('GET', 'clients/crm-501');
    assert.deepEqual([status, body.client.name, body.stale], [200, 'Nils Ekström', false], JSON.stringify(body));
    assert.deepEqual([body.accounts[0].number_ending, body.accounts[0].market_value_cents], ['1180', 120000]);
    await control('POST', '/faults', { provider: 'bridge', times: 3, effect: { answer: { status: 500 } } });
    const { body: stale } = await kira('GET', 'clients/crm-501?fresh=true');
    assert.deepEqual([stale.stale, stale.warning.code, stale.accounts], [true, 'provider_down', body.accounts]);
    // What is copied is the firm's: another one sees nothing of it.
    const { body: others } = await grace('GET', 'connect');
    assert.ok(!JSON.stringify(others).includes('Falk'));
    const [{ count }] = await sql`select count(*)::int from advisory.accounts where firm_id = ${FIRM} and external_id like '7F00%'`;
    assert.equal(count, 1);
  });

  test('copies are renewed, and a meeting is held with a client of the CRM', async () => {
    const { body: synced } = await jonas('POST', 'sync');
    assert.deepEqual([synced.complete, synced.clients, synced.households], [true, 1, 1], JSON.stringify(synced));
    const { status, body } = await jonas('POST', 'meetings', { crm_client_id: 'crm-501' });
    assert.deepEqual([status, body.client_name], [201, 'Nils Ekström'], JSON.stringify(body));
    assert.equal((await jonas('POST', `meetings/${body.id}/records`, { notes: 'edge' })).status, 201);
    assert.equal((await jonas('POST', `meetings/${body.id}/end`)).status, 200);
    assert.equal((await jonas('POST', 'meetings', { crm_client_id: 'crm-502' })).status, 404);
  });

  test('lists come from the copies', async () => {
    const { body: clients } = await kira('GET', 'clients?search=ekstr');
    assert.deepEqual(clients.results.map(({ id }) => id), ['crm-501'], JSON.stringify(clients));
    const { body: households } = await kira('GET', 'households');
    assert.equal(households.results.length, 1, JSON.stringify(households));
  });

  test('what the bridge tells is believed for its signature, and read anew', async () => {
    const delivery = await control('POST', '/bridge/webhook', { id: `edge-${Date.now()}`, type: 'clients.changed', ids: ['crm-501'], firm: 'falk' });
    const { pathname } = new URL(delivery.url);
    const deliver = async (headers) => {
      const response = await fetch(workerUrl + pathname, { method: 'POST', headers: { ...delivery.headers, ...headers }, body: delivery.body });
      return { status: response.status, body: await response.json() };
    };
    const forged = await deliver({ 'webhook-signature': 'v1,AAAA' });
    assert.deepEqual([forged.status, forged.body.code], [401, 'webhook_not_verified']);
    assert.deepEqual((await deliver()).body, { stored: 1, repeated: 0 });
    assert.deepEqual((await deliver()).body, { stored: 0, repeated: 1 });
  });

  test('a connection of one\'s own is one\'s own, and each ends', async () => {
    const { status, body } = await kira('POST', 'connect/own', { provider: 'bridge', key: KEY });
    assert.deepEqual([status, body.whose], [200, 'own'], JSON.stringify(body));
    const { body: synced } = await kira('POST', 'sync/own');
    assert.equal(synced.complete, true, JSON.stringify(synced));
    const whose = async (who) => (await who('GET', 'connect')).body.connections.map((one) => one.whose);
    assert.deepEqual([await whose(kira), await whose(jonas)], [['firm', 'own'], ['firm']]);
    assert.equal((await kira('DELETE', 'connect/own')).body.status, 'disconnected');
    assert.equal((await kira('DELETE', 'connect')).status, 403);
    assert.equal((await jonas('DELETE', 'connect')).body.status, 'disconnected');
    assert.deepEqual(await whose(jonas), []);
  });
});

shown('advisory');
