import { exportJWK, generateKeyPair } from 'jose';

const PATH = '/issuer/jwks.json';
const ALGORITHMS = ['ES256', 'RS256'];

/**
 * Somebody else who issues tokens: with asymmetric keys, which the REST server does not know.
 *
 * Its public keys are at `path`; its private ones are for tests, to sign whatever they like.
 */
export async function createIssuer() {
  const pairs = await Promise.all(ALGORITHMS.map((alg) => createPair(alg)));
  const body = JSON.stringify({ keys: pairs.map((pair) => pair.publicKey) });
  return {
    path: PATH,
    privateKeys: pairs.map((pair) => pair.privateKey),
    answers: (request) => new URL(request.url).pathname === PATH,
    fetch: () => new Response(body, { headers: { 'content-type': 'application/json' } }),
  };
}

async function createPair(alg) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const common = { kid: `local-${alg}`, alg, use: 'sig' };
  return {
    publicKey: { ...(await exportJWK(publicKey)), ...common },
    privateKey: { ...(await exportJWK(privateKey)), ...common },
  };
}
