import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import * as z from 'zod';
import { readPostgresVersion } from '#tests/support/postgres.ts';
import { readRedisVersion } from '#tests/support/redis.ts';

/** The date, commit, machine and versions that figures were measured with. */
export interface Surroundings {
  date: string;
  commit: string;
  machine: { cpu: string; cores: number; memoryGib: number; system: string };
  versions: Readonly<Record<string, string>>;
}

const PACKAGES = ['next', 'react', 'iron-session', 'kysely', 'zod', 'autocannon', 'lighthouse'];

export function readSurroundings(): Surroundings {
  const cores = cpus();
  return {
    date: new Date().toISOString(),
    commit: readCommit(),
    machine: {
      cpu: cores[0]?.model.trim() ?? 'unknown',
      cores: cores.length,
      memoryGib: Math.round(totalmem() / 2 ** 30),
      system: `${platform()} ${release()} ${arch()}`,
    },
    versions: {
      node: process.versions.node,
      sqlite: process.versions.sqlite ?? 'unknown',
      ...readServerVersions(),
      ...Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
    },
  };
}

/** Two sentences for the head of a report. */
export function describeSurroundings(surroundings: Surroundings): string {
  const { machine, versions, date, commit } = surroundings;
  const versionList = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return (
    `Commit ${commit}, ${date}. ` +
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB, ${machine.system}.\n` +
    `${versionList.join(', ')}.`
  );
}

/** The short hash of HEAD, marked if tracked files have changed since. */
function readCommit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  const isChanged = git('status', '--porcelain', '--untracked-files=no') !== '';
  return `${git('rev-parse', '--short', 'HEAD')}${isChanged ? ' with changes' : ''}`;
}

/** The versions of PostgreSQL and Redis, as far as they are installed. */
export function readServerVersions(): Record<string, string> {
  const outputs = { postgresql: readPostgresVersion(), redis: readRedisVersion() };
  return Object.fromEntries(
    Object.entries(outputs).flatMap(([name, output]) => {
      const version = /\d+(\.\d+)+/.exec(output ?? '')?.[0];
      return version === undefined ? [] : [[name, version]];
    }),
  );
}

function versionOf(name: string): string {
  const text = readFileSync(`node_modules/${name}/package.json`, 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
