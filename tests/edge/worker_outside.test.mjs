/** The Worker among neighbours that are down, slow, strange or curious. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, suite, test } from 'node:test';
import { SignJWT, decodeJwt } from 'jose';
import { KEY, SECRET, neighbour, nobody, startWorker } from './support/workerd.mjs';

/** RFC 6455, section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const SUBJECT = '01a1fd9a-6f8b-7040-8992-132a13be477d';
const sign = (claims) =>
  new SignJWT({ sub: SUBJECT, role: 'authenticated', aud: 'authenticated', ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt()
    .setExpirationTime('5 minutes')
    .sign(new TextEncoder().encode(SECRET));

const json = (response, status, value, headers) =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));

suite('a database that is down', () => {
  let worker;
  before(async () => (worker = await startWorker({ SUPABASE_URL: await nobody() })));
  after(() => worker.close());

  test('is 503 with a time to come again, readable from every origin', async () => {
    const token = await sign();
    for (const path of ['/rest/v1/projects?select=id', '/auth/v1/user', '/me']) {
      const headers = { authorization: `Bearer ${token}`, origin: 'https://app.example' };
      const response = await fetch(worker.url + path, { headers });
      assert.equal(response.status, 503, path);
      assert.ok(Number(response.headers.get('retry-after')) > 0);
      assert.equal(response.headers.get('access-control-allow-origin'), '*');
      assert.equal((await response.json()).code, 'CS503');
    }
  });

  test('does not keep the Worker from being well', async () => {
    assert.equal((await fetch(`${worker.url}/healthz`)).status, 200);
  });
});

suite('a database that is slow, redirects or streams', () => {
  let worker, database;
  before(async () => {
    database = await neighbour(async (request, response) => {
      const path = new URL(request.url, 'http://x').pathname;
      if (path === '/auth/v1/slow') await sleep(5_000, undefined, { ref: false });
      if (path === '/auth/v1/away') return response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
      if (path === '/auth/v1/stream') {
        response.writeHead(200, { 'content-type': 'text/plain' }).write('first');
        await sleep(1_500);
        return response.end('second');
      }
      json(response, 200, []);
    });
    worker = await startWorker({ SUPABASE_URL: database.url, UPSTREAM_TIMEOUT_SECONDS: '1' });
  });
  after(() => Promise.all([worker.close(), database.close()]));

  test('an answer that does not begin in time is 503', async () => {
    const response = await fetch(`${worker.url}/auth/v1/slow`);
    assert.equal(response.status, 503);
    assert.ok(response.headers.has('retry-after'));
  });

  test('a redirect is the client’s to follow', async () => {
    const response = await fetch(`${worker.url}/auth/v1/away`, { redirect: 'manual' });
    assert.equal(response.status, 302);
    assert.equal(response.headers.get('location'), 'http://127.0.0.1:1/');
  });

  test('a body passes through as it comes, longer than an answer may take to begin', async () => {
    const response = await fetch(`${worker.url}/auth/v1/stream`);
    const reader = response.body.getReader();
    const started = performance.now();
    const first = await reader.read();
    assert.equal(new TextDecoder().decode(first.value), 'first');
    assert.ok(performance.now() - started < 1_000, 'the first part does not wait for the second');
    const second = await reader.read();
    assert.equal(new TextDecoder().decode(second.value), 'second');
  });
});

suite('a database that hangs while a webhook comes', () => {
  const WEBHOOK_SECRET = 'only-for-these-tests-and-longer-than-24-bytes';
  let worker, database;
  before(async () => {
    database = await neighbour(async (_, response) => {
      await sleep(10_000, undefined, { ref: false });
      json(response, 200, 1);
    });
    // All but the webhook waits longer than the database takes.
    worker = await startWorker({
      APPS: 'portal',
      SUPABASE_URL: database.url,
      UPSTREAM_TIMEOUT_SECONDS: '30',
      BASEROW_TOKEN: 'x',
      BASEROW_MEMBERS_TABLE: '501',
      BASEROW_WEBHOOK_SECRET: WEBHOOK_SECRET,
    });
  });
  after(() => Promise.all([worker.close(), database.close()]));

  test('it is answered before that, so that it is sent again', async () => {
    const response = await fetch(`${worker.url}/functions/v1/portal-baserow-webhook`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-webhook-secret': WEBHOOK_SECRET },
      body: JSON.stringify({ table_id: 501, event_id: 'e', event_type: 'rows.deleted', row_ids: [1] }),
    });
    assert.equal(response.status, 503);
    assert.equal((await response.json()).code, 'CS503');
    assert.ok(response.headers.has('retry-after'));
  });
});

suite('realtime, where it is passed on', () => {
  let worker, realtime;
  before(async () => {
    realtime = await neighbour((_, response) => response.end('[]'));
    // The smallest WebSocket server there is: it says "hello" in one frame.
    realtime.server.on('upgrade', (request, socket) => {
      const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${GUID}`).digest('base64');
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
      socket.write(Buffer.concat([Buffer.from([0x81, 5]), Buffer.from('hello')]));
      socket.on('error', () => {}).on('data', () => socket.destroy());
    });
    worker = await startWorker({ SUPABASE_URL: realtime.url, PASS_SERVICES: 'realtime' });
  });
  after(() => Promise.all([worker.close(), realtime.close()]));

  test('a conversation goes through', async () => {
    const address = worker.url.replace('http', 'ws');
    const socket = new WebSocket(`${address}/realtime/v1/websocket?apikey=${KEY}&vsn=1.0.0`);
    const [message] = await once(socket, 'message');
    assert.equal(message.data, 'hello');
    socket.close();
  });
});

suite('what the database and the log get to see', () => {
  let worker, database;
  before(async () => {
    database = await neighbour((_, response) =>
      json(response, 200, [], { 'set-cookie': 'a=b', 'x-powered-by': 'x', 'content-range': '0-0/*' }),
    );
    worker = await startWorker({ SUPABASE_URL: database.url, ALLOWED_ORIGINS: 'https://app.example' });
  });
  after(() => Promise.all([worker.close(), database.close()]));

  const curious = {
    cookie: 'session=secret-cookie',
    'cf-connecting-ip': '192.0.2.1',
    'x-forwarded-for': '192.0.2.1',
    'x-real-ip': '192.0.2.1',
    'x-original-url': '/admin',
    'x-client-info': 'supabase-js/2',
    prefer: 'count=exact',
  };

  test('headers pass by name in both directions', async () => {
    const response = await fetch(`${worker.url}/auth/v1/settings`, { headers: curious });
    const { headers } = database.asked.at(-1);
    assert.equal(headers.apikey, KEY, 'the key of the settings where none was sent');
    assert.equal(headers.prefer, 'count=exact');
    assert.equal(headers['x-client-info'], 'supabase-js/2');
    for (const name of ['cookie', 'cf-connecting-ip', 'x-forwarded-for', 'x-real-ip', 'x-original-url']) {
      assert.ok(!(name in headers), name);
    }
    assert.equal(response.headers.get('content-range'), '0-0/*');
    assert.ok(!response.headers.has('set-cookie') && !response.headers.has('x-powered-by'));
  });

  test('a token that PostgREST trusts goes on as it is', async () => {
    const token = await sign();
    await fetch(`${worker.url}/rest/v1/projects?select=id`, { headers: { authorization: `Bearer ${token}` } });
    const forwarded = database.asked.at(-1);
    assert.equal(forwarded.headers.authorization, `Bearer ${token}`);
    assert.equal(forwarded.headers['accept-profile'], 'agency');
    assert.equal(decodeJwt(token).sub, SUBJECT);
  });

  test('one line a request, without token, body or value', async () => {
    const token = await sign({ email: 'somebody@example.test' });
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const id = 'a-request-to-be-found';
    const path = '/rest/v1/projects?name=eq.value-of-a-query';
    const body = JSON.stringify({ name: 'value-of-a-body' });
    await fetch(worker.url + path, { method: 'PATCH', headers: { ...headers, ...curious, 'x-request-id': id }, body });
    const found = () => worker.lines.filter((line) => line.includes(id));
    while (found().length === 0) await sleep(10);
    assert.equal(found().length, 1);
    const line = JSON.parse(found()[0]);
    assert.equal(line.method, 'PATCH');
    assert.equal(line.route, '/rest/v1/*');
    assert.equal(line.caller, 'user');
    assert.match(line.caller_hash, /^[0-9a-f]{16}$/);
    const log = worker.lines.join('\n');
    for (const secret of [token, SECRET, KEY, SUBJECT, 'value-of', 'secret-cookie', 'somebody@']) {
      assert.ok(!log.includes(secret), secret);
    }
  });

  test('only listed origins may read', async () => {
    for (const [origin, allowed] of [['https://app.example', 'https://app.example'], ['https://evil.example', null]]) {
      const response = await fetch(`${worker.url}/healthz`, { headers: { origin } });
      assert.equal(response.headers.get('access-control-allow-origin'), allowed);
      assert.equal(response.headers.get('vary'), 'Origin');
    }
  });
});

suite('a Worker without a setting', () => {
  let worker;
  before(async () => (worker = await startWorker({ SUPABASE_URL: '' })));
  after(() => worker.close());

  test('says which', async () => {
    const response = await fetch(`${worker.url}/rest/v1/projects`, { headers: { origin: 'https://a.example' } });
    assert.equal(response.status, 500);
    assert.equal(response.headers.get('access-control-allow-origin'), '*');
    const { code, hint } = await response.json();
    assert.equal(code, 'CS500');
    assert.match(hint, /SUPABASE_URL/);
    assert.equal((await fetch(`${worker.url}/healthz`)).status, 200);
  });
});
