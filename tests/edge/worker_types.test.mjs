/**
 * The types of the workflows: those of the OpenAPI document, and sound where they are used.
 *
 * To write them anew: `UPDATE_OPENAPI=1 node --test tests/edge/worker_types.test.mjs`.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import openapiTypes, { astToString } from 'openapi-typescript';

const at = (path) => new URL(`../../${path}`, import.meta.url);
const HEAD = '/** What `functions/openapi.json` describes, as openapi-typescript writes it. `index.d.ts` has what is easier to use. */\n\n';

test('the types are those of the document', async () => {
  const document = JSON.parse(await readFile(at('functions/openapi.json'), 'utf8'));
  const types = HEAD + astToString(await openapiTypes(document));
  const file = at('functions/types/workflows.d.ts');
  if (process.env.UPDATE_OPENAPI) await writeFile(file, types);
  const there = await readFile(file, 'utf8');
  assert.ok(there === types, 'they are old: `UPDATE_OPENAPI=1 node --test tests/edge/worker_types.test.mjs` writes them anew');
});

test('a page is sound with them, and not without', () => {
  const compiler = fileURLToPath(at('node_modules/typescript/bin/tsc'));
  const project = fileURLToPath(at('tests/edge/types'));
  const { status, stdout } = spawnSync(process.execPath, [compiler, '--project', project], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});
