import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { createPauthClient } from '#lib/pauth/client.ts';
import { phoneNumberSchema } from '#lib/shared/contract.ts';
import { type HostileVendor, type Pace, startHostileVendor } from '../hostile-vendor.ts';
import { defineTarget } from '../target.ts';
import { type Reply, replies, topLevel, wrap } from './reply-grammar.ts';

const TIMEOUT_MS = 150;
/** Tolerance for a busy machine before an answer counts as late. */
const SLACK_MS = 3_000;
/** The most bytes that the operating system may buffer for a connection. */
const BUFFERS_MAX_BYTES = 10_000_000;

const OURS = phoneNumberSchema.parse('+819012345678');
const THEIRS = '+818087654321';

type Framing =
  | 'length'
  | 'length_too_small'
  | 'length_too_large'
  | 'chunked'
  | 'chunked_badly'
  | 'until_close';

interface HttpReply {
  request: 'create' | 'check';
  startLine: string;
  headers: readonly string[];
  reply: Reply;
  framing: Framing;
  pace: Pace;
}

const startLines = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('HTTP/1.1 200 OK', 'HTTP/1.1 201 Created', 'HTTP/1.0 200 OK'),
  },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(
        204,
        206,
        299,
        301,
        302,
        303,
        307,
        308,
        400,
        401,
        404,
        408,
        418,
        422,
        429,
        500,
        503,
        599,
      )
      .map((status) => `HTTP/1.1 ${status} Whatever`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK',
      'HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK',
      'HTTP/2 200',
      'ICY 200 OK',
      'HTTP/1.1 0200 OK',
      'HTTP/1.1 999 x',
      '<html>',
      '',
      'HTTP/1.1',
    ),
  },
);
const headers = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: fc.constant('location: /trap') },
    {
      weight: 5,
      arbitrary: fc.constantFrom(
        ...[
          'content-type: application/json',
          'content-type: text/html',
          'content-type: application/json; charset=utf-16',
          'content-type: multipart/x',
        ],
        ...[
          'content-encoding: identity',
          'content-encoding: gzip',
          'content-encoding: br',
          'content-encoding: GZIP, identity',
          'content-encoding: x',
        ],
        ...[
          'location: /trap',
          'location: //127.0.0.1/trap',
          'location: file:///etc/hostname',
          'refresh: 0; url=/trap',
        ],
        ...[
          'retry-after: 1',
          'retry-after: -1',
          'retry-after: 1e9',
          'retry-after: Wed, 21 Oct 2099 07:28:00 GMT',
          'retry-after: soon',
          `retry-after: ${'9'.repeat(400)}`,
        ],
        ...[
          'set-cookie: call-login-session=x; Path=/',
          'connection: upgrade',
          'upgrade: h2c',
          'trailer: x',
          'x: \t',
          'x\0y: z',
          ': no name',
          'no colon',
          `long: ${'x'.repeat(20_000)}`,
        ],
        ...[
          'transfer-encoding: gzip',
          'transfer-encoding: chunked, chunked',
          'content-length: -1',
          'content-length: 5, 5',
          'keep-alive: timeout=0',
        ],
      ),
    },
  ),
  { maxLength: 3 },
);
const paces: fc.Arbitrary<Pace> = fc.oneof(
  { weight: 10, arbitrary: fc.constant<Pace>({ kind: 'at_once' }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('in_pieces'),
      bytes: fc.integer({ min: 1, max: 60 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('cut'), after: fc.nat(300) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stalls'), after: fc.nat(300) }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Pace>({ kind: 'drips' }, { kind: 'floods' }, { kind: 'floods' }),
  },
);
const vocabulary = replies({
  usual: {
    status: ['verified', 'verified', 'expired', 'pending', 'VERIFIED'],
    phone_number: [OURS, THEIRS, '09012345678', '08087654321'],
    id: ['5f0c', '../trap'],
    call_number: [OURS, THEIRS, '0990312345'],
  },
  names: ['status', 'phone_number', 'id', 'call_number', 'Status', '__proto__'],
  texts: [
    'verified',
    'verified',
    'expired',
    'pending',
    OURS,
    OURS,
    THEIRS,
    '09012345678',
    '08087654321',
    '5f0c',
    '../trap',
    '0990312345',
  ],
});
const values: fc.Arbitrary<HttpReply> = fc.record({
  request: fc.constantFrom('create', 'check', 'check'),
  startLine: startLines,
  headers,
  reply: vocabulary,
  framing: fc.constantFrom<Framing>(
    'length',
    'length',
    'length',
    'until_close',
    'chunked',
    'chunked_badly',
    'length_too_small',
    'length_too_large',
  ),
  pace: paces,
});

export const vendorHttp = defineTarget({
  name: 'vendor-http',
  holds:
    'whatever bytes the vendor sends, the client answers in time, with bounded memory, without following redirects, and accepts only a real "verified"',
  batchSize: 50,
  async open() {
    const vendor = await startHostileVendor();
    return {
      values,
      check: (given) => check(vendor, given),
      close: () => vendor.close(),
    };
  },
});

/** Distinguishes the requests of different runs. */
let run = 0;

async function check(vendor: HostileVendor, given: HttpReply): Promise<void> {
  vendor.reset();
  run += 1;
  const text = wrap(given.reply);
  // A flood has no length that could be declared.
  const framing = given.pace.kind === 'floods' ? 'until_close' : given.framing;
  const body = frame(Buffer.from(text), framing);
  const head = [given.startLine, ...given.headers, ...body.headers].join('\r\n');
  vendor.answer = {
    bytes: Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), body.bytes]),
    pace: given.pace,
  };
  const client = createPauthClient({
    baseUrl: new URL(`${vendor.url}/run-${run}`),
    apiKey: 'the-key',
    timeoutMs: TIMEOUT_MS,
    country: 'JP',
  });
  const startedAt = performance.now();
  const answer =
    given.request === 'check'
      ? await client.checkSession('5f0c')
      : await client.createSession(OURS, new URL('https://login.example/callback'));
  assert.ok(performance.now() - startedAt < TIMEOUT_MS + SLACK_MS, 'the client is late');
  assert.ok(vendor.maxBytesWritten() < BUFFERS_MAX_BYTES, `read ${vendor.maxBytesWritten()} bytes`);
  // A request of the previous run may arrive late.
  const own = vendor.requests.filter((line) => line.includes(`/run-${run}/`));
  const asked =
    given.request === 'check'
      ? /^GET \/\S+\/v1\/auth\/sessions\/5f0c HTTP/
      : /^POST \/\S+\/v1\/auth\/sessions HTTP/;
  assert.ok(
    own.every((line) => asked.test(line)),
    'requested another path',
  );
  assert.ok(
    vendor.requests.every((line) => /^\w+ \/run-\d+\/v1\//.test(line)),
    'sent a request elsewhere',
  );
  assert.ok(own.length <= (given.request === 'check' ? 2 : 1), 'repeated the request');

  if (answer.ok && 'status' in answer.value && answer.value.status === 'verified') {
    assert.match(given.startLine, /HTTP\/1\.\d 2\d\d/, 'verified by an error answer');
    assert.ok(
      !given.headers.some((header) => /^content-encoding: (?!identity$)/.test(header)),
      'verified by a compressed answer',
    );
    const received = topLevel(text) ?? topLevel(body.received);
    assert.equal(received?.get('status'), 'verified', 'verified without the vendor saying so');
    const said = String(received?.get('phone_number'));
    const isOurs = said === OURS || said === '09012345678';
    assert.equal(answer.value.phoneNumber === OURS, isOurs, 'verified for another number');
  }
}

/** @returns the headers and bytes to send, and the body as a client reads it. */
function frame(
  text: Buffer,
  framing: Framing,
): { headers: string[]; bytes: Buffer; received: string } {
  const whole = text.toString();
  const half = Math.floor(text.length / 2);
  const chunk = (part: Buffer) =>
    Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
  const chunks = text.length < 2 ? [text] : [text.subarray(0, half), text.subarray(half)];
  switch (framing) {
    case 'length':
      return { headers: [`content-length: ${text.length}`], bytes: text, received: whole };
    case 'length_too_small':
      return {
        headers: [`content-length: ${half}`],
        bytes: text,
        received: text.subarray(0, half).toString(),
      };
    case 'length_too_large':
      return { headers: [`content-length: ${text.length + 7}`], bytes: text, received: '' };
    case 'until_close':
      return { headers: [], bytes: text, received: whole };
    case 'chunked':
      return {
        headers: ['transfer-encoding: chunked'],
        bytes: Buffer.concat([
          ...chunks.filter((part) => part.length > 0).map(chunk),
          Buffer.from('0\r\n\r\n'),
        ]),
        received: whole,
      };
    case 'chunked_badly':
      return {
        headers: ['transfer-encoding: chunked'],
        bytes: Buffer.concat([chunk(text), Buffer.from('ffffffffff\r\n{"status"')]),
        received: '',
      };
  }
}
