/** Somebody whom no other test knows: theirs is what a test gives them, and nobody's counts change by it. */
import { randomUUID } from 'node:crypto';
import { stack } from './agency.mjs';
import { hs256 } from './tokens.mjs';

/** Their id, address and token. The account itself is the test's to add. */
export function newcomer(role) {
  const id = randomUUID();
  const email = `${role}-${id}@agency-edge.example.test`;
  const [issuer, exp] = [`${stack.url}/auth/v1`, Math.floor(Date.now() / 1000) + 3600];
  const claims = { sub: id, email, role: 'authenticated', aud: 'authenticated', iss: issuer, exp };
  return { id, email, token: hs256({ alg: 'HS256', typ: 'JWT' }, claims, stack.jwtSecret) };
}
