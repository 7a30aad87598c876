/** Tokens and keys that must not be believed, against a real Worker: never less than a refusal. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { before, suite, test } from 'node:test';
import { SignJWT, importJWK } from 'jose';
import { person, stack, workerUrl } from './support/agency.mjs';

const now = Math.floor(Date.now() / 1000);
const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const hmac = (text, secret) => createHmac('sha256', secret).update(text).digest('base64url');
const hs256 = (header, claims, secret = stack.jwtSecret) => {
  const text = `${encode(header)}.${encode(claims)}`;
  return `${text}.${hmac(text, secret)}`;
};
const ask = (headers, path = '/rest/v1/organizations?select=id') => fetch(workerUrl + path, { headers });
const issuer = `${stack.url}/auth/v1`;
const ec = stack.issuerKeys.find(({ alg }) => alg === 'ES256');

let sub, good;
before(async () => {
  sub = (await person('owner.a')).id;
  good = { sub, role: 'authenticated', aud: 'authenticated', iat: now, exp: now + 300 };
});

suite('a token that does not hold is refused, and never taken for nobody', () => {
  const HS = { alg: 'HS256', typ: 'JWT' };
  const { d, ...ecPublic } = ec;
  const publicKey = JSON.stringify(ecPublic);
  const es256 = async (claims, header = {}) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: ec.kid, ...header }).sign(await importJWK(ec));
  const attacks = {
    'no algorithm': () => `${encode({ alg: 'none' })}.${encode(good)}.`,
    'no algorithm, and a signature': () => hs256({ alg: 'none' }, good),
    'another secret': () => hs256(HS, good, 'another-secret-that-is-long-enough-too'),
    'the public key as a secret': () => hs256({ ...HS, kid: ec.kid }, good, publicKey),
    'the x coordinate as a secret': () => hs256({ ...HS, kid: ec.kid }, good, ec.x),
    'HMAC under another name': () => hs256({ alg: 'ES256', kid: ec.kid }, good),
    'HS384': () => hs256({ alg: 'HS384' }, good),
    'other claims under the signature': () => {
      const [header, , signature] = hs256(HS, good).split('.');
      return `${header}.${encode({ ...good, role: 'service_role' })}.${signature}`;
    },
    'a signature cut short': () => hs256(HS, good).slice(0, -4),
    'another encoding of the signature': () => `${hs256(HS, good)}=`,
    'crit': () => hs256({ ...HS, crit: ['exp'] }, good),
    'b64': () => hs256({ ...HS, b64: false }, good),
    'a key in the header': () => hs256({ ...HS, jwk: { kty: 'oct', k: 'AA' } }, good),
    'a key elsewhere': () => hs256({ ...HS, jku: `${workerUrl}/keys` }, good),
    'another type': () => hs256({ ...HS, typ: 'at+jwt' }, good),
    'a role twice': () => hs256(HS, JSON.stringify(good).replace('{', '{"role":"service_role",')),
    'an algorithm twice': () => hs256('{"alg":"none","alg":"HS256"}', good),
    'no end': () => hs256(HS, { ...good, exp: undefined }),
    'an end in words': () => hs256(HS, { ...good, exp: `${now + 300}` }),
    'an end in fractions': () => hs256(HS, JSON.stringify(good).replace(`${now + 300}`, `${now + 300}.5`)),
    'an end in the past': () => hs256(HS, { ...good, exp: now - 31 }),
    'a beginning in the future': () => hs256(HS, { ...good, nbf: now + 120 }),
    'made in the future': () => hs256(HS, { ...good, iat: now + 120 }),
    'for somebody else': () => hs256(HS, { ...good, aud: 'somebody' }),
    'for nobody': () => hs256(HS, { ...good, aud: undefined }),
    'of another issuer': () => hs256(HS, { ...good, iss: 'https://evil.example/auth/v1' }),
    'a subject that is no text': () => hs256(HS, { ...good, sub: 5 }),
    'claims that are a list': () => hs256(HS, '[]'),
    'ES256 without an issuer': () => es256(good),
    'ES256 of another issuer': () => es256({ ...good, iss: `${issuer}/` }),
    'ES256 with an unknown key': () => es256({ ...good, iss: issuer }, { kid: 'unknown' }),
    'more than one': () => `${hs256(HS, good)}, Bearer ${hs256(HS, good)}`,
    'far too long': () => hs256(HS, { ...good, padding: 'x'.repeat(9_000) }),
    'an API key': () => 'sb_publishable_something_else',
    'five parts': () => `${hs256(HS, good)}.a.b`,
    'nothing': () => '',
  };
  for (const [name, make] of Object.entries(attacks)) {
    test(name, async () => {
      const response = await ask({ authorization: `Bearer ${await make()}`, apikey: stack.publishableKey });
      const body = await response.text();
      assert.equal(response.status, 401, body);
      assert.match(JSON.parse(body).code, /^PGRST30[13]$/);
      assert.match(response.headers.get('www-authenticate'), /^Bearer error="invalid_token"/);
    });
  }

  test('another scheme', async () => {
    for (const authorization of ['Basic eDp5', 'Bearer', hs256(HS, good), `Token ${hs256(HS, good)}`]) {
      assert.equal((await ask({ authorization })).status, 401, authorization);
    }
  });

  test('while the same token, untouched, is taken', async () => {
    assert.equal((await ask({ authorization: `Bearer ${hs256(HS, good)}` })).status, 200);
    assert.equal((await ask({ authorization: `bearer ${await es256({ ...good, iss: issuer })}` })).status, 200);
  });
});

suite('who somebody is', () => {
  const me = async (claims) => {
    const token = hs256({ alg: 'HS256' }, { ...good, ...claims });
    return (await ask({ authorization: `Bearer ${token}` }, '/me')).json();
  };

  test('an anonymous sign-in is a guest, whatever the profile says', async () => {
    assert.equal((await me({ is_anonymous: true, user_metadata: { is_anonymous: false } })).kind, 'guest');
    assert.equal((await me({ user_metadata: { role: 'service_role', is_anonymous: true } })).kind, 'user');
  });

  test('a token without a subject is nobody in particular', async () => {
    assert.equal((await me({ sub: undefined })).kind, 'no_subject');
    const { apps } = await me({ sub: 'not-a-uuid' });
    assert.deepEqual(apps.agency.memberships, []);
  });

  test('a token of the role anon is nobody', async () => {
    assert.equal((await me({ role: 'anon' })).kind, 'anon');
  });

  test('no other role is acted for', async () => {
    for (const role of ['postgres', 'service_role', 'authenticator', 'countersign_edge', '', undefined]) {
      assert.equal((await me({ role })).code, 'CS403', role);
    }
  });
});

suite('API keys', () => {
  const legacy = (role, changes) =>
    hs256({ alg: 'HS256' }, { iss: 'supabase', ref: 'local', role, iat: now, exp: now + 300, ...changes });
  const code = async (headers, path = '/me') => {
    const response = await ask(headers, path);
    return response.status === 200 ? (await response.json()).kind : response.status;
  };

  test('public ones are nobody’s, also in the place of a token, as supabase-js sends them', async () => {
    for (const key of [stack.publishableKey, legacy('anon')]) {
      assert.equal(await code({ apikey: key }), 'anon');
      assert.equal(await code({ apikey: key, authorization: `Bearer ${key}` }), 'anon');
    }
    assert.equal(await code({ authorization: `Bearer ${legacy('anon')}` }), 'anon');
    assert.equal(await code({ authorization: `Bearer ${legacy('anon', { exp: now - 60 })}` }), 401, 'its time is over');
    assert.equal(await code({ authorization: `Bearer ${stack.publishableKey}` }), 401, 'a key alone is no token');
  });

  test('secret ones are not forwarded', async () => {
    for (const path of ['/me', '/rest/v1/organizations?select=id', '/auth/v1/admin/users']) {
      for (const key of [stack.secretKey, 'sb_secret_anything', legacy('service_role')]) {
        assert.equal(await code({ apikey: key }, path), 403, path);
        assert.equal(await code({ apikey: key, authorization: `Bearer ${key}` }, path), 403, path);
      }
    }
    for (const path of ['/me', '/auth/v1/admin/users']) {
      assert.equal(await code({ authorization: `Bearer ${legacy('service_role')}` }, path), 403, path);
    }
  });

  test('others are none', async () => {
    for (const key of ['sb_publishable_of_another_project', 'x', legacy('anon', { exp: now - 60 }), legacy('postgres')]) {
      assert.equal(await code({ apikey: key }), 401, key);
    }
  });
});
