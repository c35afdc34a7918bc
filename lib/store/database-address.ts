import 'server-only';
import ipaddr from 'ipaddr.js';
import { fail, type Result, succeed } from '../shared/result.ts';

/** What DATABASE_URL names. */
export type DatabaseAddress =
  /** A path, or `:memory:`. */
  | { kind: 'sqlite'; path: string }
  | {
      kind: 'postgres';
      /** Without what it said of TLS. May contain a password. */
      url: string;
      /** Whether it asks for TLS; null where it says nothing. */
      asksForTls: boolean | null;
      /** `private` means that no public network lies between. */
      network: 'socket' | 'private' | 'public';
    };

/** Reads the address of a database, or says what is wrong with it; reads on after the variable's name. */
export function readDatabaseAddress(text: string): Result<DatabaseAddress, string> | null {
  if (text.startsWith('file:')) {
    return readFileAddress(text.slice('file:'.length));
  }
  return /^postgres(ql)?:\/\//.test(text) ? readPostgresAddress(text) : null;
}

/** `file:` may stand before a path, absolute or not, or before `//` and an absolute path (RFC 8089). */
function readFileAddress(text: string): Result<DatabaseAddress, string> | null {
  if (/[?#]/.test(text)) {
    return fail(
      'has options after its path, and a file takes none: in the name of one, write %3F for ? and %23 for #',
    );
  }
  const path = decode(text.replace(/^\/\/(localhost)?(?=\/)/, ''));
  if (path === null) {
    return fail('has a % that encodes nothing: write %25');
  }
  if (path.startsWith('//')) {
    return fail('names a host after file://: write file:<path>, or file:///<path> from the root');
  }
  if (/^~|^\$/.test(path)) {
    return fail('begins with ~ or $, which only a shell replaces: write the whole path');
  }
  if (path.endsWith('/')) {
    return fail('names a folder: add the name of a file, such as call-login.db');
  }
  return path === '' || path.includes('\0') ? null : succeed({ kind: 'sqlite', path });
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** What `sslmode` and `ssl` may say. All that ask for TLS have the certificate verified. */
const tlsModes: ReadonlyMap<string, boolean> = new Map([
  ['disable', false],
  ['false', false],
  ['0', false],
  ['prefer', true],
  ['require', true],
  ['verify-ca', true],
  ['verify-full', true],
  ['true', true],
  ['1', true],
]);

/**
 * The driver reads some modes so that no certificate is verified, and its own options give way to what the
 * address says of TLS. So all of that is read here and taken out.
 */
function readPostgresAddress(text: string): Result<DatabaseAddress, string> | null {
  if (text.includes('#')) {
    return fail('has a #: write %23');
  }
  // Cloud SQL documents `postgres://user:password@/database?host=/folder/of/the/socket`.
  const complete = text.replace(/^(\w+:\/\/(?:[^/?]*@)?)(?=[/?])/, '$1localhost');
  if (!URL.canParse(complete)) {
    return null;
  }
  const url = new URL(complete);
  const { username, password, pathname } = url;
  if ([username, password, pathname].some((part) => decode(part) === null)) {
    return fail('has a % that encodes nothing: write %25');
  }
  let asksForTls: boolean | null = null;
  for (const [name, value] of [...url.searchParams]) {
    switch (name.toLowerCase()) {
      case 'sslmode':
      case 'ssl': {
        const mode = tlsModes.get(value.toLowerCase());
        if (mode === undefined) {
          return fail(
            `has ${name}=${tlsValue(value)}, and TLS is always verified: write sslmode=verify-full`,
          );
        }
        asksForTls ||= mode;
        break;
      }
      case 'sslrootcert':
        if (value !== 'system') {
          return fail('has sslrootcert: give the certificate authority in DATABASE_CA instead');
        }
        break;
      case 'sslcert':
      case 'sslkey':
        return fail(`has ${name}: certificates of clients are not supported`);
      // With it, some modes would verify nothing. The other changes how TLS begins, not what it does.
      case 'uselibpqcompat':
      case 'sslnegotiation':
        break;
      default:
        continue;
    }
    url.searchParams.delete(name);
  }
  const host = url.searchParams.getAll('host').at(-1) || url.hostname;
  if (host === '') {
    return null;
  }
  const network = networkOf(host);
  if (asksForTls === false && network === 'public') {
    return fail(
      'switches TLS off for a host that may be reached over a public network: remove that. ' +
        'Without TLS only a socket, a private IP address, a name without dots, and names under .internal, .local and .svc can be used',
    );
  }
  return succeed({ kind: 'postgres', url: url.href, asksForTls, network });
}

/** Only words of TLS: a password that ended up there by mistake is not repeated. */
const tlsValue = (value: string) => (/^[a-z-]{1,12}$/i.test(value) ? value : '…');

const privateRanges = [
  'unspecified',
  'loopback',
  'private',
  'uniqueLocal',
  'linkLocal',
  'carrierGradeNat',
];

/** @param host as in the address: encoded, an IPv6 address in brackets. */
function networkOf(host: string): 'socket' | 'private' | 'public' {
  const name = (decode(host) ?? host).replace(/^\[|\]$/g, '');
  if (name.startsWith('/')) {
    return 'socket';
  }
  const isPrivate = ipaddr.isValid(name)
    ? privateRanges.includes(ipaddr.process(name).range())
    : /^[^.:]+$|\.(internal|local|localhost|svc|lan|flycast)\.?$/i.test(name);
  return isPrivate ? 'private' : 'public';
}
