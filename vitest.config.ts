import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

// Server modules say so by importing `server-only`, which throws unless this condition is set.
const conditions = ['react-server', ...defaultServerConditions];
const server = {
  ssr: { resolve: { conditions, externalConditions: ['react-server', 'node'] } },
};

export default defineConfig({
  test: {
    projects: [
      {
        ...server,
        test: {
          name: 'unit',
          include: ['{bench,components,fuzz,lib,sandbox,scripts}/**/*.test.ts'],
          exclude: [
            'lib/{store/postgres,login/full-disk-postgres}.test.ts',
            'fuzz/requests.test.ts',
          ],
          globalSetup: 'testing/start-postgres.ts',
          provide: { dialect: 'SQLite' },
          // Property tests and real commands take their time on a busy machine; none is about speed.
          testTimeout: 30_000,
          execArgv: ['--conditions=react-server'],
        },
      },
      {
        ...server,
        test: {
          name: 'postgres',
          // What reads and writes the store, once more.
          include: [
            'lib/{login,store,users}/**/*.test.ts',
            'lib/{event-watch,limits/start-limits,session/sessions,sweep}.test.ts',
          ],
          // The first two make SQLite itself fail; a hundred thousand polls are enough on one of them.
          exclude: [
            'lib/store/sqlite.test.ts',
            'lib/login/{fail-closed,full-disk}.test.ts',
            'lib/login/attacks.test.ts',
          ],
          testTimeout: 30_000,
          globalSetup: 'testing/start-postgres.ts',
          provide: { dialect: 'PostgreSQL' },
          execArgv: ['--conditions=react-server'],
        },
      },
      {
        ...server,
        test: {
          name: 'http',
          include: ['{app,attacks}/**/*.test.ts', 'fuzz/requests.test.ts'],
          globalSetup: ['testing/start-postgres.ts', 'testing/start-servers.ts'],
          // They share one server, and some count what reaches the vendor.
          fileParallelism: false,
          // Some wait for what a server does in its own time.
          testTimeout: 30_000,
          hookTimeout: 60_000,
          execArgv: ['--conditions=react-server'],
        },
      },
    ],
  },
});
