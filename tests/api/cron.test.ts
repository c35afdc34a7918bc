import { expect, it, onTestFinished } from 'vitest';
import { createToken } from '#lib/crypto/token.ts';
import { insertEvents } from '#lib/store/events.ts';
import { openSqlite } from '#lib/store/sqlite.ts';
import { startAppServer } from '#tests/support/app-server.ts';
import { appOrigin, sandboxUrl } from '#tests/support/servers.ts';

const sweep = (origin: string, authorization: string) =>
  fetch(`${origin}/api/cron/sweep`, { headers: { authorization } });

it('a scheduler that knows the secret deletes old rows, and nobody else does', async () => {
  const CRON_SECRET = createToken();
  const app = await startAppServer(sandboxUrl, { CRON_SECRET, EVENT_RETENTION_DAYS: '30' });
  onTestFinished(() => app.stop());
  const store = openSqlite(app.databasePath);
  for (const days of [31, 29]) {
    await insertEvents(store, { at: Date.now() - days * 86_400_000, type: 'attempt_started' });
  }
  await store.destroy();
  expect((await sweep(app.origin, 'Bearer guessed')).status).toBe(401);
  const response = await sweep(app.origin, `Bearer ${CRON_SECRET}`);
  expect(await response.json()).toEqual({
    attempts: 0,
    sessions: 0,
    events: 1,
    limits: 0,
    outbox: 0,
  });
  expect(app.output()).toContain('"event":"swept"');
});

it.each(['Bearer ', 'Bearer null', 'Bearer undefined'])(
  'without CRON_SECRET there is nothing to sweep by: %s',
  async (authorization) => {
    const response = await sweep(appOrigin, authorization);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'request_not_found' });
  },
);
