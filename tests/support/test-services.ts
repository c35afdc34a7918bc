import { onTestFinished, vi } from 'vitest';
import { createLog } from '#lib/observe/log.ts';
import { createNodeHostServices, type Services } from '#lib/services.ts';
import { TEST_SECRET } from './app-server.ts';

/**
 * The services of the Node host for one test, with their own database, and the log lines they wrote.
 *
 * @param others settings besides those that are needed, or instead of them.
 */
export function openTestServices(others: Readonly<Record<string, string>> = {}) {
  const environment = {
    PAUTH_API_KEY: 'sandbox-key',
    APP_ORIGIN: 'https://login.example',
    SESSION_SECRET: TEST_SECRET,
    DATABASE_URL: 'file::memory:',
    TRUSTED_PROXY: '1',
    ...others,
  };
  for (const [name, value] of Object.entries(environment)) {
    vi.stubEnv(name, value);
  }
  onTestFinished(() => void vi.unstubAllEnvs());
  const lines: string[] = [];
  const services: Services = {
    ...createNodeHostServices(),
    log: createLog({ write: (line) => void lines.push(line) }),
  };
  return { services, logged: () => lines.map((line): unknown => JSON.parse(line)) };
}
