import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for the database of one server, on a disk whose writes can be made to fail. */
export interface Disk {
  folder: string;
  /** The `through` option to start that server with: see `ServerOptions`. */
  through: readonly string[];
  /** The path of the folder for other processes, while the server with this process id runs. */
  folderOf(pid: number): string;
  /** Makes every write of that server fail. @returns a function that undoes it. */
  refuseWrites(pid: number): () => void;
}

/** Enough for the database of a few logins, and quick to fill. */
const SIZE = '8m';
const CHUNK = Buffer.alloc(4_096);

/**
 * A small tmpfs in the mount namespace of its server, which is filled up to make writes fail.
 *
 * @returns null where it cannot be mounted.
 */
export async function mountSmallDisk(): Promise<Disk | null> {
  const folder = await mkdtemp(join(tmpdir(), 'call-login-disk-'));
  const mount = ['sh', '-c', `mount -t tmpfs -o size=${SIZE} tmpfs "$0" && exec "$@"`, folder];
  // As root, or as root of a user namespace.
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
 * The ordinary disk with a file size limit of zero for the server. To SQLite this is a failed write, as on a
 * disk that was remounted read-only or when a quota is exceeded.
 *
 * @returns null on systems other than Linux.
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
 * The `through` option for a server that file permissions apply to: drops the capabilities of root, for which
 * they do not.
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
