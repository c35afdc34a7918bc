import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { expect, it } from 'vitest';
import { readConfig } from '#lib/config/config.ts';
import { variables } from '#lib/config/environment.ts';
import { COMMAND, renderConfigurationDocs } from '#scripts/write-configuration-docs.ts';

const required = {
  PAUTH_API_KEY: 'pk_live_Jq7Zr2Xv9Tb4',
  APP_ORIGIN: 'https://login.example.com',
  SESSION_SECRET: 'Vq8nT2rXw5Zb7Lk0Jd3Gf6Hs9Pa1Yc4E',
};

it.each(Object.entries(renderConfigurationDocs()))('%s is up to date', (path, text) => {
  expect(readFileSync(path, 'utf8'), `${path} is out of date: run "${COMMAND}"`).toBe(text);
});

it('each variable is declared once', () => {
  const names = variables.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});

it('boot accepts the defaults and examples of .env.example, and the defaults change nothing', () => {
  const uncommented = readFileSync('.env.example', 'utf8').replaceAll(/^#(?=[A-Z_]+=)/gm, '');
  const {
    WEBHOOK_URL: _,
    WEBHOOK_SECRET: __,
    DATABASE_CA: ___,
    CRON_SECRET: ____,
    VERCEL_AUTOMATION_BYPASS_SECRET: _____,
    ...others
  } = parseEnv(uncommented);
  const { REDIS_URL, HELP_URL, METRICS_PORT, OTEL_EXPORTER_OTLP_ENDPOINT, ...defaults } = others;
  expect(Object.keys(defaults)).toEqual(expect.arrayContaining(Object.keys(required)));
  expect(readConfig({ ...defaults, ...required })).toEqual(readConfig(required));
  const examples = { REDIS_URL, HELP_URL, METRICS_PORT, OTEL_EXPORTER_OTLP_ENDPOINT };
  expect(readConfig({ ...required, ...examples })).toMatchObject({ ok: true });
});
