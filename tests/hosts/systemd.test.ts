import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readStartArguments } from '#scripts/start-command.ts';
import { SHUTDOWN_TIMEOUT_MS } from '#server/shutdown.ts';

const unit = readFileSync('deploy/call-login.service', 'utf8');
const settingOf = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1];

const isInstalled = spawnSync('systemd-analyze', ['--version']).status === 0;

describe('the systemd unit', () => {
  it('starts Node itself with the options of npm start', () => {
    expect(settingOf('ExecStart')).toBe(`/usr/bin/node ${readStartArguments().join(' ')}`);
  });

  it('waits for the server to stop longer than the server itself does', () => {
    expect(Number(settingOf('TimeoutStopSec')) * 1_000).toBeGreaterThan(SHUTDOWN_TIMEOUT_MS);
  });

  it.skipIf(!isInstalled)('is one that systemd understands and finds well confined', () => {
    const folder = mkdtempSync(join(tmpdir(), 'call-login-systemd-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'call-login.service');
    // systemd looks whether the program exists.
    writeFileSync(path, unit.replace('/usr/bin/node', process.execPath));
    const analyze = (...args: string[]) => {
      const { status, stdout, stderr } = spawnSync('systemd-analyze', [...args, path]);
      return { status, complaints: `${stderr}`, report: `${stdout}` };
    };
    expect(analyze('verify', '--man=no')).toMatchObject({ status: 0, complaints: '' });
    // Of 100 points of exposure; a unit without any of these lines has 96.
    const { status, report } = analyze('security', '--offline=true', '--threshold=20');
    expect(status, report).toBe(0);
  });
});
