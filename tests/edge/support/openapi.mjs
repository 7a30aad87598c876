/** What the Worker answers, held against the document that it serves. */
import assert from 'node:assert/strict';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { workerUrl } from './agency.mjs';

const document = await fetch(`${workerUrl}/functions/v1/openapi.json`).then((response) => response.json());
export const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, ...operation })),
);
/** The operations that were answered well, by method and path. */
export const answered = new Set();
/** Which files of tests have called an operation, by its method and path. */
export const called = new Map();

const root = fileURLToPath(new URL('../../..', import.meta.url));
const patterns = operations
  .map((operation) => ({ ...operation, fits: new RegExp(`^${operation.path.replace(/\{[^}]*\}/g, '[^/]+')}$`) }))
  .sort((one, other) => one.path.split('{').length - other.path.split('{').length);

/** Notes who calls an operation, which is given back if there is such. */
export function note(method, path) {
  const found = patterns.find((of) => of.method === method && of.fits.test(path));
  if (!found) return undefined;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 100;
  const { stack } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  const files = [...stack.matchAll(/file:\/\/[^\s)]+?\.mjs/g)].map(([url]) => relative(root, fileURLToPath(url)));
  const tests = files.filter((file) => file.startsWith('tests/edge/') && !file.startsWith('tests/edge/support/'));
  const operation = `${method} ${found.path}`;
  called.set(operation, new Set([...(called.get(operation) ?? []), ...tests]));
  return found;
}

// Not every call of a test is one of its helpers': a browser's and a provider's are not.
const send = globalThis.fetch;
globalThis.fetch = (input, options = {}) => {
  const url = new URL(input.url ?? input);
  if (url.origin === new URL(workerUrl).origin) note(options.method ?? input.method ?? 'GET', url.pathname);
  return send(input, options);
};

const TYPES = {
  object: (value) => value !== null && typeof value === 'object' && !Array.isArray(value),
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  null: (value) => value === null,
};

/** Where a value does not fit a schema; of JSON Schema what the document uses. */
function* misfits(schema, value, at) {
  if (schema.$ref) schema = document.components.schemas[schema.$ref.split('/').pop()];
  const types = schema.type && [schema.type].flat();
  if (types && !types.some((type) => TYPES[type](value))) yield `${at} is not ${types.join(' or ')}`;
  if (schema.anyOf && schema.anyOf.every((of) => [...misfits(of, value, at)].length > 0)) yield `${at} fits none of its schemas`;
  if (schema.enum && !schema.enum.includes(value)) yield `${at} is none of ${schema.enum}`;
  if ('const' in schema && schema.const !== value) yield `${at} is not ${schema.const}`;
  if (value !== null && (value < schema.minimum || value > schema.maximum)) yield `${at} is out of its range`;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* misfits(schema.items ?? {}, item, `${at}[${index}]`);
  } else if (TYPES.object(value)) {
    for (const name of schema.required ?? []) if (!(name in value)) yield `${at}.${name} is missing`;
    for (const [name, member] of Object.entries(value)) {
      const of = schema.properties?.[name] ?? schema.additionalProperties ?? {};
      if (of === false) yield `${at}.${name} is not described`;
      else yield* misfits(of, member, `${at}.${name}`);
    }
  }
}

/** Holds an answer of a workflow against the document. */
export function described(method, path, status, body) {
  const found = note(method, path.split('?')[0]);
  if (!found) return;
  const { path: pattern, responses } = found;
  const response = responses[status] ?? responses.default;
  if (status < 400) {
    assert.ok(responses[status], `${method} ${pattern}: ${status} is not described`);
    answered.add(`${method} ${pattern}`);
  }
  const schema = response.content?.['application/json'].schema;
  if (schema) assert.deepEqual([...misfits(schema, body, 'answer')], [], `${method} ${pattern}: ${status}`);
}
