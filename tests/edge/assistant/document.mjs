/** The OpenAPI document: every operation in it was answered, as it says, by the tests before this one. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answered, operations } from '../support/openapi.mjs';

/** Answered to browsers and to HubSpot, which the tests of those do without supabase-js. */
const ELSEWHERE = ['POST /functions/v1/assistant-hubspot-connect', 'GET /functions/v1/assistant-hubspot-callback', 'POST /functions/v1/assistant-hubspot-webhook'];

describe('the OpenAPI document', () => {
  test('has every kind of operation answered somewhere', () => {
    const kindless = (operation) => operation.replace(/assistant-(calls|companies|contacts|deals|emails|meetings|notes|tasks)/, 'assistant-<kind>');
    const seen = new Set([...answered, ...ELSEWHERE].map(kindless));
    const own = operations.filter(({ tags }) => tags.includes('assistant'));
    const all = new Set(own.map(({ method, path }) => kindless(`${method} ${path}`)));
    assert.equal(own.length, 81);
    assert.deepEqual([...all].filter((one) => !seen.has(one)), []);
  });
});
