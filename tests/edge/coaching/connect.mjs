/** Connecting an account to HubSpot and Fathom. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { database } from '../support/agency.mjs';
import { A, B, comeBack, connect, consent, control, person } from '../support/coaching.mjs';

const [olivia, pablo, quinn, rosa, uma] = ['olivia', 'pablo', 'quinn', 'rosa', 'uma'].map(person);
const sql = database();
const connection = async (account, provider) =>
  (await sql`select c.*, s.access_token, s.refresh_token, s.webhook_secret, s.key_id from coaching."API_Connections" c
    left join coaching."API_Connection_Secrets" s on s.connection_id = c.id where c.account_id = ${account} and c.provider = ${provider}`)[0];

describe('connections of an account', () => {
  before(async () => {
    await control('DELETE', '/faults');
    await control('DELETE', '/log');
    await sql`delete from coaching."API_Connections" where account_id in (${A}, ${B})`;
  });
  after(() => sql.end());

  test('an owner connects HubSpot, and managers see how that stands', async () => {
    assert.deepEqual((await olivia.invoke('hubspot-connect')).body, { account_id: A, connection: null });
    const { status, body } = await connect(olivia, 'hubspot');
    assert.deepEqual([status, body], [200, { hubspot: 'connected', account_id: A }]);
    const stands = (await uma.invoke('hubspot-connect')).body.connection;
    assert.deepEqual([stands.status, stands.external_account_id, stands.reconnect], ['active', '24680135', false]);
    const rpc = await pablo.client.rpc('get_hubspot_connection');
    assert.equal(rpc.data[0].status, 'active');
    const row = await connection(A, 'hubspot');
    assert.equal(row.connected_by, olivia.id);
    for (const sealed of [row.access_token, row.refresh_token]) assert.match(sealed, /^cs1\.[\w-]+$/);
    assert.deepEqual((await control('GET', '/log')).deviations, []);
  });

  test('a manager connects Fathom, which is asked to tell of recordings', async () => {
    const { status, body } = await connect(pablo, 'fathom');
    assert.deepEqual([status, body], [200, { fathom: 'connected', account_id: A }]);
    const row = await connection(A, 'fathom');
    assert.deepEqual([row.status, row.last_error], ['active', null]);
    assert.match(row.webhook_secret, /^cs1\.[\w-]+$/);
    assert.match(row.sync_cursor.webhook_id, /^wh/);
    const { requests, deviations } = await control('GET', '/log');
    const { request } = requests.find(({ provider, request }) => provider === 'fathom' && request.path.endsWith('/webhooks'));
    assert.ok(JSON.parse(request.body).destination_url.endsWith(`/functions/v1/coaching-fathom-webhook/${row.id}`));
    assert.deepEqual(deviations, []);
  });

  test('who leads a team, who sells and who is nobody connects nothing', async () => {
    for (const who of [quinn, rosa]) {
      for (const path of ['hubspot-connect', 'fathom-connect', `hubspot-connect?account_id=${A}`]) {
        for (const method of ['GET', 'POST', 'DELETE']) {
          const { status, body } = await who.invoke(path, method);
          assert.deepEqual([status, body.code], [403, '42501'], `${who.email} ${method} ${path}`);
        }
      }
    }
    assert.equal((await olivia.invoke(`hubspot-connect?account_id=${B}`)).status, 403, 'not her account');
  });

  test('a person who manages two accounts names the one', async () => {
    await sql`insert into coaching."User_Roles" (account_id, user_id, role) values (${B}, ${pablo.id}, 'manager')`;
    try {
      const unnamed = await pablo.invoke('fathom-connect', 'POST', {});
      assert.equal(unnamed.status, 400);
      assert.match(unnamed.body.hint, /account_id/);
      const rpc = await pablo.client.rpc('get_fathom_connection');
      assert.ok(rpc.error, 'the database says the same');
      const named = await connect(pablo, 'hubspot', { portal: '97531086', user: 8001 }, `?account_id=${B}`);
      assert.equal(named.body.account_id, B);
      assert.equal((await connection(B, 'hubspot')).external_account_id, '97531086');
      assert.equal((await connection(A, 'hubspot')).external_account_id, '24680135');
    } finally {
      await sql`delete from coaching."User_Roles" where account_id = ${B} and user_id = ${pablo.id}`;
    }
  });

  test('only the browser that began comes back, and on the way it went', async () => {
    const begin = async (provider) => {
      const { body, headers } = await olivia.invoke(`${provider}-connect`, 'POST', {});
      return { back: await consent(body.url), cookie: headers.get('set-cookie').split(';')[0] };
    };
    const [one, other] = [await begin('hubspot'), await begin('fathom')];
    const across = one.back.replace('coaching-hubspot', 'coaching-fathom');
    const assistants = one.back.replace('coaching-hubspot', 'assistant-hubspot');
    for (const [back, cookie] of [[one.back], [one.back, other.cookie], [across, one.cookie], [assistants, one.cookie]]) {
      assert.equal((await comeBack(back, cookie)).status, 400);
    }
    assert.equal((await comeBack(one.back, one.cookie)).status, 200);
    assert.equal((await comeBack(one.back, one.cookie)).status, 409, 'a code works once');
  });

  test('who lost the role on the way connects nothing', async () => {
    for (const lost of [
      () => sql`update coaching."User_Roles" set role = 'rep' where account_id = ${A} and user_id = ${pablo.id}`,
      () => sql`update coaching."User_Roles" set status = 'invited' where account_id = ${A} and user_id = ${pablo.id}`,
    ]) {
      const begun = await pablo.invoke('hubspot-connect', 'POST', {});
      const [back, cookie] = [await consent(begun.body.url), begun.headers.get('set-cookie').split(';')[0]];
      const before = await connection(A, 'hubspot');
      await lost();
      await control('DELETE', '/log');
      try {
        const { status, body } = await comeBack(back, cookie);
        assert.deepEqual([status, body.code], [403, '42501']);
        assert.equal((await control('GET', '/log')).requests.length, 0, 'the code went nowhere');
        assert.deepEqual(await connection(A, 'hubspot'), before);
      } finally {
        await sql`update coaching."User_Roles" set role = 'manager', status = 'active' where account_id = ${A} and user_id = ${pablo.id}`;
      }
      assert.equal((await comeBack(back, cookie)).status, 200, 'and who has it again does');
    }
  });

  test('a Fathom that makes no webhook is connected all the same, and says so', async () => {
    await control('POST', '/faults', { provider: 'fathom', path: '/webhooks', method: 'POST', effect: 'dropped' });
    assert.equal((await connect(olivia, 'fathom')).status, 200);
    assert.deepEqual([(await connection(A, 'fathom')).status, (await connection(A, 'fathom')).last_error], ['active', 'NO_WEBHOOK']);
  });

  test('a connection ends there and here', async () => {
    await connect(olivia, 'fathom');
    await control('DELETE', '/log');
    for (const provider of ['hubspot', 'fathom']) {
      const { status, body } = await olivia.invoke(`${provider}-connect`, 'DELETE');
      assert.deepEqual([status, body.status, body.revoked_there], [200, 'revoked', provider === 'hubspot']);
      const row = await connection(A, provider);
      assert.deepEqual([row.status, row.access_token], ['revoked', null]);
    }
    const { requests, deviations } = await control('GET', '/log');
    assert.ok(requests.some(({ request }) => request.method === 'DELETE' && request.path.includes('/webhooks/')));
    assert.deepEqual(deviations, []);
  });
});
