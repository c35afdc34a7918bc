import { readdirSync, readFileSync } from 'node:fs';

/** `getconf CLK_TCK` on every Linux that Node runs on. */
const TICK_MS = 10;

/**
 * CPU time used so far by a process and its descendants, user and system, in milliseconds. The time of
 * a child stays counted after it has exited and its parent has waited for it.
 */
export function cpuMsOf(pid: number): number {
  return sumOverTree(pid, ownCpuMs);
}

/** Resident memory of a process and its descendants, in bytes: the sum of their resident sets. */
export function rssBytesOf(pid: number): number {
  return sumOverTree(pid, ownRssBytes);
}

/** The process ids of a process and its descendants. */
export function treeOf(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' '),
  );
  return [
    pid,
    ...children
      .filter((child) => child !== '')
      .flatMap((child) => unlessExited(() => treeOf(Number(child)), [])),
  ];
}

function sumOverTree(pid: number, own: (pid: number) => number): number {
  const [, ...children] = treeOf(pid);
  return children.reduce((sum, child) => sum + unlessExited(() => own(child), 0), own(pid));
}

/** A child may exit between two reads, as PostgreSQL's often do. */
function unlessExited<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH') {
      return otherwise;
    }
    throw error;
  }
}

/** Resident memory of one process, in bytes; 0 for a zombie. */
export function ownRssBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
}

/** How many files a process may have open. */
export function fileLimitOf(pid: number): number {
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1] ?? '0';
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

/** CPU time used by the whole machine since boot, all processors together, in milliseconds. */
export function machineCpuMs(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line
    .replace(/^cpu\s+/, '')
    .split(' ')
    .map(Number);
  return (user + nice + system + irq + softirq + steal) * TICK_MS;
}

function ownCpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field, the name, may contain spaces and brackets. Fields 14 to 17 are utime, stime, and
  // those of waited-for children, cutime and cstime (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((ticks, field) => ticks + Number(field), 0) * TICK_MS;
}
