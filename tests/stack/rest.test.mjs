/** What the REST server must not do, and what the code around it is there for. */
import assert from 'node:assert/strict';
import { after, before, mock, test } from 'node:test';
import { openDatabase } from './database.mjs';
import { signIn } from './people.mjs';
import { keys, supabase } from './supabase.mjs';

const SCHEMA = `
  create schema agency;
  grant usage on schema agency to anon, authenticated, service_role;
  create table agency.notes (id int primary key, owner uuid default auth.uid(), body text, secret text);
  alter table agency.notes enable row level security;
  create policy own on agency.notes to authenticated
    using (owner = (select auth.uid())) with check (owner = (select auth.uid()));
  grant select (id, owner, body), insert (id, body) on agency.notes to authenticated;
  create function agency.may_truncate() returns boolean language sql
    as $$ select has_table_privilege('agency.notes', 'truncate') $$;
  create function agency.role() returns name language sql as $$ select current_user $$;`;

const anybody = { role: 'anon' };
const service = { role: 'service_role', key: keys.secretKey };
let database, server, ann, bob;

before(async () => {
  // The REST server reports every refusal, and refusals are what is tested.
  mock.method(console, 'error', () => {});
  database = await openDatabase({});
  server = supabase(database);
  await server.prepare();
  await database.exec(SCHEMA);
  await server.start();
  const people = await signIn(server.fetch, ['ann@example.test', 'bob@example.test']);
  [ann, bob] = people.map((person) => ({ ...person, role: 'authenticated' }));
  for (const [id, person] of [ann, bob].entries()) {
    await database.exec(`insert into agency.notes values (${id}, '${person.id}', 'mine', 'hidden')`);
  }
});

after(() => database.close());

test('a hidden column stays hidden, and no privilege appears, after ten requests', async () => {
  for (let i = 0; i < 10; i++) assert.equal((await rest(ann, 'notes?select=id')).status, 200);
  const hidden = await rest(ann, 'notes?select=secret');
  assert.equal(hidden.status, 403);
  assert.equal(hidden.body.code, '42501');
  assert.equal((await rest(ann, 'notes')).status, 403, 'all columns include the hidden one');
  assert.equal((await rest(ann, 'rpc/may_truncate', {})).body, false);
  assert.equal((await rest(ann, 'notes?id=eq.0', {}, 'DELETE')).status, 403);
});

test('requests at the same time keep their identities apart', async () => {
  const callers = Array.from({ length: 40 }, (_, i) => [anybody, service, ann][i % 3]);
  const seen = await Promise.all(callers.map((caller) => rest(caller, 'rpc/role', {})));
  assert.deepEqual(seen.map((answer) => answer.body), callers.map((caller) => caller.role));
});

test('a transaction that fails leaves nothing behind for the next caller', async () => {
  const answers = await Promise.all([
    rest(ann, 'notes', { id: 0, body: 'twice' }),
    rest(bob, 'notes?select=id'),
    rest(ann, 'notes', { id: 7, body: 'new' }),
  ]);
  assert.deepEqual(answers.map((answer) => answer.status), [409, 200, 201]);
  assert.deepEqual(answers[1].body, [{ id: 1 }]);
});

test('without a schema named it is the first one, as in PostgREST', async () => {
  assert.equal((await rest(ann, 'notes?select=id')).status, 200);
  assert.equal((await rest(ann, 'notes?select=id', undefined, 'GET', 'public')).status, 404);
});

async function rest(person, path, body, method = body ? 'POST' : 'GET', schema) {
  const headers = {
    apikey: person.key ?? keys.publishableKey,
    ...(person.accessToken && { authorization: `Bearer ${person.accessToken}` }),
    'content-type': 'application/json',
    ...(schema && { 'accept-profile': schema }),
  };
  const payload = method === 'POST' ? JSON.stringify(body) : undefined;
  const request = new Request(`http://localhost/rest/v1/${path}`, { method, headers, body: payload });
  const response = await server.fetch(request);
  const text = await response.text();
  return { status: response.status, body: text && JSON.parse(text) };
}

test('a sign-up that names nobody is a guest\'s, with rows of their own', async () => {
  const signUp = (body) =>
    server.fetch(
      new Request('http://localhost/auth/v1/signup', {
        method: 'POST',
        headers: { apikey: keys.publishableKey, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    );
  const { access_token, user } = await (await signUp({})).json();
  const claims = JSON.parse(Buffer.from(access_token.split('.')[1], 'base64url'));
  assert.deepEqual([claims.sub, claims.is_anonymous, claims.role], [user.id, true, 'authenticated']);
  const [row] = await database.exec(`select is_anonymous, email from auth.users where id = '${user.id}'`);
  assert.deepEqual(row, { is_anonymous: true, email: null });
  const { user: somebody } = await (await signUp({ email: 'carl@example.test', password: 'countersign-demo' })).json();
  const [other] = await database.exec(`select is_anonymous from auth.users where id = '${somebody.id}'`);
  assert.equal(other.is_anonymous, false);
});
