import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for the database of one server, on a disk that stops taking anything when it is told to. */
export interface Disk {
  folder: string;
  /** What a server is started through that has its database there: see `ServerOptions`. */
  through: readonly string[];
  /** Where others find the folder while that server, with this id, runs. */
  folderOf(pid: number): string;
  /** From now on the kernel refuses what that server writes. @returns undoes it. */
  refuseWrites(pid: number): () => void;
}

/** Room for the database of a few logins, and no more than that to fill. */
const SIZE = '8m';
const CHUNK = Buffer.alloc(4_096);

/**
 * A small disk in memory, which its server alone sees, and which is really full when it is filled.
 *
 * @returns null where this machine lets nobody mount it.
 */
export async function mountSmallDisk(): Promise<Disk | null> {
  const folder = await mkdtemp(join(tmpdir(), 'call-login-disk-'));
  const mount = ['sh', '-c', `mount -t tmpfs -o size=${SIZE} tmpfs "$0" && exec "$@"`, folder];
  // As root of the machine, or of what we are ourselves.
  const rights = [['--mount'], ['--mount', '--map-root-user']].find(
    (flags) => spawnSync('unshare', [...flags, ...mount, 'true']).status === 0,
  );
  if (rights === undefined) {
    await rm(folder, { recursive: true });
    return null;
  }
  const folderOf = (pid: number) => `/proc/${pid}/root${folder}`;
  return {
    folder,
    through: ['unshare', ...rights, ...mount],
    folderOf,
    refuseWrites: (pid) => fill(join(folderOf(pid), 'filler')),
  };
}

function fill(path: string): () => void {
  const file = openSync(path, 'w');
  try {
    for (;;) {
      writeSync(file, CHUNK);
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) {
      throw error;
    }
  } finally {
    closeSync(file);
  }
  return () => rmSync(path);
}

/**
 * The disk of this machine, which takes from a server no byte for any file. To SQLite that is the same as a disk
 * that the system has made read-only under its open files, or a quota that is used up: a write that fails.
 *
 * @returns null on other systems than Linux.
 */
export async function openLimitedDisk(): Promise<Disk | null> {
  if (prlimit(process.pid).status !== 0) {
    return null;
  }
  const folder = await mkdtemp(join(tmpdir(), 'call-login-disk-'));
  return {
    folder,
    through: [],
    folderOf: () => folder,
    refuseWrites(pid) {
      const most = prlimit(pid, '--fsize', '--output=HARD', '--noheadings').stdout.trim();
      prlimitOrThrow(pid, '--fsize=0:');
      return () => prlimitOrThrow(pid, `--fsize=${most}:`);
    },
  };
}

/**
 * What a server is started through that may do to files only what their permissions say: root may do anything,
 * and has to give that up.
 */
export function boundByPermissions(): readonly string[] {
  return process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : [];
}

function prlimit(pid: number, ...options: string[]) {
  return spawnSync('prlimit', ['--pid', String(pid), ...options], { encoding: 'utf8' });
}

function prlimitOrThrow(pid: number, option: string): void {
  const { status, stderr } = prlimit(pid, option);
  if (status !== 0) {
    throw new Error(`prlimit ${option} failed: ${stderr}`);
  }
}
