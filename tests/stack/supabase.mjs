import { readFile } from 'node:fs/promises';
import { App } from '@supabase/lite';
import { guests } from './guests.mjs';

/** For machines where this stack runs, and nowhere else: they are in a public repository. */
export const keys = {
  jwtSecret: 'countersign-local-only-secret-of-enough-length',
  publishableKey: 'sb_publishable_countersign_local_only',
  secretKey: 'sb_secret_countersign_local_only',
};

/** What a client may name in `Accept-Profile`. The first is the default. */
export const schemas = ['agency', 'advisory', 'assistant', 'coaching', 'portal', 'public', 'countersign_edge'];

/** A working day, so that the example requests of the morning still work in the evening. */
const TOKEN_SECONDS = 8 * 60 * 60;

/** The roles and schemas that every Supabase database has before the first migration. */
const STUB = new URL('../sql/supabase_stub.sql', import.meta.url);

/**
 * REST and auth of Supabase on an open database, not yet serving: a `fetch` function.
 *
 * Migrations go in between: `prepare` makes what they refer to, `start` reads what they made.
 */
export function supabase(database) {
  const { connection, turns } = database;
  // Otherwise it grants everything on every table with row-level security to the API roles, once,
  // and column grants are gone.
  connection.rlsState = 'active';
  const { jwtSecret, publishableKey, secretKey } = keys;
  const app = new App({
    connection,
    api: { schemas },
    auth: {
      enabled: true,
      jwt_secret: jwtSecret,
      jwt_expiry: TOKEN_SECONDS,
      publishable_key: publishableKey,
      secret_key: secretKey,
      enable_signup: true,
      email: { enable_signup: true, enable_confirmations: false },
    },
  });
  // The agency's wizard is for guests, too.
  const guest = guests(database, jwtSecret, TOKEN_SECONDS);
  return {
    async prepare() {
      await app.ensureSystemSchema();
      await database.exec(await readFile(STUB, 'utf8'));
    },
    start: () => app.init(),
    fetch(request) {
      const answer = async () => (await guest(request)) ?? app.fetch(inFirstSchema(request));
      return turns ? turns.run(answer) : answer();
    },
  };
}

/** PostgREST takes the first schema where none is named; this server takes `public`. */
function inFirstSchema(request) {
  if (!new URL(request.url).pathname.startsWith('/rest/')) return request;
  const named = request.headers.has('accept-profile') || request.headers.has('content-profile');
  if (named) return request;
  const headers = new Headers(request.headers);
  headers.set('accept-profile', schemas[0]);
  headers.set('content-profile', schemas[0]);
  return new Request(request, { headers });
}
