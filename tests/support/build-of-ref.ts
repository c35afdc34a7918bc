import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Next warns when it finds two lockfiles. Old versions contain megabytes of reference pictures. */
const LOCKFILE = 'package-lock.json';
const leftOut = [`:(exclude)${LOCKFILE}`, ':(exclude)pictures/kept'];

const run = promisify(execFile);

/** The commit that a git ref names, as 40 hex digits; null when this repository has no such commit. */
export async function findCommit(ref: string): Promise<string | null> {
  try {
    const commit = ['--verify', '--end-of-options', `${ref}^{commit}`];
    return (await run('git', ['rev-parse', ...commit])).stdout.trim();
  } catch {
    return null;
  }
}

/**
 * Builds a commit for production, unless that build exists already: with this tree's packages, or with its
 * own if they differ.
 *
 * @param commit as `findCommit` returns it.
 * @returns the folder of that version, with its sources and its build.
 * @throws with the output of the build when it fails.
 */
export async function provideBuild(commit: string): Promise<string> {
  // Inside the repository, so that Node finds our packages from there.
  const folder = `.versions/${commit}`;
  const builtMarker = join(folder, '.next/built');
  if (existsSync(builtMarker)) {
    return folder;
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const archive = join(folder, 'sources.tar');
  await run('git', ['archive', `--output=${archive}`, commit, '--', '.', ...leftOut]);
  await run('tar', ['-xf', archive, '-C', folder]);
  await rm(archive);
  await installOwnPackages(commit, folder);
  try {
    // npm finds the commands of this tree, unless that version has its own.
    await run('npm', ['run', 'build'], {
      cwd: folder,
      env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
      maxBuffer: 10_000_000,
    });
  } catch (error) {
    throw new Error(`${outputOf(error)}\n${commit} does not build.`);
  }
  await rm(join(folder, '.next/cache'), { recursive: true, force: true });
  await writeFile(builtMarker, '');
  return folder;
}

async function installOwnPackages(commit: string, folder: string): Promise<void> {
  const lockfile = (await run('git', ['show', `${commit}:${LOCKFILE}`], { maxBuffer: 10_000_000 }))
    .stdout;
  if (lockfile === (await readFile(LOCKFILE, 'utf8'))) {
    return;
  }
  const path = join(folder, LOCKFILE);
  await writeFile(path, lockfile);
  // No package of ours needs its install script to build or to serve.
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
  await rm(path);
}

function outputOf(error: unknown): string {
  const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
  return stdout + stderr;
}
