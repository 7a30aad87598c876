/** Tokens and keys that must not be believed, against a real Worker: never less than a refusal. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, suite, test } from 'node:test';
import { ORG_B, person, stack, workerUrl } from './support/agency.mjs';
import { threat } from './support/threats.mjs';
import * as tokens from './support/tokens.mjs';

const { ORDER, bytes, der, encode, number } = tokens;
const now = Math.floor(Date.now() / 1000);
const hs256 = (header, claims, secret = stack.jwtSecret) => tokens.hs256(header, claims, secret);
const ask = (headers, path = '/rest/v1/organizations?select=id') => fetch(workerUrl + path, { headers });
const bearer = (token, path) => ask({ authorization: `Bearer ${token}`, apikey: stack.publishableKey }, path);
const issuer = `${stack.url}/auth/v1`;
const ec = stack.issuerKeys.find(({ alg }) => alg === 'ES256');
const { d: _, ...ecPublic } = ec;
const HS = { alg: 'HS256', typ: 'JWT' };
const ES = { alg: 'ES256', typ: 'JWT', kid: ec.kid };

let sub, good, ours;
before(async () => {
  sub = (await person('owner.a')).id;
  good = { sub, role: 'authenticated', aud: 'authenticated', iat: now, exp: now + 300 };
  ours = { ...good, iss: issuer };
});

/** Claims in JSON in which a member's text is replaced. */
const spelled = (name, value) => JSON.stringify({ ...good, [name]: '@' }).replace('"@"', value);
const es256 = (claims = ours, header = {}, change) => tokens.es256({ ...ES, ...header }, claims, ec, change);
const halves = (change) => (signature) => Buffer.concat(change(signature.subarray(0, 32), signature.subarray(32)));

/** A test that these tokens are refused, and not taken for no token at all. */
const refused = (number, name, ...make) =>
  threat(number, name, async () => {
    for (const token of make.flatMap((one) => one())) {
      const response = await bearer(token);
      const body = await response.text();
      assert.equal(response.status, 401, `${token}\n${body}`);
      assert.match(JSON.parse(body).code, /^PGRST30[13]$/);
      assert.match(response.headers.get('www-authenticate'), /^Bearer error="invalid_token"/);
    }
  });

/** That these are taken: what makes the refusals beside them mean something. */
async function taken(...all) {
  for (const token of all) {
    const response = await bearer(token);
    assert.equal(response.status, 200, `${token}\n${await response.text()}`);
  }
}

suite('a token that does not hold is refused, and never taken for nobody', () => {
  test('while the same token, untouched, is taken', async () => {
    await taken(hs256(HS, good), es256());
    assert.equal((await ask({ authorization: `bearer ${es256()}` })).status, 200);
  });

  const spellings = ['none', 'None', 'NONE', 'nOnE', '', 'HS256 ', 'hs256', 'HS384', 'PS256', 'EdDSA', null, ['HS256']];
  refused(1, 'no algorithm', () => `${encode({ alg: 'none' })}.${encode(good)}.`);
  refused(1, 'another algorithm, or another spelling', () => spellings.map((alg) => hs256({ ...HS, alg }, good)));
  refused(1, 'a header without an algorithm', () => hs256({ typ: 'JWT' }, good), () => hs256({ ALG: 'HS256' }, good));

  refused(2, 'a public key as a secret', () =>
    [JSON.stringify(ecPublic), ec.x, Buffer.from(ec.x, 'base64url')].map((key) => hs256({ ...HS, kid: ec.kid }, ours, key)),
  );
  refused(2, 'HMAC under another name', () =>
    ['ES256', 'RS256'].map((alg) => hs256({ alg, kid: ec.kid }, ours)),
  );
  refused(2, 'a key for another algorithm', () => es256(ours, { alg: 'RS256' }), () => es256(ours, { alg: 'HS256' }));

  const sources = { jwk: ecPublic, jku: `${workerUrl}/keys`, x5u: `${workerUrl}/keys`, x5c: ['MII='] };
  refused(3, 'a key in the header, or its address', () =>
    Object.entries(sources).flatMap(([name, value]) =>
      [value, null].flatMap((value) => [hs256({ ...HS, [name]: value }, good), es256(ours, { [name]: value })]),
    ),
  );

  refused(4, 'a kid that is no name', () =>
    ['../../dev/null\0', "k' or '1'='1", 'a b', '', 'k'.repeat(129), 'k'.repeat(5_000), 7, [ec.kid]].map(
      (kid) => es256(ours, { kid }),
    ),
  );
  refused(4, 'a kid that no key has', () =>
    ['unknown', `${ec.kid}/`, ` ${ec.kid}`, '../../dev/null', ec.kid.toUpperCase() + 'X'].map((kid) => es256(ours, { kid })),
  );

  refused(5, 'crit', () => [['exp'], ['b64'], [], null].map((crit) => hs256({ ...HS, crit }, good)));
  refused(6, 'b64', () => [false, true, null].map((b64) => hs256({ ...HS, b64 }, good)));
  refused(6, 'b64 with crit', () => hs256({ ...HS, b64: false, crit: ['b64'] }, good));

  const twice = (name, value) => JSON.stringify(good).replace('{', `{"${name}":${JSON.stringify(value)},`);
  refused(7, 'a claim given twice', () =>
    Object.entries({ role: 'service_role', sub: 'somebody', exp: 0, aud: 'x' }).map((pair) => hs256(HS, twice(...pair))),
  );
  refused(7, 'a claim given twice in another spelling', () =>
    hs256(HS, JSON.stringify(good).replace('{', '{"\\u0072ole":"service_role",')),
  );
  refused(7, 'a header member given twice', () =>
    ['{"alg":"none","alg":"HS256"}', '{"alg":"HS256","kid":"a","kid":"b"}'].map((header) => hs256(header, good)),
  );

  refused(8, 'padding', () => {
    const [header, claims, signature] = hs256(HS, good).split('.');
    const padded = tokens.hmacOver(`${header}.${encode({ ...good, a: 'aa' })}=`, stack.jwtSecret);
    return [`${header}.${claims}.${signature}=`, padded];
  });
  refused(8, 'another alphabet', () => {
    const [header, claims] = hs256(HS, { ...good, a: '???>>>' }).split('.');
    const plain = `${header}.${claims.replaceAll('-', '+').replaceAll('_', '/')}`;
    assert.notEqual(plain, `${header}.${claims}`);
    return tokens.hmacOver(plain, stack.jwtSecret);
  });
  refused(8, 'stray bits behind the last byte', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const token = hs256(HS, good);
    const last = alphabet.indexOf(token.at(-1));
    const other = token.slice(0, -1) + alphabet[last + 1];
    const bytesOf = (text) => Buffer.from(text.split('.')[2], 'base64url').toString('hex');
    assert.equal(bytesOf(other), bytesOf(token), 'a lenient reader sees no difference');
    return other;
  });

  refused(9, 'other than three parts', () => {
    const token = hs256(HS, good);
    const [header, claims, signature] = token.split('.');
    const parts = [`${header}.${claims}`, `${header}.${claims}.`, `${header}..${signature}`, `.${claims}.${signature}`, header];
    return [...parts, `${token}.a`, `${token}.a.b`, `.${token}`];
  });
  refused(9, 'a token as JSON', () => {
    const [header, payload, signature] = hs256(HS, good).split('.');
    return JSON.stringify({ protected: header, payload, signature });
  });
  refused(9, 'more than one token', () => `${hs256(HS, good)}, Bearer ${hs256(HS, good)}`);

  refused(10, 'a signature in DER, cut short or too long', () => [
    es256(ours, {}, der),
    es256(ours, {}, (signature) => signature.subarray(0, 63)),
    es256(ours, {}, (signature) => Buffer.concat([signature, Buffer.from([0])])),
    hs256(HS, good).slice(0, -4),
  ]);
  refused(10, 'r or s out of range', () => {
    const zero = Buffer.alloc(32);
    const order = bytes(ORDER);
    return [
      halves(() => [zero, zero]),
      halves((r) => [r, zero]),
      halves((_, s) => [zero, s]),
      halves((r) => [r, order]),
      halves((_, s) => [order, s]),
      halves((r, s) => [s, r]),
      halves(() => [bytes(1n), bytes(1n)]),
    ].map((change) => es256(ours, {}, change));
  });

  threat(11, 'the second valid signature is the same person', async () => {
    const first = es256();
    const words = first.slice(0, first.lastIndexOf('.'));
    const signature = Buffer.from(first.split('.')[2], 'base64url');
    const second = `${words}.${encode(halves((r, s) => [r, bytes(ORDER - number(s))])(signature))}`;
    assert.notEqual(first, second);
    const [one, other] = await Promise.all([first, second].map(async (token) => (await bearer(token, '/me')).json()));
    assert.equal(one.kind, 'user');
    assert.deepEqual(other, one);
  });

  threat(12, 'a token of 8 KB is read, a longer one is not', async () => {
    const sized = (padding) => hs256(HS, { ...good, padding: 'x'.repeat(padding) });
    let padding = 5_000;
    while (sized(padding + 1).length <= 8_192) padding += 1;
    await taken(sized(padding));
    assert.equal((await bearer(sized(padding + 3))).status, 401);
    assert.equal((await bearer(sized(12_000))).status, 401);
  });

  threat(13, 'JSON that is very deep', async () => {
    const deep = `${'['.repeat(2_500)}${']'.repeat(2_500)}`;
    await taken(hs256(HS, JSON.stringify(good).replace('{', `{"x":${deep},`)));
    assert.equal((await bearer(hs256(HS, spelled('sub', deep)))).status, 401);
    assert.equal((await bearer(hs256(`{"alg":"HS256","kid":${deep}}`, good))).status, 401);
    assert.equal((await ask({}, '/healthz')).status, 200);
  });

  const ends = ['"1"', `"${now + 300}"`, `${now + 300}.5`, `${now + 300}.0`, '-1', '1e400', '1e10', '253402300800'];
  refused(14, 'an end that is no second of ours', () =>
    [...ends, '18446744073709551616', 'null', 'true', '[]'].map((end) => hs256(HS, spelled('exp', end))),
  );
  refused(14, 'no end', () => hs256(HS, { ...good, exp: undefined }), () => es256({ ...ours, exp: undefined }));
  refused(14, 'an end in the past', () => [now - 31, 0].map((exp) => hs256(HS, { ...good, exp })));

  refused(15, 'a beginning or a making in the future', () =>
    ['nbf', 'iat'].map((name) => hs256(HS, { ...good, [name]: now + 120 })),
  );
  refused(15, 'a beginning that is no second', () =>
    ['nbf', 'iat'].flatMap((name) => ['1.5', '"now"', '-1'].map((value) => hs256(HS, spelled(name, value)))),
  );

  const types = ['5', '{}', 'true', '[]', '[5]', '""'];
  refused(16, 'an issuer that is missing or no text', () => [
    ...[...types, `["${issuer}"]`].map((iss) => hs256(HS, spelled('iss', iss))),
    es256(good),
  ]);
  refused(16, 'an audience that is missing or no text', () => [
    ...[...types, 'null', '{"authenticated":1}'].map((aud) => hs256(HS, spelled('aud', aud))),
    hs256(HS, { ...good, aud: undefined }),
    hs256(HS, { ...good, aud: 'somebody' }),
  ]);
  refused(16, 'claims that are no object, or a subject that is no text', () =>
    ['[]', '"a"', '1', 'null', spelled('sub', '5'), spelled('role', '["authenticated"]')].map((claims) => hs256(HS, claims)),
  );

  threat(17, 'of several audiences one has to be ours', async () => {
    await taken(hs256(HS, { ...good, aud: ['other', 'authenticated'] }));
    const eight = Array.from({ length: 8 }, (_, n) => `a${n}`);
    for (const aud of [['other'], ['authenticated', 5], [['authenticated']], [...eight, 'authenticated']]) {
      assert.equal((await bearer(hs256(HS, { ...good, aud }))).status, 401, JSON.stringify(aud));
    }
  });

  const kinds = ['at+jwt', 'logout+jwt', 'secevent+jwt', 'application/jwt', 'JOSE', ''];
  refused(18, 'another kind of token', () => kinds.flatMap((typ) => [hs256({ ...HS, typ }, good), es256(ours, { typ })]));

  refused(20, 'an API key in the place of a token', () => ['sb_publishable_something_else', 'sb_secret_x', 'x', '']);
  threat(20, 'another scheme than Bearer', async () => {
    for (const authorization of ['Basic eDp5', 'Bearer', hs256(HS, good), `Token ${hs256(HS, good)}`]) {
      assert.equal((await ask({ authorization })).status, 401, authorization);
    }
  });

  threat(24, 'a signature that is wrong early or late, compared by the platform', async () => {
    for (const [name, token] of Object.entries({ HS256: hs256(HS, good), ES256: es256() })) {
      const words = token.slice(0, token.lastIndexOf('.'));
      const signature = Buffer.from(token.split('.')[2], 'base64url');
      for (const at of [0, signature.length - 1]) {
        const other = Buffer.from(signature);
        other[at] ^= 1;
        assert.equal((await bearer(`${words}.${encode(other)}`)).status, 401, `${name} ${at}`);
      }
    }
    const wasm = await readFile(new URL('../../functions/build/index_bg.wasm', import.meta.url));
    for (const name of ['verify', 'importKey']) assert.ok(wasm.includes(`__wbg_${name}_`), `crypto.subtle.${name}`);
  });

  refused(25, 'a token of another project', () =>
    ['https://evil.example/auth/v1', `${issuer}/`, issuer.toUpperCase(), `${issuer}@evil.example`, stack.url, ` ${issuer}`].flatMap(
      (iss) => [hs256(HS, { ...good, iss }), es256({ ...good, iss })],
    ),
  );
  refused(25, 'other claims, or another secret, under the signature', () => {
    const [header, , signature] = hs256(HS, good).split('.');
    const other = `${header}.${encode({ ...good, role: 'service_role' })}.${signature}`;
    return [other, hs256(HS, good, 'another-secret-that-is-long-enough-too')];
  });
});

suite('who somebody is', () => {
  const me = async (claims) => {
    const token = hs256({ alg: 'HS256' }, { ...good, ...claims });
    return (await ask({ authorization: `Bearer ${token}` }, '/me')).json();
  };

  threat(19, 'an anonymous sign-in is a guest, whatever the profile says', async () => {
    assert.equal((await me({ is_anonymous: true, user_metadata: { is_anonymous: false } })).kind, 'guest');
    assert.equal((await me({ user_metadata: { role: 'service_role', is_anonymous: true } })).kind, 'user');
  });

  threat(19, 'a role or a tenant that the token claims is none', async () => {
    const { apps } = await me({});
    const claimed = { role: 'owner', org_id: ORG_B, memberships: [{ tenant: ORG_B, role: 'owner' }] };
    const claims = { user_metadata: claimed, app_metadata: claimed, org_id: ORG_B, user_role: 'owner' };
    assert.deepEqual((await me(claims)).apps, apps);
    assert.ok(!JSON.stringify(apps).includes(ORG_B));
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
