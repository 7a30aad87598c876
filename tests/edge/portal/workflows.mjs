/** Members of the portal through the real Worker: the session, the member, the record, the webhook. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { database } from '../support/agency.mjs';
import { until } from '../support/later.mjs';
import { baserow, by, control, workerUrl } from '../support/portal.mjs';

const MIA = 'demoMiaLaptop0000000000000000001';
const mia = by(MIA);
const una = by('demoUna0000000000000000000000004');
const sql = database();
const NEW = [1, 2, 3].map((number) => ({ id: `edge-${number}`, email: `edge-${number}@portal.example.test`, token: `edgeSession${number}` }));

describe('the portal', () => {
  before(async () => {
    for (const { id, email, token } of NEW) {
      await sql`insert into portal."user" (id, name, email, "emailVerified") values (${id}, ${id}, ${email}, true)`;
      await sql`insert into portal.session ("userId", token, "expiresAt") values (${id}, ${token}, now() + interval '1 hour')`;
    }
  });
  after(async () => {
    await sql`delete from portal."user" where id like 'edge-%'`;
    await sql`delete from countersign_edge.webhook_inbox where app = 'portal' and event_id like 'edge/%'`;
    await sql.end();
  });

  test('logins at once make one member', async () => {
    for (const { id, email, token } of NEW) {
      const answers = await Promise.all(Array.from({ length: 5 }, () => by(token)('POST', 'sync')));
      const ids = new Set(answers.map(({ status, body }) => (assert.equal(status, 200, JSON.stringify(body)), body.member.id)));
      assert.equal(ids.size, 1);
      const { count } = await baserow('GET', `501/?user_field_names=true&filter__Email__equal=${email}`);
      assert.equal(count, 1);
      const [user] = await sql`select "baserowMemberId" as member from portal."user" where id = ${id}`;
      assert.deepEqual([user.member], [...ids]);
    }
  });

  test('who has not shown that the address is theirs is nobody', async () => {
    const { status, body } = await una('POST', 'sync');
    assert.deepEqual([status, body.code], [403, 'email_not_verified']);
  });

  test('a record is changed, and what is not a field to write is refused', async () => {
    const { status, body } = await mia('PATCH', 'member', { fields: { Birthday: '1990-04-13' } });
    assert.deepEqual([status, body.fields.Birthday], [200, '1990-04-13']);
    const refused = await mia('PATCH', 'member', { fields: { Birthday: '1991-01-01', Nope: 1, Card: 'x' } });
    assert.deepEqual([refused.status, refused.body.code], [422, 'field_not_writable']);
    assert.equal(refused.body.details, '`Card` is read-only; `Nope` is no field');
    assert.equal((await mia('GET', 'member')).body.fields.Birthday, '1990-04-13');
  });

  test('lists are there, or are said not to be', async () => {
    assert.equal((await mia('GET', 'quick-links')).body.count, 3);
    assert.equal((await mia('GET', 'events')).body.count, 1);
    const { status, body } = await mia('GET', 'deals');
    assert.deepEqual([status, body.code], [404, 'not_set_up']);
  });

  test('a deleted member is unlinked, and the inbox keeps ids only', async () => {
    const [{ id, token }] = NEW;
    const { body: found } = await by(token)('POST', 'sync');
    const { body, headers } = await control('POST', '/baserow/webhook', { event_id: 'edge', row_ids: [Number(found.member.id)] });
    const deliver = (more) =>
      fetch(`${workerUrl}/functions/v1/portal-baserow-webhook`, { method: 'POST', headers: { ...headers, ...more }, body });
    assert.equal((await deliver({ 'x-webhook-secret': 'x'.repeat(40) })).status, 401);
    assert.deepEqual(await (await deliver()).json(), { stored: 1, repeated: 0 });
    assert.deepEqual(await (await deliver()).json(), { stored: 0, repeated: 1 });
    // After the answer, and not before it.
    const inbox = () => sql`select status, event_id, payload from countersign_edge.webhook_inbox where app = 'portal' and event_id like 'edge/%'`;
    await until('the event is worked through', async () => (await inbox()).every(({ status }) => status === 'done'));
    assert.deepEqual([...(await inbox())], [{ status: 'done', event_id: `edge//${found.member.id}`, payload: null }]);
    const [user] = await sql`select "baserowMemberId" as member from portal."user" where id = ${id}`;
    assert.equal(user.member, null);
  });
});
