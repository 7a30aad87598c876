/** The agency system under test: where it runs, and its people with both ways to it. */
import { createClient } from '@supabase/supabase-js';
import { readFile } from 'node:fs/promises';
import postgres from 'postgres';

const { COUNTERSIGN_STACK_JSON, COUNTERSIGN_WORKER_URL } = process.env;
if (!COUNTERSIGN_STACK_JSON || !COUNTERSIGN_WORKER_URL) {
  throw new Error('run by `cargo xtask test --only edge`, or beside `cargo xtask stack`');
}
export const workerUrl = COUNTERSIGN_WORKER_URL;
export const { stack } = JSON.parse(await readFile(COUNTERSIGN_STACK_JSON, 'utf8'));

/** Everybody of the seed, by the part of the address before the @; `nobody` belongs nowhere. */
export const NAMES = [
  'anon',
  ...['owner.a', 'admin.a', 'member.a', 'viewer.a', 'removed.a', 'invited.a'],
  ...['owner.b', 'admin.b', 'member.b', 'viewer.b', 'both', 'nobody'],
];

const options = {
  db: { schema: 'agency' },
  auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
};

/** A client that goes through the Worker. */
export const throughWorker = (settings) =>
  createClient(workerUrl, stack.publishableKey, { ...options, ...settings });

/**
 * A person with two clients of one identity: `worker`, signed in through the Worker's /auth/v1, and
 * `direct`, which shows the same token to PostgREST itself.
 */
export async function person(name) {
  const worker = throughWorker();
  if (name === 'anon') {
    return { name, worker, direct: createClient(stack.url, stack.publishableKey, options) };
  }
  const { email, password } = stack.people.find(({ email }) => email.startsWith(`${name}@`));
  const { data, error } = await worker.auth.signInWithPassword({ email, password });
  if (error) throw error;
  const token = data.session.access_token;
  const { auth, ...rest } = options;
  const direct = createClient(stack.url, stack.publishableKey, { ...rest, accessToken: async () => token });
  return { name, id: data.user.id, token, worker, direct };
}

/** Everybody, signed in. */
export async function everybody() {
  const people = [];
  for (const name of NAMES) people.push(await person(name));
  return people;
}

/** The owner of the tables, whom no policy binds: for what a test needs before and checks after. */
export const database = () => postgres(stack.databaseUrl, { max: 1, onnotice: () => {} });

/** The id of a row of the seed, as its comment explains. */
export const seeded = (letter, table, row) =>
  `${letter}0000000-0000-4000-8000-${String(table).padStart(8, '0')}${String(row).padStart(4, '0')}`;
export const ORG_A = 'a0000000-0000-4000-8000-000000000001';
export const ORG_B = 'b0000000-0000-4000-8000-000000000001';
