import { sql } from 'kysely';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { readConfig } from '#lib/config/config.ts';
import { createCertificates } from '#tests/support/certificates.ts';
import { execute, type PostgresServer, startPostgres } from '#tests/support/postgres.ts';
import { startRelay } from '#tests/support/relay.ts';
import { describeStoreFailure } from './describe-failure.ts';
import { isStoreFailure } from './failure.ts';
import { openStore, prepareStore, type StorePlace } from './open.ts';

const certificates = createCertificates('localhost');

/** A server with TLS, a role with a password, and rules for who may come in how. */
let server: PostgresServer;
beforeAll(async () => {
  const rules = [
    'local all all trust',
    'hostssl all tls_only 127.0.0.1/32 trust',
    'host all login,no_rights 127.0.0.1/32 scram-sha-256',
    'host all postgres,nobody 127.0.0.1/32 trust',
  ];
  server = await startPostgres({
    files: {
      'pg_hba.conf': `${rules.join('\n')}\n`,
      'server.crt': certificates.certificate,
      'server.key': certificates.key,
    },
    settings: ['ssl=on', 'unix_socket_directories=.'],
  });
  await execute(
    server.url,
    `create role login login password 'p@ss/canary'; create role no_rights login password 'pw';
     create role tls_only login`,
  );
  await execute(server.url, 'create database ours owner login');
  return () => server.remove();
}, 60_000);

const portOf = ({ url }: PostgresServer) => new URL(url).port;

/** Where the configuration finds a database. */
function placeOf(DATABASE_URL: string, others: Record<string, string> = {}): StorePlace {
  const config = readConfig({
    PAUTH_API_KEY: 'pk_live_Jq7Zr2Xv9Tb4',
    APP_ORIGIN: 'https://login.example.com',
    SESSION_SECRET: 'Vq8nT2rXw5Zb7Lk0Jd3Gf6Hs9Pa1Yc4E',
    DATABASE_URL,
    ...others,
  });
  if (!config.ok) {
    throw new Error(JSON.stringify(config.error));
  }
  return config.value.store;
}

/** Boots on a database. @returns what boot says where it is impossible. */
async function refusalOf(place: StorePlace): Promise<string | null> {
  const store = openStore(place);
  try {
    await prepareStore(place, store);
    return null;
  } catch (error) {
    expect(isStoreFailure(error)).toBe(true);
    return describeStoreFailure(error, place);
  } finally {
    await store.destroy();
  }
}

/** Whether a new connection uses TLS. */
async function usesTls(place: StorePlace): Promise<boolean | undefined> {
  const store = openStore(place);
  onTestFinished(() => store.destroy());
  const { rows } = await sql<{ ssl: boolean }>`
    select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(store);
  return rows[0]?.ssl;
}

describe('TLS to PostgreSQL', () => {
  const url = (query = '', host = 'localhost') =>
    `postgres://tls_only@${host}:${portOf(server)}/postgres${query}`;
  const ca = { DATABASE_CA: certificates.ca };

  it('is used with the certificate authority in DATABASE_CA', async () => {
    expect(await usesTls(placeOf(url(), ca))).toBe(true);
    expect(await usesTls(placeOf(url('?sslmode=require&uselibpqcompat=true'), ca))).toBe(true);
  });

  it.each([
    '?sslmode=prefer',
    '?sslmode=require',
    '?sslmode=verify-ca',
    '?sslmode=verify-full',
    '?ssl=true',
    '?ssl=1',
    '?uselibpqcompat=true&sslmode=require',
    '?uselibpqcompat=true&sslmode=prefer',
    '?ssl%6Dode=require',
  ])('is verified, whatever the environment says: %s', async (query) => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    vi.stubEnv('PGSSLMODE', 'no-verify');
    onTestFinished(() => void vi.unstubAllEnvs());
    const refusal = await refusalOf(placeOf(url(query)));
    expect(refusal).toMatch(/certificate of localhost:\d+ is of no trusted .*DATABASE_CA\.$/);
  });

  it('is refused with the certificate of another authority, or for another name', async () => {
    const other = createCertificates('localhost');
    const { ca: DATABASE_CA } = other;
    expect(await refusalOf(placeOf(url(), { DATABASE_CA }))).toMatch(/DATABASE_CA holds another/);
    expect(await refusalOf(placeOf(url('', '127.0.0.1'), ca))).toMatch(/is for another name/);
  });

  it('is not needed on this machine, nor over a socket', async () => {
    const port = portOf(server);
    expect(await usesTls(placeOf(`postgres://postgres@127.0.0.1:${port}/postgres`))).toBe(false);
    const socket = `postgres://login:pw@/ours?host=${server.data}&port=${port}`;
    expect(await usesTls(placeOf(socket))).toBe(false);
    expect(await refusalOf(placeOf(socket))).toBeNull();
  });
});

describe('boot names the cause and the fix', () => {
  const login = 'login:p%40ss%2Fcanary';

  it('for a role that may come in, nothing', async () => {
    expect(await refusalOf(placeOf(`postgres://${login}@127.0.0.1:${portOf(server)}/ours`))).toBe(
      null,
    );
  });

  it.each([
    [
      `${login}@nowhere.internal/ours`,
      /the host nowhere\.internal is not known .*Correct the host/,
    ],
    [`${login}@127.0.0.1:1/ours`, /nothing listens at 127\.0\.0\.1:1 .*Correct host and port/],
    [`${login}@/ours?host=/no/folder`, /nothing listens at \/no\/folder /],
    [
      'login:canary@{server}/ours',
      /refuses the password of the role login\. Correct user and pass/,
    ],
    ['login@{server}/ours', /asks for a password, and there is none/],
    ['nobody:canary@{server}/ours', /role "nobody" does not exist\. Create the role nobody/],
    ['stranger:canary@{server}/ours', /does not let the role stranger in .*pg_hba\.conf\.$/],
    ['tls_only:canary@{server}/ours', /role tls_only in without TLS .*sslmode=verify-full/],
    [`${login}@{server}/missing`, /has no database missing\. Create it \(createdb missing\)/],
    ['no_rights:pw@{server}/ours', /role no_rights may not .*grant usage, create on schema public/],
  ])('%s', async (address, expected) => {
    const given = `postgres://${address}`.replace('{server}', `127.0.0.1:${portOf(server)}`);
    const refusal = await refusalOf(placeOf(given));
    expect(refusal).toMatch(/^DATABASE_URL [^\n]+\.$/);
    expect(refusal).toMatch(expected);
    expect(refusal).not.toMatch(/canary/);
  });

  it('for a server without TLS that should offer it', async () => {
    const plain = await startPostgres();
    onTestFinished(() => plain.remove());
    expect(await refusalOf(placeOf(`${plain.url}?sslmode=require`))).toMatch(
      /127\.0\.0\.1:\d+ offers no TLS\. Switch TLS on there/,
    );
  });
});

describe('a database that sleeps', () => {
  const WAKE_MS = 1_500;

  async function placeOfSleeping(seconds: string) {
    const relay = await startRelay(Number(portOf(server)), WAKE_MS);
    onTestFinished(() => relay.close());
    const url = `postgres://postgres@127.0.0.1:${relay.port}/postgres`;
    return placeOf(url, { DATABASE_CONNECT_SECONDS: seconds });
  }

  it('is waited for, by default and at boot', async () => {
    expect(await usesTls(await placeOfSleeping(''))).toBe(false);
    expect(await refusalOf(await placeOfSleeping('1'))).toBeNull();
  });

  it('is waited for no longer than DATABASE_CONNECT_SECONDS', async () => {
    await expect(usesTls(await placeOfSleeping('1'))).rejects.toSatisfy(isStoreFailure);
  });
});
