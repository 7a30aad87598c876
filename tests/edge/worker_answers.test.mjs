/** What every answer of the Worker is like, and what its own endpoints say. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ORG_A, ORG_B, person, seeded, stack, workerUrl } from './support/agency.mjs';

const origin = 'https://app.example';
const ask = (path, { headers, ...options } = {}) =>
  fetch(workerUrl + path, { ...options, headers: { origin, ...headers } });
const as = ({ token }) => ({ authorization: `Bearer ${token}`, apikey: stack.publishableKey });

suite('every answer', () => {
  const wrong = {
    'no such endpoint': ['/nothing', {}, 404, 'CS404'],
    'a method that an endpoint does not take': ['/healthz', { method: 'DELETE' }, 405, 'CS405'],
    'an address that is too long': [`/rest/v1/x?a=${'a'.repeat(17_000)}`, {}, 414, 'CS414'],
    'a body that is too large': ['/access/check', { method: 'POST', body: 'x'.repeat(1_100_000) }, 413, 'CS413'],
    'a token that is none': ['/me', { headers: { authorization: 'Bearer x' } }, 401, 'PGRST301'],
    'nobody signed in where somebody must be': ['/rest/v1/projects?select=id', {}, 401, '42501'],
    'a path that climbs': ['/rest/v1/a%2f..%2fb', {}, 404, 'CS404'],
    'a service that is not configured': ['/storage/v1/object/a', {}, 501, 'CS501'],
  };
  for (const [name, [path, options, status, code]] of Object.entries(wrong)) {
    test(`${name}: a problem that a browser can read`, async () => {
      const response = await ask(path, options);
      const body = await response.json();
      assert.deepEqual([response.status, body.code], [status, code], JSON.stringify(body));
      assert.deepEqual(Object.keys(body).sort(), ['code', 'details', 'hint', 'message', 'request_id']);
      assert.equal(body.request_id, response.headers.get('x-request-id'));
      assert.equal(response.headers.get('access-control-allow-origin'), '*');
      assert.match(response.headers.get('access-control-expose-headers'), /x-request-id/);
      assert.match(response.headers.get('content-type'), /^application\/json/);
    });
  }

  test('a setting that is missing is named', async () => {
    const { hint } = await (await ask('/realtime/v1/websocket')).json();
    assert.match(hint, /PASS_SERVICES/);
  });

  test('a sane request id is kept, another is replaced', async () => {
    const id = async (sent) => {
      const response = await ask('/healthz', { headers: { 'x-request-id': sent } });
      return response.headers.get('x-request-id');
    };
    assert.equal(await id('trace-0123456789'), 'trace-0123456789');
    assert.notEqual(await id('no spaces please'), 'no spaces please');
    assert.notEqual(await id('short'), await id('short'));
  });

  test('a preflight needs no credentials, wherever it goes', async () => {
    for (const path of ['/rest/v1/projects', '/auth/v1/token', '/access/check', '/nothing']) {
      const headers = { 'access-control-request-method': 'PATCH', authorization: 'Bearer x' };
      const response = await ask(path, { method: 'OPTIONS', headers });
      assert.equal(response.status, 204, path);
      assert.match(response.headers.get('access-control-allow-methods'), /PATCH/);
      for (const name of ['authorization', 'apikey', 'x-client-info', 'prefer', 'content-profile']) {
        assert.ok(response.headers.get('access-control-allow-headers').split(', ').includes(name), name);
      }
      assert.equal(response.headers.get('access-control-max-age'), '7200');
    }
  });
});

suite('an error that PostgREST words', () => {
  test('has the request\'s id beside what PostgREST says, and supabase-js reads it', async () => {
    const owner = await person('owner.a');
    const { data, error, status } = await owner.worker.from('organizations').insert({ id: ORG_A, name: 'Twice' });
    assert.deepEqual([data, status, error.code], [null, 409, '23505'], JSON.stringify(error));
    assert.match(error.message, /duplicate key/);
    assert.deepEqual(Object.keys(error).sort(), ['code', 'details', 'hint', 'message', 'request_id']);
    const response = await ask('/rest/v1/organizations', {
      method: 'POST',
      headers: { ...as(owner), 'content-type': 'application/json' },
      body: JSON.stringify({ id: ORG_A, name: 'Twice' }),
    });
    const body = await response.json();
    assert.deepEqual([response.status, body.request_id], [409, response.headers.get('x-request-id')]);
    // What it says of one row instead of many is an error as well, and is told as ever.
    const { data: none, error: absent } = await owner.worker.from('clients').select('id').eq('name', 'nobody').maybeSingle();
    assert.deepEqual([none, absent], [null, null]);
    const single = await owner.worker.from('clients').select('id').eq('name', 'nobody').single();
    assert.deepEqual([single.status, single.error.code, typeof single.error.request_id], [406, 'PGRST116', 'string']);
  });
});

suite('/healthz', () => {
  test('says that the Worker runs', async () => {
    const response = await ask('/healthz');
    assert.equal(response.status, 200);
    assert.equal((await response.json()).status, 'ok');
    assert.equal((await ask('/healthz', { method: 'HEAD' })).status, 200);
  });
});

suite('/me', () => {
  const me = async (headers) => (await ask('/me', { headers })).json();

  test('nobody is anon', async () => {
    const { apps: nobodys, ...anon } = await me({});
    assert.deepEqual(anon, { kind: 'anon', id: null });
    assert.ok(Object.keys(nobodys).length > 1);
    for (const { memberships } of Object.values(nobodys)) assert.deepEqual(memberships, []);
  });

  test('somebody has the roles that count, in each organization', async () => {
    const expected = {
      'owner.a': [{ tenant: ORG_A, role: 'owner' }],
      'viewer.a': [{ tenant: ORG_A, role: 'viewer' }],
      'removed.a': [],
      'invited.a': [],
      nobody: [],
    };
    for (const [name, memberships] of Object.entries(expected)) {
      const somebody = await person(name);
      const { apps: theirs, ...who } = await me(as(somebody));
      assert.deepEqual(who, { kind: 'user', id: somebody.id });
      assert.deepEqual(theirs.agency, { memberships });
      assert.deepEqual(theirs.coaching, { memberships: [] });
    }
    const { apps } = await me(as(await person('both')));
    assert.deepEqual(apps.agency.memberships.map(({ tenant }) => tenant), [ORG_A, ORG_B]);
  });
});

suite('/access/check', () => {
  const check = async (name, questions) => {
    const headers = { 'content-type': 'application/json' };
    if (name !== 'anon') Object.assign(headers, as(await person(name)));
    const response = await ask('/access/check', { method: 'POST', headers, body: JSON.stringify(questions) });
    return { status: response.status, body: await response.json() };
  };
  const decisions = async (name, questions) => (await check(name, questions)).body.map(({ decision }) => decision);
  const project = { org_id: ORG_A, name: 'New', client_id: seeded('a', 4, 1) };

  test('decides a batch, each with its reason', async () => {
    const questions = [
      { table: 'projects', action: 'insert', new: project },
      { table: 'projects', action: 'insert', new: { ...project, org_id: ORG_B } },
      { table: 'client_crm_status', action: 'select' },
      { table: 'ai_cache', action: 'select' },
    ];
    const { body } = await check('viewer.a', questions);
    assert.deepEqual(body.map(({ decision }) => decision), ['refused', 'refused', 'applies', 'not_granted']);
    assert.match(body[0].reason, /insert on `agency.projects` is refused/);
    assert.match(body[0].explanation.hint, /member: insert/);
    assert.ok(body[0].explanation.details.some((fact) => fact.includes('viewer')));
  });

  test('what the rows do not say, it does not guess', async () => {
    const { org_id, name } = project;
    const questions = [
      { table: 'projects', action: 'insert', new: project },
      { table: 'organizations', action: 'update', row: { id: ORG_A }, new: { name: 'Else' } },
      { table: 'organizations', action: 'update', new: { name: 'Else' } },
      { app: 'agency', table: 'projects', action: 'select', row: { org_id, name } },
    ];
    assert.deepEqual(await decisions('owner.a', questions), ['depends', 'applies', 'depends', 'depends']);
    assert.equal((await decisions('viewer.a', questions))[1], 'skipped');
  });

  test('nobody is decided on too', async () => {
    assert.deepEqual(await decisions('anon', [{ table: 'projects', action: 'select' }]), ['not_granted']);
  });

  test('what makes no sense is refused as a whole', async () => {
    const senseless = {
      'no list': {},
      'no such table': [{ table: 'nothing', action: 'select' }],
      'no such column': [{ table: 'projects', action: 'select', columns: ['nothing'] }],
      'no such action': [{ table: 'projects', action: 'truncate' }],
      'no such app': [{ app: 'nothing', table: 'projects', action: 'select' }],
      'no such member': [{ table: 'projects', action: 'select', rows: [] }],
      'a value of another type': [{ table: 'projects', action: 'insert', new: { org_id: 5 } }],
      'too many': Array(101).fill({ table: 'projects', action: 'select' }),
    };
    for (const [name, questions] of Object.entries(senseless)) {
      const { status, body } = await check('owner.a', questions);
      assert.deepEqual([status, body.code], [400, 'CS400'], `${name}: ${JSON.stringify(body)}`);
    }
  });
});
