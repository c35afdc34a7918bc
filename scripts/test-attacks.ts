/**
 * Runs the attacks against the production build on every host, store and Node, or on those that are named:
 *
 *     npm run test:attacks -- next redis 22
 *
 * Prints how many tests passed on each, and exits with 1 if any failed. Node is taken from npm.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';

const dimensions = [
  ['node', 'next'],
  ['sqlite', 'postgres', 'redis'],
  ['22', '24'],
] as const;

const words = process.argv.slice(2);
const unknown = words.filter((word) => !dimensions.flat().some((name) => name === word));
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(', ')}. Expected any of ${dimensions.flat().join(', ')}.`);
  process.exit(2);
}
const [hosts = [], stores = [], versions = []] = dimensions.map((names) => {
  const chosen = names.filter((name) => words.includes(name));
  return chosen.length > 0 ? chosen : names;
});

const reportSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
});
const folder = mkdtempSync(join(tmpdir(), 'call-login-attacks-'));

const rows = versions.flatMap((version) => {
  const node = provideNode(version);
  return hosts.flatMap((host) => stores.map((store) => attack({ version, node, host, store })));
});
console.table(rows);
process.exitCode = rows.every(({ passed, failed }) => passed > 0 && failed === 0) ? 0 : 1;

function attack(on: Readonly<Record<'version' | 'node' | 'host' | 'store', string>>) {
  const report = join(folder, `${on.version}-${on.host}-${on.store}.json`);
  console.log(`\n— ${on.host}, ${on.store}, Node ${on.version}`);
  const args = ['run', '--maxWorkers', '2', '--project', 'attacks', '--reporter', 'default'];
  spawnSync('vitest', [...args, '--reporter', 'json', '--outputFile', report], {
    stdio: 'inherit',
    env: { ...process.env, TEST_HOST: on.host, TEST_STORE: on.store, TEST_NODE: on.node },
  });
  const counts = reportSchema.parse(JSON.parse(readFileSync(report, 'utf8')));
  return {
    host: on.host,
    store: on.store,
    node: on.version,
    passed: counts.numPassedTests,
    failed: counts.numFailedTests,
    skipped: counts.numPendingTests,
  };
}

/** The path of a Node of this major version. */
function provideNode(version: string): string {
  if (process.version.startsWith(`v${version}.`)) {
    return process.execPath;
  }
  const command = ['exec', '--yes', `--package=node@${version}`, '--'];
  return execFileSync('npm', [...command, 'node', '-p', 'process.execPath'], {
    encoding: 'utf8',
  }).trim();
}
