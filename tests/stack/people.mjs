import { readFile } from 'node:fs/promises';
import { keys } from './supabase.mjs';

/** Everybody's, as on any demonstration system. */
export const PASSWORD = 'countersign-demo';

/** The e-mail addresses in an SQL file, in their order. */
export async function addresses(file) {
  const found = (await readFile(file, 'utf8')).matchAll(/'([\w.+-]+@[\w.-]+)'/g);
  return [...new Set([...found].map(([, address]) => address))];
}

/** Signs people in through the auth API, up first if they are new. */
export async function signIn(fetch, emails) {
  const people = [];
  for (const email of emails) {
    const credentials = { email, password: PASSWORD };
    const session =
      (await auth(fetch, 'token?grant_type=password', credentials)) ??
      (await auth(fetch, 'signup', credentials));
    if (!session?.access_token) throw new Error(`could not sign up ${email}`);
    const { user, access_token: accessToken, refresh_token: refreshToken } = session;
    people.push({ ...credentials, id: user.id, accessToken, refreshToken });
  }
  return people;
}

async function auth(fetch, endpoint, body) {
  const headers = { apikey: keys.publishableKey, 'content-type': 'application/json' };
  const request = { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await fetch(new Request(`http://localhost/auth/v1/${endpoint}`, request));
  return response.ok ? response.json() : undefined;
}
