/** What the Worker answers, held against the document that it serves. */
import assert from 'node:assert/strict';
import { workerUrl } from './agency.mjs';

const document = await fetch(`${workerUrl}/functions/v1/openapi.json`).then((response) => response.json());
export const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, ...operation })),
);
/** The operations that were answered well, by method and path. */
export const answered = new Set();

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
  const plain = path.split('?')[0];
  const fits = (of) => new RegExp(`^${of.replace(/\{[^}]*\}/g, '[^/]+')}$`).test(plain);
  const found = operations.filter((operation) => operation.method === method && fits(operation.path));
  if (found.length === 0) return;
  const [{ path: pattern, responses }] = found.sort((one, other) => one.path.split('{').length - other.path.split('{').length);
  const response = responses[status] ?? responses.default;
  if (status < 400) {
    assert.ok(responses[status], `${method} ${pattern}: ${status} is not described`);
    answered.add(`${method} ${pattern}`);
  }
  const schema = response.content?.['application/json'].schema;
  if (schema) assert.deepEqual([...misfits(schema, body, 'answer')], [], `${method} ${pattern}: ${status}`);
}
