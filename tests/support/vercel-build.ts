import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startSandbox } from '#sandbox/server.ts';
import { contractEnv } from '#tests/contract/hosts.ts';
import { copyTree, run } from '#tests/integrate/copy.ts';
import { startAppServer } from './app-server.ts';
import { hasVercel } from './has-vercel.ts';
import { createDatabase, startPostgres } from './postgres.ts';
import { startVercelSite } from './vercel-site.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** What `vercel build` has made of this tree. */
    vercelBuild: { folder: string; output: string };
  }
}

/** What Vercel needs to know of a project to build it without an account. */
const project = {
  projectId: 'prj_test',
  orgId: 'team_test',
  settings: { framework: 'nextjs', nodeVersion: '24.x', installCommand: 'true' },
};

/** Builds this tree as Vercel does, as a preview. It must not touch its database, which does not exist. */
async function build(): Promise<{ folder: string; output: string }> {
  const folder = await copyTree('vercel');
  await run('cp', ['-al', 'node_modules', folder]);
  await mkdir(join(folder, '.vercel'), { recursive: true });
  await writeFile(join(folder, '.vercel/project.json'), JSON.stringify(project));
  const { stdout, stderr } = await run('vercel', ['build', '--yes'], {
    cwd: folder,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      VERCEL_TELEMETRY_DISABLED: '1',
      VERCEL: '1',
      VERCEL_ENV: 'preview',
      DATABASE_URL: 'postgres://nobody@localhost:1/nothing',
    },
    maxBuffer: 10_000_000,
  });
  return { folder, output: stdout + stderr };
}

/** Builds once for all tests, and hosts the build beside the Node host for `tests/contract`. */
export default async function provide(project: TestProject): Promise<(() => Promise<void>) | void> {
  if (!hasVercel) {
    return;
  }
  const built = await build();
  project.provide('vercelBuild', built);
  const server = await startPostgres();
  project.provide('postgresUrl', server.url);
  const sandbox = await startSandbox();
  const cronSecret = randomUUID();
  const env = contractEnv(cronSecret);
  const databaseUrl = await createDatabase(server.url);
  const places = { sandboxUrl: sandbox.url, databaseUrl };
  const [node, vercel] = await Promise.all([
    startAppServer(sandbox.url, env),
    startVercelSite(built.folder, places, env),
  ]);
  project.provide('hosts', { node: node.origin, vercel: vercel.origin });
  project.provide('contractSandboxUrl', sandbox.url);
  project.provide('contractCronSecret', cronSecret);
  return async () => {
    await Promise.all([node.stop(), vercel.close()]);
    await sandbox.close();
    await server.remove();
  };
}
