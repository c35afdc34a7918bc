import 'server-only';
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { StoreUnreachable } from './failure.ts';
import type { StorePlace } from './open.ts';
import type { PostgresPlace } from './postgres.ts';

/** What is the matter, and what to do about it. */
type Description = readonly [seen: string, fix: string];

/** Says in a line for the terminal why a database cannot be used and what to set: see `explainStoreFailure`. */
export function describeStoreFailure(error: unknown, place: StorePlace): string {
  return explainStoreFailure(error, place).join(' ');
}

/**
 * Says in a sentence why a database cannot be used, and in another one what to set.
 *
 * @param error a failure of the store: see `isStoreFailure`. The password in `place` is not repeated.
 */
export function explainStoreFailure(error: unknown, place: StorePlace): Description {
  const cause =
    error instanceof StoreUnreachable && error.cause !== undefined ? error.cause : error;
  const [seen, fix] =
    place.kind === 'sqlite' ? describeFile(cause, place.path) : describeServer(cause, place);
  return [`DATABASE_URL names a database that cannot be used: ${seen}.`, `${fix}.`];
}

const failureSchema = z.object({
  message: z.string(),
  code: z.string().optional().catch(undefined),
  errcode: z.number().optional().catch(undefined),
});

function read(error: unknown) {
  return failureSchema.safeParse(error).data ?? { message: String(error) };
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function describeFile(error: unknown, path: string): Description {
  const { message, code, errcode = 0 } = read(error);
  const file = resolve(path);
  const folder = dirname(file);
  if (isFolder(file)) {
    return [`${file} is a folder`, `Add the name of a file, such as file:${file}/call-login.db`];
  }
  if (!isFolder(folder)) {
    return [
      `the folder ${folder} does not exist and cannot be created (${code ?? message})`,
      'Create it, writable to the server, or name another file',
    ];
  }
  // SQLite's primary result code.
  switch (errcode & 0xff) {
    case 8:
    case 14:
      return [
        `${file} cannot be written (${message})`,
        `Make the file and ${folder} writable to the server, or name another file`,
      ];
    case 26:
      return [
        `${file} is not a database of SQLite`,
        'Name a file that is one, or one that does not exist yet: it is created',
      ];
    case 11:
      return [`${file} is damaged (${message})`, 'Restore it from a backup: docs/operate.md'];
    case 13:
      return [`the disk of ${file} is full`, 'Make room, or name a file on another disk'];
    case 5:
    case 6:
      return [`another process keeps ${file} locked`, 'Stop that process, and start again'];
    default:
      return [
        `${file}: ${message}`,
        'Name a file on a local disk, writable to the server, or a PostgreSQL server',
      ];
  }
}

const certificateCodes: ReadonlySet<string | undefined> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
]);

function describeServer(error: unknown, { url, connectMs, tls }: PostgresPlace): Description {
  const { message, code } = read(error);
  const { host, port, role, database } = partsOf(url);
  const at = host.startsWith('/') ? host : `${host}:${port}`;
  if (certificateCodes.has(code)) {
    return [
      `the certificate of ${at} is of no trusted authority (${code})`,
      tls?.ca === null
        ? "Put the certificate of the database's own authority into DATABASE_CA"
        : 'DATABASE_CA holds another authority than that of this server: correct it',
    ];
  }
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return [
        `the host ${host} is not known (${code})`,
        'Correct the host in DATABASE_URL, or how this machine looks up names',
      ];
    case 'ECONNREFUSED':
    case 'ENOENT':
      return [
        `nothing listens at ${at} (${code})`,
        'Correct host and port in DATABASE_URL, or start PostgreSQL',
      ];
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return [
        `${at} cannot be reached (${code})`,
        'Correct host and port in DATABASE_URL, or let this machine through the firewall',
      ];
    case 'CERT_HAS_EXPIRED':
      return [`the certificate of ${at} has expired`, 'Renew it on the database server'];
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return [
        `the certificate of ${at} is for another name`,
        'In DATABASE_URL, write the host as in the certificate',
      ];
    case '28P01':
      return [
        `${at} refuses the password of the role ${role}`,
        'Correct user and password in DATABASE_URL, special characters as %xx',
      ];
    case '28000':
      return describeRefusedRole(message, role);
    case '3D000':
      return [
        `${at} has no database ${database}`,
        `Create it (createdb ${database}), or correct its name in DATABASE_URL`,
      ];
    case '42501':
      return [
        `the role ${role} may not do what is needed (${message})`,
        `In the database ${database}: grant usage, create on schema public to ${role}; it must also own the tables`,
      ];
    case '53300':
      return [
        `${at} has no connection left (${message})`,
        'Lower DATABASE_POOL_SIZE, stop other clients, or raise max_connections',
      ];
    case '25006':
      return [`${at} can only be read`, 'In DATABASE_URL, name the primary server'];
    case '08P01':
      return [
        `${at} does not accept how connections begin (${message})`,
        'Remove what follows ? in DATABASE_URL',
      ];
  }
  if (/does not support SSL/.test(message)) {
    return [
      `${at} offers no TLS`,
      'Switch TLS on there (ssl = on); only on a private network, write ?sslmode=disable at the end of DATABASE_URL',
    ];
  }
  if (/password must be a string/.test(message)) {
    return [`${at} asks for a password, and there is none`, 'Add it to DATABASE_URL'];
  }
  if (/timeout/.test(message)) {
    return [
      `${at} did not answer within ${Math.max(10, (connectMs ?? 0) / 1_000)} seconds`,
      'Correct host and port in DATABASE_URL, let this machine through the firewall, or raise DATABASE_CONNECT_SECONDS for a database that sleeps',
    ];
  }
  return [`${at}: ${message}`, 'Check DATABASE_URL, and the log of PostgreSQL'];
}

function describeRefusedRole(message: string, role: string): Description {
  if (/no encryption/.test(message)) {
    return [
      `the server does not let the role ${role} in without TLS (${message})`,
      'Write ?sslmode=verify-full at the end of DATABASE_URL, or let the role in from this machine in pg_hba.conf',
    ];
  }
  return /does not exist/.test(message)
    ? [message, `Create the role ${role}, or correct the user in DATABASE_URL`]
    : [
        `the server does not let the role ${role} in (${message})`,
        'Let it in from this machine in pg_hba.conf, or correct DATABASE_URL',
      ];
}

/** The parts of the address of a PostgreSQL server that a message may show. */
function partsOf(url: string) {
  const { hostname, port, username, pathname, searchParams } = new URL(url);
  const role = decodeURIComponent(username);
  return {
    host: searchParams.getAll('host').at(-1) || decodeURIComponent(hostname),
    port: searchParams.get('port') ?? (port || '5432'),
    role,
    database: decodeURIComponent(pathname.slice(1)) || role,
  };
}
