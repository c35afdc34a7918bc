import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { startAppServer } from '#tests/support/app-server.ts';
import { databasePath, logIn, newVisitor, sandboxUrl, vendor } from '#tests/support/servers.ts';
import { runUsers } from '#tests/support/users-command.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';

/** Starts an attempt and calls. @returns the answer to the poll after the call. */
async function call(visitor: Visitor, phoneNumber: string): Promise<Response> {
  const attempt = attemptViewSchema.parse(await (await visitor.start(phoneNumber)).json());
  await vendor.call(phoneNumber, attempt.call_number);
  return await visitor.status();
}

const idOf = (exported: string) =>
  z.object({ user: z.object({ id: z.string() }) }).parse(JSON.parse(exported)).user.id;

describe('npm run users, while the server runs', () => {
  it('disable: every copy of the session is rejected from the next request on, until enabled again', async () => {
    const phoneNumber = randomPhoneNumber();
    const visitor = await logIn(phoneNumber);
    const copy = visitor.clone();
    expect(runUsers(databasePath, 'disable', phoneNumber).status).toBe(0);
    for (const each of [visitor, copy]) {
      expect((await each.fetch('/api/auth/session')).status).toBe(401);
      expect((await each.fetch('/account')).headers.get('location')).toBe('/login');
    }
    const refused = await call(visitor, phoneNumber);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ code: 'user_disabled' });

    expect(runUsers(databasePath, 'enable', phoneNumber).status).toBe(0);
    expect((await copy.fetch('/api/auth/session')).status).toBe(401);
    const back = await call(visitor, phoneNumber);
    expect(await back.json()).toEqual({ status: 'verified' });
  });

  it('logout: the session ends, and the next login succeeds', async () => {
    const phoneNumber = randomPhoneNumber();
    const visitor = await logIn(phoneNumber);
    expect(runUsers(databasePath, 'logout', phoneNumber).status).toBe(0);
    expect((await visitor.fetch('/api/auth/session')).status).toBe(401);
    const again = await logIn(phoneNumber);
    expect((await again.fetch('/api/auth/session')).status).toBe(200);
  });

  it('delete: the session and a login under way end at once, and the next call makes a new account', async () => {
    const phoneNumber = randomPhoneNumber();
    const visitor = await logIn(phoneNumber);
    const other = newVisitor();
    await other.start(phoneNumber);
    const exported = runUsers(databasePath, 'export', phoneNumber).stdout;
    expect(exported).toContain('"state": "completed"');
    expect(runUsers(databasePath, 'delete', phoneNumber).status).toBe(0);
    expect((await visitor.fetch('/api/auth/session')).status).toBe(401);
    expect((await other.status()).status).toBe(404);
    await logIn(phoneNumber);
    const again = runUsers(databasePath, 'export', phoneNumber).stdout;
    expect(again).not.toContain(idOf(exported));
  });

  it('list: shows the users who have logged in', async () => {
    const phoneNumber = randomPhoneNumber();
    await logIn(phoneNumber);
    expect(runUsers(databasePath, 'list', '--json').stdout).toContain(phoneNumber);
  });
});

describe('a server with SIGNUP=closed', () => {
  it('refuses an unknown number only after its call, and accepts one that was added', async () => {
    const app = await startAppServer(sandboxUrl, { SIGNUP: 'closed' });
    const [unknown, known] = [randomPhoneNumber(), randomPhoneNumber()];
    expect(runUsers(app.databasePath, 'add', known).status).toBe(0);

    const visitor = new Visitor(app.origin);
    const started = await visitor.start(unknown);
    expect(started.status).toBe(200);
    const { call_number } = attemptViewSchema.parse(await started.json());
    await vendor.call(unknown, call_number);
    const refused = await visitor.status();
    const letIn = await call(new Visitor(app.origin), known);
    await app.stop();

    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ status: 'failed', code: 'signup_closed' });
    expect(letIn.status).toBe(200);
    expect(await letIn.json()).toEqual({ status: 'verified' });
  });
});
