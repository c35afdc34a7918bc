import { execFile, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import * as z from 'zod';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { findFreePort, startProcess } from '#scripts/processes.ts';
import { readStartArguments } from '#scripts/start-command.ts';
import { SHUTDOWN_TIMEOUT_MS } from '#server/shutdown.ts';
import { TEST_SECRET } from '#tests/support/app-server.ts';
import {
  findMissingImports,
  readBuildContext,
  readIgnoredWithin,
  readStages,
} from '#tests/support/dockerfile.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';

const [build = [], image = []] = readStages('deploy/Dockerfile');

const textOf = (name: string) => image.find((each) => each.name === name)?.text ?? '';
const commandIn = (text: string) =>
  z.tuple([z.literal('node')], z.string()).parse(JSON.parse(text.replace(/^.*?CMD /, '')));
const env = Object.fromEntries(
  textOf('ENV')
    .split(' ')
    .map((pair) => pair.split('=')),
);

const root = mkdtempSync(join(tmpdir(), 'call-login-image-'));
const [buildFolder, app, data] = [join(root, 'build'), join(root, 'app'), join(root, 'data')];

/** Another user than the owner of the files, where the tests may choose one. */
const idOf = (flag: string) =>
  Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout);
const user = process.getuid?.() === 0 ? { user: { uid: idOf('-u'), gid: idOf('-g') } } : {};

function run(command: string, args: readonly string[], cwd = '.'): void {
  const { status, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, npm_config_offline: 'true', npm_config_audit: 'false' },
  });
  if (status !== 0) {
    throw new Error(`${[command, ...args].join(' ')}: ${stderr}`);
  }
}

/** Without an engine or a registry: what they install and build is taken from this checkout. */
const commands: Readonly<Record<string, () => void>> = {
  'npm ci': () => {
    // As links, where the file system allows; npm writes into this file, which must not be ours.
    if (spawnSync('cp', ['-al', 'node_modules', buildFolder]).status !== 0) {
      run('cp', ['-a', 'node_modules', buildFolder]);
    }
    rmSync(join(buildFolder, 'node_modules', '.package-lock.json'), { force: true });
  },
  'npm run build && rm -rf .next/cache': () => {
    run('cp', ['-a', '.next', 'dist', buildFolder]);
    rmSync(join(buildFolder, '.next', 'cache'), { recursive: true, force: true });
    rmSync(join(buildFolder, 'dist', 'compiled'), { recursive: true, force: true });
    // The build checks the types of everything it is given, and ends where an import is missing.
    expect(findMissingImports(buildFolder)).toEqual([]);
  },
  'npm prune --omit=dev': () => run('npm', ['prune', '--omit=dev'], buildFolder),
  'mkdir /data && chown node:node /data': () => {
    mkdirSync(data);
    run('chmod', ['777', data]);
  },
};

/** `COPY`: sources are files, folders or `.`; a folder's contents go into the target. */
function copy(sources: readonly string[], from: string, target: string): void {
  mkdirSync(target, { recursive: true });
  for (const source of sources) {
    run('cp', ['-a', join(from, source), target]);
  }
}

function doBuildStep({ name, text }: { name: string; text: string }): void {
  if (name === 'RUN') {
    commands[text]?.();
    expect(Object.keys(commands)).toContain(text);
  } else if (name === 'COPY') {
    const files = text.split(' ').slice(0, -1);
    if (files.includes('.')) {
      copy(readBuildContext(), '.', buildFolder);
      readIgnoredWithin().forEach((path) => {
        rmSync(join(buildFolder, path), { force: true });
      });
    } else {
      copy(files, '.', buildFolder);
    }
  }
}

function doImageStep({ name, text }: { name: string; text: string }): void {
  if (name === 'RUN') {
    commands[text]?.();
    expect(Object.keys(commands)).toContain(text);
  } else if (name === 'COPY') {
    const [from, ...paths] = text.split(' ');
    expect(from).toBe('--from=build');
    const [target = '', ...sources] = paths.toReversed();
    const names = sources.map((source) => source.replace('/app/', ''));
    expect(target === './' || names.join() === target || names[0]?.endsWith(target)).toBe(true);
    copy(names, buildFolder, app);
  }
}

beforeAll(() => {
  mkdirSync(buildFolder);
  build.forEach(doBuildStep);
  image.forEach(doImageStep);
  rmSync(buildFolder, { recursive: true });
  run('chmod', ['755', root]);
  // A read-only file system, as far as its user is concerned.
  run('chmod', ['-R', 'a-w,a+rX', app]);
}, 120_000);
afterAll(() => {
  run('chmod', ['-R', 'u+w', root]);
  rmSync(root, { recursive: true });
});

async function startContainer(vendorUrl: string) {
  const port = await findFreePort();
  const origin = `http://localhost:${port}`;
  const containerEnv = {
    ...env,
    PATH: process.env.PATH,
    // As engines do.
    HOSTNAME: '3f2a9c1b7d4e',
    // Nobody's; and there is no other place to write to than the volume.
    HOME: '/nonexistent',
    TMPDIR: '/nonexistent',
    PORT: String(port),
    APP_ORIGIN: origin,
    PAUTH_BASE_URL: vendorUrl,
    PAUTH_API_KEY: 'sandbox-key',
    SESSION_SECRET: TEST_SECRET,
    DATABASE_URL: env.DATABASE_URL?.replace('/data', data) ?? '',
  };
  const [, ...args] = commandIn(textOf('CMD'));
  const server = await startProcess({
    ...user,
    args,
    cwd: app,
    env: containerEnv,
    ready: /"event":"listening"/,
  });
  onTestFinished(() => server.stop('SIGKILL'));
  /** Runs something else in the container, as `docker exec` does, and does not hold up the sandbox. */
  const exec = (command: string, parameters: readonly string[]) => {
    const options = { ...user.user, cwd: app, env: containerEnv };
    const { promise, resolve } = Promise.withResolvers<{ status: number | null; output: string }>();
    const child = execFile(command, parameters, options, (_error, stdout, stderr) =>
      resolve({ status: child.exitCode, output: stdout + stderr }),
    );
    return promise;
  };
  return { server, origin, exec };
}

const filesIn = (folder: string) => globSync('**', { cwd: folder }).toSorted();

describe('the image', () => {
  it('starts Node as process 1 with the options of npm start, and not as root', () => {
    expect(commandIn(textOf('CMD')).slice(1)).toEqual(readStartArguments());
    expect(textOf('USER')).toBe('node');
    expect(image.some(({ name }) => name === 'ENTRYPOINT')).toBe(false);
  });

  it('holds what a production start needs, and no secret, test or development dependency', () => {
    expect(readBuildContext().filter((entry) => /^\.(env|git|data)/.test(entry))).toEqual([]);
    for (const name of ['next', 'pg']) {
      expect(existsSync(join(app, 'node_modules', name))).toBe(true);
    }
    for (const name of ['node_modules/vitest', 'node_modules/node', 'tests', 'sandbox', '.git']) {
      expect(existsSync(join(app, name))).toBe(false);
    }
    expect(globSync(join(app, '{lib,scripts}/**/*.test.ts'))).toEqual([]);
  });

  it('logs a person in, is healthy, writes to its volume alone and stops on SIGTERM', async () => {
    const before = filesIn(app);
    const sandbox = await startSandbox();
    onTestFinished(() => sandbox.close());
    const vendor = createControlClient(sandbox.url);
    const { server, origin, exec } = await startContainer(sandbox.url);

    const [, ...check] = commandIn(textOf('HEALTHCHECK'));
    expect((await exec(process.execPath, check)).status).toBe(0);

    const [visitor, phoneNumber] = [new Visitor(origin), randomPhoneNumber()];
    expect(await (await visitor.fetch('/login')).text()).toContain('</html>');
    const started = await visitor.start(phoneNumber);
    const { call_number: callNumber } = attemptViewSchema.parse(await started.json());
    await vendor.call(phoneNumber, callNumber);
    expect(await (await visitor.status()).json()).toEqual({ status: 'verified' });

    const users = await exec('npm', ['run', '--silent', 'users', '--', 'list', '--json']);
    expect(users.output).toContain(phoneNumber);

    const other = randomPhoneNumber();
    await vendor.addFault({ kind: 'delay', delay_ms: 800, phone_number: other });
    const late = new Visitor(origin).start(other);
    const isAsked = async () => (await vendor.requests(other)).length > 0;
    await vi.waitUntil(isAsked, { timeout: 20_000, interval: 20 });
    process.kill(server.pid, 'SIGTERM');
    expect((await late).status).toBe(200);
    expect(await server.exited).toBe(0);
    expect((await exec(process.execPath, check)).status).toBe(1);

    expect(filesIn(app)).toEqual(before);
    expect(filesIn(data)).toContain('call-login.db');
    expect(server.output()).not.toMatch(/EACCES|EROFS|ENOENT/);
  }, 90_000);
});

it('compose.yaml gives the server longer to stop than the server itself takes', () => {
  const [, seconds] =
    /stop_grace_period: (\d+)s/.exec(readFileSync('deploy/compose.yaml', 'utf8')) ?? [];
  expect(Number(seconds) * 1_000).toBeGreaterThan(SHUTDOWN_TIMEOUT_MS);
});
