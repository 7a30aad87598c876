/** The portal under test: its members, whose sessions are Better Auth's, and Baserow behind it. */
import { createHmac } from 'node:crypto';
import { control, simulators, stack, workerUrl } from './assistant.mjs';
import { described } from './openapi.mjs';

export { control, stack, workerUrl };
const { BASEROW_TOKEN, BETTER_AUTH_SECRET } = simulators.settings;

/** A session's token as Better Auth signs it. */
export const signed = (token) => `${token}.${createHmac('sha256', BETTER_AUTH_SECRET).update(token).digest('base64')}`;

/** The session's cookie. */
export const cookie = (token) => `__Secure-better-auth.session_token=${encodeURIComponent(signed(token))}`;

/** A workflow, as a page calls it: its status and its answer. */
export async function ask(method, path, headers, body) {
  const request = { method, headers: { apikey: stack.publishableKey, 'content-type': 'application/json', ...headers } };
  if (body !== undefined) request.body = JSON.stringify(body);
  const response = await fetch(`${workerUrl}/functions/v1/portal-${path}`, request);
  const answer = await response.json();
  described(method, `/functions/v1/portal-${path}`, response.status, answer);
  return { status: response.status, body: answer, headers: response.headers };
}

/** By a session, as a bearer. */
export const by = (token) => (method, path, body) => ask(method, path, { authorization: `Bearer ${signed(token)}` }, body);

/** Baserow itself, as whoever edits its tables. */
export async function baserow(method, path, body) {
  const headers = { authorization: `Token ${BASEROW_TOKEN}`, 'content-type': 'application/json' };
  const url = `${simulators.url}/baserow/api/database/rows/table/${path}`;
  const response = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  return response.status === 204 ? undefined : response.json();
}
