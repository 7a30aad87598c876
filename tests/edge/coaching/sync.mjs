/** Bringing an account's calls over, by hand, by the clock and by webhooks; and every way in which that fails. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { database } from '../support/agency.mjs';
import { A, B, connect, control, person, workerUrl } from '../support/coaching.mjs';
import { runSchedule, until } from '../support/later.mjs';

const [olivia, pablo, quinn, rosa, sam] = ['olivia', 'pablo', 'quinn', 'rosa', 'sam'].map(person);
const sql = database();
const fault = (provider, effect, of = {}) => control('POST', '/faults', { provider, effect, ...of });
const activities = () => sql`select * from coaching."Synced_Activities" where account_id = ${A} and external_id !~ '^hs-' order by external_id`;
const conversations = () => sql`select * from coaching."Conversations" where account_id = ${A} and external_id !~ '^fc-' order by external_id`;
const logs = () => sql`select * from coaching."Sync_Logs" where account_id = ${A} order by started_at desc`;
const connection = async (provider) =>
  (await sql`select * from coaching."API_Connections" where account_id = ${A} and provider = ${provider}`)[0];
const asked = async (provider, path) => {
  const { requests } = await control('GET', '/log');
  return requests.filter((of) => of.provider === provider && of.request.path.includes(path));
};
const forget = async () => {
  await sql`delete from coaching."Sync_Logs" where account_id = ${A}`;
  await sql`delete from coaching."Synced_Activities" where account_id = ${A} and external_id !~ '^hs-'`;
  await sql`delete from coaching."Conversations" where account_id = ${A} and external_id !~ '^fc-'`;
  await sql`update coaching."API_Connections" set sync_cursor = sync_cursor - 'kinds' - 'recordings', last_synced_at = null where account_id = ${A}`;
};

describe('bringing calls over', () => {
  before(async () => {
    await control('DELETE', '/faults');
    // These tests are one minute's, and Fathom counts by the minute.
    await control('POST', '/fathom/limits', { heavy: 1_000 });
    await sql`delete from coaching."API_Connections" where account_id in (${A}, ${B})`;
    await sql`delete from countersign_edge.webhook_inbox where app = 'coaching'`;
    await connect(olivia, 'hubspot');
    await connect(olivia, 'fathom', { email: rosa.email });
  });
  beforeEach(async () => {
    await control('DELETE', '/faults');
    await control('DELETE', '/log');
    await forget();
  });
  after(async () => {
    await forget();
    await sql.end();
  });

  test('activities of HubSpot, once', async () => {
    const first = await pablo.invoke('sync/hubspot', 'POST');
    const all = await activities();
    assert.deepEqual(first.body, { account_id: A, provider: 'hubspot', added: all.length, changed: 0, more: false });
    // Others have made more of them.
    const rows = all.filter(({ external_id }) => external_id.startsWith('5120'));
    assert.deepEqual(rows.map((row) => [row.external_id, row.activity_type, row.subject]), [
      ['512001', 'calls', 'Renewal'],
      ['512002', 'emails', 'Re: pricing'],
      ['512004', 'meetings', 'Onboarding'],
    ]);
    assert.equal(rows[0].occurred_at.toISOString(), '2027-01-12T10:30:00.000Z');
    const again = await pablo.invoke('sync/hubspot', 'POST');
    assert.deepEqual([again.body.added, again.body.changed], [0, 0]);
    assert.ok((await connection('hubspot')).last_synced_at);
    const [log] = await logs();
    assert.deepEqual([log.status, log.error_code, log.provider], ['succeeded', null, 'hubspot']);
    assert.deepEqual((await control('GET', '/log')).deviations, []);
  });

  test('recordings of Fathom with all that was said, once, and to whom they belong', async () => {
    const first = await olivia.invoke('sync/fathom', 'POST');
    assert.deepEqual(first.body, { account_id: A, provider: 'fathom', added: 3, changed: 0, more: false });
    const rows = await conversations();
    assert.deepEqual(rows.map((row) => row.external_id), ['700102', '700201', '700202']);
    const price = rows[1];
    assert.deepEqual([price.user_id, Number(price.duration_seconds)], [rosa.id, 840]);
    assert.match(price.transcript, /^\[00:00:10\] Rosa Lind: What would .*\n\[00:00:21\] Petra Novak: /);
    assert.deepEqual(price.participants.map(({ name }) => name), ['Rosa Lind', 'Petra Novak']);
    const seen = async (who) =>
      (await who.client.from('Conversations').select('external_id').like('external_id', '70%').order('external_id')).data.map((row) => row.external_id);
    assert.deepEqual(await seen(rosa), ['700201', '700202'], 'her own');
    assert.deepEqual(await seen(quinn), ['700201', '700202'], 'her team lead sees them');
    assert.deepEqual(await seen(sam), []);
    assert.deepEqual(await seen(pablo), ['700102', '700201', '700202']);
    assert.equal((await activities()).filter(({ provider }) => provider === 'fathom').length, 3);
    await control('DELETE', '/log');
    const again = await olivia.invoke('sync/fathom', 'POST');
    assert.deepEqual([again.body.added, again.body.changed], [0, 0]);
    assert.equal((await asked('fathom', '/transcript')).length, 0, 'what is here is not read again');
    assert.deepEqual((await control('GET', '/log')).deviations, []);
  });

  test('nobody but managers begins that', async () => {
    for (const who of [quinn, rosa]) {
      for (const of of ['hubspot', 'fathom']) assert.equal((await who.invoke(`sync/${of}`, 'POST')).status, 403);
    }
  });

  test('a run that breaks off goes on where it stood', async () => {
    await fault('fathom', { answer: { status: 503 } }, { path: '/recordings/700202', times: 9 });
    const broken = await olivia.invoke('sync/fathom', 'POST');
    assert.deepEqual([broken.status, broken.body.code], [503, 'provider_down']);
    const [log] = await logs();
    assert.deepEqual([log.status, log.error_code], ['failed', 'provider_down']);
    await control('DELETE', '/faults');
    const rest = await olivia.invoke('sync/fathom', 'POST');
    assert.equal(rest.body.more, false);
    assert.equal((await conversations()).length, 3);
    assert.equal(Number(log.added) + rest.body.added, 3, 'nothing twice');
  });

  for (const [name, provider, effect, status, code] of [
    ['HubSpot has had too many requests', 'hubspot', { answer: { status: 429, retry_after: '600' } }, 429, 'provider_limited'],
    ['HubSpot forbids it', 'hubspot', { answer: { status: 403 } }, 403, 'provider_forbidden'],
    ['HubSpot says what cannot be read', 'hubspot', 'malformed', 502, 'provider_malformed'],
    ['Fathom breaks off', 'fathom', 'dropped', 503, 'provider_down'],
    ['Fathom has had too many requests', 'fathom', { answer: { status: 429, retry_after: '600' } }, 429, 'provider_limited'],
  ]) {
    test(`${name}: nothing is stored, and the log says why`, async () => {
      await fault(provider, effect, { path: provider === 'hubspot' ? '/search' : '/meetings', times: 9 });
      const { status: got, body } = await pablo.invoke(`sync/${provider}`, 'POST');
      assert.deepEqual([got, body.code], [status, code]);
      const [log] = await logs();
      assert.deepEqual([log.status, log.error_code], ['failed', code]);
      assert.equal((await activities()).length, 0);
    });
  }

  test('many requests at once renew a token once, and one of them does the work', async () => {
    for (const provider of ['hubspot', 'fathom']) {
      await sql`update coaching."API_Connections" set token_expires_at = now() + interval '30 seconds' where account_id = ${A} and provider = ${provider}`;
      const all = await Promise.all(Array.from({ length: 5 }, () => pablo.invoke(`sync/${provider}`, 'POST')));
      for (const { status, body } of all) assert.ok(status === 200 || body.code === 'sync_running', JSON.stringify(body));
      assert.equal((await asked(provider, '/token')).length, 1, provider);
      assert.equal((await connection(provider)).status, 'active');
    }
  });

  test('the clock does what is due', async () => {
    await runSchedule();
    assert.equal((await conversations()).length, 3);
    const ids = (await activities()).map(({ external_id }) => external_id);
    for (const id of ['512001', '512002', '512004', '700102', '700201', '700202']) assert.ok(ids.includes(id), id);
    await control('DELETE', '/log');
    await runSchedule();
    assert.equal((await asked('hubspot', '/search')).length, 0, 'it is not due again');
  });

  test('HubSpot tells of a call: it is read, or gone', async () => {
    const tell = async (objectId, subscriptionType = 'object.creation') => {
      const events = [{ eventId: Date.now() % 1e9, objectId, objectTypeId: '0-48', subscriptionType, portalId: 24680135, occurredAt: Date.now() }];
      const made = await control('POST', '/hubspot/webhook', { events, uri: `${workerUrl}/functions/v1/coaching-hubspot-webhook` });
      const response = await fetch(`${workerUrl}/functions/v1/coaching-hubspot-webhook`, { method: 'POST', headers: made.headers, body: made.body });
      const body = await response.json();
      assert.deepEqual([response.status, body.stored], [200, 1], JSON.stringify(body));
    };
    await tell(512001);
    await until('the call is here', async () => (await activities()).length === 1);
    await sql`insert into coaching."Synced_Activities" (account_id, provider, external_id, activity_type) values (${A}, 'hubspot', '599999', 'calls')`;
    await tell(599999, 'object.deletion');
    await until('the other is gone', async () => (await activities()).length === 1);
    const forged = await fetch(`${workerUrl}/functions/v1/coaching-hubspot-webhook`, { method: 'POST', body: '[]' });
    assert.equal(forged.status, 401);
  });

  test('Fathom tells of a recording, by the secret of one connection', async () => {
    const { id, sync_cursor } = await connection('fathom');
    const deliver = async (to, delivery) => {
      const response = await fetch(`${workerUrl}/functions/v1/coaching-fathom-webhook/${to}`, { method: 'POST', headers: delivery.headers, body: delivery.body });
      return { status: response.status, body: await response.json() };
    };
    const made = await control('POST', '/fathom/webhook', { id: sync_cursor.webhook_id, recording_id: 700201 });
    assert.deepEqual(await deliver(id, made), { status: 200, body: { stored: 1, repeated: 0, unreadable: 0 } });
    assert.equal((await deliver(id, made)).body.repeated, 1);
    await until('the recording is here', async () => (await conversations()).length === 1);
    const [row] = await conversations();
    assert.match(row.transcript, /Rosa Lind/);
    const [kept] = await sql`select payload from countersign_edge.webhook_inbox where app = 'coaching' and source = 'fathom'`;
    assert.ok(!JSON.stringify(kept.payload).includes('worry about onboarding'), 'the inbox keeps nothing of what was said');
    const { id: other } = await connection('hubspot');
    const foreign = await control('POST', '/fathom/webhook', { id: 'wh1', recording_id: 700202, message: 'msg_x' });
    for (const [to, delivery] of [[other, made], [id, foreign], ['x', made], [A, made]]) {
      const refused = await deliver(to, delivery);
      assert.deepEqual([refused.status, refused.body.code], [401, 'webhook_not_verified']);
    }
  });

  test('a connection whose refresh token is not taken has to be made again', async () => {
    await control('POST', '/fathom/revoke', { email: rosa.email });
    const { status, body } = await olivia.invoke('sync/fathom', 'POST');
    assert.deepEqual([status, body.code], [409, 'connection_expired']);
    assert.match(body.hint, /connect Fathom again/);
    const row = await connection('fathom');
    assert.deepEqual([row.status, row.last_error], ['expired', 'BAD_REFRESH_TOKEN']);
    const { data } = await olivia.client.rpc('get_fathom_connection');
    assert.equal(data[0].status, 'expired');
    await connect(olivia, 'fathom', { email: rosa.email });
    assert.equal((await olivia.invoke('sync/fathom', 'POST')).status, 200);
  });
});
