import { SignJWT } from 'jose';
import { randomUUID } from 'node:crypto';

/**
 * Anonymous sign-in as Supabase's auth has it where `enable_anonymous_sign_ins` is set: a sign-up that names nobody. The server
 * here knows the setting and not what it is for. `secret` and `seconds` are of its tokens; nothing renews a guest's.
 */
export function guests(database, secret, seconds) {
  const key = new TextEncoder().encode(secret);
  return async function signUp(request) {
    if (request.method !== 'POST' || new URL(request.url).pathname !== '/auth/v1/signup') return undefined;
    const given = await request.clone().json().catch(() => ({}));
    if (given?.email || given?.phone) return undefined;
    const id = randomUUID();
    await database.exec(`insert into auth.users (id, email, is_anonymous, last_sign_in_at) values ('${id}', null, true, now())`);
    const expires_at = Math.floor(Date.now() / 1000) + seconds;
    const claims = { aud: 'authenticated', role: 'authenticated', email: '', is_anonymous: true, aal: 'aal1', session_id: randomUUID() };
    const token = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).setSubject(id).setIssuedAt().setExpirationTime(expires_at);
    const now = new Date().toISOString();
    const user = {
      ...{ id, aud: 'authenticated', role: 'authenticated', email: '', phone: '', is_anonymous: true },
      ...{ app_metadata: {}, user_metadata: {}, identities: [], created_at: now, updated_at: now, last_sign_in_at: now },
    };
    const session = { access_token: await token.sign(key), token_type: 'bearer', expires_in: seconds, expires_at, refresh_token: randomUUID(), user };
    return Response.json(session);
  };
}
