/**
 * Database, REST and auth of Supabase in one process: what the Worker and the tests talk to.
 *
 *   node tests/stack/server.mjs [--database URL | --directory DIR] [--port N] [--wire-port N]
 *     [--migrations DIR] [--people <app>_people.sql]... [--seed FILE.sql]... [--bare]
 *     [--major 17|18] [--better-auth-secret SECRET]
 *
 * Without a database it is PGlite in memory. `--bare` serves PGlite to PostgreSQL clients and
 * nothing else, of PostgreSQL 17 or of `--major`. When all is ready it prints one line of JSON.
 */
import { serve } from '@hono/node-server';
import { once } from 'node:events';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { openBarePglite, openDatabase } from './database.mjs';
import { createIssuer } from './issuer.mjs';
import { migrate, seed } from './migrations.mjs';
import { addresses, portalMembers, signIn } from './people.mjs';
import { keys, schemas, supabase } from './supabase.mjs';
import { serveWire } from './wire.mjs';

const host = '127.0.0.1';
const { values: options } = parseArgs({
  options: {
    database: { type: 'string' },
    directory: { type: 'string' },
    port: { type: 'string', default: '0' },
    'wire-port': { type: 'string', default: '0' },
    migrations: { type: 'string' },
    people: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', multiple: true, default: [] },
    bare: { type: 'boolean', default: false },
    major: { type: 'string' },
    'better-auth-secret': { type: 'string' },
  },
});

const stack = await (options.bare ? bare() : whole()).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
process.once('SIGTERM', stop).once('SIGINT', stop);
console.log(JSON.stringify(stack.facts));

async function bare() {
  const { directory, major } = options;
  const database = await openBarePglite({ directory, major });
  const wire = await openWire(database);
  return { database, wire, facts: { databaseUrl: wire.url } };
}

async function whole() {
  const database = await openDatabase({ url: options.database, directory: options.directory });
  const server = supabase(database);
  await server.prepare();
  const applied = options.migrations ? await migrate(database, options.migrations) : [];
  await server.start();
  const people = [];
  for (const file of options.people) {
    const app = basename(file).replace('_people.sql', '');
    const signedIn = await signIn(server.fetch, await addresses(file));
    people.push(...signedIn.map((person) => ({ app, ...person })));
  }
  for (const file of options.seed) await seed(database, file);
  const issuer = await createIssuer();
  const fetch = (request) => (issuer.answers(request) ? issuer.fetch() : server.fetch(request));
  // Its own `Response` sends a second Content-Length, which Node's fetch does not accept.
  const listen = { hostname: host, port: Number(options.port), overrideGlobalObjects: false };
  const http = serve({ fetch, ...listen });
  if (!http.listening) await once(http, 'listening');
  const wire = database.pglite && (await openWire(database));
  const url = `http://${host}:${http.address().port}`;
  people.push(...(await portalMembers(database, url, options['better-auth-secret'])));
  const facts = {
    url,
    databaseUrl: wire?.url ?? options.database,
    ...keys,
    jwksUrl: `${url}${issuer.path}`,
    issuerKeys: issuer.privateKeys,
    schemas,
    applied,
    people,
  };
  return { database, http, wire, facts };
}

async function openWire(database) {
  const wire = await serveWire(database, { host, port: Number(options['wire-port']) });
  return { ...wire, url: `postgres://postgres@${host}:${wire.port}/postgres?sslmode=disable` };
}

async function stop() {
  stack.http?.close();
  stack.wire?.close();
  await stack.database.close();
  process.exit(0);
}
