/** Coaching under test: its people, the systems behind it, and both ways to connect an account. */
import { createClient } from '@supabase/supabase-js';
import assert from 'node:assert/strict';
import { consent, control, simulators, stack, workerUrl } from './assistant.mjs';
import { described } from './openapi.mjs';

export { consent, control, simulators, stack, workerUrl };
export const A = 'a0000000-0000-4000-8000-000000010001';
export const B = 'b0000000-0000-4000-8000-000000010001';

/** Someone of the seed, with a client that goes through the Worker. */
export function person(name) {
  const found = stack.people.find(({ email }) => email === `${name}@coaching.example.test`);
  assert.ok(found, `the seed has ${name}`);
  const client = createClient(workerUrl, stack.publishableKey, {
    db: { schema: 'coaching' },
    accessToken: async () => found.accessToken,
  });
  return { ...found, client, invoke: (path, method = 'GET', body, more = {}) => invoke(found, path, method, body, more) };
}

/** A workflow: its status, its answer, its headers. */
export async function invoke(person, path, method, body, more = {}) {
  const headers = { apikey: stack.publishableKey, authorization: `Bearer ${person.accessToken}`, 'content-type': 'application/json', ...more };
  const request = { method, headers };
  if (body !== undefined) request.body = JSON.stringify(body);
  const response = await fetch(`${workerUrl}/functions/v1/coaching-${path}`, request);
  const answer = await response.json();
  described(method, `/functions/v1/coaching-${path}`, response.status, answer);
  return { status: response.status, body: answer, headers: response.headers };
}

/** The whole way of connecting an account; what the callback answers. */
export async function connect(person, provider, consented = {}, query = '') {
  await control('POST', `/${provider}/consent`, consented);
  const begun = await person.invoke(`${provider}-connect${query}`, 'POST', {});
  assert.equal(begun.status, 200, JSON.stringify(begun.body));
  const back = await consent(begun.body.url);
  const cookie = begun.headers.get('set-cookie').split(';')[0];
  return comeBack(back, cookie);
}

/** What a browser with this cookie is answered at the callback. */
export async function comeBack(back, cookie) {
  const response = await fetch(back, { headers: cookie ? { cookie } : {}, redirect: 'manual' });
  const body = await response.json();
  described('GET', new URL(back).pathname, response.status, body);
  return { status: response.status, body };
}
