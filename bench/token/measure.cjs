// Prints medians over rounds of all three, in turn. Arguments: the WebAssembly's script, the published keys, the issuer, a
// token, and a file with fresh ones as JSON.
const [ours, keys, issuer, token, fresh] = process.argv.slice(1);
const { Seen } = require(ours);
const options = { issuer: `${issuer}/auth/v1`, audience: 'authenticated', algorithms: ['ES256'] };
const seen = new Seen(keys, `${issuer}/auth/v1`, token);
const tokens = JSON.parse(require('node:fs').readFileSync(fresh, 'utf8'));
const median = (all) => all.sort((a, b) => a - b)[all.length >> 1];
async function clocked(times, work) {
  const start = performance.now();
  await work(times);
  return (performance.now() - start) * 1e6 / times;
}
/** The signature alone, without a look at what is signed. */
async function platform(times) {
  const key = await crypto.subtle.importKey('jwk', JSON.parse(keys).keys[0], { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
  const parts = tokens.map((text) => {
    const at = text.lastIndexOf('.');
    return [Buffer.from(text.slice(at + 1), 'base64url'), Buffer.from(text.slice(0, at))];
  });
  const start = performance.now();
  for (let i = 0; i < times; i++) {
    const [signature, signed] = parts[i % parts.length];
    if (!await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, signature, signed)) throw new Error('wrong');
  }
  return (performance.now() - start) * 1e6 / times;
}
(async () => {
  const { jwtVerify, createLocalJWKSet } = await import('jose');
  const set = createLocalJWKSet(JSON.parse(keys));
  const verify = async (times) => {
    for (let i = 0; i < times; i++) await jwtVerify(tokens[i % tokens.length], set, options);
  };
  const [a, b, c] = [[], [], []];
  seen.run(20000); await verify(500); await platform(500);
  for (let round = 0; round < 15; round++) {
    a.push(await clocked(20000, (times) => seen.run(times)));
    b.push(await clocked(500, verify));
    c.push(await platform(500));
  }
  console.log(JSON.stringify({ seen: median(a), jose: median(b), platform: median(c) }));
})();
