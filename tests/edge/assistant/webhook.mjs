/** HubSpot's events: believed for their signature alone, stored once each. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { database } from '../support/agency.mjs';
import { control, person, workerUrl } from '../support/assistant.mjs';
import { runSchedule, until } from '../support/later.mjs';

const uri = `${workerUrl}/functions/v1/assistant-hubspot-webhook`;
const sql = database();
const PORTAL = 4242;
/** More often than any event is tried. */
const TOO_OFTEN = 1_000;

const make = (events, to = uri) =>
  control('POST', '/hubspot/webhook', { uri: to, events: events.map((event) => ({ portalId: PORTAL, ...event })) });
async function deliver({ body, headers }) {
  const response = await fetch(uri, { method: 'POST', headers, body });
  return { status: response.status, body: await response.json() };
}
const inbox = () => sql`select * from countersign_edge.webhook_inbox where tenant_id = ${String(PORTAL)}`;

describe('webhooks of HubSpot', () => {
  after(async () => {
    await sql`delete from countersign_edge.webhook_inbox where tenant_id = ${String(PORTAL)}`;
    await sql.end();
  });

  test('each event is stored once, however often and with whatever others it comes', async () => {
    const first = await make([{ eventId: 1, objectId: 101 }, { eventId: 1, objectId: 102 }]);
    assert.deepEqual((await deliver(first)).body, { stored: 2, repeated: 0, unreadable: 0 });
    assert.deepEqual((await deliver(first)).body, { stored: 0, repeated: 2, unreadable: 0 });
    const [{ occurredAt }] = JSON.parse(first.body);
    const more = await make([
      { eventId: 1, objectId: 102, occurredAt, attemptNumber: 3 },
      { eventId: 2, objectId: 103 },
      { eventId: 2, objectId: 103 },
      { portalId: 'x' },
    ]);
    const { body } = await deliver(more);
    assert.equal(body.unreadable, 1);
    assert.equal(body.stored + body.repeated, 3);
    const rows = await inbox();
    const objects = rows.flatMap(({ payload }) => payload.ids).sort();
    assert.deepEqual([...new Set(objects)], ['101', '102', '103']);
    assert.ok(rows.every(({ app, source }) => app === 'assistant' && source === 'hubspot'));
    // What an event says of a person is nobody's to keep.
    assert.ok(rows.every(({ payload }) => !('propertyValue' in payload)));
    // Contacts stay in HubSpot, so nothing is to be done for them; it is, after the answer.
    await until('all are worked through', async () => (await inbox()).every(({ status }) => status === 'done'));
  });

  test('an event that nobody came to after its answer is the schedule\'s', async () => {
    await sql`insert into countersign_edge.webhook_inbox (app, source, event_id, tenant_id, event_type, payload)
      values ('assistant', 'hubspot', 'left', ${String(PORTAL)}, 'contact.creation', '{"ids": ["1"]}'),
        ('agency', 'nobody', 'odd', ${String(PORTAL)}, 'x', null)`;
    // Whoever had it died, as often as an event is tried.
    await sql`insert into countersign_edge.webhook_inbox (app, source, event_id, tenant_id, event_type, status, attempts, next_attempt_at)
      values ('assistant', 'hubspot', 'worn', ${String(PORTAL)}, 'contact.creation', 'processing', ${TOO_OFTEN}, now())`;
    await runSchedule();
    const rows = await sql`select event_id, status, last_error from countersign_edge.webhook_inbox where event_id in ('left', 'odd', 'worn') order by 1`;
    assert.deepEqual([...rows], [
      { event_id: 'left', status: 'done', last_error: null },
      { event_id: 'odd', status: 'dead', last_error: 'unknown_source: no app works through it' },
      { event_id: 'worn', status: 'dead', last_error: 'worn_out: every run that had it died' },
    ]);
    const [{ held }] = await sql`select expires_at > now() as held from countersign_edge.leases where name = 'schedule'`;
    assert.equal(held, false);
  });

  test('what is past its time is deleted, once an hour', async () => {
    const ada = person('ada@assistant.example.test');
    const old = async () => {
      await sql`insert into countersign_edge.webhook_inbox (app, source, event_id, tenant_id, event_type, status, finished_at)
        values ('assistant', 'hubspot', 'old', ${String(PORTAL)}, 'x', 'done', now() - interval '31 days'),
          ('assistant', 'hubspot', 'parked', ${String(PORTAL)}, 'x', 'dead', now() - interval '31 days')
        on conflict do nothing`;
      await sql`insert into assistant.sessions (user_id, expires_at) values (${ada.id}, now() - interval '1 second')`;
    };
    const left = async () => {
      const events = await sql`select event_id from countersign_edge.webhook_inbox where event_id in ('old', 'parked')`;
      const sessions = await sql`select id from assistant.sessions where expires_at < now()`;
      return [events.map(({ event_id: id }) => id).sort().join(), sessions.length];
    };
    await sql`delete from countersign_edge.leases where name = 'tidy'`;
    await old();
    await runSchedule();
    assert.deepEqual(await left(), ['parked', 0]);
    await old();
    await runSchedule();
    assert.deepEqual(await left(), ['old,parked', 1]);
    await sql`delete from countersign_edge.leases where name = 'tidy'`;
    await runSchedule();
    assert.deepEqual(await left(), ['parked', 0]);
  });

  test('what is not signed, or not as it is signed, is not believed', async () => {
    const before = (await inbox()).length;
    const good = await make([{ eventId: 9, objectId: 900 }]);
    const without = ({ headers, ...rest }, name) => ({ ...rest, headers: Object.fromEntries(Object.entries(headers).filter(([of]) => of !== name)) });
    const with_ = ({ headers, ...rest }, more) => ({ ...rest, headers: { ...headers, ...more } });
    for (const bad of [
      { ...good, body: good.body.replace('900', '901') },
      without(good, 'x-hubspot-signature-v3'),
      without(good, 'x-hubspot-request-timestamp'),
      with_(good, { 'x-hubspot-request-timestamp': String(Date.now() - 301_000) }),
      with_(good, { 'x-hubspot-signature-v3': 'AAAA' }),
      await make([{ eventId: 9 }], `${workerUrl}/elsewhere`),
    ]) {
      const { status, body } = await deliver(bad);
      assert.deepEqual([status, body.code], [401, 'webhook_not_verified']);
    }
    assert.equal((await inbox()).length, before);
    assert.equal((await deliver(good)).status, 200);
  });
});
