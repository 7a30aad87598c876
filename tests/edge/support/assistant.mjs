/** The assistant under test: its people, HubSpot and the language model behind it, and their control. */
import { createClient } from '@supabase/supabase-js';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { stack, workerUrl } from './agency.mjs';
import { described } from './openapi.mjs';

const facts = JSON.parse(await readFile(process.env.COUNTERSIGN_STACK_JSON, 'utf8'));
export const simulators = facts.simulators;
export { stack, workerUrl };

/** Tells the simulators something, or asks them. */
export async function control(method, path, body) {
  const request = { method, headers: { 'content-type': 'application/json' } };
  if (body !== undefined) request.body = JSON.stringify(body);
  const response = await fetch(`${simulators.url}/control${path}`, request);
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

/** Something goes wrong with the next request that fits. */
export const fault = (effect, of = {}) => control('POST', '/faults', { provider: 'hubspot', effect, ...of });

/** Someone of the seed, with a client that goes through the Worker. */
export function person(email) {
  const found = stack.people.find((one) => one.email === email);
  assert.ok(found, `the seed has ${email}`);
  const client = createClient(workerUrl, stack.publishableKey, {
    db: { schema: 'assistant' },
    accessToken: async () => found.accessToken,
  });
  return { ...found, client, invoke: (path, method = 'GET', body) => invoke(client, path, method, body) };
}

/** A workflow, called as supabase-js does it: its status and its answer. */
export async function invoke(client, path, method, body) {
  const { data, error, response } = await client.functions.invoke(`assistant-${path}`, { method, body });
  const answer = response ?? error?.context;
  assert.ok(answer?.status, String(error));
  const said = error ? await answer.json() : data;
  described(method, `/functions/v1/assistant-${path}`, answer.status, said);
  return { status: answer.status, body: said, headers: answer.headers };
}

/** Begins to connect HubSpot: where to go, and the cookie that belongs to it. */
export async function begin(person, body = {}) {
  const response = await fetch(`${workerUrl}/functions/v1/assistant-hubspot-connect`, {
    method: 'POST',
    headers: {
      apikey: stack.publishableKey,
      authorization: `Bearer ${person.accessToken}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  assert.equal(response.status, 200, JSON.stringify(answer));
  return { url: answer.url, cookie: response.headers.get('set-cookie').split(';')[0], header: response.headers.get('set-cookie') };
}

/** What HubSpot's page answers to a person who consents: the address to go back to. */
export async function consent(url) {
  const response = await fetch(url, { redirect: 'manual' });
  assert.equal(response.status, 302);
  return response.headers.get('location');
}

/** The whole way. */
export async function connect(person, consented = {}) {
  await control('POST', '/hubspot/consent', consented);
  const { url, cookie } = await begin(person);
  const back = await consent(url);
  const response = await fetch(back, { headers: { cookie }, redirect: 'manual' });
  const answer = await response.json();
  assert.equal(response.status, 200, JSON.stringify(answer));
  return answer;
}
