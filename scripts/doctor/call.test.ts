import { expect, it, onTestFinished } from 'vitest';
import { type Config, readConfig } from '#lib/config/config.ts';
import { type ControlClient, createControlClient } from '#sandbox/control-client.ts';
import { type SandboxOptions, startSandbox } from '#sandbox/server.ts';
import { TEST_SECRET } from '#tests/support/app-server.ts';
import { newPhoneNumber } from '#tests/support/test-login.ts';
import { watchCall } from './call.ts';

/** A person with a phone, and the sandbox as the vendor. */
async function openCall(switches: SandboxOptions = {}) {
  const sandbox = await startSandbox(switches);
  onTestFinished(() => sandbox.close());
  const config = readConfig({
    PAUTH_API_KEY: 'sandbox-key',
    PAUTH_BASE_URL: sandbox.url,
    APP_ORIGIN: 'http://localhost:9',
    SESSION_SECRET: TEST_SECRET,
  });
  if (!config.ok) {
    throw new Error(JSON.stringify(config.error));
  }
  return { config: config.value, control: createControlClient(sandbox.url) };
}

/** Watches a call of which the person does what `act` says, line by line. @returns what was seen, by topic. */
async function watchWith(
  config: Config,
  act: (text: string, phoneNumber: string) => void | Promise<void>,
  signal = new AbortController().signal,
) {
  const phoneNumber = newPhoneNumber();
  const seen = await watchCall(config, phoneNumber, {
    say: (text) => void act(text, phoneNumber),
    signal,
    pollMs: 5,
    watchMs: 20_000,
  });
  return seen.ok
    ? Object.fromEntries(seen.value.map(({ about, seen }) => [about, seen]))
    : seen.error;
}

/** Calls the number that is said, and lets time pass while the other session is waited for. */
const dialAndWait = (control: ControlClient) => async (text: string, phoneNumber: string) => {
  if (text.startsWith('Call ')) {
    const [called] = await control.sessions(phoneNumber);
    expect(text.replace(/\D/g, '')).toBe(called?.call_number.replace('+81', '0'));
    await control.call(phoneNumber, called?.call_number ?? '');
  } else if (text.startsWith('Waiting ')) {
    await control.advanceClock(300, phoneNumber);
  }
};

it('reports fields, statuses, call numbers and expiry of a vendor with a number for each session', async () => {
  const { config, control } = await openCall();
  expect(await watchWith(config, dialAndWait(control))).toEqual({
    'reply to create': expect.stringMatching(/^id "[^0-8]+", call_number "\+999999999999"$/),
    'reply to check': 'status "verified", phone_number "+999999999999"',
    'two sessions of one number': 'got different call numbers',
    'status of the called one': expect.stringMatching(/"verified" after 0 s$/),
    'status of the other one': expect.stringMatching(/^"pending" after 0 s, "expired" after \d s$/),
    'number of the caller': 'the one that was typed',
    expiry: expect.stringMatching(/^at most \d s after/),
    'checks that failed': 'none',
    callback: expect.stringMatching(
      /search the log of your proxy for \/api\/auth\/callback\/.{43}$/,
    ),
  });
});

it('reports that one call verifies both sessions of a vendor with one number for all', async () => {
  const { config, control } = await openCall({ call_numbers: 'shared', match: 'caller' });
  expect(await watchWith(config, dialAndWait(control))).toMatchObject({
    'two sessions of one number': 'got the same call number',
    'status of the called one': expect.stringContaining('"verified"'),
    'status of the other one': expect.stringContaining('"verified"'),
    expiry: 'not seen',
  });
});

it('reports statuses and failures that the guide does not name, and another number than was typed', async () => {
  const { config, control } = await openCall();
  await control.addFault({
    kind: 'status',
    match: 'check',
    status: 200,
    times: 2,
    body: '{"status":"ringing"}',
  });
  await control.addFault({
    kind: 'status',
    match: 'check',
    status: 503,
    times: 2,
    retry_after_seconds: 1,
  });
  await control.addFault({ kind: 'wrong_number' });
  expect(await watchWith(config, dialAndWait(control))).toMatchObject({
    'status of the called one': '"ringing" after 0 s, "verified" after 0 s',
    'number of the caller': 'another one than was typed: nobody would be logged in',
    'checks that failed': 'refused',
  });
});

it('ends when it is interrupted, with what was seen until then', async () => {
  const { config, control } = await openCall();
  const interrupt = new AbortController();
  const observed = await watchWith(
    config,
    async (text, phoneNumber) => {
      if (text.startsWith('Call ')) {
        await expect
          .poll(() => control.requests(phoneNumber))
          .toContainEqual(expect.objectContaining({ kind: 'check' }));
        interrupt.abort();
      }
    },
    interrupt.signal,
  );
  expect(observed).toMatchObject({
    'status of the called one': '"pending" after 0 s',
    'number of the caller': 'not seen',
    expiry: 'not seen',
  });
});

it('ends where the vendor creates no session', async () => {
  const { config, control } = await openCall();
  await control.addFault({ kind: 'status', match: 'create', status: 422 });
  expect(await watchWith(config, () => {})).toMatchObject({ kind: 'refused', status: 422 });
});
