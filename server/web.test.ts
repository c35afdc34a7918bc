import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startTestServer } from '#tests/support/test-server.ts';
import { methodOf, readTarget, toRouteRequest } from './web.ts';

function incoming(method: string): IncomingMessage {
  return Object.assign(new IncomingMessage(new Socket()), { method });
}

const pathOf = (target: string) => {
  const { pathname, search } = readTarget(target);
  return pathname + search;
};

describe('a request target', () => {
  it.each([
    ['/', '/'],
    ['/login?next=%2Faccount', '/login?next=%2Faccount'],
    ['/caf%C3%A9', '/caf%C3%A9'],
    ['//evil.example/', '//evil.example/'],
    ['http://evil.example/account?a=b', '/account?a=b'],
    ['HTTPS://evil.example', '/'],
    ['http://user:password@evil.example:8080/account', '/account'],
    ['http:///account', '/account'],
    ['*', '/'],
    ['', '/'],
    ['account', '/account'],
    ['evil.example:443', '/evil.example:443'],
    ['/%', '/%25'],
    ['/%zz/%41', '/%25zz/%2541'],
    ['/%ff?a=%', '/%25ff?a=%'],
    ['/a?b=c?d', '/a?b=c?d'],
    ['/./api/auth/start', '/api/auth/start'],
    ['/api/auth/../auth/start', '/api/auth/start'],
    ['/api/auth/%2e%2e/auth/start', '/api/auth/start'],
    ['/api/auth/start#x', '/api/auth/start'],
    ['/api\\auth\\start', '/api/auth/start'],
  ])('%j is the path %j', (target, path) => {
    expect(pathOf(target)).toBe(path);
  });
});

describe('the method of a request', () => {
  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s stays', (method) => {
    expect(methodOf(incoming(method))).toBe(method);
  });

  it.each(['TRACE', 'CONNECT', 'PROPFIND', 'QUERY', 'get', ''])(
    '%j is handled as one that every path refuses',
    (method) => {
      expect(methodOf(incoming(method))).toBe('OPTIONS');
    },
  );
});

it('the headers of a request are read as the Web has them: whatever was sent twice is joined', async () => {
  const { send } = await startTestServer((request, response) => {
    const { headers } = toRouteRequest(request, null);
    const names = ['x-twice', 'content-type', 'x-none'];
    response.end(JSON.stringify(names.map((name) => headers.get(name))));
  });
  const twice = 'X-Twice: one\r\nContent-Type: a/a\r\nx-twice: two\r\ncontent-type: b/b\r\n';
  const answer = await send(`GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${twice}\r\n`)
    .closed;
  expect(answer).toContain('["one, two","a/a, b/b",null]');
});
