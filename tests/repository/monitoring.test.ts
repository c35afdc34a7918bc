import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { metricNames, vendorOutcomes } from '#lib/observe/metrics.ts';
import { startMeasuring } from '#tests/support/measured.ts';
import { hasPromtool, runPromtool } from '#tests/support/promtool.ts';

const ALERTS = 'deploy/alerts.yml';

const dashboardSchema = z.object({
  panels: z.array(
    z.object({
      title: z.string(),
      description: z.string().min(1),
      targets: z.array(z.object({ expr: z.string() })).min(1),
      gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
    }),
  ),
});

const { panels } = dashboardSchema.parse(
  JSON.parse(readFileSync('deploy/grafana-dashboard.json', 'utf8')),
);
const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
const alerts = readFileSync(ALERTS, 'utf8');
const guide = readFileSync('docs/metrics.md', 'utf8');

/** The metrics that a text names, without the suffixes of histograms. */
function metricsIn(text: string): Set<string> {
  const named = text.match(/\bcall_login_\w+/g) ?? [];
  return new Set(named.map((name) => name.replace(/_(bucket|sum|count)$/, '')));
}

describe.each([
  ['the dashboard', expressions.join('\n')],
  ['the alert rules', alerts],
  ['the guide', guide],
])('%s', (_, text) => {
  it('names metrics that exist', () => {
    const named = metricsIn(text);
    expect(named.size).toBeGreaterThan(4);
    expect([...named].filter((name) => !metricNames.some((metric) => metric === name))).toEqual([]);
  });

  it('asks for labels and values that exist', async () => {
    const series = await startMeasuring()();
    const known = new Set([
      ...series.flatMap(({ labels }) =>
        Object.entries(labels).map(([label, value]) => `${label}=${value}`),
      ),
      ...vendorOutcomes.map((outcome) => `outcome=${outcome}`),
      ...['create', 'check'].map((operation) => `operation=${operation}`),
    ]);
    const asked = [...text.matchAll(/(\w+)(?:=~|!~|!=|=)"([^"]+)"/g)].flatMap(
      ([, label = '', values = '']) => values.split('|').map((value) => `${label}=${value}`),
    );
    expect(asked.length).toBeGreaterThan(2);
    const labels = /^(outcome|reason|limit|result|operation|method)=/;
    expect(asked.filter((pair) => labels.test(pair) && !known.has(pair))).toEqual([]);
  });
});

it('the dashboard and the guide show every metric', () => {
  for (const shown of [metricsIn(expressions.join('\n')), metricsIn(guide)]) {
    expect(metricNames.filter((name) => !shown.has(name))).toEqual([]);
  }
});

it('the panels of the dashboard fit its 24 columns and do not overlap', () => {
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
});

/** A file that promtool reads. JSON is YAML. */
function temporaryFile(content: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'call-login-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'promtool.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
}

/** What a process reports: each series with its values, one a minute, in promtool's notation. */
type Reported = Readonly<Record<string, string>>;

const attempts = (outcome: string) =>
  `call_login_attempts_total{outcome="${outcome}",reason="none"}`;

/** A site on which everybody gets in: a start a minute, for three hours. */
const healthy: Reported = {
  call_login_waiting: '1x180',
  [attempts('started')]: '0+1x180',
  [attempts('verified')]: '0+1x180',
  [attempts('contested')]: '0x180',
  'call_login_logins_total{method="call"}': '0+1x180',
  'call_login_callbacks_total{result="checked"}': '0+1x180',
  'call_login_start_refused_total{limit="total"}': '0x180',
  call_login_told_seconds_count: '0+1x180',
  'call_login_told_seconds_bucket{le="0.5"}': '0+1x180',
  'call_login_told_seconds_bucket{le="30"}': '0+1x180',
  'call_login_told_seconds_bucket{le="+Inf"}': '0+1x180',
  'call_login_vendor_request_seconds_count{operation="check",outcome="ok"}': '0+3x180',
  'call_login_vendor_request_seconds_count{operation="check",outcome="timed_out"}': '0x180',
};

describe.skipIf(!hasPromtool)('promtool', () => {
  it('accepts the alert rules', () => {
    expect(runPromtool(['check', 'rules', '--lint-fatal', ALERTS])).toMatchObject({ status: 0 });
  });

  it('accepts the expressions of the dashboard', () => {
    const rules = expressions.map((expr, index) => ({
      record: `panel_${index}`,
      expr: expr.replaceAll('$__rate_interval', '5m'),
    }));
    const path = temporaryFile({ groups: [{ name: 'dashboard', rules }] });
    expect(runPromtool(['check', 'rules', path])).toMatchObject({ status: 0 });
  });

  it.each<[string, string[], Reported | null]>([
    ['everybody gets in', [], {}],
    ['no process reports', ['CallLoginGone'], null],
    [
      'the vendor sees no calls',
      ['CallLoginFewGetIn', 'CallLoginNobodyGetsIn'],
      {
        [attempts('verified')]: '0x180',
        'call_login_logins_total{method="call"}': '0x180',
        'call_login_callbacks_total{result="checked"}': '0x180',
      },
    ],
    [
      'one in five gets in',
      ['CallLoginFewGetIn'],
      { 'call_login_logins_total{method="call"}': `${'0 0 0 0 1 1 1 1 1 '}${'2+0.2x170'}` },
    ],
    [
      'the vendor times out',
      ['CallLoginVendorFails'],
      {
        'call_login_vendor_request_seconds_count{operation="check",outcome="timed_out"}': '0+9x180',
      },
    ],
    [
      'the limit of the whole site is reached',
      ['CallLoginStartsRefused'],
      { 'call_login_start_refused_total{limit="total"}': '0+3x180' },
    ],
    [
      'pages learn of calls late',
      ['CallLoginToldLate'],
      { 'call_login_told_seconds_bucket{le="0.5"}': '0x180' },
    ],
    [
      'callbacks do not arrive',
      ['CallLoginNoCallbacks'],
      { 'call_login_callbacks_total{result="checked"}': '0x180' },
    ],
    [
      'somebody starts attempts for the numbers of others',
      ['CallLoginContested'],
      { [attempts('contested')]: '0+1x180' },
    ],
  ])('when %s, these alerts fire: %j', (_, firing, reported) => {
    const series = Object.entries(reported === null ? {} : { ...healthy, ...reported });
    expectFiring(firing, '1m', series, '3h');
  });

  it('when nobody starts, unlike a week ago, CallLoginNobodyStarts fires', () => {
    // Three starts every five minutes for a week, and then none for an hour.
    const week = 7 * 24 * 12;
    const stopped = `0+3x${week} ${3 * week}x12`;
    const series: [string, string][] = [
      ['call_login_waiting', `0x${week + 12}`],
      [attempts('started'), stopped],
      ['call_login_logins_total{method="call"}', stopped],
    ];
    expectFiring(['CallLoginNobodyStarts'], '5m', series, '169h');
  });
});

/** @param interval between two values of a series, and between two evaluations of the rules. */
function expectFiring(
  firing: readonly string[],
  interval: string,
  series: readonly [string, string][],
  at: string,
): void {
  const path = temporaryFile({
    rule_files: [resolve(ALERTS)],
    evaluation_interval: interval,
    tests: [
      {
        interval,
        input_series: series.map(([name, values]) => ({ series: name, values })),
        promql_expr_test: [
          {
            expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
            eval_time: at,
            exp_samples: firing.map((alertname) => ({
              labels: `{alertname="${alertname}"}`,
              value: 1,
            })),
          },
        ],
      },
    ],
  });
  expect(runPromtool(['test', 'rules', path])).toMatchObject({ status: 0 });
}
