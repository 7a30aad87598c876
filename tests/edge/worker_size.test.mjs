/** What has to be sent and compiled before the first request: held, so that it grows by decision and not by accident. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';

const ROOT = new URL('../../', import.meta.url);

/**
 * In bytes, after gzip. Cloudflare takes 3 MB of a free account's Worker and 10 MB of a paid one's: the Worker is compiled for speed,
 * which takes a third more than for size. The browser library is compiled for size.
 */
const BUDGETS = {
  'the Worker': [1_080_000, 'functions/build/index_bg.wasm', 'functions/build/index.js', 'functions/build/entry.js'],
  'the browser library': [
    136_000,
    'target/countersign-wasm/web/countersign_wasm_bg.wasm',
    'target/countersign-wasm/web/countersign_wasm.js',
  ],
};

suite('sizes', () => {
  for (const [what, [budget, ...files]] of Object.entries(BUDGETS)) {
    test(`${what} keeps to its budget`, (context) => {
      const size = files.reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, ROOT)), { level: 9 }).length, 0);
      context.diagnostic(`${size} of ${budget} bytes`);
      assert.ok(size > 20_000, 'this is not what is deployed');
      assert.ok(size <= budget, `${what} has ${size} bytes after gzip, more than its budget of ${budget}`);
    });
  }
});
