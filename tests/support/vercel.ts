import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { createServer, request as send } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import * as z from 'zod';
import { findFreePort, type RunningProcess, startProcess } from '#scripts/processes.ts';

/** Whether Vercel's command is installed: `npm install --global vercel`. */
export const hasVercel = spawnSync('vercel', ['--version']).status === 0;

const functionSchema = z.object({
  handler: z.string(),
  maxDuration: z.number(),
  supportsCancellation: z.boolean(),
  filePathMap: z.record(z.string(), z.string()),
});

/** The function of the API in the output of `vercel build`. */
export async function readApiFunction(folder: string) {
  const path = join(folder, '.vercel/output/functions/api/[...path].func');
  const config = functionSchema.parse(
    JSON.parse(await readFile(join(path, '.vc-config.json'), 'utf8')),
  );
  return { path: resolve(path), ...config };
}

/**
 * Starts one instance of the function of the API: a process in a folder with the files that it may see and no
 * other, which is deleted after the test.
 *
 * @param folder where `vercel build` was run.
 */
export async function startInstance(
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<RunningProcess & { port: number }> {
  const { path, handler, filePathMap } = await readApiFunction(folder);
  const place = await mkdtemp(join(tmpdir(), 'call-login-vercel-'));
  onTestFinished(() => rm(place, { recursive: true }));
  for (const [to, from] of Object.entries(filePathMap)) {
    await mkdir(dirname(join(place, to)), { recursive: true });
    await symlink(resolve(folder, from), join(place, to));
  }
  await symlink(join(path, handler), join(place, handler));
  const port = await findFreePort();
  const running = await startProcess({
    args: [
      '--preserve-symlinks',
      '--preserve-symlinks-main',
      resolve('tests/support/vercel-function-main.ts'),
      join(place, handler),
    ],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      VERCEL: '1',
      PORT: String(port),
      ...env,
    },
    ready: /function ready/,
  });
  return { ...running, port };
}

/**
 * What stands in front of the instances: deals requests among them in turn, and tells them the matched
 * path and the address of the client as Vercel does.
 */
export async function startEdge(port: number, instances: readonly { port: number }[]) {
  let dealt = 0;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://edge');
    url.searchParams.set('nxtPpath', url.pathname.slice('/api/'.length));
    const instance = instances[dealt++ % instances.length];
    const inner = send(
      {
        port: instance?.port,
        method: request.method,
        path: url.pathname + url.search,
        headers: {
          ...request.headers,
          'x-matched-path': '/api/[...path]',
          'x-vercel-forwarded-for': request.headers['x-forwarded-for'] ?? '127.0.0.1',
        },
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(response);
      },
    );
    inner.on('error', () => response.destroy());
    request.pipe(inner);
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return { close: () => server.close().closeAllConnections() };
}
