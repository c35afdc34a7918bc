import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createControlClient } from '#sandbox/control-client.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '#sandbox/server.ts';
import { type AppServer, startAppServer } from '#tests/support/app-server.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';

const SESSION = 'call-login-session';

/** A server of its own with a sandbox of the given behaviour. */
function serverBefore(options: SandboxOptions) {
  const parts: { sandbox?: Sandbox; app?: AppServer } = {};
  beforeAll(async () => {
    parts.sandbox = await startSandbox(options);
    parts.app = await startAppServer(parts.sandbox.url, { STATUS_WAIT_SECONDS: '1' });
  });
  afterAll(async () => {
    await parts.app?.stop();
    await parts.sandbox?.close();
  });
  return {
    newVisitor: () => new Visitor(parts.app?.origin ?? ''),
    call: async (phoneNumber: string, callNumber: string) =>
      await createControlClient(parts.sandbox?.url ?? '').call(phoneNumber, callNumber),
  };
}

async function callNumberOf(visitor: Visitor, phoneNumber: string): Promise<string> {
  return (await (await visitor.start(phoneNumber)).json()).call_number;
}

describe('with a vendor that matches by caller ID and has one number to call', () => {
  const server = serverBefore({ match: 'caller', call_numbers: 'shared' });

  it('neither an attacker nor the victim is logged in when both wait for the same call, in 30 rounds', {
    timeout: 120_000,
  }, async () => {
    const ways: readonly ((attacker: Visitor, phoneNumber: string) => Promise<unknown>)[] = [
      async () => {},
      async (attacker) => await attacker.post('/api/auth/cancel', ''),
      async (attacker, phoneNumber) => await attacker.start(phoneNumber),
      async (attacker) => await attacker.status(),
      async (_, phoneNumber) => await server.newVisitor().start(phoneNumber),
    ];
    for (let round = 0; round < 30; round += 1) {
      const phoneNumber = randomPhoneNumber();
      const [attacker, victim] = [server.newVisitor(), server.newVisitor()];
      await attacker.start(phoneNumber);
      await ways[round % ways.length]?.(attacker, phoneNumber);
      const callNumber = await callNumberOf(victim, phoneNumber);
      const held = Promise.all([attacker.status(), victim.status()]);
      await server.call(phoneNumber, callNumber);
      await held;
      await Promise.all([attacker.status(), victim.status(), attacker.status()]);
      expect(attacker.cookie(SESSION), String(round)).toBeUndefined();
      expect(victim.cookie(SESSION), String(round)).toBeUndefined();
    }
  });
});

describe('with a vendor that gives each attempt its own number to call', () => {
  const server = serverBefore({});

  it('a victim logs in despite an attacker’s attempt for their number, in 20 of 20 rounds', {
    timeout: 120_000,
  }, async () => {
    for (let round = 0; round < 20; round += 1) {
      const phoneNumber = randomPhoneNumber();
      const [attacker, victim] = [server.newVisitor(), server.newVisitor()];
      await attacker.start(phoneNumber);
      const callNumber = await callNumberOf(victim, phoneNumber);
      await server.call(phoneNumber, callNumber);
      await victim.status();
      expect((await victim.fetch('/api/auth/session')).status, String(round)).toBe(200);
      if (round % 5 === 0) {
        expect(await (await attacker.status()).json()).toMatchObject({ status: 'pending' });
      }
      expect(attacker.cookie(SESSION), String(round)).toBeUndefined();
    }
  });
});
