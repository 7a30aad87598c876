/** Sessions of Better Auth: the attacks on them, and what stands against each. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { database } from '../support/agency.mjs';
import { ask, cookie, signed, stack, workerUrl } from '../support/portal.mjs';
import { threat } from '../support/threats.mjs';

const MIA = 'demoMiaLaptop0000000000000000001';
const NOEL = 'demoNoel000000000000000000000003';
const ENDED = 'demoMiaPhone00000000000000000002';
const sql = database();

const bearer = (text) => ({ authorization: `Bearer ${text}` });
const named = (name, text) => `${name}=${encodeURIComponent(text)}`;

async function refused(headers) {
  const { status, body } = await ask('GET', 'member', headers);
  assert.deepEqual([status, body.code], [401, 'PGRST301'], JSON.stringify(headers));
}

/** A request to PostgREST by a member's session. */
const rest = (path, schema) =>
  fetch(`${workerUrl}/rest/v1/${path}`, { headers: { apikey: stack.publishableKey, ...bearer(signed(MIA)), 'accept-profile': schema } });

describe("Better Auth's sessions", () => {
  before(async () => {
    await sql`insert into portal."user" (id, name, email, "emailVerified") values ('edge-session', 'S', 'edge-session@portal.example.test', true)`;
    await sql`insert into portal.session ("userId", token, "expiresAt") values ('edge-session', 'edgeSession0', now() + interval '1 hour')`;
  });
  after(async () => {
    await sql`delete from portal."user" where id = 'edge-session'`;
    await sql.end();
  });

  test('are believed as a bearer and as a cookie', async () => {
    for (const headers of [bearer(signed(MIA)), { cookie: cookie(MIA) }]) {
      const { status, body } = await ask('GET', 'member', headers);
      assert.deepEqual([status, body.id], [200, '101']);
    }
  });

  threat(26, "a token without its signature, or with another's", async () => {
    const good = signed(MIA);
    for (const bad of [MIA, `${MIA}.`, good.replace(MIA, NOEL), good.replace(/=$/, ''), good.replace('Laptop', 'Tablet')]) {
      await refused(bearer(bad));
      await refused({ cookie: named('better-auth.session_token', bad) });
    }
  });

  threat(27, 'a session that has ended', async () => {
    await refused(bearer(signed(ENDED)));
    await refused({ cookie: cookie(ENDED) });
  });

  threat(27, 'a session that was revoked a moment ago', async () => {
    const mine = bearer(signed('edgeSession0'));
    assert.equal((await ask('GET', 'events', mine)).status, 200);
    await sql`delete from portal.session where token = 'edgeSession0'`;
    const { status, body } = await ask('GET', 'events', mine);
    assert.deepEqual([status, body.code], [401, 'PGRST301']);
  });

  threat(28, 'two cookies of the name', async () => {
    const [mine, theirs] = [MIA, NOEL].map((token) => named('better-auth.session_token', signed(token)));
    await refused({ cookie: `${mine}; ${theirs}` });
  });

  threat(28, 'a bearer that does not hold, beside a cookie that does', async () => {
    await refused({ ...bearer(MIA), cookie: cookie(MIA) });
  });

  threat(29, 'a write with the cookie, from a page elsewhere', async () => {
    for (const origin of ['https://evil.example', 'null']) {
      const { status } = await ask('PATCH', 'member', { cookie: cookie(MIA), origin }, { fields: { Phone: '+45 1' } });
      assert.equal(status, 403);
    }
  });

  threat(30, 'a session where it means nothing', async () => {
    assert.equal((await rest('clients', 'agency')).status, 401);
    const assistant = await fetch(`${workerUrl}/functions/v1/assistant-contacts`, {
      headers: { apikey: stack.publishableKey, ...bearer(signed(MIA)) },
    });
    assert.equal(assistant.status, 401);
  });

  threat(31, 'the token in an answer', async () => {
    const listed = await rest('session?select=userId', 'portal');
    assert.deepEqual([listed.status, (await listed.json()).length], [200, 2]);
    for (const select of ['token', 'id,token', '*']) {
      const text = await (await rest(`session?select=${select}`, 'portal')).text();
      assert.ok(!text.includes(MIA), select);
    }
  });
});
