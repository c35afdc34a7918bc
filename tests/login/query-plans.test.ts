import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { handleCallback } from '#lib/login/callback.ts';
import { openSession } from '#lib/sessions/open.ts';
import { type Sandbox, startSandbox } from '#sandbox/server.ts';
import { hookStatements } from '#tests/support/faults.ts';
import { provideSharedDatabase } from '#tests/support/stores.ts';
import { FIRST_CHECK_MS, openLogin } from '#tests/support/test-login.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ callbacks: 'off' });
});
afterAll(() => sandbox.close());

it('a login looks its rows up by what they are equal to, so that it costs the same on a full store', async () => {
  const login = await openLogin(sandbox, { database: await provideSharedDatabase() });
  const statements = new Set<string>();
  const unhook = hookStatements((statement) => void statements.add(statement));
  const started = await login.start();
  await login.call(started);
  await handleCallback(login.deps, await login.callbackTokenOf(started));
  login.clock.advance(FIRST_CHECK_MS);
  const outcome = await login.poll(started);
  const sessionToken = outcome.status === 'completed' ? outcome.sessionToken : null;
  const { store, clock, log } = login.deps;
  const sessions = { store, clock, log, idleMs: 86_400_000, usesPasskeys: true };
  expect(await openSession(sessions, sessionToken ?? '')).not.toBeNull();
  unhook();

  const database = new DatabaseSync(login.place.kind === 'sqlite' ? login.place.path : '');
  const isLookup = (detail: string) => /^SEARCH .*=\?/.test(detail);
  const visits = [...statements].flatMap((statement) =>
    database
      .prepare(`explain query plan ${statement}`)
      .all()
      .map(({ detail }) => String(detail))
      .filter((detail) =>
        /^(SEARCH|SCAN) (attempts|devices|events|limits|sessions|users)\b/.test(detail),
      ),
  );
  database.close();
  expect(visits.length).toBeGreaterThan(10);
  expect(visits.filter((detail) => !isLookup(detail))).toEqual([]);
});
