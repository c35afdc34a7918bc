import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { methodOf, readTarget, toWebRequest } from './web.ts';

function incoming(method: string, rawHeaders: string[] = []): IncomingMessage {
  return Object.assign(new IncomingMessage(new Socket()), { method, rawHeaders });
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

it('a Web request has the headers as they were sent and the origin of the site', async () => {
  const raw = ['Host', 'evil.example', 'X-Twice', 'one', 'x-twice', 'two'];
  const request = toWebRequest(incoming('POST', raw), {
    origin: 'https://login.example',
    target: { pathname: '/api/auth/start', search: '?a=b' },
    body: Buffer.from('{}'),
    signal: new AbortController().signal,
  });
  expect(request.url).toBe('https://login.example/api/auth/start?a=b');
  expect(request.headers.get('x-twice')).toBe('one, two');
  expect(await request.text()).toBe('{}');
});
