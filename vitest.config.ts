import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';
import { hasVercel } from './tests/support/has-vercel.ts';
import { LongestFirst } from './tests/support/longest-first.ts';

// Server modules import `server-only`, which throws unless this condition is set.
const conditions = ['react-server', ...defaultServerConditions];
const server = {
  ssr: { resolve: { conditions, externalConditions: ['react-server', 'node'] } },
};
const common = {
  // Property tests and real commands take their time on a busy machine; no test is about speed.
  testTimeout: 30_000,
  hookTimeout: 60_000,
  expect: { poll: { timeout: 20_000 } },
  execArgv: ['--conditions=react-server'],
};
const withPostgres = 'tests/support/start-postgres.ts';

/** A hundred thousand polls, a process for every command, timeouts of Redis that really pass. */
const slow = [
  'tests/login/attacks.test.ts',
  'scripts/{migrate,prune,report,users}.test.ts',
  'lib/notify/redis.test.ts',
];
/** What is quick over HTTP. The other attacks send thousands of requests. */
const quickApi = ['tests/api/!(enumeration).test.ts', 'tests/attacks/{methods,once,paths}.test.ts'];
/** What attackers try: by default against the Node host on SQLite, within `api` and `faults`. */
const attacks = ['tests/attacks/*.test.ts', 'tests/api/{enumeration,start-limits}.test.ts'];
/** Builds for two minutes, where Vercel's command is installed. */
const vercel = 'tests/hosts/vercel.test.ts';
/** Ten thousand people at once take every core. */
const crowd = 'tests/faults/many-at-once.test.ts';
/** What reads and writes the store, and what of the login depends on its transactions. */
const store = [
  'lib/{accounts,passkeys,sessions,store}/**/*.test.ts',
  'lib/{notify/event-poller,notify/webhook,limits/start-limits,login/complete,login/start}.test.ts',
];
/** What only PostgreSQL can show, and what only SQLite can. */
const postgresOnly = [
  'lib/store/postgres{,-connection}.test.ts',
  'tests/login/full-disk-postgres.test.ts',
];
const sqliteOnly = [
  'lib/store/sqlite.test.ts',
  'tests/login/{fail-closed,full-disk,query-plans}.test.ts',
];

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        ...server,
        test: {
          ...common,
          name: 'unit',
          isolate: false,
          include: [
            '{app,bench,components,lib,sandbox,scripts,server}/**/*.test.ts',
            'tests/{fuzz,login,repository}/**/*.test.ts',
          ],
          exclude: [...postgresOnly, ...slow, 'tests/fuzz/requests.test.ts'],
          globalSetup: withPostgres,
          provide: { dialect: 'SQLite' },
        },
      },
      {
        ...server,
        test: {
          ...common,
          name: 'slow',
          include: slow,
          globalSetup: withPostgres,
          provide: { dialect: 'SQLite' },
        },
      },
      {
        ...server,
        test: {
          ...common,
          name: 'postgres',
          isolate: false,
          include: store,
          exclude: sqliteOnly,
          globalSetup: withPostgres,
          provide: { dialect: 'PostgreSQL' },
        },
      },
      {
        ...server,
        test: {
          ...common,
          name: 'login on postgres',
          isolate: false,
          include: ['{lib,tests}/login/*.test.ts'],
          exclude: [...store, ...sqliteOnly, ...slow],
          globalSetup: withPostgres,
          provide: { dialect: 'PostgreSQL' },
        },
      },
      {
        ...server,
        test: {
          ...common,
          // The production build on both hosts.
          name: 'contract',
          include: ['tests/contract/*.test.ts'],
          globalSetup: 'tests/contract/hosts.ts',
        },
      },
      {
        ...server,
        test: {
          ...common,
          // What Vercel's command builds.
          name: 'vercel',
          include: [vercel, ...(hasVercel ? ['tests/contract/*.test.ts'] : [])],
          globalSetup: 'tests/support/vercel-build.ts',
        },
      },
      ...[
        // The production build on the Node host.
        { name: 'api', include: quickApi },
        {
          name: 'faults',
          include: [
            'tests/{api,attacks,faults,hosts,integrate}/*.test.ts',
            'tests/fuzz/requests.test.ts',
          ],
          exclude: [...quickApi, crowd, vercel],
        },
        {
          // After all others: the server may refuse others' requests while it takes every core.
          name: 'crowd',
          include: [crowd],
          sequence: { groupOrder: 1 },
        },
        {
          // The same build elsewhere: see docs/testing.md.
          name: 'attacks',
          include: attacks,
          testTimeout: 120_000,
          env: {
            TEST_HOST: process.env.TEST_HOST ?? 'next',
            TEST_STORE: process.env.TEST_STORE ?? 'redis',
            TEST_NODE: process.env.TEST_NODE ?? process.execPath,
          },
        },
      ].map((project) => ({
        ...server,
        test: { ...common, ...project, globalSetup: withPostgres },
      })),
    ],
  },
});
