import { describe, expect, it } from 'vitest';
import { createCertificates } from '#tests/support/certificates.ts';
import { describeFaults, readCommandConfig, readConfig } from './config.ts';
import { variables } from './environment.ts';

const API_KEY = 'pk_live_Jq7Zr2Xv9Tb4';
const SECRET = 'Vq8nT2rXw5Zb7Lk0Jd3Gf6Hs9Pa1Yc4E';
const OLDER_SECRET = 'h4Kd9sLq2Wm7Zx0Cv5Bn8Tr3Yp6Gf1Aj';

const production = {
  PAUTH_API_KEY: API_KEY,
  APP_ORIGIN: 'https://login.example.com',
  SESSION_SECRET: SECRET,
};

const webhook = {
  WEBHOOK_URL: 'https://hooks.example.com/logins',
  WEBHOOK_SECRET: 'whsec_Zk9xq2Rr7Tn4Vb1Ls8Wd3Yh6Pj0Mc5Gf',
};

const localSandbox = {
  ...production,
  APP_ORIGIN: 'http://localhost:3000',
  PAUTH_BASE_URL: 'http://127.0.0.1:4010',
};

const CA = createCertificates('db.example.com').ca.trim();

type Given = Readonly<Record<string, string | undefined>>;

function read(given: Given) {
  const config = readConfig(given);
  if (!config.ok) {
    throw new Error(describeFaults(config.error));
  }
  return config.value;
}

/** The names of the invalid variables. */
function faultsOf(given: Given): string[] {
  const config = readConfig(given);
  return config.ok ? [] : [...new Set(config.error.map(({ variable }) => variable))];
}

describe('the configuration', () => {
  it('requires a key, an origin and a secret, and has defaults for everything else', () => {
    expect(read(production)).toEqual({
      pauth: {
        apiKey: API_KEY,
        baseUrl: new URL('https://api.pauth.me'),
        timeoutMs: 3_000,
        maxInFlight: 50,
        breaker: { count: 5, seconds: 10 },
        isSandbox: false,
      },
      app: {
        origin: new URL('https://login.example.com'),
        siteName: 'call-login',
        defaultCountry: 'JP',
        numberTypes: new Set(['mobile', 'landline', 'ip']),
        helpUrl: null,
        passkeys: 'offer',
        signup: 'open',
        callCost: 'unknown',
        sessionSecrets: [SECRET],
        trustedProxy: { hops: 0 },
        previewBypass: null,
        dormantDays: 365,
      },
      session: { idleSeconds: 86_400, ttlSeconds: 604_800 },
      startLimits: {
        perNumber: [
          { count: 3, seconds: 60 },
          { count: 5, seconds: 3_600 },
        ],
        perNetwork: [
          { count: 40, seconds: 600 },
          { count: 120, seconds: 3_600 },
        ],
        total: [{ count: 1_000, seconds: 3_600 }],
      },
      attempt: { ttlSeconds: 300, pollLimit: 30, statusWaitSeconds: 25 },
      store: { kind: 'sqlite', path: '.data/call-login.db' },
      redisUrl: null,
      migrations: 'apply',
      retention: { attemptDays: 7, eventDays: 365, cronSecret: null },
      server: { port: 3_000, listenAddress: '0.0.0.0', keepAliveSeconds: 75 },
      webhook: null,
      telemetry: {
        metricsPort: null,
        metricsHost: '127.0.0.1',
        otlpEndpoint: null,
        otlpProtocol: 'http/protobuf',
        metricsExporter: 'otlp',
        metricExportIntervalMs: 60_000,
        tracesExporter: 'otlp',
        traceShare: 1,
      },
    });
  });

  it('reads values other than the defaults', () => {
    const config = read({
      ...production,
      PAUTH_BASE_URL: 'https://eu.pauth.example/api/',
      PAUTH_TIMEOUT_MS: '500',
      DATABASE_URL: 'file:/srv/data/login.db',
      REDIS_URL: 'rediss://:p%40ss@redis.internal:6380/1',
      SESSION_IDLE_SECONDS: '300',
      SESSION_TTL_SECONDS: '2592000',
      DORMANT_DAYS: '0',
      ATTEMPT_RETENTION_DAYS: '1',
      EVENT_RETENTION_DAYS: '0',
      SIGNUP: 'closed',
      ATTEMPT_TTL_SECONDS: '600',
      POLL_LIMIT: '1',
      STATUS_WAIT_SECONDS: '0',
      DEFAULT_COUNTRY: 'US',
      NUMBER_TYPES: 'mobile, ip',
      HELP_URL: 'https://help.example.com/login',
      CALL_COST: 'free',
      SITE_NAME: ' 山田商店 ',
    });
    expect(config).toMatchObject({
      pauth: { baseUrl: new URL('https://eu.pauth.example/api/'), timeoutMs: 500 },
      app: {
        signup: 'closed',
        defaultCountry: 'US',
        numberTypes: new Set(['mobile', 'ip']),
        helpUrl: new URL('https://help.example.com/login'),
        callCost: 'free',
        siteName: '山田商店',
      },
      session: { idleSeconds: 300, ttlSeconds: 2_592_000 },
      attempt: { ttlSeconds: 600, pollLimit: 1, statusWaitSeconds: 0 },
      store: { kind: 'sqlite', path: '/srv/data/login.db' },
      redisUrl: 'rediss://:p%40ss@redis.internal:6380/1',
      retention: { attemptDays: 1, eventDays: 0 },
    });
  });

  it('accepts a PostgreSQL server as the database', () => {
    const url = 'postgresql://login:p%40ss@db.internal:5433/login';
    const given = { ...production, DATABASE_POOL_SIZE: '25', DATABASE_CONNECT_SECONDS: '20' };
    const place = { kind: 'postgres', url, poolSize: 25, connectMs: 20_000 };
    expect(read({ ...given, DATABASE_URL: url }).store).toEqual(place);
    const overTls = { ...place, tls: { ca: null } };
    expect(read({ ...given, DATABASE_URL: `${url}?sslmode=verify-full` }).store).toEqual(overTls);
  });

  it.each([
    ['postgres://db.example.com/login', undefined, { ca: null }],
    ['postgres://db.example.com/login', CA, { ca: CA }],
    ['postgres://db.example.com/login', CA.replaceAll('\n', '\\n'), { ca: CA }],
    ['postgres://localhost/login', CA, { ca: CA }],
    ['postgres://localhost/login', undefined, undefined],
    ['postgres://u:p@/login?host=/cloudsql/project:region:name', undefined, undefined],
  ])('decides on TLS to the database by its host and DATABASE_CA: %s', (url, ca, tls) => {
    const { store } = read({ ...production, DATABASE_URL: url, DATABASE_CA: ca });
    expect('tls' in store ? store.tls : undefined).toEqual(tls);
  });

  it.each([
    [{ DATABASE_CA: '/no/such/file.pem' }, ['DATABASE_CA']],
    [{ DATABASE_CA: '-----BEGIN CERTIFICATE-----' }, ['DATABASE_CA']],
    [{ DATABASE_CA: CA.replace('MII', 'xxx') }, ['DATABASE_CA']],
    [{ DATABASE_CA: CA, DATABASE_URL: 'postgres://db/x?sslmode=disable' }, ['DATABASE_CA']],
    [{ PGSSLMODE: 'no-verify', DATABASE_URL: 'postgres://db.example.com/x' }, ['PGSSLMODE']],
    [{ PGSSLMODE: 'require', DATABASE_URL: 'postgres://db/x' }, ['PGSSLMODE']],
    [{ PGSSLMODE: 'no-verify', DATABASE_URL: 'postgres://db/x?sslmode=require' }, []],
  ])('refuses what is unclear of TLS to the database', (given, variables) => {
    expect(faultsOf({ ...production, ...given })).toEqual(variables);
  });

  it('treats an empty variable as not set', () => {
    const empty = Object.fromEntries(variables.map(({ name }) => [name, '']));
    expect(read({ ...empty, ...production })).toEqual(read(production));
    expect(faultsOf(empty)).toEqual(['PAUTH_API_KEY', 'APP_ORIGIN', 'SESSION_SECRET']);
  });

  it.each([
    [{ HOSTNAME: '3f2a9c' }, '0.0.0.0'],
    [{ HOSTNAME: 'localhost' }, 'localhost'],
    [{ HOSTNAME: '10.0.0.5' }, '10.0.0.5'],
    [{ HOSTNAME: '10.0.0.5', LISTEN_ADDRESS: '::' }, '::'],
  ])('listens on an address, never on the name of a container: %j', (given, address) => {
    expect(read({ ...production, ...given }).server.listenAddress).toBe(address);
  });

  it('treats an empty variable of a serverless host as not set', () => {
    expect(faultsOf({ ...production, VERCEL: '' })).toEqual([]);
  });

  it.each([
    ['2', { hops: 2 }],
    ['9', { hops: 9 }],
    ['cloudflare', { header: 'cf-connecting-ip' }],
  ])('reads the trusted proxy: %s', (TRUSTED_PROXY, trustedProxy) => {
    expect(read({ ...production, TRUSTED_PROXY }).app.trustedProxy).toEqual(trustedProxy);
  });

  it.each([
    ['VERCEL', { header: 'x-vercel-forwarded-for' }],
    ['FLY_APP_NAME', { header: 'fly-client-ip' }],
    ['K_SERVICE', { hops: 1 }],
  ])('trusts the proxy of a known platform (%s) unless told otherwise', (marker, trustedProxy) => {
    const onPlatform = { ...production, [marker]: '1', DATABASE_URL: 'postgres://u:p@db/d' };
    expect(read(onPlatform).app.trustedProxy).toEqual(trustedProxy);
    expect(read({ ...onPlatform, TRUSTED_PROXY: '0' }).app.trustedProxy).toEqual({ hops: 0 });
  });

  it.each([
    [{}, 'apply'],
    [{ VERCEL: '1', VERCEL_ENV: 'production' }, 'apply'],
    [{ VERCEL: '1', VERCEL_ENV: 'preview' }, 'off'],
    [{ VERCEL: '1' }, 'off'],
    [{ VERCEL: '1', VERCEL_ENV: 'preview', MIGRATIONS: 'apply' }, 'apply'],
    [{ MIGRATIONS: 'off' }, 'off'],
  ])('migrates, but on a preview of Vercel only if told to: %j', (given, migrations) => {
    const DATABASE_URL = 'postgres://u:p@db/d';
    expect(read({ ...production, DATABASE_URL, ...given }).migrations).toBe(migrations);
  });

  it.each([
    [{}, 10],
    [{ VERCEL: '1' }, 5],
    [{ VERCEL: '1', DATABASE_POOL_SIZE: '2' }, 2],
  ])('opens few connections in each instance on Vercel: %j', (given, poolSize) => {
    const DATABASE_URL = 'postgres://u:p@db/d';
    expect(read({ ...production, DATABASE_URL, ...given }).store).toMatchObject({ poolSize });
  });

  it.each([
    ['production', {}, 'https://login.example.com'],
    ['preview', {}, 'https://app-git-fix.vercel.app'],
    ['preview', { VERCEL_BRANCH_URL: '' }, 'https://app-1.vercel.app'],
    ['preview', { APP_ORIGIN: 'https://own.example.com' }, 'https://own.example.com'],
  ])(
    'is at the address that Vercel tells (%s, %j), unless told otherwise',
    (env, given, origin) => {
      const { APP_ORIGIN: _, ...others } = production;
      const onVercel = {
        ...others,
        VERCEL: '1',
        VERCEL_ENV: env,
        VERCEL_PROJECT_PRODUCTION_URL: 'login.example.com',
        VERCEL_BRANCH_URL: 'app-git-fix.vercel.app',
        VERCEL_URL: 'app-1.vercel.app',
        DATABASE_URL: 'postgres://u:p@db/d',
      };
      expect(read({ ...onVercel, ...given }).app.origin.origin).toBe(origin);
      expect(faultsOf({ ...onVercel, ...given, VERCEL: '' })).toEqual(
        'APP_ORIGIN' in given ? [] : ['APP_ORIGIN'],
      );
    },
  );

  it.each([
    ['preview', 'bypass-secret'],
    ['production', null],
  ])('knows what lets callbacks through the protection of Vercel in a %s: %s', (env, bypass) => {
    const { app } = read({
      ...production,
      VERCEL: '1',
      VERCEL_ENV: env,
      VERCEL_AUTOMATION_BYPASS_SECRET: 'bypass-secret',
      DATABASE_URL: 'postgres://u:p@db.internal/d',
    });
    expect(app.previewBypass).toBe(bypass);
  });

  it('reads a limit that is given twice once', () => {
    const { startLimits } = read({ ...production, START_LIMIT_TOTAL: '5/60 5/60 9/600' });
    expect(startLimits.total).toEqual([
      { count: 5, seconds: 60 },
      { count: 9, seconds: 600 },
    ]);
  });

  it('reads several secrets, newest first', () => {
    const config = read({ ...production, SESSION_SECRET: ` ${SECRET} , ${OLDER_SECRET} ` });
    expect(config.app.sessionSecrets).toEqual([SECRET, OLDER_SECRET]);
  });
});

describe('a value', () => {
  it.each([
    ['spaces', ' https://login.example.com '],
    ['the line break of a mounted secret', 'https://login.example.com\n'],
    ['the line break of a file from Windows', 'https://login.example.com\r\n'],
    ['quotes that --env-file keeps', '"https://login.example.com"'],
    ['single quotes', "'https://login.example.com'"],
    ['quotes within quotes', `'"https://login.example.com"'`],
    ['quotes, spaces and a line break', ' " https://login.example.com " \r\n'],
    ['the byte order mark of an editor', '\ufeffhttps://login.example.com'],
    ['what a web page puts around words', '\u200bhttps://login.example.com\u200b'],
  ])('is read without %s', (_what, APP_ORIGIN) => {
    expect(read({ ...production, APP_ORIGIN })).toEqual(read(production));
  });

  it('of nothing but quotes and spaces is not set', () => {
    expect(read({ ...production, SITE_NAME: '""', POLL_LIMIT: ' \r\n' })).toEqual(read(production));
    expect(faultsOf({ ...production, PAUTH_API_KEY: "'' \n" })).toEqual(['PAUTH_API_KEY']);
  });

  it.each([
    ["Joe's", "Joe's"],
    ['Bar "Sol"', 'Bar "Sol"'],
    [`'"A" & "B"'`, '"A" & "B"'],
    [`"the dogs'"`, "the dogs'"],
    ['👩‍👩‍👧 の店', '👩‍👩‍👧 の店'],
  ])('keeps the quotes and joiners that belong to it: %s', (SITE_NAME, siteName) => {
    expect(read({ ...production, SITE_NAME }).app.siteName).toBe(siteName);
  });

  it.each([
    ['a quote that does not end', '"login.example.com', /quotation mark at one end/],
    ['a quote that does not begin', "login.example.com'", /quotation mark at one end/],
    ['an unseen character', 'login\u200b.example.com', /U\+200B/],
    ['a control character', 'login\u0007.example.com', /U\+0007/],
  ])('with %s is refused with the reason, once', (_what, SITE_NAME, reason) => {
    const config = readConfig({ ...production, SITE_NAME });
    expect(config.ok ? [] : config.error).toEqual([
      { variable: 'SITE_NAME', problem: expect.stringMatching(reason) },
    ]);
  });

  it('that is unclear matters to npm run users only where that reads it', () => {
    expect(readCommandConfig({ SITE_NAME: '"a' }).ok).toBe(true);
    expect(readCommandConfig({ DATABASE_URL: '"file:a' }).ok).toBe(false);
  });
});

describe('the configuration refuses', () => {
  it.each<[string, string, string]>([
    ['no key', 'PAUTH_API_KEY', ''],
    ['a key with a space', 'PAUTH_API_KEY', 'pk live'],
    ['a key with a line break', 'PAUTH_API_KEY', 'pk\nlive'],
    ['a key with non-ASCII characters', 'PAUTH_API_KEY', 'キー'],
    ['no secret', 'SESSION_SECRET', ''],
    ['a short secret', 'SESSION_SECRET', SECRET.slice(1)],
    ['a repeated secret', 'SESSION_SECRET', 'abc'.repeat(20)],
    ['a secret with a guessable word', 'SESSION_SECRET', 'my-Secret-0a1b2c3d4e5f6g7h8i9j0k1l'],
    ['the secret of a template', 'SESSION_SECRET', 'changeme-0a1b2c3d4e5f6g7h8i9j0k1l2'],
    ['a weak older secret', 'SESSION_SECRET', `${SECRET},short`],
    ['a trailing comma in the secrets', 'SESSION_SECRET', `${SECRET},`],
    ['no origin', 'APP_ORIGIN', ''],
    ['an origin without a scheme', 'APP_ORIGIN', 'login.example.com'],
    ['an origin without https', 'APP_ORIGIN', 'http://login.example.com'],
    ['an origin with a path', 'APP_ORIGIN', 'https://login.example.com/app'],
    ['an origin with a query', 'APP_ORIGIN', 'https://login.example.com/?a'],
    ['an origin with a user name', 'APP_ORIGIN', 'https://me@login.example.com'],
    ['a host that only starts with localhost', 'APP_ORIGIN', 'http://localhost.example.com'],
    ['an unknown number type', 'NUMBER_TYPES', 'mobile,fax'],
    ['a help address with another scheme', 'HELP_URL', 'javascript:alert(1)'],
    ['an origin with a data URL', 'APP_ORIGIN', 'data:text/plain,x'],
    ['an origin with another scheme', 'APP_ORIGIN', 'ftp://localhost'],
    ['a vendor without https', 'PAUTH_BASE_URL', 'http://api.pauth.me'],
    ['a vendor without a scheme', 'PAUTH_BASE_URL', 'api.pauth.me'],
    ['a vendor with a user name', 'PAUTH_BASE_URL', 'https://me:pw@api.pauth.me'],
    ['a vendor with a query', 'PAUTH_BASE_URL', 'https://api.pauth.me/?v=1'],
    ['a vendor with a fragment', 'PAUTH_BASE_URL', 'https://api.pauth.me/#v1'],
    ['an unsupported database', 'DATABASE_URL', 'mysql://db'],
    ['a database without a path', 'DATABASE_URL', 'file:'],
    ['a database with an invalid port', 'DATABASE_URL', 'postgres://db:port/login'],
    ['a database without TLS verification', 'DATABASE_URL', 'postgres://db/x?sslmode=no-verify'],
    ['a Redis without a scheme', 'REDIS_URL', 'localhost:6379'],
    ['a Redis with another scheme', 'REDIS_URL', 'https://redis.example.com'],
    ['an unknown signup', 'SIGNUP', 'yes'],
    ['an unknown cost', 'CALL_COST', 'Free'],
    ['an unknown country', 'DEFAULT_COUNTRY', 'XX'],
    ['a country in lower case', 'DEFAULT_COUNTRY', 'jp'],
    ['an unknown proxy', 'TRUSTED_PROXY', 'nginx'],
    ['too many proxies', 'TRUSTED_PROXY', '10'],
    ['a proxy named like a property of Object.prototype', 'TRUSTED_PROXY', 'constructor'],
    ['a limit of zero', 'START_LIMIT_TOTAL', '0/60'],
    ['a limit without a time', 'START_LIMIT_PER_NETWORK', '5'],
    ['a circuit breaker with two limits', 'PAUTH_BREAKER', '5/10 9/60'],
    ['limits separated by a comma', 'START_LIMIT_PER_NUMBER', '1/60,5/3600'],
    ['a name to listen on', 'LISTEN_ADDRESS', 'web-7f9c'],
    ['an address in brackets to listen on', 'LISTEN_ADDRESS', '[::1]'],
    ['a long site name', 'SITE_NAME', 'x'.repeat(61)],
    ['a port of zero', 'METRICS_PORT', '0'],
    ['a port that no machine has', 'METRICS_PORT', '65536'],
    ['another name for metrics to listen on', 'METRICS_HOST', 'web-7f9c'],
    ['a collector without a scheme', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'localhost:4318'],
    ['a collector that speaks gRPC', 'OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
    ['another exporter of traces', 'OTEL_TRACES_EXPORTER', 'zipkin'],
    ['another exporter of metrics', 'OTEL_METRICS_EXPORTER', 'prometheus'],
    ['more than all traces', 'OTEL_TRACES_SAMPLER_ARG', '1.5'],
    ['a webhook without a secret', 'WEBHOOK_SECRET', ''],
    ['a webhook secret without its prefix', 'WEBHOOK_SECRET', 'Zk9xq2Rr7Tn4Vb1Ls8Wd3Yh6Pj0Mc5Gf'],
    ['a short webhook secret', 'WEBHOOK_SECRET', 'whsec_c2hvcnQ='],
    ['a webhook without https', 'WEBHOOK_URL', 'http://hooks.example.com'],
    ['a webhook secret without a webhook', 'WEBHOOK_URL', ''],
  ])('%s', (_what, variable, value) => {
    expect(faultsOf({ ...production, ...webhook, [variable]: value })).toEqual([variable]);
  });

  it.each<[string, string[]]>([
    ['PAUTH_TIMEOUT_MS', ['499', '10001']],
    ['OTEL_METRIC_EXPORT_INTERVAL', ['99', '3600001']],
    ['DATABASE_POOL_SIZE', ['0', '1001']],
    ['DATABASE_CONNECT_SECONDS', ['0', '61']],
    ['PAUTH_MAX_IN_FLIGHT', ['0', '10001']],
    ['ATTEMPT_TTL_SECONDS', ['59', '601']],
    ['SESSION_IDLE_SECONDS', ['299', '2592001']],
    ['SESSION_TTL_SECONDS', ['299', '2592001']],
    ['DORMANT_DAYS', ['-1', '3651']],
    ['ATTEMPT_RETENTION_DAYS', ['0', '3651']],
    ['EVENT_RETENTION_DAYS', ['-1', '3651']],
    ['POLL_LIMIT', ['0', '1001']],
    ['STATUS_WAIT_SECONDS', ['-1', '56']],
    ['PORT', ['-1', '65536']],
    ['KEEP_ALIVE_SECONDS', ['0', '3601']],
  ])('%s out of range, or not a whole number', (variable, outside) => {
    const bad = [...outside, 'abc', '1e3', '0x1F4', '500.5', '5 00', 'Infinity', '9'.repeat(400)];
    for (const value of bad) {
      expect(faultsOf({ ...production, [variable]: value }), value).toEqual([variable]);
    }
  });

  it('disabled TLS verification', () => {
    const given = { ...production, NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    expect(faultsOf(given)).toEqual(['NODE_TLS_REJECT_UNAUTHORIZED']);
    expect(faultsOf({ ...given, NODE_TLS_REJECT_UNAUTHORIZED: '1' })).toEqual([]);
  });

  it.each(['VERCEL', 'AWS_LAMBDA_FUNCTION_NAME', 'NETLIFY', 'K_SERVICE'])(
    'SQLite on a host without persistent files, detected by its variable %s',
    (marker) => {
      expect(faultsOf({ ...production, [marker]: '1' })).toEqual(['DATABASE_URL']);
      const DATABASE_URL = 'postgres://db.internal/login';
      expect(faultsOf({ ...production, [marker]: '1', DATABASE_URL })).toEqual([]);
    },
  );

  it('several faults, and lists them all', () => {
    const faults = faultsOf({
      PAUTH_API_KEY: ' ',
      PAUTH_TIMEOUT_MS: 'soon',
      SESSION_SECRET: 'short',
      SIGNUP: 'maybe',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      VERCEL: '1',
    });
    expect(faults.toSorted()).toEqual([
      'APP_ORIGIN',
      'DATABASE_URL',
      'NODE_TLS_REJECT_UNAUTHORIZED',
      'PAUTH_API_KEY',
      'PAUTH_TIMEOUT_MS',
      'SESSION_SECRET',
      'SIGNUP',
    ]);
  });

  it('conflicts between addresses, and lists them with all other faults', () => {
    const faults = faultsOf({
      APP_ORIGIN: 'http://login.example.com',
      PAUTH_BASE_URL: 'http://127.0.0.1:4010',
      SESSION_SECRET: SECRET,
    });
    expect(faults.toSorted()).toEqual(['APP_ORIGIN', 'PAUTH_API_KEY', 'PAUTH_BASE_URL']);
  });
});

describe('a vendor on this machine', () => {
  it.each([
    ['http://localhost:3000', 'http://127.0.0.1:4010'],
    ['http://127.0.0.1:3000', 'http://localhost:4010'],
    ['http://[::1]:3000', 'http://[::1]:4010'],
    ['https://localhost:3000', 'http://127.255.0.1:4010'],
  ])('is a sandbox if the app is on this machine too: %s, %s', (APP_ORIGIN, PAUTH_BASE_URL) => {
    expect(read({ ...production, APP_ORIGIN, PAUTH_BASE_URL }).pauth.isSandbox).toBe(true);
  });

  it.each(['http://127.0.0.1:4010', 'https://localhost:4010', 'http://127.1', 'http://[::1]'])(
    'is refused if the app is not on this machine: %s',
    (PAUTH_BASE_URL) => {
      expect(faultsOf({ ...production, PAUTH_BASE_URL })).toEqual(['PAUTH_BASE_URL']);
    },
  );

  it('does not allow plain http to a vendor on another machine', () => {
    expect(faultsOf({ ...localSandbox, PAUTH_BASE_URL: 'http://api.pauth.me' })).toEqual([
      'PAUTH_BASE_URL',
    ]);
  });

  it('is not required: an app on this machine can use the real vendor', () => {
    const config = read({ ...localSandbox, PAUTH_BASE_URL: undefined });
    expect(config.pauth).toMatchObject({ isSandbox: false });
  });
});

it('does not include the key, a secret or an address in any message', () => {
  const canaries = ['canary-key with spaces', 'canary-short', `${SECRET}-password`];
  for (const canary of canaries) {
    for (const variable of ['PAUTH_API_KEY', 'SESSION_SECRET', 'DATABASE_URL', 'PAUTH_BASE_URL']) {
      const config = readConfig({ ...production, APP_ORIGIN: 'x', [variable]: canary });
      expect(config.ok).toBe(false);
      const text = config.ok ? '' : describeFaults(config.error);
      expect(text).not.toContain(canary);
      expect(text).not.toContain(API_KEY);
      expect(text).not.toContain(SECRET);
    }
  }
});

it('describes each fault on its own line, beginning with its variable', () => {
  const text = describeFaults([
    { variable: 'A', problem: 'is wrong' },
    { variable: 'B', problem: 'is too' },
  ]);
  expect(text.split('\n').slice(1)).toEqual(['  A is wrong', '  B is too']);
});
