import { readdirSync, readFileSync } from 'node:fs';

/** In `/proc`, on every Linux that Node runs on: `getconf CLK_TCK`. */
const TICK_MS = 10;

/**
 * CPU time used so far by a process and its descendants, user and system, in milliseconds. What a
 * child used stays counted once it has ended and its parent has noticed.
 */
export function cpuMsOf(pid: number): number {
  return ofTree(pid, ownCpuMs);
}

/** Memory a process and its children hold, in bytes: the sum of their resident sets. */
export function rssBytesOf(pid: number): number {
  return ofTree(pid, ownRssBytes);
}

/** A process and its descendants. */
export function treeOf(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' '),
  );
  return [
    pid,
    ...children
      .filter((child) => child !== '')
      .flatMap((child) => unlessGone(() => treeOf(Number(child)), [])),
  ];
}

function ofTree(pid: number, own: (pid: number) => number): number {
  const [, ...children] = treeOf(pid);
  return children.reduce((sum, child) => sum + unlessGone(() => own(child), 0), own(pid));
}

/** A child may end between two looks, as PostgreSQL's do all the time. */
function unlessGone<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH') {
      return otherwise;
    }
    throw error;
  }
}

/** Memory one process holds, in bytes: none once it has ended and only waits to be noticed. */
export function ownRssBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
}

/** The most files a process may have open. */
export function fileLimitOf(pid: number): number {
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1] ?? '0';
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

function ownCpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name before may hold spaces and brackets. The 14th to 17th field are utime and stime, and
  // the same of the children that have ended: cutime and cstime (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((ticks, field) => ticks + Number(field), 0) * TICK_MS;
}
