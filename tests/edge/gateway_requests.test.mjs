/** What the gateway makes of requests that supabase-js has no method for, or ought not to send. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { ORG_A, database, person, seeded, stack, workerUrl } from './support/agency.mjs';

const PROJECT = seeded('a', 5, 1);

suite('gateway', async () => {
  let sql, member, viewer, stranger;

  before(async () => {
    sql = database();
    [member, viewer, stranger] = [await person('member.a'), await person('viewer.a'), await person('nobody')];
  });
  after(() => sql.end());

  test('PATCH and DELETE of every row are refused', async () => {
    for (const [method, path] of [
      ['PATCH', 'tasks'],
      ['DELETE', 'project_systems'],
      ['DELETE', 'project_systems?limit=1&order=id'],
      ['PATCH', 'tasks?select=id,projects!tasks_project_id_org_id_fkey(id)&projects.name=eq.x'],
    ]) {
      const { status, body } = await ask(member, method, path, { json: { description: 'x' } });
      assert.deepEqual([status, body.code], [400, '21000'], path);
      assert.match(body.hint, /filter/);
    }
  });

  test('rows come as CSV and as a form', async () => {
    const [one, two, three] = [randomUUID(), randomUUID(), randomUUID()];
    const csv = `id,org_id,project_id,title\n${one},${ORG_A},${PROJECT},"A, ""b"""\n${two},${ORG_A},${PROJECT},B\n`;
    const form = new URLSearchParams({ id: three, org_id: ORG_A, project_id: PROJECT, title: 'C & D' });
    try {
      assert.equal((await ask(member, 'POST', 'tasks', { type: 'text/csv', text: csv })).status, 201);
      const type = 'application/x-www-form-urlencoded';
      assert.equal((await ask(member, 'POST', 'tasks', { type, text: `${form}` })).status, 201);
      const rows = await sql`select title from agency.tasks where id in ${sql([one, two, three])} order by title`;
      assert.deepEqual(rows.map(({ title }) => title), ['A, "b"', 'B', 'C & D']);
    } finally {
      await sql`delete from agency.tasks where id in ${sql([one, two, three])}`;
    }
  });

  test('a refused row of many is named, and none is written', async () => {
    const id = randomUUID();
    const row = { id, org_id: ORG_A, project_id: PROJECT, title: 'x' };
    const rows = [row, { ...row, id: randomUUID(), org_id: null }];
    const { status, body } = await ask(member, 'POST', 'tasks', { json: rows });
    assert.deepEqual([status, body.code], [403, '42501']);
    assert.match(body.message, /^row 1 of the payload/);
    assert.deepEqual([...(await sql`select from agency.tasks where id = ${id}`)], []);
  });

  test('PUT makes or replaces one row', async () => {
    const id = randomUUID();
    const put = (first_name, query = `id=eq.${id}`) =>
      ask(member, 'PUT', `crm_contacts?${query}`, { json: { id, org_id: ORG_A, first_name } });
    try {
      for (const name of ['Ada', 'Eve']) assert.ok((await put(name)).status < 300);
      const [row] = await sql`select first_name from agency.crm_contacts where id = ${id}`;
      assert.equal(row.first_name, 'Eve');
      assert.equal((await put('Eve', `id=gt.${id}`)).body.code, 'PGRST105');
    } finally {
      await sql`delete from agency.crm_contacts where id = ${id}`;
    }
  });

  test('what cannot be read is refused, with its place', async () => {
    for (const [path, place] of [
      ['projects?select=id,', '`select=`'],
      ['projects?name=x', '`name=`'],
      ['projects?or=(id.eq.1', '`or=`'],
      ['projects?order=id.up', '`order=`'],
      ['projects?limit=ten', '`limit=`'],
      ['projects?select=id&select=name', '`select=`'],
      ['projects?name=eq.%ff', 'query string'],
    ]) {
      const { status, body } = await ask(member, 'GET', path);
      assert.deepEqual([status, body.code], [400, 'CS400'], path);
      assert.ok(body.message.includes(place), body.message);
    }
  });

  test('other schemas, plans and paths are not served', async () => {
    const accept = 'application/vnd.pgrst.plan+json';
    for (const [path, headers, code] of [
      ['users', { 'accept-profile': 'auth' }, 'PGRST106'],
      ['projects', { accept }, 'CS422'],
      ['', {}, 'CS404'],
      ['projects/1', {}, 'CS404'],
      ['countersign_edge.leases', {}, 'PGRST205'],
      ['rpc/handle_client_onboarding', {}, 'PGRST202'],
    ]) {
      assert.equal((await ask(member, 'GET', path, { headers })).body.code, code, path);
    }
  });

  test('a read that is empty for everybody like the caller says why', async () => {
    const empty = await ask(stranger, 'GET', 'projects?select=id');
    assert.deepEqual([empty.status, empty.body], [200, []]);
    assert.match(empty.headers.get('x-countersign-reason'), /agency\.projects/);
    const full = await ask(viewer, 'GET', 'projects?select=id');
    assert.ok(full.body.length > 0);
    assert.equal(full.headers.get('x-countersign-reason'), null);
  });

  test('a refusal names the rule that would have to hold', async () => {
    const { status, body } = await ask(viewer, 'PATCH', `tasks?id=eq.${seeded('a', 11, 1)}`, { json: { title: 'x' } });
    assert.deepEqual([status, body.code], [403, '42501']);
    assert.match(body.hint, /member: update/);
    assert.match(body.details, /`viewer`/);
    assert.match(body.request_id, /./);
  });

  test('HEAD, ranges, single objects and preferences reach PostgREST', async () => {
    const headers = { range: '1-2', 'range-unit': 'items', prefer: 'count=exact' };
    const page = await ask(viewer, 'GET', 'tasks?select=id&order=id', { headers });
    assert.equal(page.status, 206);
    assert.match(page.headers.get('content-range'), /^1-2\/\d+$/);
    const head = await ask(viewer, 'HEAD', 'tasks?select=id', { headers: { prefer: 'count=exact' } });
    assert.match(head.headers.get('content-range'), /\/\d+$/);
    const accept = 'application/vnd.pgrst.object+json';
    const one = await ask(viewer, 'GET', `tasks?select=title&id=eq.${seeded('a', 11, 1)}`, { headers: { accept } });
    assert.equal(one.body.title, 'Collect a month of mails');
  });

  async function ask({ token }, method, path, { json, text, type = 'application/json', headers } = {}) {
    const write = !['GET', 'HEAD'].includes(method);
    const response = await fetch(`${workerUrl}/rest/v1/${path}`, {
      method,
      headers: {
        apikey: stack.publishableKey,
        authorization: `Bearer ${token}`,
        ...(write && { 'content-type': type }),
        ...headers,
      },
      ...(write && { body: text ?? JSON.stringify(json) }),
    });
    const answer = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return { status: response.status, headers: response.headers, body: isJson && answer ? JSON.parse(answer) : answer };
  }
});
