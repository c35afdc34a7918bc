import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { cpuMsOf, fileLimitOf, machineCpuMs, rssBytesOf, treeOf } from './process-usage.ts';

describe('process usage', () => {
  it('counts CPU time as the process itself does, and as part of the machine’s', () => {
    const ownMs = () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    };
    const before = { measured: cpuMsOf(process.pid), own: ownMs(), machine: machineCpuMs() };
    while (ownMs() < before.own + 200) {
      Array.from({ length: 10_000 }, Math.random).sort();
    }
    const measuredMs = cpuMsOf(process.pid) - before.measured;
    expect(Math.abs(measuredMs - (ownMs() - before.own))).toBeLessThan(50);
    expect(machineCpuMs() - before.machine).toBeGreaterThan(150);
  }, 30_000);

  it('includes descendants', async () => {
    const script = "setInterval(() => {}, 1000); console.log('ready')";
    const child = spawn('sh', ['-c', `"${process.execPath}" -e "${script}"; true`]);
    try {
      await once(child.stdout, 'data');
      const pid = child.pid ?? 0;
      const tree = treeOf(pid);
      expect(tree).toHaveLength(2);
      expect(rssBytesOf(pid)).toBeGreaterThan(20_000_000);
      process.kill(tree[1] ?? 0);
      await once(child, 'exit');
    } finally {
      child.kill();
    }
  });

  it('keeps counting the CPU time of a child that has exited', async () => {
    const script = 'while (process.cpuUsage().user < 200_000);';
    const child = spawn('sh', ['-c', `"${process.execPath}" -e "${script}"; echo done; read _`]);
    try {
      await once(child.stdout, 'data');
      expect(treeOf(child.pid ?? 0)).toHaveLength(1);
      expect(cpuMsOf(child.pid ?? 0)).toBeGreaterThan(150);
    } finally {
      child.kill();
    }
  });

  it('tolerates children that exit between two reads', () => {
    const child = spawn('sh', ['-c', 'while true; do /bin/true; done']);
    try {
      const since = performance.now();
      while (performance.now() - since < 1_000) {
        expect(cpuMsOf(child.pid ?? 0)).toBeGreaterThanOrEqual(0);
        expect(rssBytesOf(child.pid ?? 0)).toBeGreaterThan(0);
      }
    } finally {
      child.kill();
    }
  });

  it('throws if the process itself has exited', async () => {
    const child = spawn('true');
    await once(child, 'exit');
    expect(() => cpuMsOf(child.pid ?? 0)).toThrow('ENOENT');
  });

  it('reads the limit on open files', () => {
    expect(fileLimitOf(process.pid)).toBeGreaterThan(100);
  });
});
