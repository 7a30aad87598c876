/** Tests of the threats in `functions/src/caller/threats.md`, by their number there. */
import { test } from 'node:test';

/** A test; `tokens_threats.test.mjs` finds the call and holds it against the table. */
export const threat = (number, name, run) => test(`threat ${number}: ${name}`, run);
