import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * The last commit before the tables took the shape they have now. Whoever changes them again names
 * here the commit before that: deploys overlap, so its processes and ours serve the same people for a while.
 */
const PREVIOUS_VERSION = 'ef5ef98b37780b5d52cb40eaca6e96f2575d3329';

/** What a build needs. */
const sources = [
  'app',
  'components',
  'lib',
  'public',
  'instrumentation.ts',
  'next.config.mjs',
  'package.json',
  'proxy.ts',
  'tsconfig.json',
  ':(exclude,glob)**/*.test.ts',
];

const run = promisify(execFile);

/** Whether the history is here to take the previous version from: an archive of the sources has none. */
export async function hasPreviousVersion(): Promise<boolean> {
  try {
    await run('git', ['cat-file', '-e', `${PREVIOUS_VERSION}^{commit}`]);
    return true;
  } catch {
    return false;
  }
}

/**
 * A production build of the previous version with the packages of this one, made once.
 *
 * @returns its folder. @throws with what the build printed, where it does not build.
 */
export async function providePreviousVersion(): Promise<string> {
  // Within ours, so that it finds our packages.
  const folder = `.versions/${PREVIOUS_VERSION}`;
  if (!existsSync(`${folder}/.next/BUILD_ID`)) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const archive = `${folder}/sources.tar`;
    await run('git', ['archive', `--output=${archive}`, PREVIOUS_VERSION, '--', ...sources]);
    await run('tar', ['-xf', archive, '-C', folder]);
    await run(process.execPath, ['node_modules/next/dist/bin/next', 'build', folder], {
      env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
      maxBuffer: 10_000_000,
    });
  }
  return folder;
}
