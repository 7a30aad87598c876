import { SignJWT } from 'jose';
import { createHmac } from 'node:crypto';
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

/**
 * The portal's members. They sign in to Better Auth; here each has a token like the one that the
 * Worker exchanges theirs for. Whoever has a session has it as Better Auth signs it, too.
 */
export async function portalMembers(database, url, secret) {
  const [{ there }] = await database.exec(`select to_regclass('portal."user"') is not null as there`);
  if (!there) return [];
  const members = await database.exec('select id, email from portal."user" order by id');
  const key = new TextEncoder().encode(keys.jwtSecret);
  const token = (id) =>
    new SignJWT({ role: 'authenticated', aal: 'aal1' })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(id)
      .setIssuer(`${url}/auth/v1`)
      .setAudience('authenticated')
      .setIssuedAt()
      .setExpirationTime('8h')
      .sign(key);
  const sessions = secret
    ? await database.exec('select "userId" as "user", token from portal.session where "expiresAt" > now()')
    : [];
  const session = (id) => {
    const found = sessions.find(({ user }) => user === id)?.token;
    return found && `${found}.${createHmac('sha256', secret).update(found).digest('base64')}`;
  };
  const one = async ({ id, email }) => {
    const accessToken = await token(id);
    return { app: 'portal', email, password: PASSWORD, id, accessToken, refreshToken: '', session: session(id) };
  };
  return Promise.all(members.map(one));
}
