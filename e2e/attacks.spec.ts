import { createServer } from 'node:http';
import type { BrowserContext, Page } from '@playwright/test';
import { findFreePort } from '#scripts/processes.ts';
import { expect, test as journey } from './journey.ts';

declare global {
  /** What the attacker's pages store for the test's assertions. */
  interface Window {
    opened: Window;
    violations: string[];
  }
}

const SESSION = 'call-login-session';
const ATTEMPT = 'call-login-attempt';

/** The attacker's web server, and the requests it received. */
interface Hostile {
  /** Its origin on another site. */
  otherSite: string;
  /** Its origin on the app's host with another port: same-site, like a sibling subdomain. */
  sibling: string;
  requests: { path: string; headers: string }[];
}

// Each test makes about a hundred requests.
journey.describe.configure({ timeout: 120_000 });

const test = journey.extend<{ hostile: Hostile }>({
  hostile: async ({ context, consoleProblems }, use) => {
    const requests: Hostile['requests'] = [];
    const server = createServer((request, response) => {
      requests.push({ path: request.url ?? '', headers: JSON.stringify(request.headers) });
      response.setHeader('content-type', 'text/html');
      response.end(
        '<!doctype html><html lang="en"><title>A prize</title><link rel="icon" href="data:,">',
      );
    });
    const port = await findFreePort();
    await new Promise<void>((resolve) => server.listen(port, resolve));
    await use({
      otherSite: `http://127.0.0.1:${port}`,
      sibling: `http://localhost:${port}`,
      requests,
    });
    // Closed first, so that the pages log nothing afterwards.
    await context.close();
    server.closeAllConnections();
    server.close();
    // The browser logs the attacks that it blocks: expected here.
    consoleProblems.splice(0);
  },
});

const cookie = async (context: BrowserContext, name: string) =>
  (await context.cookies()).find((each) => each.name === name)?.value;

/**
 * Sends everything a page can send to another origin without a click. Returns the responses it
 * could read.
 */
async function sendEverything(page: Page, origin: string): Promise<string[]> {
  return await page.evaluate(async (app) => {
    const writes = [
      ['POST', '/api/auth/start', '{"phone_number":"080-1000-0001"}'],
      ['POST', '/api/auth/cancel', ''],
      ['POST', '/api/auth/logout', ''],
      ['POST', '/api/auth/sessions/seen', '{"until":"2030-01-01T00:00:00Z"}'],
      ['POST', '/api/language', 'language=en'],
      ['DELETE', '/api/auth/sessions', ''],
      ['GET', '/api/auth/session', ''],
      ['GET', '/api/auth/status', ''],
      ['GET', '/account', ''],
    ] as const;
    const types = ['text/plain', 'application/x-www-form-urlencoded', 'application/json'];
    const read: string[] = [];
    for (const [method, path, body] of writes) {
      for (const mode of ['cors', 'no-cors'] as const) {
        for (const type of types) {
          try {
            const response = await fetch(app + path, {
              method,
              mode,
              credentials: 'include',
              headers: { 'content-type': type },
              ...(method === 'GET' ? {} : { body }),
            });
            const text = await response.text();
            if (text !== '' || response.status !== 0) {
              read.push(`${method} ${path}: ${response.status} ${text}`);
            }
          } catch {
            // Blocked by the browser.
          }
        }
        navigator.sendBeacon(app + path, body);
      }
    }
    return read;
  }, origin);
}

/** Submits forms into frames of the hostile page, as a click on it would. */
async function sendForms(page: Page, origin: string): Promise<void> {
  let answers = 0;
  page.on('response', (response) => {
    answers += response.request().method() === 'POST' ? 1 : 0;
  });
  const sent = await page.evaluate((app) => {
    const forms = [
      ['/api/auth/start', 'text/plain', '{"phone_number":"080-1000-0001","a":"', '"}'],
      ['/api/auth/start', 'text/plain', '{"phone_number":"080-1000-0001"}', ''],
      ['/api/auth/start', 'application/x-www-form-urlencoded', 'phone_number', '08010000001'],
      ['/api/auth/logout', 'text/plain', 'a', 'b'],
      ['/api/auth/cancel', 'text/plain', 'a', 'b'],
      ['/api/auth/sessions/seen', 'text/plain', '{"until":"2030-01-01T00:00:00Z"}', ''],
      ['/api/language', 'application/x-www-form-urlencoded', 'language', 'en'],
    ] as const;
    for (const [path, type, name, value] of forms) {
      const frame = document.createElement('iframe');
      frame.name = `target-${Math.random()}`;
      const form = document.createElement('form');
      Object.assign(form, {
        method: 'post',
        action: app + path,
        enctype: type,
        target: frame.name,
      });
      const field = document.createElement('input');
      Object.assign(field, { name, value });
      form.append(field);
      document.body.append(frame, form);
      form.submit();
    }
    return forms.length;
  }, origin);
  await expect.poll(() => answers, { timeout: 30_000 }).toBeGreaterThanOrEqual(sent);
}

/** Loads addresses in every way a page can, and waits until all have loaded or failed. */
async function loadEverything(page: Page, addresses: readonly string[]): Promise<void> {
  await page.evaluate(async (all) => {
    const settling = all.flatMap((address) => [
      Object.assign(document.createElement('img'), { src: address }),
      Object.assign(document.createElement('script'), { src: address }),
      Object.assign(document.createElement('video'), { src: address }),
      Object.assign(document.createElement('link'), { rel: 'stylesheet', href: address }),
    ]);
    const settled = settling.map(
      (element) =>
        new Promise((resolve) => {
          element.addEventListener('load', resolve);
          element.addEventListener('error', resolve);
        }),
    );
    // Not all of these fire an event when loading fails.
    const others = all.flatMap((address) => [
      Object.assign(document.createElement('iframe'), { src: address }),
      Object.assign(document.createElement('object'), { data: address }),
      Object.assign(document.createElement('link'), { rel: 'prefetch', href: address }),
      Object.assign(document.createElement('link'), { rel: 'preload', as: 'fetch', href: address }),
    ]);
    document.body.append(...others, ...settling);
    await Promise.all(settled);
  }, addresses);
}

for (const name of ['otherSite', 'sibling'] as const) {
  test(`a hostile page changes and reads nothing of a logged-in person: ${name}`, async ({
    page,
    login,
    phoneNumber,
    vendor,
    testPhone,
    hostile,
    app,
    context,
    messages,
  }) => {
    await testPhone.call(phoneNumber.e164, await login.start(phoneNumber.text));
    await login.expectLoggedIn(phoneNumber.text);
    const before = await cookie(context, SESSION);

    const evil = await context.newPage();
    await evil.goto(hostile[name]);
    expect(await sendEverything(evil, app.origin)).toEqual([]);
    await sendForms(evil, app.origin);
    await loadEverything(
      evil,
      ['/account', '/api/auth/session', '/api/auth/status', '/login'].map(
        (path) => app.origin + path,
      ),
    );
    expect(await cookie(context, SESSION)).toBe(before);
    expect(await cookie(context, 'language')).toBeUndefined();
    expect(await vendor.requests('+818010000001')).toEqual([]);
    await page.reload();
    await login.expectLoggedIn(phoneNumber.text);
    await expect(page.getByText(messages.account.events.logged_out)).toBeHidden();
  });

  test(`a hostile page plants no attempt in a browser without one: ${name}`, async ({
    page,
    hostile,
    app,
    context,
    vendor,
  }) => {
    await page.goto(hostile[name]);
    expect(await sendEverything(page, app.origin)).toEqual([]);
    await sendForms(page, app.origin);
    expect((await context.cookies()).map((each) => each.name)).toEqual([]);
    expect(await vendor.requests('+818010000001')).toEqual([]);
  });

  test(`nothing but the page itself completes a login: ${name}`, async ({
    page,
    login,
    phoneNumber,
    vendor,
    testPhone,
    hostile,
    app,
    context,
  }) => {
    const asked = page.waitForRequest('**/api/auth/status');
    const callNumber = await login.start(phoneNumber.text);
    const poll = await asked;
    // The page, and with it the held poll, is gone before the call arrives.
    await page.goto(hostile[name]);
    await expect.poll(() => poll.failure()).not.toBeNull();
    await testPhone.call(phoneNumber.e164, callNumber);
    const [session] = await vendor.sessions(phoneNumber.e164);
    const addresses = [`${app.origin}/api/auth/status`, session?.callback_url ?? ''];
    await loadEverything(page, addresses);
    await sendEverything(page, app.origin);
    for (const address of addresses) {
      await page.goto(address).catch(() => {});
      await page.goto(hostile[name]);
      await page.evaluate((to) => window.open(to), address);
    }
    expect(await cookie(context, SESSION)).toBeUndefined();
    expect(await cookie(context, ATTEMPT)).toBeDefined();
    await login.open();
    await login.expectLoggedIn(phoneNumber.text);
  });

  test(`a hostile page frames nothing and reaches no window of the app: ${name}`, async ({
    page,
    hostile,
    app,
    context,
    messages,
  }) => {
    await page.goto(hostile[name]);
    for (const path of ['/login', '/account', '/nowhere', '/api/auth/session', '/icon.svg']) {
      const framed = await page.evaluate(async (address) => {
        const frame = document.createElement('iframe');
        const loaded = new Promise((resolve) => {
          frame.onload = resolve;
        });
        frame.src = address;
        document.body.append(frame);
        await loaded;
        frame.contentWindow?.postMessage({ next: 'https://evil.example' }, '*');
      }, app.origin + path);
      expect(framed).toBeUndefined();
      const frame = page.frames().at(-1);
      // Chromium reports the error page's URL a moment after the load event.
      await expect.poll(() => frame?.url(), path).toMatch(/^chrome-error:/);
    }
    await expect(
      page.frameLocator('iframe').first().getByText(messages.login.numberHeading),
    ).toBeHidden();

    const popup = context.waitForEvent('page');
    await page.evaluate((address) => {
      Object.assign(window, { opened: window.open(address) });
    }, `${app.origin}/login`);
    const opened = await popup;
    await expect(opened.getByRole('heading', { level: 1 })).toBeVisible();
    expect(await opened.evaluate(() => window.opener)).toBeNull();
    const reach = await page.evaluate(() => {
      const { opened: other } = window;
      try {
        return [other.closed, other.length, String(other.document)];
      } catch (error) {
        return String(error);
      }
    });
    expect(reach).not.toEqual([false, 0, '[object HTMLDocument]']);
    expect(JSON.stringify(reach)).toMatch(/true|SecurityError/);
  });
}

test('a cookie tossed by a sibling does not log the person in as another user', async ({
  page,
  login,
  phoneNumber,
  testPhone,
  hostile,
  app,
  context,
  browser,
}) => {
  const attacker = await browser.newContext({
    extraHTTPHeaders: { 'x-forwarded-for': '10.9.8.7' },
  });
  const theirs = await attacker.newPage();
  const started = await theirs.request.post(`${app.origin}/api/auth/start`, {
    data: { phone_number: '080-1000-0002' },
    headers: { origin: app.origin },
  });
  await testPhone.call('+818010000002', (await started.json()).call_number);
  await theirs.request.get(`${app.origin}/api/auth/status`, {
    headers: { 'x-requested-with': 'fetch' },
  });
  const planted = await cookie(attacker, SESSION);
  expect(planted).toBeDefined();
  await attacker.close();

  await testPhone.call(phoneNumber.e164, await login.start(phoneNumber.text));
  await login.expectLoggedIn(phoneNumber.text);
  await page.goto(hostile.sibling);
  await page.evaluate(
    ([name, value]) => {
      for (const rest of [
        'path=/',
        'path=/account',
        'path=/api/auth',
        'path=/; domain=localhost',
      ]) {
        // biome-ignore lint/suspicious/noDocumentCookie: an attacker has no other API.
        document.cookie = `${name}=${value}; ${rest}`;
        // biome-ignore lint/suspicious/noDocumentCookie: an attacker has no other API.
        document.cookie = `__Host-${name}=${value}; secure; ${rest.replace('path=/;', 'path=/x;')}`;
      }
    },
    [SESSION, planted],
  );
  const jar = await context.cookies();
  const bound = jar.filter((each) => each.name === `__Host-${SESSION}`);
  expect(bound.every((each) => each.path === '/' && each.domain === 'localhost')).toBe(true);
  for (const path of ['/account', '/login']) {
    await page.goto(app.origin + path);
    await expect(page.getByText('080-1000-0002')).toBeHidden();
  }
});

test('no `next` leads away from the origin, after a login or when already logged in', async ({
  page,
  login,
  phoneNumber,
  testPhone,
  hostile,
  app,
}) => {
  const { host } = new URL(hostile.otherSite);
  await page.goto(`/login?next=${encodeURIComponent(`//${host}/`)}`);
  await login.enter(phoneNumber.text);
  await testPhone.call(phoneNumber.e164, await login.callNumber());
  await login.expectLoggedIn(phoneNumber.text);

  const values = [
    `//${host}`,
    `/\\${host}`,
    `\\\\${host}`,
    `/\t/${host}`,
    `/\n/${host}`,
    `/\r\n/${host}`,
    `///${host}`,
    `/.//${host}`,
    `/x/..//${host}`,
    `/%2e%2e//${host}`,
    `http://${host}`,
    `http:${host}`,
    `http:/${host}`,
    `HTTP://${host}`,
    `//${host}@localhost`,
    `http://localhost@${host}`,
    `javascript:location='http://${host}'`,
    `data:text/html,<script>location='http://${host}'</script>`,
    ` //${host}`,
    `\u00a0//${host}`,
    `/\u0000/${host}`,
    `//${host}/%2e%2e`,
    `//[::ffff:7f00:1]:${new URL(hostile.otherSite).port}`,
    '"><script>window.hacked = 1</script>',
    '/account#"><img src=x onerror=window.hacked=1>',
  ];
  for (const value of values) {
    await page.goto(`/login?next=${encodeURIComponent(value)}`);
    expect(new URL(page.url()).origin, value).toBe(app.origin);
    expect(await page.evaluate(() => 'hacked' in window), value).toBe(false);
  }
  await page.goto(`/login?next=/account&next=${encodeURIComponent(`//${host}`)}`);
  expect(new URL(page.url()).origin).toBe(app.origin);
  expect(hostile.requests).toEqual([]);
});

test('after log out, the back button shows nothing of the account', async ({
  page,
  login,
  phoneNumber,
  testPhone,
  messages,
}) => {
  await testPhone.call(phoneNumber.e164, await login.start(phoneNumber.text));
  await login.expectLoggedIn(phoneNumber.text);
  await page.goto('/login');
  await login.expectLoggedIn(phoneNumber.text);
  await login.button(messages.account.logOut).click();
  await expect(page).toHaveURL('/login');
  expect(await page.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([0, 0]);
  for (let steps = 0; steps < 3; steps += 1) {
    await page.goBack().catch(() => {});
    await expect(login.heading(messages.account.heading)).toBeHidden();
    await expect(page.getByText(phoneNumber.text)).toBeHidden();
  }
});

test('markup that got into a page runs no script, and every violation is reported', async ({
  page,
  app,
  hostile,
  consoleProblems,
}) => {
  const evil = hostile.otherSite;
  const markup = `
    <script>window.hacked = 1</script>
    <script src="${evil}/script"></script>
    <base href="${evil}/base/">
    <img src="${evil}/image" onerror="window.hacked = 1">
    <iframe src="${evil}/frame"></iframe>
    <iframe srcdoc="<script>parent.hacked = 1</script>"></iframe>
    <object data="${evil}/object"></object>
    <link rel="stylesheet" href="${evil}/style">
    <style>body { background: url(${evil}/background) }</style>
    <svg onload="window.hacked = 1"></svg>
    <a id="link" href="javascript:window.hacked=1;void 0">link</a>`;
  await page.addInitScript(() => {
    const violations: string[] = [];
    Object.assign(window, { violations });
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
      violations.push(effectiveDirective);
    });
  });
  // Injects it into the response, as a server-side hole would.
  await page.route('**/login', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace('<body>', `<body>${markup}`);
    await route.fulfill({ response, body });
  });
  await page.goto('/login', { waitUntil: 'domcontentloaded' });
  await page.evaluate((to) => {
    document.querySelector<HTMLAnchorElement>('#link')?.click();
    const form = Object.assign(document.createElement('form'), { action: `${to}/form` });
    document.body.append(form);
    form.submit();
    void fetch(`${to}/fetch`, { mode: 'no-cors' }).catch(() => {});
    navigator.sendBeacon(`${to}/beacon`, 'x');
  }, evil);
  const blocked = () => page.evaluate(() => [...new Set(window.violations)]);
  await expect
    .poll(blocked)
    .toEqual(
      expect.arrayContaining([
        'script-src-elem',
        'script-src-attr',
        'base-uri',
        'img-src',
        'frame-src',
        'object-src',
        'style-src-elem',
        'form-action',
        'connect-src',
      ]),
    );
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
  expect(await page.evaluate(() => document.baseURI)).toMatch(new RegExp(`^${app.origin}`));
  expect(hostile.requests).toEqual([]);
  // Violations are logged in the console, which every test checks when it ends.
  expect(consoleProblems.join('\n')).toMatch(/Content Security Policy/i);
});
