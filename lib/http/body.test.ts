import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { formBody, jsonBody, noBody } from './body.ts';

const schema = z.strictObject({ phone_number: z.string() });

/** `duplex` is required for a stream as the body; the DOM types lack it. */
const streamed = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  duplex: 'half',
};

async function read(body: BodyInit, contentType = 'application/json') {
  const headers = { 'content-type': contentType };
  const request = new Request('https://login.example/', { method: 'POST', headers, body });
  return await jsonBody(schema).read(request);
}

describe('a JSON body', () => {
  it.each(['application/json', 'Application/JSON', 'application/json; charset=utf-8'])(
    'is read when sent as %s',
    async (contentType) => {
      expect(await read('{"phone_number":"０９０"}', contentType)).toEqual({
        ok: true,
        value: { phone_number: '０９０' },
      });
    },
  );

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', ''])(
    'is refused when sent as %j, which other sites can send without a preflight',
    async (contentType) => {
      expect(await read('{"phone_number":""}', contentType)).toMatchObject({
        error: { code: 'request_not_json' },
      });
    },
  );

  it.each(['', '{', 'phone_number', '\ufeff{}', '{"phone_number":"\ud800'])(
    'is refused when it is not valid JSON: %j',
    async (body) => {
      expect(await read(body)).toMatchObject({ error: { code: 'request_not_json' } });
    },
  );

  it.each(['null', '[]', '1', '{}', '{"phone_number":1}', '{"phone_number":"","extra":1}'])(
    'is refused when it does not match the schema: %s',
    async (body) => {
      expect(await read(body)).toMatchObject({ error: { code: 'request_invalid' } });
    },
  );

  it('is read up to 4 KiB and refused beyond that', async () => {
    const body = '{"phone_number":""}';
    expect(await read(body.padEnd(4_096))).toMatchObject({ ok: true });
    expect(await read(body.padEnd(4_097))).toMatchObject({ error: { code: 'request_too_large' } });
    expect(await read('あ'.repeat(2_000))).toMatchObject({ error: { code: 'request_too_large' } });
  });

  it('that is endless is cancelled early', async () => {
    let chunks = 0;
    let isCancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        chunks += 1;
        controller.enqueue(new Uint8Array(1_024).fill(0x20));
      },
      cancel() {
        isCancelled = true;
      },
    });
    const request = new Request('https://login.example/', { ...streamed, body: endless });
    expect(await jsonBody(schema).read(request)).toMatchObject({
      error: { code: 'request_too_large' },
    });
    expect(isCancelled).toBe(true);
    expect(chunks).toBeLessThan(10);
  });
});

describe('a form', () => {
  const readFields = async (text: string) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = { method: 'POST', headers, body: text };
    return await formBody(schema).read(new Request('https://login.example/', body));
  };

  it('is read when each field occurs once', async () => {
    expect(await readFields('phone_number=%EF%BC%90+9')).toEqual({
      ok: true,
      value: { phone_number: '０ 9' },
    });
  });

  it.each([
    'phone_number=1&phone_number=2',
    'phone_number=1&phone_number=1',
    'phone_number=1&phone%5Fnumber=2',
    'phone_number=1&extra=1',
    '',
  ])('is refused with a duplicate, extra or missing field: %s', async (text) => {
    expect(await readFields(text)).toMatchObject({ error: { code: 'request_invalid' } });
  });
});

it('a route without a body does not read the request body', async () => {
  const request = new Request('https://login.example/', { method: 'POST', body: 'anything' });
  expect(await noBody.read(request)).toEqual({ ok: true, value: null });
  expect(request.bodyUsed).toBe(false);
});
