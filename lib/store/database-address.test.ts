import { describe, expect, it } from 'vitest';
import { readDatabaseAddress } from './database-address.ts';

function problemOf(text: string): string | null {
  const address = readDatabaseAddress(text);
  return address === null || address.ok ? null : address.error;
}

describe('the address of a file', () => {
  it.each([
    ['file:call-login.db', 'call-login.db'],
    ['file:./data/call-login.db', './data/call-login.db'],
    ['file:/srv/data/login.db', '/srv/data/login.db'],
    ['file:///srv/data/login.db', '/srv/data/login.db'],
    ['file://localhost/srv/login.db', '/srv/login.db'],
    ['file:/srv/my%20data/login.db', '/srv/my data/login.db'],
    ['file:/srv/my data/login.db', '/srv/my data/login.db'],
    ['file:/srv/%E3%83%87/100%25%3F.db', '/srv/デ/100%?.db'],
    ['file:C:\\data\\login.db', 'C:\\data\\login.db'],
    ['file::memory:', ':memory:'],
  ])('%s is that of %s', (text, path) => {
    expect(readDatabaseAddress(text)).toEqual({ ok: true, value: { kind: 'sqlite', path } });
  });

  it.each([
    ['file:/data/login.db?mode=ro', /options/],
    ['file:/data/login.db#x', /options/],
    ['file:/data/100%.db', /write %25/],
    ['file:/data/', /folder/],
    ['file://data/login.db', /host/],
    ['file://db.example.com/login.db', /host/],
    ['file:~/login.db', /whole path/],
    ['file:$HOME/login.db', /whole path/],
  ])('%s is refused with the reason', (text, reason) => {
    expect(problemOf(text)).toMatch(reason);
  });
});

describe('the address of a server', () => {
  const read = (text: string) => {
    const address = readDatabaseAddress(text);
    return address?.ok && address.value.kind === 'postgres' ? address.value : null;
  };

  it.each([
    ['postgres://u:p@db.example.com/x', 'public', null],
    ['postgres://u:p@8.8.8.8/x', 'public', null],
    ['postgres://u:p@[2001:4860::1]:5433/x', 'public', null],
    ['postgres://u:p@db.example.com/x?sslmode=require', 'public', true],
    ['postgres://u:p@db.example.com/x?sslmode=verify-full&channel_binding=require', 'public', true],
    ['postgres://u:p@db.example.com/x?ssl=true', 'public', true],
    ['postgres://u:p@localhost/x?host=db.example.com', 'public', null],
    ['postgres://u:p@localhost/x', 'private', null],
    ['postgres:///x', 'private', null],
    ['postgresql://u:p@db:5432/x', 'private', null],
    ['postgres://u:p@10.1.2.3/x?sslmode=disable', 'private', false],
    ['postgres://u:p@[fd12::3]/x?ssl=0', 'private', false],
    ['postgres://u:p@db.railway.internal/x?ssl=false', 'private', false],
    ['postgres://u:p@/x?host=/cloudsql/project:region:name', 'socket', null],
    ['postgres://u:p@%2Fvar%2Frun%2Fpostgresql/x', 'socket', null],
    ['postgres://u:p@db.example.com/x?host=/var/run/postgresql', 'socket', null],
  ])('%s leads over a network that is %s, TLS: %s', (text, network, asksForTls) => {
    expect(read(text)).toMatchObject({ network, asksForTls });
  });

  it('is kept without what it says of TLS, and with all else', () => {
    const text =
      'postgres://u:p%40ss@db.example.com/x?ssl=1&uselibpqcompat=true&options=-c%20a%3Db';
    const url = new URL(read(`${text}&sslnegotiation=direct&sslrootcert=system`)?.url ?? '');
    expect(url.password).toBe('p%40ss');
    expect([...url.searchParams]).toEqual([['options', '-c a=b']]);
  });

  it.each([
    'sslmode=no-verify',
    'sslmode=NO-VERIFY',
    'SSLMODE=no-verify',
    'ssl=no-verify',
    'ssl%6Dode=no%2Dverify',
    'sslmode=verify-full&sslmode=no-verify',
    'sslmode=allow',
    'sslmode=',
    'sslmode=disable',
    'ssl=0',
    'ssl=false',
    'uselibpqcompat=true&sslmode=no-verify',
  ])('that switches the verification of TLS off is refused with what to write: %s', (query) => {
    const problem = problemOf(`postgres://u:canary@db.example.com/x?${query}`);
    expect(problem).toMatch(/verify-full|remove that/);
    expect(problem).not.toContain('canary');
  });

  it.each([
    ['postgres://u:p#ss@db/x', /write %23/],
    ['postgres://u:%ff@db/x', /write %25/],
    ['postgres://u:p@db/x?sslrootcert=/ca.pem', /DATABASE_CA/],
    ['postgres://u:p@db/x?sslcert=/me.pem&sslkey=/me.key', /not supported/],
  ])('%s is refused with the reason', (text, reason) => {
    expect(problemOf(text)).toMatch(reason);
  });

  it.each(['mysql://db/x', 'postgres://', 'postgres://db:port/x', 'db.example.com', 'file:'])(
    '%j is none',
    (text) => {
      expect(readDatabaseAddress(text)).toBeNull();
    },
  );
});
