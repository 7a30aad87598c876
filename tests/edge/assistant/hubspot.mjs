/** The assistant's way to HubSpot: connecting, the records there, and every way in which that fails. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { database } from '../support/agency.mjs';
import { begin, connect, consent, control, fault, person, simulators, stack, workerUrl } from '../support/assistant.mjs';
import { startWorker } from '../support/workerd.mjs';

const ada = person('ada@assistant.example.test');
const ben = person('ben@assistant.example.test');
const dov = person('dov@assistant.example.test');
const sql = database();
const CALLBACK = '/functions/v1/assistant-hubspot-callback';

const connections = (of) => sql`select * from assistant.hubspot_connections where user_id = ${of.id}`;
const forget = (of) => sql`delete from assistant.hubspot_connections where user_id = ${of.id}`;
const asked = async (path, method) => {
  const { requests } = await control('GET', '/log');
  return requests.filter(({ request }) => request.path.includes(path) && (!method || request.method === method));
};

describe('HubSpot through the assistant', () => {
  before(async () => {
    for (const who of [ada, ben, dov]) await forget(who);
  });
  beforeEach(async () => {
    await control('DELETE', '/faults');
    await control('DELETE', '/log');
  });
  after(async () => {
    await sql.end();
  });

  /** Everything that was said to HubSpot and by it was as HubSpot describes it. */
  const asDescribed = async () => assert.deepEqual((await control('GET', '/log')).deviations, []);

  describe('connecting', () => {
    test('who has not connected is told so', async () => {
      const { status, body } = await dov.invoke('contacts');
      assert.deepEqual([status, body.code], [409, 'not_connected']);
      assert.deepEqual((await dov.invoke('hubspot-connect')).body, { connections: [] });
    });

    test('a person consents and comes back connected', async () => {
      const { portal_id } = await connect(dov);
      assert.equal(portal_id, '24680135');
      const { body } = await dov.invoke('hubspot-connect');
      assert.equal(body.connections.length, 1);
      assert.deepEqual([body.connections[0].status, body.connections[0].reconnect], ['active', false]);
      assert.ok(body.connections[0].scopes.includes('crm.objects.contacts.read'));
      await asDescribed();
    });

    test('only the browser that began comes back, with what it began with', async () => {
      const { url, cookie, header } = await begin(ada);
      assert.match(header, /^__Host-countersign-connect=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
      const back = await consent(url);
      const other = await begin(ben);
      const go = (address, headers = {}) => fetch(address, { headers, redirect: 'manual' });
      const changed = new URL(back);
      changed.searchParams.set('state', new URL(other.url).searchParams.get('state'));
      for (const refused of [go(back), go(back, { cookie: other.cookie }), go(changed, { cookie }), go(`${workerUrl}${CALLBACK}`)]) {
        const response = await refused;
        assert.deepEqual([response.status, (await response.json()).code], [400, 'CS400']);
      }
      assert.equal((await connections(ada)).length, 0);
      assert.equal((await go(back, { cookie })).status, 200);
      const again = await go(back, { cookie });
      assert.equal(again.status, 409, 'a code works once');
      assert.equal((await connections(ada)).length, 1);
    });

    test('who declines is not connected, and no page is gone on to that is not listed', async () => {
      await control('POST', '/hubspot/consent', { refuse: true });
      const { url, cookie } = await begin(ben);
      const response = await fetch(await consent(url), { headers: { cookie }, redirect: 'manual' });
      assert.deepEqual(await response.json(), { hubspot: 'refused', portal_id: null });
      assert.equal((await connections(ben)).length, 0);
      const { status } = await ben.invoke('hubspot-connect', 'POST', { return_to: 'https://evil.example/' });
      assert.equal(status, 400);
    });

    test('nobody and guests do not connect anything', async () => {
      const headers = { apikey: stack.publishableKey };
      for (const path of ['hubspot-connect', 'contacts', 'contacts/101']) {
        const response = await fetch(`${workerUrl}/functions/v1/assistant-${path}`, { headers });
        assert.deepEqual([response.status, (await response.json()).code], [401, '42501']);
        assert.equal(response.headers.get('access-control-allow-origin'), '*');
      }
    });

    test('a connection ends at HubSpot and here', async () => {
      await connect(ben);
      const { status, body } = await ben.invoke('hubspot-connect', 'DELETE');
      assert.deepEqual([status, body.status, body.revoked_at_hubspot], [200, 'revoked', true]);
      assert.equal((await asked('/token/revoke')).length, 1);
      assert.equal((await ben.invoke('contacts')).body.code, 'connection_expired');
      const left = await sql`select 1 from assistant.hubspot_connection_secrets s join assistant.hubspot_connections c
        on c.id = s.connection_id where c.user_id = ${ben.id}`;
      assert.equal(left.length, 0);
      await asDescribed();
    });
  });

  describe('records', () => {
    before(() => connect(ada));

    test('contacts are listed, found, made, changed and removed', async () => {
      const page = await ada.invoke('contacts?limit=3&properties=email');
      assert.deepEqual([page.status, page.body.results.length], [200, 3]);
      const rest = await ada.invoke(`contacts?limit=100&after=${page.body.next}`);
      assert.equal(rest.body.next, null);

      const search = await ada.invoke('contacts/search', 'POST', { query: 'tidalfreight', sort: '-lastname' });
      assert.deepEqual(search.body.results.map(({ id }) => id), ['101', '102']);

      const properties = { email: `new.${Date.now()}@example.test`, firstname: 'Nia' };
      const made = await ada.invoke('contacts', 'POST', { properties, associations: [{ kind: 'companies', id: '201' }] });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      const path = `contacts/${made.body.id}`;
      const linked = await ada.invoke(`${path}/associations/companies`);
      assert.deepEqual(linked.body.results, [{ id: '201' }]);

      const changed = await ada.invoke(path, 'PATCH', { properties: { jobtitle: 'Buyer', phone: null } });
      assert.equal(changed.body.properties.jobtitle, 'Buyer');
      assert.equal((await ada.invoke(path)).body.properties.firstname, 'Nia');
      assert.equal((await ada.invoke(path, 'DELETE')).status, 204);
      assert.equal((await ada.invoke(path)).body.code, 'provider_not_found');
      await asDescribed();
    });

    test('so are companies, deals, tasks and every kind of activity', async () => {
      for (const kind of ['companies', 'deals', 'tasks', 'calls', 'emails', 'meetings', 'notes']) {
        const { status, body } = await ada.invoke(`${kind}?limit=5`);
        assert.equal(status, 200, JSON.stringify(body));
        assert.ok(body.results.length > 0, kind);
        const one = await ada.invoke(`${kind}/${body.results[0].id}`);
        assert.equal(one.body.id, body.results[0].id);
      }
      assert.equal((await ada.invoke('contacts/102/associations/deals/330044001', 'PUT')).status, 204);
      assert.equal((await ada.invoke('contacts/102/associations/deals/330044001', 'DELETE')).status, 204);
      await asDescribed();
    });

    test('each kind of record is made, found, changed, linked and removed', async () => {
      const once = Date.now();
      const at = { hs_timestamp: '2027-01-15T08:00:00Z' };
      const kinds = {
        contacts: [{ email: `kind.${once}@example.test` }, { email: `kinds.${once}@example.test` }],
        companies: [{ name: 'Kind', domain: `kind${once}.example.test` }, { name: 'Kinds' }],
        deals: [{ dealname: 'Kind' }, { dealname: 'Kinds' }],
        tasks: [{ ...at, hs_task_subject: 'Kind' }, { hs_task_subject: 'Kinds' }],
        calls: [{ ...at, hs_call_title: 'Kind' }, { hs_call_title: 'Kinds' }],
        emails: [{ ...at, hs_email_direction: 'EMAIL', hs_email_subject: 'Kind' }, { hs_email_subject: 'Kinds' }],
        meetings: [{ ...at, hs_meeting_title: 'Kind' }, { hs_meeting_title: 'Kinds' }],
        notes: [{ ...at, hs_note_body: 'Kind' }, { hs_note_body: 'Kinds' }],
      };
      for (const [kind, [properties, changes]] of Object.entries(kinds)) {
        const did = async (expected, path, method, body) => {
          const { status, body: answer } = await ada.invoke(`${kind}${path}`, method, body);
          assert.equal(status, expected, `${method} ${kind}${path}: ${JSON.stringify(answer)}`);
          return answer;
        };
        const { id } = await did(201, '', 'POST', { properties });
        assert.ok((await did(200, '?limit=100', 'GET')).results.length > 0, kind);
        assert.ok('results' in (await did(200, '/search', 'POST', { limit: 1 })), kind);
        const [[name, value]] = Object.entries(changes);
        await did(200, `/${id}`, 'PATCH', { properties: changes });
        assert.equal((await did(200, `/${id}?properties=${name}`, 'GET')).properties[name], value);
        const [other, its] = kind === 'contacts' ? ['companies', '201'] : ['contacts', '102'];
        const links = `/${id}/associations/${other}`;
        await did(204, `${links}/${its}`, 'PUT');
        assert.deepEqual((await did(200, links, 'GET')).results, [{ id: its }]);
        await did(204, `${links}/${its}`, 'DELETE');
        assert.deepEqual((await did(200, links, 'GET')).results, []);
        await did(204, `/${id}`, 'DELETE');
        await did(404, `/${id}`, 'GET');
      }
      await asDescribed();
    });

    test('what HubSpot does not take is told field by field', async () => {
      const bad = await ada.invoke('contacts', 'POST', { properties: { email: 'nowhere', shoe_size: 44 } });
      assert.deepEqual([bad.status, bad.body.code], [422, 'provider_invalid']);
      assert.match(bad.body.details, /email: .*; shoe_size: /);
      const taken = await ada.invoke('contacts', 'POST', { properties: { email: 'petra.novak@tidalfreight.example' } });
      assert.deepEqual([taken.status, taken.body.code], [409, 'provider_conflict']);
    });

    test('what cannot be meant is refused before HubSpot is asked', async () => {
      for (const [path, method, body] of [
        ['contacts/..%2F..%2Foauth', 'GET'],
        ['contacts/abc', 'GET'],
        ['contacts?limit=0', 'GET'],
        ['contacts', 'POST', { property: {} }],
        ['contacts', 'POST', { properties: { email: ['a'] } }],
        ['contacts/101', 'PATCH', { properties: {} }],
        ['contacts/search', 'POST', { filters: [{ property: 'email', operator: 'LIKE' }] }],
        ['contacts/101/associations/unicorns', 'GET'],
      ]) {
        const { status, body: answer } = await ada.invoke(path, method, body);
        assert.equal(status, 400, `${method} ${path}: ${JSON.stringify(answer)}`);
      }
      assert.equal((await asked('/crm/')).length, 0);
      const wrong = await fetch(`${workerUrl}/functions/v1/assistant-contacts`, { method: 'PUT' });
      assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'GET, POST']);
    });
  });

  describe('failures', () => {
    before(() => connect(ada));

    const answer = (status, more = {}) => ({ answer: { status, ...more } });
    for (const [name, effect, status, code] of [
      ['is down', answer(503), 503, 'provider_down'],
      ['breaks off', 'dropped', 503, 'provider_down'],
      ['breaks off in the middle', 'truncated', 503, 'provider_down'],
      ['answers something else', 'malformed', 502, 'provider_malformed'],
      ['redirects', answer(302), 502, 'provider_malformed'],
      ['says too much', { huge: 3_000_000 }, 502, 'provider_malformed'],
      ['forbids it', answer(403), 403, 'provider_forbidden'],
      ['has had too many requests', answer(429, { retry_after: '600' }), 429, 'provider_limited'],
    ]) {
      test(`HubSpot ${name}`, async () => {
        await fault(effect, { path: '/objects/', times: 9 });
        const { status: got, body, headers } = await ada.invoke('contacts/101');
        assert.deepEqual([got, body.code], [status, code]);
        assert.ok(body.request_id && body.message);
        if (status === 429) assert.equal(headers.get('retry-after'), '600');
        assert.ok((await asked('/objects/')).length <= 3);
      });
    }

    test('a failure that passes is not noticed', async () => {
      await fault(answer(503), { path: '/objects/' });
      assert.equal((await ada.invoke('contacts/101')).status, 200);
    });

    test('a create without an answer is looked up, not repeated', async () => {
      const email = `once.${Date.now()}@example.test`;
      await fault('dropped', { path: '/objects/', method: 'POST', when: 'after' });
      const made = await ada.invoke('contacts', 'POST', { properties: { email } });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      assert.equal((await asked('/objects/', 'POST')).length, 1);
      await fault('dropped', { path: '/objects/', method: 'POST', when: 'after' });
      const note = { properties: { hs_timestamp: '2027-01-15T08:00:00Z', hs_note_body: 'once' } };
      const uncertain = await ada.invoke('notes', 'POST', note);
      assert.deepEqual([uncertain.status, uncertain.body.code], [502, 'provider_uncertain']);
    });
  });

  describe('tokens', () => {
    before(() => connect(ada));
    const secrets = (of) => sql`select s.* from assistant.hubspot_connection_secrets s
      join assistant.hubspot_connections c on c.id = s.connection_id where c.user_id = ${of.id}`;

    test('one that ends is renewed before, once, however many find it so', async () => {
      await sql`update assistant.hubspot_connections set token_expires_at = now() + interval '30 seconds' where user_id = ${ada.id}`;
      const [old] = await secrets(ada);
      const all = await Promise.all(Array.from({ length: 5 }, () => ada.invoke('contacts/101')));
      assert.deepEqual(all.map(({ status }) => status), Array(5).fill(200));
      assert.equal((await asked('/token', 'POST')).length, 1);
      const [fresh] = await secrets(ada);
      assert.notEqual(fresh.access_token, old.access_token);
      const [{ token_expires_at }] = await connections(ada);
      assert.ok(token_expires_at - Date.now() > 20 * 60_000);
    });

    test('one that HubSpot does not take is renewed', async () => {
      await fault({ answer: { status: 401 } }, { path: '/objects/' });
      assert.equal((await ada.invoke('contacts/101')).status, 200);
      assert.equal((await asked('/token', 'POST')).length, 1);
    });

    test('one that cannot be renewed marks the connection, which has to be made again', async () => {
      await connect(dov, { portal: '97531086', user: 8001 });
      await sql`delete from assistant.hubspot_connections where user_id = ${dov.id} and portal_id <> '97531086'`;
      await control('POST', '/hubspot/revoke', { portal: '97531086' });
      const { status, body } = await dov.invoke('contacts');
      assert.deepEqual([status, body.code], [409, 'connection_expired']);
      assert.match(body.hint, /connect HubSpot again/);
      const [connection] = await connections(dov);
      assert.deepEqual([connection.status, connection.last_error], ['expired', 'BAD_REFRESH_TOKEN']);
      await control('DELETE', '/log');
      assert.equal((await dov.invoke('contacts')).body.code, 'connection_expired');
      assert.equal((await asked('')).length, 0, 'nobody is asked again');
      await connect(dov, { portal: '97531086', user: 8001 });
      assert.equal((await dov.invoke('contacts')).status, 200);
    });

    test('HubSpot being down while a token is renewed ends no connection', async () => {
      await sql`update assistant.hubspot_connections set token_expires_at = now() where user_id = ${ada.id}`;
      await fault({ answer: { status: 503 } }, { path: '/token', times: 9 });
      assert.equal((await ada.invoke('contacts/101')).body.code, 'provider_down');
      assert.equal((await connections(ada))[0].status, 'active');
      await control('DELETE', '/faults');
      assert.equal((await ada.invoke('contacts/101')).status, 200);
    });

    test('a sealed token opens in its own row only', async () => {
      await connect(ben, { user: 7002 });
      const [[of], [other]] = [await secrets(ada), await secrets(ben)];
      await sql`update assistant.hubspot_connection_secrets set access_token = ${of.access_token} where id = ${other.id}`;
      const { body } = await ben.invoke('contacts/101');
      assert.equal(body.code, 'connection_expired');
      await connect(ben, { user: 7002 });
    });

    /** Another Worker on the same systems, as another isolate is. */
    const beside = (more = {}) =>
      startWorker({
        APPS: 'assistant',
        SUPABASE_URL: stack.url,
        SUPABASE_JWT_SECRET: stack.jwtSecret,
        SUPABASE_PUBLISHABLE_KEY: stack.publishableKey,
        PUBLIC_URL: workerUrl,
        ...simulators.settings,
        ...more,
      });
    const at = (url, who) => {
      const headers = { apikey: stack.publishableKey, authorization: `Bearer ${who.accessToken}` };
      return fetch(`${url}/functions/v1/assistant-contacts/101`, { headers });
    };

    test('one that ends is renewed once, on however many isolates that is found', async () => {
      const other = await beside();
      try {
        await sql`update assistant.hubspot_connections set token_expires_at = now() where user_id = ${ada.id}`;
        const all = Array.from({ length: 4 }, (_, index) => at(index % 2 ? other.url : workerUrl, ada));
        assert.deepEqual((await Promise.all(all)).map(({ status }) => status), Array(4).fill(200));
        assert.equal((await asked('/token', 'POST')).length, 1);
      } finally {
        await other.close();
      }
    });

    test('what is sealed with an older key is sealed anew when it is used', async () => {
      const newer = `newer:${Buffer.alloc(32, 7).toString('base64')}`;
      const rotated = await beside({ SEALING_KEYS: `${newer} ${simulators.settings.SEALING_KEYS}` });
      try {
        assert.equal((await secrets(ada))[0].key_id, 'local');
        assert.equal((await at(rotated.url, ada)).status, 200);
        assert.equal((await secrets(ada))[0].key_id, 'newer');
        assert.equal((await at(rotated.url, ada)).status, 200);
        const without = await ada.invoke('contacts/101');
        assert.deepEqual([without.status, without.body.code], [500, 'CS500']);
        assert.match(without.body.hint, /SEALING_KEYS/);
      } finally {
        await rotated.close();
        await connect(ada);
      }
    });

    test('two portals have to be told apart', async () => {
      await connect(ada, { portal: '97531086', user: 8001 });
      const both = await ada.invoke('contacts');
      assert.equal(both.status, 400);
      assert.match(both.body.hint, /portal/);
      const one = await ada.invoke('contacts?portal=97531086');
      assert.deepEqual(one.body.results.map(({ id }) => id), ['301']);
      assert.equal((await ada.invoke('hubspot-connect?portal=97531086', 'DELETE')).status, 200);
    });
  });
});
