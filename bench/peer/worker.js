// What a careful team writes without Countersign: verify the token, forward the request, decide nothing. With UNVERIFIED
// it only forwards, which tells what its verifying costs.
import { Hono } from 'hono';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const app = new Hono();
let keys;

app.all('/rest/v1/*', async (context) => {
  const { SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, JWKS_URL, SUPABASE_JWT_SECRET, JWT_ISSUER, UNVERIFIED } = context.env;
  const token = context.req.header('authorization')?.replace(/^Bearer /i, '') ?? '';
  const options = { issuer: JWT_ISSUER, audience: 'authenticated' };
  try {
    if (UNVERIFIED) {
      // The token goes on as it came.
    } else if (SUPABASE_JWT_SECRET && !JWKS_URL) {
      await jwtVerify(token, new TextEncoder().encode(SUPABASE_JWT_SECRET), { ...options, algorithms: ['HS256'] });
    } else {
      keys ??= createRemoteJWKSet(new URL(JWKS_URL));
      await jwtVerify(token, keys, { ...options, algorithms: ['ES256'] });
    }
  } catch (error) {
    return context.json({ message: error.message }, 401);
  }
  const url = new URL(context.req.url);
  const headers = new Headers(context.req.raw.headers);
  headers.set('apikey', SUPABASE_PUBLISHABLE_KEY);
  return fetch(SUPABASE_URL + url.pathname + url.search, { method: context.req.method, headers, redirect: 'manual' });
});

export default app;
