/**
 * Takes the operations that Countersign uses out of the providers' official descriptions.
 *
 *   node tests/specs/extract.mjs <directory with the descriptions>
 *
 * The descriptions are megabytes; what is left here is what the tests hold every request and every
 * answer against. README.md says where they come from. Where an official page and the description
 * contradict each other, `corrections` says what was changed and why.
 */
import { readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [from] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const KINDS = ['calls', 'companies', 'contacts', 'deals', 'emails', 'meetings', 'notes', 'tasks'];
const HUBSPOT = { source: 'HubSpot/HubSpot-public-api-spec-collection@99893791', date: '2026-08-21' };
const text = { type: 'string' };

/** Of objects, whatever the version. */
const OBJECT_CORRECTIONS = [
  {
    schemas: ['SimplePublicObject', 'SimplePublicObjectWithAssociations'],
    why: 'a property without a value is null in every answer; the description knows no null at all',
    change: (schema) => (schema.properties.properties.additionalProperties = { ...text, nullable: true }),
  },
  {
    schemas: ['PublicObjectSearchRequest'],
    why: 'the guide on search sorts by objects of propertyName and direction; the description by text',
    change: (schema) =>
      (schema.properties.sorts.items = {
        type: 'object',
        required: ['propertyName', 'direction'],
        properties: { propertyName: text, direction: { ...text, enum: ['ASCENDING', 'DESCENDING'] } },
      }),
  },
];

/** Of the objects of a dated version. */
const DATED_CORRECTIONS = [
  ...OBJECT_CORRECTIONS,
  {
    schemas: ['BatchResponseSimplePublicObject'],
    why: 'where some objects are missing the answer is 207, as in the descriptions of version 3; this one leaves it out',
    change: (_, { operations }) => {
      const { answers } = operations['POST /crm/objects/2026-09/{}/batch/read'];
      answers['207'] = answers['200'];
    },
  },
];

const objects = (base) => [
  ...['get', 'post'].map((method) => [method, base]),
  ...['get', 'patch', 'delete'].map((method) => [method, `${base}/{id}`]),
  ...['search', 'batch/read', 'batch/create', 'batch/update', 'batch/archive'].map((path) => ['post', `${base}/${path}`]),
];
const associations = (objects, associations) => [
  ['put', `${objects}/{}/{}/associations/default/{}/{}`],
  ['delete', `${objects}/{}/{}/associations/{}/{}`],
  ['post', `${associations}/{}/{}/batch/read`],
];
const oauth = (version) => [
  ['post', `/oauth/${version}/token`],
  ['post', `/oauth/${version}/token/revoke`],
];

const FIXTURES = {
  'hubspot/v3.json': {
    ...HUBSPOT,
    files: [...KINDS.map((kind) => `hubspot/crm-v3-${kind}.json`), 'hubspot/crm-v4-associations.json', 'hubspot/oauth-v3.json'],
    operations: [
      ...KINDS.flatMap((kind) => objects(`/crm/v3/objects/${kind}`)),
      ...associations('/crm/v4/objects', '/crm/v4/associations'),
      ...oauth('v3'),
    ],
    corrections: OBJECT_CORRECTIONS,
  },
  'hubspot/2026-09.json': {
    ...HUBSPOT,
    files: ['contacts', 'associations', 'oauth'].map((name) => `hubspot/2026-09/${name}.json`),
    operations: [
      ...objects('/crm/objects/2026-09/{}'),
      ...associations('/crm/objects/2026-09', '/crm/associations/2026-09'),
      ...oauth('2026-09'),
    ],
    corrections: DATED_CORRECTIONS,
  },
  'fathom/v1.json': {
    source: 'developers.fathom.ai: joined from the fragments on its pages, not the official file',
    date: 'undated',
    files: ['fathom/fathom-openapi-assembled.json'],
    operations: [
      ['get', '/meetings'],
      ['get', '/recordings/{}/summary'],
      ['get', '/recordings/{}/transcript'],
      ['post', '/webhooks'],
      ['delete', '/webhooks/{}'],
    ],
    corrections: [],
  },
  'openai/v1.json': {
    source: 'openai/openai-openapi@f85dbe22',
    date: '2026-08-21',
    files: ['openai/openapi.json'],
    operations: [
      ['post', '/chat/completions'],
      ['post', '/embeddings'],
    ],
    corrections: [],
  },
};

/** Words for people, and what no test looks at. */
const LEFT_OUT = new Set(['description', 'example', 'examples', 'title', 'default', 'deprecated', 'externalDocs', 'discriminator']);

function plain(value, inProperties = false) {
  if (Array.isArray(value)) return value.map((one) => plain(one));
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(([key]) => inProperties || !(LEFT_OUT.has(key) || key.startsWith('x-')));
  return Object.fromEntries(kept.map(([key, one]) => [key, plain(one, !inProperties && key === 'properties')]));
}

/** A path with its parameters' names taken out, since every description names them differently. */
const shape = (path) => path.replace(/\{[^}]*\}/g, '{}').replace('/objects/0-3', '/objects/deals');
const content = (body, of) => {
  const types = Object.entries(body?.content ?? {});
  const [type, { schema }] = types.find(([type]) => type === of) ?? types[0] ?? [null, {}];
  return type && { type, schema: plain(schema) };
};

function operation(document, item, found) {
  const resolve = (value) =>
    value?.$ref ? value.$ref.split('/').slice(1).reduce((at, key) => at[key], document) : value;
  const parameters = [...(item.parameters ?? []), ...(found.parameters ?? [])].map(resolve);
  const query = parameters.filter((one) => one.in === 'query');
  const answers = Object.entries(found.responses).map(([status, answer]) => [
    status,
    content(resolve(answer), 'application/json')?.schema ?? null,
  ]);
  const body = content(resolve(found.requestBody), 'application/json');
  return {
    query: Object.fromEntries(query.map(({ name, required, schema }) => [name, { required: Boolean(required), schema: plain(schema) }])),
    body: body && { ...body, required: Boolean(resolve(found.requestBody).required) },
    answers: Object.fromEntries(answers),
  };
}

for (const [name, { source, date, files, operations, corrections }] of Object.entries(FIXTURES)) {
  const documents = files.map((file) => JSON.parse(readFileSync(join(from, file), 'utf8')));
  const fixture = { source, date, corrections: corrections.map(({ schemas, why }) => ({ schemas, why })), operations: {}, schemas: {} };
  const add = (document, value) => {
    for (const [, schema] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      const found = plain(document.components.schemas[schema]);
      const known = fixture.schemas[schema];
      if (known && JSON.stringify(known) !== JSON.stringify(found)) throw new Error(`two schemas are called ${schema}`);
      if (known) continue;
      fixture.schemas[schema] = found;
      add(document, found);
    }
  };
  for (const [method, path] of operations) {
    for (const document of documents) {
      const item = Object.entries(document.paths).find(([of]) => shape(of) === shape(path))?.[1];
      if (!item?.[method]) continue;
      const found = operation(document, item, item[method]);
      fixture.operations[`${method.toUpperCase()} ${shape(path)}`] = found;
      add(document, found);
    }
    if (!fixture.operations[`${method.toUpperCase()} ${shape(path)}`]) throw new Error(`${name}: no ${method} ${path}`);
  }
  for (const { schemas, change } of corrections) for (const schema of schemas) change(fixture.schemas[schema], fixture);
  const file = join(here, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(fixture, null, 1)}\n`);
  console.log(name, Object.keys(fixture.operations).length, Object.keys(fixture.schemas).length);
}
