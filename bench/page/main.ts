/**
 * `npm run bench:page`: the bytes, the Lighthouse figures and the layout shifts of the login page,
 * beside an empty page of the same Next. Writes `bench/results/page.md` and `page.json`. Exits with 1
 * if a target is missed.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { brotliCompressSync } from 'node:zlib';
import { chromium } from '@playwright/test';
import * as z from 'zod';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { ja } from '#lib/shared/messages/ja.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { freshPhoneNumber } from '#sandbox/vendor-requests.ts';
import { findFreePort, startProcess } from '#scripts/processes.ts';
import { startAppServer } from '#tests/support/app-server.ts';
import { chromiumArguments, findChromium } from '#tests/support/chromium.ts';
import { randomNetwork, Visitor } from '#tests/support/visitor.ts';
import { readSurroundings } from '../machine.ts';
import { buildApp } from '../servers.ts';
import { type Audit, audit } from './audit.ts';
import { asMarkdown, type Figures, judge } from './report.ts';
import { type Load, weigh } from './weigh.ts';

const EMPTY_APP = 'bench/empty-app';
const RESULTS = 'bench/results';

const { values: options } = parseArgs({
  options: {
    /** How often Lighthouse runs for each step. */
    runs: { type: 'string', default: '5' },
    /** Uses the existing builds. */
    'no-build': { type: 'boolean', default: false },
  },
});
const runs = z.coerce.number().int().positive().parse(options.runs);

if (!options['no-build']) {
  buildApp('.');
  buildApp(EMPTY_APP);
}

const surroundings = readSurroundings();
const sandbox = await startSandbox();
const vendor = createControlClient(sandbox.url);
const app = await startAppServer(sandbox.url);
const emptyPort = await findFreePort();
const emptyUrl = `http://localhost:${emptyPort}/`;
const empty = await startProcess({
  args: ['node_modules/next/dist/bin/next', 'start', EMPTY_APP, '--port', String(emptyPort)],
  env: { PATH: process.env.PATH, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
  ready: /Ready in/,
});
const debuggingPort = await findFreePort();
const executablePath = findChromium();
const browser = await chromium.launch({
  ...(executablePath === null ? {} : { executablePath }),
  args: [...chromiumArguments, `--remote-debugging-port=${debuggingPort}`],
});

try {
  const emptyPage = await inBrotli(
    await weigh(browser, {}, async (page) => {
      await page.goto(emptyUrl, { waitUntil: 'networkidle' });
    }),
  );
  const numberStep = await weigh(browser, {}, async (page) => {
    await page.goto(`${app.origin}/login`, { waitUntil: 'networkidle' });
    await page.getByRole('button', { name: ja.login.numberSubmit, disabled: false }).waitFor();
  });
  const figures: Figures = {
    surroundings: {
      ...surroundings,
      versions: { ...surroundings.versions, chromium: browser.version() },
    },
    loads: { numberStep, callStep: await weighCallStep(), emptyPage },
    journeyLayoutShift: (await weighJourney()).layoutShift,
    audits: {
      numberStep: await auditRepeatedly(`${app.origin}/login`),
      callStep: await auditRepeatedly(
        `${app.origin}/login`,
        async () => (await visitorAtCall()).cookie,
      ),
      emptyPage: await auditRepeatedly(emptyUrl),
    },
  };
  const rows = judge(figures);
  await mkdir(RESULTS, { recursive: true });
  await writeFile(`${RESULTS}/page.json`, `${JSON.stringify(figures, null, 2)}\n`);
  await writeFile(`${RESULTS}/page.md`, asMarkdown(figures, rows));
  console.log(asMarkdown(figures, rows));
  const missed = rows.filter(({ isMet }) => !isMet);
  if (missed.length > 0) {
    console.error(`Missed: ${missed.map(({ what }) => what).join('; ')}`);
    process.exitCode = 1;
  }
} finally {
  await browser.close();
  await Promise.all([app.stop(), empty.stop(), sandbox.close()]);
}

/** Next sends the scripts of the empty page in gzip. This is what they weigh as our host and Vercel send them. */
async function inBrotli(load: Load): Promise<Load> {
  const resources = load.resources.map(async (resource) => {
    if (resource.kind !== 'script') {
      return resource;
    }
    const file = await readFile(resource.path.replace('/_next', `${EMPTY_APP}/.next`));
    return { ...resource, bodyBytes: brotliCompressSync(file).length, encoding: 'br' };
  });
  return { ...load, resources: await Promise.all(resources) };
}

/** A new visitor with a number to call. */
async function visitorAtCall(): Promise<{ cookie: string; network: string }> {
  const visitor = new Visitor(app.origin);
  attemptViewSchema.parse(await (await visitor.start(freshPhoneNumber())).json());
  return { cookie: visitor.cookieHeader(), network: visitor.network };
}

async function weighCallStep(): Promise<Load> {
  const { cookie, network } = await visitorAtCall();
  const headers = { cookie, 'x-forwarded-for': network };
  return await weigh(browser, { extraHTTPHeaders: headers }, async (page) => {
    // All scripts are loaded when they poll. The poll itself is held.
    const firstPoll = page.waitForRequest('**/api/auth/status');
    await page.goto(`${app.origin}/login`, { waitUntil: 'load' });
    await firstPoll;
  });
}

async function weighJourney(): Promise<Load> {
  const phoneNumber = freshPhoneNumber();
  const headers = { 'x-forwarded-for': randomNetwork() };
  return await weigh(browser, { extraHTTPHeaders: headers }, async (page) => {
    await page.goto(`${app.origin}/login`);
    await page.getByLabel(ja.login.numberLabel, { exact: true }).fill(phoneNumber);
    await page.getByRole('button', { name: ja.login.numberSubmit }).click();
    await page.getByRole('heading', { level: 1, name: ja.login.callHeading }).waitFor();
    const [session] = await vendor.sessions(phoneNumber);
    await vendor.call(phoneNumber, session?.call_number ?? '');
    await page.waitForURL(`${app.origin}/account`);
    await page.getByRole('heading', { level: 1, name: ja.account.heading }).waitFor();
  });
}

async function auditRepeatedly(
  url: string,
  nextCookie: () => Promise<string> = async () => '',
): Promise<Audit[]> {
  const audits: Audit[] = [];
  while (audits.length < runs) {
    const cookie = await nextCookie();
    const result = await audit(url, { debuggingPort, cookie });
    audits.push(result);
    console.log(`Lighthouse, ${url}, ${audits.length} of ${runs}: ${result.performance}`);
  }
  return audits;
}
