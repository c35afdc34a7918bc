import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The arguments of `node` for the script of an `npm run` command. */
export const scriptArguments = (
  name: 'doctor' | 'events' | 'migrate' | 'prune' | 'report' | 'users',
  ...args: string[]
) => [
  '--conditions=react-server',
  '--disable-warning=ExperimentalWarning',
  `scripts/${name}.ts`,
  ...args,
];

/** Runs the script of an `npm run` command with only `env` configured. */
export function runScript(
  name: 'events' | 'migrate' | 'prune' | 'report' | 'users',
  env: Readonly<Record<string, string>>,
  ...args: string[]
) {
  const { status, stdout, stderr } = spawnSync(process.execPath, scriptArguments(name, ...args), {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      // Tests run it dozens of times.
      NODE_COMPILE_CACHE: join(tmpdir(), 'call-login-compile-cache'),
      ...env,
    },
    encoding: 'utf8',
    timeout: 20_000,
    maxBuffer: 100_000_000,
  });
  return { status, stdout, stderr };
}
