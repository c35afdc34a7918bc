import { spawnSync } from 'node:child_process';

/** Whether Prometheus's own checker is installed: `node scripts/provide-promtool.ts`. */
export const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

/** Runs Prometheus's own checker. */
export function runPromtool(args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}
