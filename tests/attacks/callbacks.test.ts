import { describe, expect, it } from 'vitest';
import { countVendorRequests, newVisitor, vendor } from '#tests/support/servers.ts';
import { randomPhoneNumber } from '#tests/support/visitor.ts';
import { expectHarmless, forEachOf, isRefusedByNext, send } from './send.ts';

/** A started attempt with its callback path. */
async function started() {
  const visitor = newVisitor();
  const phoneNumber = randomPhoneNumber();
  await visitor.start(phoneNumber);
  const [session] = await vendor.sessions(phoneNumber);
  const { pathname } = new URL(session?.callback_url ?? '');
  return { visitor, phoneNumber, id: session?.id ?? '', path: pathname };
}

describe('a forged callback', () => {
  it('does not log in, whatever its method, content type and body', async () => {
    const { visitor, phoneNumber, id, path } = await started();
    const claims = [
      { status: 'verified' },
      { status: 'verified', phone_number: phoneNumber },
      { id, status: 'verified', phone_number: phoneNumber },
      { session_id: id, session: { id, status: 'verified', phone_number: phoneNumber } },
      [{ id, status: 'verified', phone_number: phoneNumber }],
    ];
    for (const claim of claims) {
      for (const contentType of ['application/json', 'text/plain', 'multipart/form-data']) {
        for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
          const answer = await send({
            method,
            path: `${path}?status=verified&phone_number=${encodeURIComponent(phoneNumber)}`,
            headers: [['content-type', contentType]],
            body: JSON.stringify(claim),
          });
          expect([answer.status, answer.text, answer.setCookies]).toEqual([204, '', []]);
        }
      }
    }
    expect(await (await visitor.status()).json()).toMatchObject({ status: 'pending' });
    expect(visitor.cookie('call-login-session')).toBeUndefined();
  });

  it('gets the same answer for a known and an unknown token', async () => {
    const { path } = await started();
    const [known, unknown] = [
      await send({ path }),
      await send({ path: `${path.slice(0, -43)}${'a'.repeat(43)}` }),
    ];
    for (const answer of [known, unknown]) {
      delete answer.headers.date;
      delete answer.headers['x-request-id'];
    }
    expect(unknown).toEqual(known);
  });

  it('with an invalid token causes no vendor request', async () => {
    const { path } = await started();
    const before = (await vendor.requests()).length;
    const base = path.slice(0, -43);
    const token = path.slice(-43);
    const tokens = [
      token.slice(0, -1),
      `${token}A`,
      token.toLowerCase(),
      [...token].reverse().join(''),
      `${token}%00`,
      `%20${token}`,
      `${token}%2F..`,
      "'%20or%201=1%20--",
      '%',
      '%ff',
      '__proto__',
      'a'.repeat(8_000),
      '*',
    ];
    for (const each of tokens) {
      const answer = await send({ method: 'POST', path: base + each });
      expectHarmless(answer, each);
      expect(isRefusedByNext(answer) ? [500] : [204, 404], each).toContain(answer.status);
    }
    expect((await vendor.requests()).length).toBe(before);
  });
});

describe('a flood of callbacks', () => {
  it('of ten thousand causes at most one check every two seconds', {
    timeout: 600_000,
  }, async () => {
    const { phoneNumber, path } = await started();
    const startedAt = performance.now();
    await forEachOf(
      Array.from({ length: 10_000 }, (_, index) => index),
      async (index) => {
        // Every other one has an unknown token.
        const to = index % 2 === 0 ? path : `${path.slice(0, -6)}${String(index).padStart(6, '0')}`;
        const { status } = await send({ method: 'POST', path: to, body: '{"status":"verified"}' });
        expect(status).toBe(204);
      },
      32,
    );
    const seconds = (performance.now() - startedAt) / 1_000;
    // The first causes a check at once; one more may follow the last.
    expect(await countVendorRequests('check', phoneNumber)).toBeLessThanOrEqual(2 + seconds / 2);
    expect((await newVisitor().start(randomPhoneNumber())).status).toBe(200);
  });
});
