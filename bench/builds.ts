import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';

/** A built checkout of this repository. */
export interface Version {
  /** Its short commit hash. */
  name: string;
  folder: string;
}

/** Makes the production build of a Next app. @throws with its output if it fails. */
export function buildApp(folder: string): void {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['node_modules/next/dist/bin/next', 'build', folder],
    { env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' }, encoding: 'utf8' },
  );
  if (status !== 0) {
    throw new Error(`the build of ${folder} failed:\n${stdout}${stderr}`);
  }
}

/**
 * Builds another version of this repository with the packages of this one, unless it has been built
 * before. @throws if the ref is unknown or does not build.
 */
export function buildVersion(ref: string): Version {
  const commit = execFileSync('git', ['rev-parse', '--verify', `${ref}^{commit}`]);
  const sha = commit.toString().trim();
  // Inside the repository, so that it finds our packages. A lock file would make it Next's root folder.
  const folder = `.versions/${sha}`;
  if (!existsSync(`${folder}/.next/BUILD_ID`)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const sources = ['.', ':(exclude)package-lock.json', ':(exclude)bench/results'];
    const archive = `${folder}/sources.tar`;
    execFileSync('git', ['archive', `--output=${archive}`, sha, '--', ...sources]);
    execFileSync('tar', ['-xf', archive, '-C', folder]);
    buildApp(folder);
  }
  return { name: sha.slice(0, 7), folder };
}
