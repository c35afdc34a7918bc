import { expect, it, onTestFinished } from 'vitest';
import { attemptViewSchema, errorReplySchema } from '#lib/shared/contract.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { startAppServer } from '#tests/support/app-server.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';

const API_KEY = 'canary-key-5e1d7a';

async function openSite() {
  const sandbox = await startSandbox({ apiKey: API_KEY });
  onTestFinished(() => sandbox.close());
  const app = await startAppServer(sandbox.url, {
    PAUTH_API_KEY: API_KEY,
    // High enough that the circuit stays closed.
    PAUTH_BREAKER: '1000/1',
    STATUS_WAIT_SECONDS: '2',
  });
  onTestFinished(() => app.stop());
  const alarms = () =>
    app
      .output()
      .split('\n')
      .filter((line) => line.includes('"event":"pauth_key_refused"'))
      .map((line): unknown => JSON.parse(line));
  return { app, vendor: createControlClient(sandbox.url), alarms };
}

it.each([401, 403])(
  'a key that the vendor refuses with %i is one error in the log, and requests get 503',
  async (status) => {
    const { app, vendor, alarms } = await openSite();
    const alarm = {
      level: 'error',
      event: 'pauth_key_refused',
      status,
      msg: expect.stringContaining('PAUTH_API_KEY'),
    };
    const answers: Response[] = [];

    // One attempt is already pending.
    const waiting = new Visitor(app.origin);
    const phoneNumber = randomPhoneNumber();
    const started = await waiting.start(phoneNumber);
    const { call_number } = attemptViewSchema.parse(await started.json());
    await vendor.addFault({ kind: 'status', status });
    answers.push(await waiting.statusPrompted());
    expect(alarms()).toEqual([expect.objectContaining(alarm)]);

    const others = [randomPhoneNumber(), randomPhoneNumber(), randomPhoneNumber()];
    for (const number of others) {
      answers.push(await new Visitor(app.origin).start(number));
      expect((await vendor.requests(number)).length).toBe(1);
    }
    expect(alarms()).toHaveLength(1);

    for (const answer of answers) {
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      const reply = errorReplySchema.parse(await answer.json());
      expect(reply.code).toBe('pauth_failed');
      expect(reply.error).not.toMatch(/canary|401|403|API_KEY/);
    }
    // Restarting the process would not help: its key would be refused again.
    expect((await new Visitor(app.origin).fetch('/api/health')).status).toBe(200);

    await vendor.clearFaults();
    await vendor.call(phoneNumber, call_number);
    await expect
      .poll(async () => (await (await waiting.statusPrompted()).json()).status, { timeout: 20_000 })
      .toBe('verified');
    expect(app.output()).not.toContain('canary');
  },
);
