/** Whose tokens are taken, and what PostgREST is shown for them. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { SignJWT, decodeProtectedHeader, exportJWK, generateKeyPair, importJWK, jwtVerify } from 'jose';
import { setTimeout as sleep } from 'node:timers/promises';
import { ORG_A, person, stack, workerUrl } from './support/agency.mjs';
import { threat } from './support/threats.mjs';
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
  const status = async (worker, token) => (await ask(worker, token)).status;

  /** A pair of keys, the public one as it is published. */
  async function key(kid) {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' } };
  }

  /** A Worker whose keys are published by `publish`, and a token of one of them. */
  async function setting(publish, use, settings = {}) {
    const { privateKey, jwk } = await key('k1');
    let fetches = 0;
    const neighbours = await neighbour((request, response) => {
      if (!request.url.startsWith('/keys')) return response.end('[]');
      fetches += 1;
      return publish(response, { keys: [jwk] }, request);
    });
    const iss = `${neighbours.url}/auth/v1`;
    const variables = { SUPABASE_URL: neighbours.url, JWKS_URL: `${neighbours.url}/keys`, ...settings };
    const worker = await startWorker(variables);
    const token = (kid, key = privateKey) => sign(key, { alg: 'ES256', kid }, { sub: SUBJECT, iss });
    try {
      await use({ worker, token, jwk, fetches: () => fetches });
    } finally {
      await Promise.all([worker.close(), neighbours.close()]);
    }
  }

  threat(2, 'a published secret signs nothing', async () => {
    const secret = Buffer.from('a-secret-that-somebody-published-by-mistake');
    const oct = { kty: 'oct', alg: 'HS256', use: 'sig', k: secret.toString('base64url') };
    const publish = (response) => response.end(JSON.stringify({ keys: [{ ...oct, kid: 'k1' }] }));
    await setting(publish, async ({ worker, token, fetches }) => {
      const forged = new SignJWT({ sub: SUBJECT, role: 'authenticated', aud: 'authenticated' })
        .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
        .setExpirationTime('5 minutes');
      assert.equal(await status(worker, await forged.sign(secret)), 401);
      assert.equal(await status(worker, await token('k1')), 401);
      assert.equal(fetches(), 1);
    });
  });

  threat(2, 'a key at odds with itself is none', async () => {
    const odds = [{ alg: 'RS256' }, { use: 'enc' }, { key_ops: ['sign'] }, { crv: 'P-384' }, { kty: 'RSA' }, { d: 'AA' }];
    for (const change of odds) {
      const publish = (response, { keys: [jwk] }) => response.end(JSON.stringify({ keys: [{ ...jwk, ...change }] }));
      await setting(publish, async ({ worker, token }) => {
        assert.equal(await status(worker, await token('k1')), 401, JSON.stringify(change));
      });
    }
  });

  threat(4, 'a kid that two keys have', () =>
    setting(
      (response, { keys }) => response.end(JSON.stringify({ keys: [...keys, ...keys] })),
      async ({ worker, token }) => assert.equal(await status(worker, await token('k1')), 401),
    ),
  );

  threat(21, 'names that nobody has do not make it ask for them again and again', () =>
    setting(
      (response, set) => response.end(JSON.stringify(set)),
      async ({ worker, token, fetches }) => {
        for (let n = 0; n < 20; n++) {
          assert.equal(await status(worker, await token(`flood-${n}`)), 401);
        }
        assert.equal(fetches(), 1);
        assert.equal(await status(worker, await token('k1')), 200);
      },
    ),
  );

  threat(21, 'a flood while the keys are on their way', () =>
    setting(
      (response, set) => setTimeout(() => response.end(JSON.stringify(set)), 300),
      async ({ worker, token, fetches }) => {
        const flood = await Promise.all(Array.from({ length: 60 }, (_, n) => token(n % 2 ? 'k1' : `flood-${n}`)));
        const answers = await Promise.all(flood.map((token) => status(worker, token)));
        assert.deepEqual(answers, flood.map((_, n) => (n % 2 ? 200 : 401)));
        assert.ok(fetches() <= 8, `${fetches()}`);
      },
    ),
  );

  /** A test that what is published is no reason to believe a token, nor to blame it. */
  const useless = (number, name, publish) =>
    threat(number, name, () =>
      setting(publish, async ({ worker, token, fetches }) => {
        for (let n = 0; n < 3; n++) {
          const response = await ask(worker, await token('k1'));
          assert.equal(response.status, 503);
          assert.ok(response.headers.has('retry-after'));
        }
        assert.equal(fetches(), 1, 'and it is not asked again at once');
      }),
    );
  const json = (response, value) => response.end(JSON.stringify(value));
  useless(22, 'an error instead of keys', (response) => response.writeHead(500).end());
  useless(22, 'a redirect, which is not followed', (response, set, request) =>
    request.url === '/keys' ? response.writeHead(302, { location: '/keys/elsewhere' }).end() : json(response, set),
  );
  useless(22, 'something that is no key set', (response) => response.end('<html></html>'));
  useless(22, 'a key set that is too long', (response, set) => json(response, { ...set, padding: 'x'.repeat(70_000) }));
  useless(22, 'a key set with too many keys', (response, { keys: [jwk] }) =>
    json(response, { keys: Array.from({ length: 33 }, (_, n) => ({ ...jwk, kid: `k${n}` })) }),
  );

  threat(22, 'a key is replaced, then its set is out of reach', async () => {
    const next = await key('k2');
    let mode = 'first';
    const publish = (response, set) => {
      if (mode === 'down') return response.writeHead(500).end();
      return json(response, mode === 'first' ? set : { keys: [next.jwk] });
    };
    const use = async ({ worker, token }) => {
      const [first, second] = [await token('k1'), await token('k2', next.privateKey)];
      assert.deepEqual([await status(worker, first), await status(worker, second)], [200, 401]);
      mode = 'second';
      await sleep(1_100);
      assert.deepEqual([await status(worker, second), await status(worker, first)], [200, 401]);
      mode = 'down';
      await sleep(1_100);
      assert.deepEqual([await status(worker, second), await status(worker, first)], [200, 401]);
      // Six times its age, and then nothing is known any more.
      await sleep(5_000);
      assert.equal(await status(worker, second), 503);
    };
    await setting(publish, use, { KEYS_MAX_AGE_SECONDS: '1' });
  });

  threat(23, 'a key that is not published any more', async () => {
    let removed = false;
    const publish = (response, set) => json(response, removed ? { keys: [] } : set);
    const use = async ({ worker, token }) => {
      const same = await token('k1');
      assert.equal(await status(worker, same), 200);
      assert.equal(await status(worker, same), 200, 'it was verified a moment ago');
      removed = true;
      await sleep(1_100);
      assert.equal(await status(worker, same), 401);
    };
    await setting(publish, use, { KEYS_MAX_AGE_SECONDS: '1' });
  });

  threat(23, 'a revoked key that is still published', () =>
    setting(
      (response, { keys: [jwk] }) => json(response, { keys: [jwk, { ...jwk, kid: 'k2' }] }),
      async ({ worker, token }) => {
        assert.equal(await status(worker, await token('k1')), 401);
        assert.equal(await status(worker, await token('k2')), 200);
      },
      { REVOKED_KEYS: 'k0 k1' },
    ),
  );
});
