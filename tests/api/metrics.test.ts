import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { metricNames } from '#lib/observe/metrics.ts';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { findFreePort } from '#scripts/processes.ts';
import { readStartArguments } from '#scripts/start-command.ts';
import { type ServerOptions, startAppServer, TEST_SECRET } from '#tests/support/app-server.ts';
import { hasPromtool, runPromtool } from '#tests/support/promtool.ts';
import { logInOn, sandboxUrl, vendor } from '#tests/support/servers.ts';
import { randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';

/** A server that serves metrics, and a function that reads them as Prometheus does. */
async function startMeasured(options: ServerOptions = {}) {
  const metricsPort = await findFreePort();
  const env = { METRICS_PORT: String(metricsPort) };
  const app = await startAppServer(sandboxUrl, env, options);
  const scrape = async () => {
    const response = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
    expect(response.status).toBe(200);
    return await response.text();
  };
  return { app, metricsPort, scrape };
}

const measured = await startMeasured();
afterAll(() => measured.app.stop());

/** Every value of every label in Prometheus text. */
function labelValuesOf(text: string): string[] {
  return [...text.matchAll(/\w+="((?:[^"\\]|\\.)*)"/g)].map(([, value = '']) => value);
}

/** A local collector. @returns its address, and all that was sent to it. */
async function startCollector() {
  const received: { path: string; body: Buffer }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    received.push({ path: request.url ?? '', body: Buffer.concat(chunks) });
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close().closeAllConnections());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { endpoint: `http://127.0.0.1:${port}`, received };
}

/** A login and everything else that a number, token or address goes through. */
async function doEverything(origin: string) {
  const canaries = new Set<string>();
  const numbers = Array.from({ length: 4 }, randomPhoneNumber);
  const [loggedIn = '', cancelled = '', failing = '', late = ''] = numbers;
  const visitor = new Visitor(origin);
  visitor.network = '203.0.113.77';
  expect((await logInOn(visitor, loggedIn)).status).toBe(200);
  await visitor.start(cancelled);
  await visitor.post('/api/auth/cancel', {});
  await vendor.addFault({ kind: 'status', status: 422, phone_number: failing });
  await visitor.start(failing);
  const attempt = attemptViewSchema.parse(await (await visitor.start(late)).json());
  const handoff = new URL(attempt.handoff.address).pathname;
  expect((await fetch(origin + handoff)).status).toBe(200);
  canaries.add(handoff.split('/').at(-1) ?? handoff);
  for (const { id, callback_url, call_number } of (
    await Promise.all(numbers.map((number) => vendor.sessions(number)))
  ).flat()) {
    await fetch(callback_url, { method: 'POST' });
    canaries
      .add(id)
      .add(call_number)
      .add(callback_url.split('/').at(-1) ?? callback_url);
  }
  for (const number of numbers) {
    canaries.add(number).add(number.slice(3));
  }
  return canaries.add(visitor.network).add('203.0.113');
}

const nextStart = ['node_modules/next/dist/bin/next', 'start'];

describe('the metrics of a process', () => {
  it('show a login on a port of their own, and not on that of the site', async () => {
    const { app, scrape } = measured;
    const loginsIn = (text: string) =>
      Number(/^call_login_logins_total\{method="call"\} (\d+)$/m.exec(text)?.[1]);
    const before = loginsIn(await scrape());
    await logInOn(new Visitor(app.origin), randomPhoneNumber());
    const text = await scrape();
    expect(loginsIn(text)).toBe(before + 1);
    expect(text).toMatch(/^call_login_vendor_request_seconds_count\{.*outcome="ok"\} [1-9]/m);
    expect(metricNames.filter((name) => !text.includes(`# TYPE ${name} `))).toEqual([]);
    expect((await new Visitor(app.origin).fetch('/metrics')).status).toBe(404);
  });

  it.skipIf(!hasPromtool)('are what Prometheus reads', async () => {
    expect(runPromtool(['check', 'metrics'], await measured.scrape())).toEqual({
      status: 0,
      output: '',
    });
  });

  it('are the same where Next is the host, whose routes and boot are bundled apart', async () => {
    const { app, scrape } = await startMeasured({ startArguments: nextStart });
    onTestFinished(() => app.stop());
    await logInOn(new Visitor(app.origin), randomPhoneNumber());
    const text = await scrape();
    expect(text).toContain('call_login_logins_total{method="call"} 1\n');
    expect(text).toMatch(/^call_login_dial_seconds_count 1$/m);
  });

  it('have no number, token, id or address in any label, whatever was done', async () => {
    const { app, scrape } = measured;
    const canaries = await doEverything(app.origin);
    await expect.poll(scrape).toMatch(/call_login_callbacks_total\{result="late"\} [1-9]/);
    const text = await scrape();
    expect([...canaries].filter((canary) => text.includes(canary))).toEqual([]);
    const values = new Set(labelValuesOf(text));
    expect(values.size).toBeGreaterThan(20);
    const isWord = /^[a-z]+([A-Z_-][a-z]+)*$/;
    const isBound = /^(\d+(\.\d+)?|\+Inf)$/;
    const isVersion = /^\d+\.\d+\.\d+$/;
    expect(
      [...values].filter((value) => ![isWord, isBound, isVersion].some((kind) => kind.test(value))),
    ).toEqual([]);
  });

  it('are served on this machine alone', async () => {
    await measured.scrape();
    // Another address of the loopback interface, which a server that listens on every interface has too.
    await expect(fetch(`http://127.0.0.2:${measured.metricsPort}/metrics`)).rejects.toThrow();
  });

  it('refuse to start on a port that is taken, with the name of the setting', () => {
    const { metricsPort: port } = measured;
    const { status, stderr } = spawnSync(process.execPath, readStartArguments(), {
      env: {
        PATH: process.env.PATH,
        NODE_ENV: 'production',
        PORT: '0',
        PAUTH_API_KEY: 'sandbox-key',
        PAUTH_BASE_URL: sandboxUrl,
        APP_ORIGIN: 'http://localhost:3000',
        SESSION_SECRET: TEST_SECRET,
        DATABASE_URL: 'file::memory:',
        METRICS_PORT: String(port),
      },
      encoding: 'utf8',
      timeout: 15_000,
    });
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(new RegExp(`^METRICS_PORT is ${port} .*EADDRINUSE`)),
    });
  });

  it('cost a process that does not measure no code: the SDK is loaded when it is needed', () => {
    const chunks = readdirSync('dist').filter((name) => name.endsWith('.mjs'));
    const loaded = new Set<string>();
    const load = (chunk: string) => {
      loaded.add(chunk);
      const source = readFileSync(join('dist', chunk), 'utf8');
      for (const [, next = ''] of source.matchAll(/^import [^(].*?"\.\/([^"]+)"/gm)) {
        if (!loaded.has(next)) {
          load(next);
        }
      }
    };
    load('run.mjs');
    const defines = (chunk: string) =>
      /class (PrometheusExporter|MeterProvider)\b/.test(readFileSync(join('dist', chunk), 'utf8'));
    expect(chunks.filter(defines).length).toBeGreaterThan(0);
    expect([...loaded].filter(defines)).toEqual([]);
  });
});

describe('what is sent to a collector', () => {
  /** Uses everything on a host. @returns what may not be sent, and a function that says what was. */
  async function runWithCollector(options: ServerOptions, env: Record<string, string> = {}) {
    const { endpoint, received } = await startCollector();
    const given = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: 'logins-of-a-test' };
    const app = await startAppServer(sandboxUrl, { ...given, ...env }, options);
    onTestFinished(() => app.stop());
    const canaries = await doEverything(app.origin);
    const sentTo = (path: string) =>
      Buffer.concat(received.filter((each) => each.path === path).map(({ body }) => body)).toString(
        'latin1',
      );
    return { app, canaries, sent: () => [sentTo('/v1/metrics'), sentTo('/v1/traces')] as const };
  }

  function expectAll([metrics, traces]: readonly [string, string]) {
    for (const expected of ['logins-of-a-test', 'call_login_logins_total', 'completed']) {
      expect(metrics).toContain(expected);
    }
    for (const expected of ['logins-of-a-test', 'attempt.start', 'vendor.check', 'attempt.poll']) {
      expect(traces).toContain(expected);
    }
  }

  it('is metrics and traces without a number, id or token, the last of them when the process stops', async () => {
    const { app, canaries, sent } = await runWithCollector({});
    await app.stop('SIGTERM');
    expectAll(sent());
    expect([...canaries].filter((canary) => sent().join('').includes(canary))).toEqual([]);
  });

  it('is the same where Next is the host, and no spans of Next, which name the address of each page', async () => {
    const env = { OTEL_METRIC_EXPORT_INTERVAL: '200' };
    const { canaries, sent } = await runWithCollector({ startArguments: nextStart }, env);
    // Spans are sent every five seconds.
    await vi.waitFor(() => expectAll(sent()), 15_000);
    expect([...canaries].filter((canary) => sent().join('').includes(canary))).toEqual([]);
    expect(sent()[1]).not.toMatch(/next\.|http\.|GET/);
  });
});

it('a collector that does not answer costs a line in the log and no login', async () => {
  const port = await findFreePort();
  const app = await startAppServer(sandboxUrl, {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    OTEL_METRIC_EXPORT_INTERVAL: '100',
    OTEL_EXPORTER_OTLP_TIMEOUT: '100',
  });
  onTestFinished(() => app.stop());
  expect((await logInOn(new Visitor(app.origin), randomPhoneNumber())).status).toBe(200);
  await vi.waitFor(() => expect(app.output()).toContain('"event":"telemetry_failed"'), 20_000);
});
