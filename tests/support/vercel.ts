import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import { findFreePort, type RunningProcess, startProcess } from '#scripts/processes.ts';

const functionSchema = z.object({
  handler: z.string(),
  maxDuration: z.optional(z.number()),
  supportsCancellation: z.optional(z.boolean()),
  useWebApi: z.optional(z.boolean()),
  filePathMap: z.record(z.string(), z.string()),
});

/** The name of the function of the API. */
export const API = 'api/[...path]';

/** A function in the output of `vercel build`, such as `login` or `_middleware`. */
export async function readFunction(folder: string, name: string) {
  const path = join(folder, `.vercel/output/functions/${name}.func`);
  const config = functionSchema.parse(
    JSON.parse(await readFile(join(path, '.vc-config.json'), 'utf8')),
  );
  return { path: resolve(path), ...config };
}

export type Instance = RunningProcess & { port: number };

/**
 * Starts one instance of a function: a process in a folder with the files that it may see and no other, which is
 * deleted when the process ends.
 *
 * @param folder where `vercel build` was run.
 * @param env `SUSPENDS=1` suspends it between requests.
 */
export async function startInstance(
  folder: string,
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<Instance> {
  const { path, handler, filePathMap, useWebApi = false } = await readFunction(folder, name);
  const place = await mkdtemp(join(tmpdir(), 'call-login-vercel-'));
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
      ...(useWebApi ? { USES_WEB_API: '1' } : {}),
      ...env,
    },
    ready: /function ready/,
  });
  void running.exited.then(() => rm(place, { recursive: true, force: true }));
  return { ...running, port };
}
