import { expect, it } from 'vitest';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { runScript } from '#tests/support/run-script.ts';
import { logIn, newVisitor, stores } from '#tests/support/servers.ts';
import { randomPhoneNumber } from '#tests/support/visitor.ts';

/** Everything in an answer that could tell numbers apart: no random values and no dates. */
async function observableOf(response: Response) {
  const headers = Object.fromEntries(response.headers);
  const body: unknown = await response.json();
  const cookies = response.headers
    .getSetCookie()
    .map((cookie) => cookie.replace(/(?<=^[^=]*)=[^;]*|; Expires=[^;]*/gi, ''));
  const { date, 'set-cookie': _, 'x-request-id': id, 'content-length': length, ...rest } = headers;
  expect([typeof date, id?.length]).toEqual(['string', 16]);
  return { status: response.status, headers: rest, length, cookies, body };
}

it('start and the polls before the call answer the same for known, unknown and disabled numbers', async () => {
  const [unknown, known, disabled] = [
    randomPhoneNumber(),
    randomPhoneNumber(),
    randomPhoneNumber(),
  ];
  await logIn(known);
  await logIn(disabled);
  expect(runScript('users', stores, 'disable', disabled).status).toBe(0);
  // The command has kept this process from seeing which connections the server closed meanwhile.
  await new Promise(setImmediate);

  const seen = [];
  for (const phoneNumber of [unknown, known, disabled]) {
    const visitor = newVisitor();
    const started = await observableOf(await visitor.start(phoneNumber));
    const attempt = attemptViewSchema.parse(started.body);
    const polled = await observableOf(await visitor.status());
    seen.push({
      // The number was sent by the browser; the id and the address for the phone are random.
      started: {
        ...started,
        // Depends on the QR code, which has a random address.
        length: typeof started.length,
        body: {
          ...attempt,
          phone_number_text: '',
          session_id: '',
          handoff: null,
        },
      },
      polled: { ...polled, body: typeof polled.body },
      sessionIdLength: attempt.session_id.length,
    });
  }
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[2]).toEqual(seen[0]);
});
