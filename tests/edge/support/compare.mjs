/** One operation tried both ways, and what may differ between them. */
import assert from 'node:assert/strict';

/** What no two runs have in common. */
const VOLATILE = new Set(['created_at', 'updated_at']);

/** What an operation came to, without what no two runs have in common; `ids` are given by name. */
export function outcome({ status, data, count, error }, ids = {}) {
  const plain = JSON.stringify({ status, code: error?.code ?? null, count, data }, (key, value) =>
    VOLATILE.has(key) ? undefined : value,
  );
  return JSON.parse(named(plain, ids));
}

/** Text in which the ids are replaced by their names. */
export function named(text, ids) {
  return Object.entries(ids).reduce((text, [name, id]) => text.replaceAll(id, `<${name}>`), text);
}

/** Whether it is the Worker's own refusal, which has reasons where the database has none. */
export function isRefusal({ status, error }) {
  return [401, 403].includes(status) && error?.code === '42501' && 'request_id' in error;
}

/** Whether there was nothing in it for the caller: an error, no row, or the sum of no rows. */
export function gaveNothing({ data, error }) {
  return Boolean(error) || !data || data.length === 0;
}

/**
 * Reads both ways. Others may write meanwhile, so PostgREST is asked before and after until it says
 * the same twice.
 */
export async function readBoth(person, read) {
  for (let attempt = 0; attempt < 5; attempt++) {
    const before = await read(person.direct);
    const worker = await read(person.worker);
    const after = await read(person.direct);
    if (JSON.stringify(outcome(before)) === JSON.stringify(outcome(after))) {
      return { direct: after, worker };
    }
  }
  throw new Error('the rows did not stand still');
}

/** The Worker gave what PostgREST gives, or refused where that is nothing. */
export function sameRead({ direct, worker }) {
  if (isRefusal(worker)) {
    assert.ok(gaveNothing(direct), `refused, but there is something: ${JSON.stringify(worker.error)}`);
    assert.ok(worker.error.message, 'a refusal has a reason');
  } else {
    assert.deepEqual(outcome(worker), outcome(direct));
  }
}
