import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import * as z from 'zod';
import { readPostgresVersion } from '#tests/support/postgres.ts';
import { readRedisVersion } from '#tests/support/redis.ts';

/** Where and with what the figures were measured. */
export interface Surroundings {
  date: string;
  commit: string;
  machine: { cpu: string; cores: number; memoryGib: number; system: string };
  versions: Readonly<Record<string, string>>;
}

const PACKAGES = ['next', 'react', 'iron-session', 'kysely', 'zod', 'autocannon'];

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

/** The commit, marked where files have been changed since. */
function readCommit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  const isChanged = git('status', '--porcelain', '--untracked-files=no') !== '';
  return `${git('rev-parse', '--short', 'HEAD')}${isChanged ? ' with changes' : ''}`;
}

/** Of the databases that rows start as processes of their own, those that this machine has. */
export function readServerVersions(): Record<string, string> {
  const said = { postgresql: readPostgresVersion(), redis: readRedisVersion() };
  return Object.fromEntries(
    Object.entries(said).flatMap(([name, words]) => {
      const version = /\d+(\.\d+)+/.exec(words ?? '')?.[0];
      return version === undefined ? [] : [[name, version]];
    }),
  );
}

function versionOf(name: string): string {
  const text = readFileSync(`node_modules/${name}/package.json`, 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
