/** Whose tokens are taken, and what PostgREST is shown for them. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { SignJWT, decodeProtectedHeader, exportJWK, generateKeyPair, importJWK, jwtVerify } from 'jose';
import { ORG_A, person, stack, workerUrl } from './support/agency.mjs';
import { KEY, SECRET, neighbour, startWorker } from './support/workerd.mjs';

const SUBJECT = '01a1fd9a-6f8b-7040-8992-132a13be477d';

/** A token of an issuer, good for five minutes. */
const sign = (key, { alg, kid }, claims) =>
  new SignJWT({ role: 'authenticated', aud: 'authenticated', ...claims })
    .setProtectedHeader({ alg, kid, typ: 'JWT' })
    .setIssuedAt()
    .setExpirationTime('5 minutes')
    .sign(key);

suite('somebody whom PostgREST does not know', () => {
  for (const jwk of stack.issuerKeys) {
    test(`gets to the rows of their organization with ${jwk.alg}`, async () => {
      const { id } = await person('viewer.a');
      const issuer = `${stack.url}/auth/v1`;
      const token = await sign(await importJWK(jwk), jwk, { sub: id, iss: issuer });
      const headers = { authorization: `Bearer ${token}`, apikey: stack.publishableKey };
      const path = '/rest/v1/organizations?select=id';

      // The local server's 401 is no valid HTTP; that it is no answer is all that matters here.
      const direct = await fetch(stack.url + path, { headers }).catch(() => undefined);
      assert.ok(!direct?.ok, 'or the exchange would prove nothing');

      const response = await fetch(workerUrl + path, { headers });
      assert.equal(response.status, 200, await response.clone().text());
      assert.deepEqual(await response.json(), [{ id: ORG_A }]);
    });
  }
});

suite('the exchanged token', () => {
  let worker, neighbours, pair;
  const header = { alg: 'ES256', kid: 'k1' };
  before(async () => {
    pair = await generateKeyPair('ES256');
    const keys = [{ ...(await exportJWK(pair.publicKey)), ...header, use: 'sig' }];
    neighbours = await neighbour((request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(request.url.endsWith('/jwks.json') ? { keys } : []));
    });
    worker = await startWorker({ SUPABASE_URL: neighbours.url });
  });
  after(() => Promise.all([worker.close(), neighbours.close()]));

  async function shown(claims) {
    const iss = `${neighbours.url}/auth/v1`;
    const token = await sign(pair.privateKey, header, { sub: SUBJECT, iss, ...claims });
    const headers = { authorization: `Bearer ${token}`, cookie: 'a=b' };
    const response = await fetch(`${worker.url}/rest/v1/organizations?select=id`, { headers });
    assert.equal(response.status, 200, await response.text());
    const forwarded = neighbours.asked.at(-1).headers;
    assert.equal(forwarded.apikey, KEY);
    const exchanged = forwarded.authorization.replace('Bearer ', '');
    assert.deepEqual(decodeProtectedHeader(exchanged), { typ: 'JWT', alg: 'HS256' });
    return (await jwtVerify(exchanged, new TextEncoder().encode(SECRET))).payload;
  }

  test('says who, for a minute, and nothing more', async () => {
    const { iat, exp, ...rest } = await shown({
      aal: 'aal2',
      email: 'a@example.test',
      app_metadata: { role: 'service_role' },
      user_metadata: { role: 'service_role' },
      session_id: 'x',
    });
    assert.deepEqual(rest, { sub: SUBJECT, role: 'authenticated', aal: 'aal2' });
    assert.equal(exp - iat, 60);
    assert.ok(Math.abs(Date.now() / 1000 - iat) < 30);
  });

  test('says so of an anonymous sign-in', async () => {
    assert.equal((await shown({ is_anonymous: true })).is_anonymous, true);
    assert.ok(!('is_anonymous' in (await shown({ is_anonymous: false }))));
  });

  test('the keys were read once', () => {
    const fetches = neighbours.asked.filter(({ url }) => url.endsWith('/jwks.json'));
    assert.equal(fetches.length, 1);
    assert.ok(!('cookie' in fetches[0].headers) && !('authorization' in fetches[0].headers));
  });
});

suite('published keys', () => {
  const ask = (worker, token) =>
    fetch(`${worker.url}/me`, { headers: { authorization: `Bearer ${token}` } });

  /** A Worker whose keys are published by `publish`, and a token of one of them. */
  async function setting(publish, use) {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const keys = [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }];
    let fetches = 0;
    const neighbours = await neighbour((request, response) => {
      if (!request.url.startsWith('/keys')) return response.end('[]');
      fetches += 1;
      return publish(response, { keys }, request);
    });
    const worker = await startWorker({ SUPABASE_URL: neighbours.url, JWKS_URL: `${neighbours.url}/keys` });
    const token = (kid) =>
      sign(privateKey, { alg: 'ES256', kid }, { sub: SUBJECT, iss: `${neighbours.url}/auth/v1` });
    try {
      await use({ worker, token, fetches: () => fetches });
    } finally {
      await Promise.all([worker.close(), neighbours.close()]);
    }
  }

  test('names that nobody has do not make it ask for them again and again', () =>
    setting(
      (response, set) => response.end(JSON.stringify(set)),
      async ({ worker, token, fetches }) => {
        for (let n = 0; n < 20; n++) {
          assert.equal((await ask(worker, await token(`flood-${n}`))).status, 401);
        }
        assert.equal(fetches(), 1);
        assert.equal((await ask(worker, await token('k1'))).status, 200);
      },
    ));

  const useless = {
    'an error': (response) => response.writeHead(500).end(),
    'a redirect, which is not followed': (response, set, request) =>
      request.url === '/keys'
        ? response.writeHead(302, { location: '/keys/elsewhere' }).end()
        : response.end(JSON.stringify(set)),
    'something that is no key set': (response) => response.end('<html></html>'),
    'too much': (response, set) => response.end(JSON.stringify({ ...set, padding: 'x'.repeat(70_000) })),
  };
  for (const [name, publish] of Object.entries(useless)) {
    test(`${name} is a reason to come again, not to believe or to blame the token`, () =>
      setting(publish, async ({ worker, token, fetches }) => {
        for (let n = 0; n < 3; n++) {
          const response = await ask(worker, await token('k1'));
          assert.equal(response.status, 503);
          assert.ok(response.headers.has('retry-after'));
        }
        assert.equal(fetches(), 1, 'and it is not asked again at once');
      }));
  }
});
