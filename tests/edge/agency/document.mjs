/** The OpenAPI document: every operation of the agency in it was answered, as it says, by the tests before this one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answered, operations } from '../support/openapi.mjs';

test('every operation of the agency was answered', () => {
  const own = operations.filter(({ tags }) => tags.includes('agency')).map(({ method, path }) => `${method} ${path}`);
  assert.equal(own.length, 9);
  assert.deepEqual(own.filter((one) => !answered.has(one)), []);
});
