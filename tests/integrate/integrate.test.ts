import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  attemptViewSchema,
  newPasskeyReplySchema,
  passkeyOptionsReplySchema,
} from '#lib/shared/contract.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { type AppServer, startAppServer } from '#tests/support/app-server.ts';
import { TestPasskey } from '#tests/support/authenticator.ts';
import { runUsers } from '#tests/support/users-command.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';
import { apply, blocksOf, copyTree, run } from './copy.ts';

/** What docs/integrate.md tells to do, done in a copy of this tree and tried on both hosts. */

const [otherSections = '', languageSection = ''] = readFileSync('docs/integrate.md', 'utf8').split(
  '## I want another language\n',
);

const sandbox = await startSandbox();
const vendor = createControlClient(sandbox.url);
const hosts: Record<string, AppServer> = {};
let folder = '';

beforeAll(async () => {
  folder = await copyTree('integrate');
  await apply(folder, blocksOf(otherSections));
  await run('npm', ['run', 'build'], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
    maxBuffer: 10_000_000,
  }).catch(({ stdout, stderr }) => {
    throw new Error(`${stdout}${stderr}\nThe code in docs/integrate.md does not build.`);
  });
  hosts.node = await startAppServer(sandbox.url, {}, { folder });
  const startArguments = ['../../node_modules/next/dist/bin/next', 'start'];
  hosts.next = await startAppServer(sandbox.url, {}, { folder, startArguments });
}, 600_000);

afterAll(async () => {
  await Promise.all(Object.values(hosts).map((host) => host.stop()));
  await sandbox.close();
});

/** What the code at the first login orders. */
const PRESENT = 'welcome present';

interface Person {
  visitor: Visitor;
  phoneNumber: string;
}

async function logIn(origin: string, phoneNumber: string = randomPhoneNumber()): Promise<Person> {
  const visitor = new Visitor(origin);
  const started = attemptViewSchema.parse(await (await visitor.start(phoneNumber)).json());
  await vendor.call(phoneNumber, started.call_number);
  expect((await visitor.status()).status).toBe(200);
  return { visitor, phoneNumber };
}

/** Fills in the form of the page, as a browser without scripts sends it. */
async function fillIn({ visitor }: Person, item: string): Promise<RequestInit> {
  const page = await (await visitor.fetch('/orders')).text();
  const [, action = ''] = /name="(\$ACTION_ID_\w+)"/.exec(page) ?? [];
  expect(action).not.toBe('');
  const body = new FormData();
  body.set(action, '');
  body.set('item', item);
  return { method: 'POST', body, headers: { origin: visitor.origin } };
}

const ordersSchema = z.object({ orders: z.array(z.object({ item: z.string() })) });

async function ordersOf({ visitor }: Person): Promise<string[]> {
  const answer = ordersSchema.parse(await (await visitor.fetch('/api/orders')).json());
  return answer.orders.map(({ item }) => item);
}

describe.each(['node', 'next'])('on the %s host', (name) => {
  const origin = () => hosts[name]?.origin ?? '';

  it.each(['/orders', '/orders/export'])(
    '%s sends the anonymous to log in, and back afterwards',
    async (path) => {
      const answer = await new Visitor(origin()).fetch(path);
      expect(answer.status).toBe(307);
      expect(answer.headers.get('location')).toBe(`/login?${new URLSearchParams({ next: path })}`);
    },
  );

  it('a page, its action and a download serve each user what is theirs', async () => {
    const person = await logIn(origin());
    const other = await logIn(origin());
    const sent = await person.visitor.fetch('/orders', await fillIn(person, 'umbrella'));
    expect(sent.status).toBe(200);
    expect(await ordersOf(person)).toEqual([PRESENT, 'umbrella']);
    expect(await (await person.visitor.fetch('/orders')).text()).toContain('<li>umbrella</li>');
    expect(await (await person.visitor.fetch('/orders/export')).text()).toBe(
      `${PRESENT}\numbrella\n`,
    );
    expect(await ordersOf(other)).toEqual([PRESENT]);
  });

  it('a page that asks for a passkey is shown after its use, until that is too long ago', async () => {
    const { visitor } = await logIn(origin());
    const path = '/orders/address';
    const expectAsked = async () => {
      const answer = await visitor.fetch(path);
      expect(answer.status).toBe(307);
      expect(answer.headers.get('location')).toBe(
        `/passkey?${new URLSearchParams({ next: path })}`,
      );
    };
    await expectAsked();
    const passkey = new TestPasskey(visitor.origin);
    const made = await (await visitor.post('/api/auth/passkeys/new', '')).json();
    await visitor.post('/api/auth/passkeys/add', passkey.create(newPasskeyReplySchema.parse(made)));
    const asked = await (await visitor.post('/api/auth/passkeys/options', '')).json();
    const use = passkey.use(passkeyOptionsReplySchema.parse(asked));
    expect((await visitor.post('/api/auth/passkeys/confirm', use)).status).toBe(200);
    expect((await visitor.fetch(path)).status).toBe(200);
    const database = new DatabaseSync(hosts[name]?.databasePath ?? '');
    database.exec('update sessions set passkey_used_at = passkey_used_at - 300000');
    database.close();
    await expectAsked();
  });

  it('an action does nothing for who is no longer logged in', async () => {
    const person = await logIn(origin());
    const form = await fillIn(person, 'umbrella');
    const kept = person.visitor.clone();
    await person.visitor.post('/api/auth/logout', '');
    const sent = await kept.fetch('/orders', form);
    expect(sent.status).toBe(303);
    expect(sent.headers.get('location')).toBe('/login?next=%2Forders');
    expect(await ordersOf(await logIn(origin(), person.phoneNumber))).toEqual([PRESENT]);
  });

  it('an action is refused to other sites, and to pages that have none', async () => {
    const person = await logIn(origin());
    const form = await fillIn(person, 'umbrella');
    const foreign = { 'sec-fetch-site': 'cross-site' };
    expect((await person.visitor.fetch('/orders', { ...form, headers: foreign })).status).toBe(403);
    expect(await ordersOf(person)).toEqual([PRESENT]);
    expect((await person.visitor.fetch('/account', form)).status).toBe(405);
  });

  it('a route answers 401 to the anonymous and 403 to other sites', async () => {
    const person = await logIn(origin());
    expect((await new Visitor(origin()).fetch('/api/orders')).status).toBe(401);
    const item = { item: 'umbrella' };
    const foreign = { 'sec-fetch-site': 'cross-site' };
    expect((await person.visitor.post('/api/orders/new', item, foreign)).status).toBe(403);
    expect((await person.visitor.post('/api/orders/new', item)).status).toBe(200);
    expect(await ordersOf(person)).toEqual([PRESENT, 'umbrella']);
  });
});

it('deleting a user deletes their orders', async () => {
  const { origin = '', databasePath = '' } = hosts.node ?? {};
  const [person, other] = [await logIn(origin), await logIn(origin)];
  expect(runUsers(databasePath, 'delete', person.phoneNumber).status).toBe(0);
  expect(await ordersOf(await logIn(origin, person.phoneNumber))).toEqual([PRESENT]);
  const store = new DatabaseSync(databasePath, { readOnly: true });
  const { orphans } = z
    .object({ orphans: z.number() })
    .parse(
      store
        .prepare(
          'select count(*) as orphans from orders where user_id not in (select id from users)',
        )
        .get(),
    );
  store.close();
  expect(orphans).toBe(0);
  expect(await ordersOf(other)).toEqual([PRESENT]);
});

it('the end-to-end test logs in with the test phone and orders', async () => {
  const { stdout } = await run(
    join(process.cwd(), 'node_modules/.bin/playwright'),
    ['test', '--config', 'e2e', 'orders', '--project', 'desktop, Japanese'],
    { cwd: folder },
  ).catch((failed) => failed);
  expect(stdout).toMatch(/1 passed/);
}, 240_000);

describe('another language', () => {
  /** The files in which the compiler finds something missing. */
  const typeErrors = async () => {
    const tsc = join(process.cwd(), 'node_modules/.bin/tsc');
    const { stdout } = await run(tsc, [], { cwd: folder }).catch((failed) => failed);
    return new Set([...stdout.matchAll(/^(\S+?)\(\d+,\d+\): error/gm)].map(([, file]) => file));
  };

  it('is named by the compiler wherever it is missing, down to a single text', async () => {
    const english = readFileSync('lib/shared/messages/en.ts', 'utf8').replace(
      'const en:',
      'const ko:',
    );
    const korean = join(folder, 'lib/shared/messages/ko.ts');
    const [list, ...places] = blocksOf(languageSection);
    await writeFile(korean, english.replace(/^ +toLogin: .*\n/m, ''));
    await apply(folder, list === undefined ? [] : [list]);
    expect(await typeErrors()).toEqual(
      new Set([
        // It reads the texts of the error pages.
        'components/crash.tsx',
        'components/language-switch.tsx',
        'lib/http/language.ts',
        'lib/shared/messages/crash.ts',
        'lib/shared/messages/ko.ts',
        'lib/shared/messages/messages.test.ts',
      ]),
    );
    await writeFile(korean, english);
    await apply(folder, places);
    expect(await typeErrors()).toEqual(new Set());
  }, 240_000);
});
