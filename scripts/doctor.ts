/** `npm run doctor`: tells whether this environment is fit to run the site, and what to correct. */
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import nextEnv from '@next/env';
import { type Config, readConfig } from '#lib/config/config.ts';
import { parsePhoneNumber } from '#lib/phone/phone-number.ts';
import type { PhoneNumber } from '#lib/shared/phone-number.ts';
import { watchCall } from './doctor/call.ts';
import { examine } from './doctor/examine.ts';
import { type Finding, formatFinding, worstOf } from './doctor/finding.ts';
import { reportFaults } from './doctor/settings.ts';
import { judgeRefusal } from './doctor/vendor.ts';
import { describeNumberError } from './number-error.ts';

const USAGE = `Usage: npm run doctor -- [--config-only | --call] [--json]

  --config-only   read the environment alone: no request, no database
  --call          make one real call, and report what the vendor does; creates two sessions at the vendor
  --json          print one JSON object

Reads the environment and the .env files as the server does, and changes nothing of the site.
Exit code: 0 fit, warnings included; 1 something is wrong; 2 usage error.`;

/** How often the vendor is asked while somebody calls, and for how long at most. */
const POLL_MS = 2_000;
const WATCH_MS = 20 * 60_000;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const options = readOptions(args);
  if (options === null) {
    console.error(USAGE);
    return 2;
  }
  nextEnv.loadEnvConfig('.');
  return options.call
    ? await call(options.json)
    : printFindings(
        await examine(process.env, { isConfigOnly: options['config-only'] }),
        options.json,
      );
}

/** @returns null on a usage error. */
function readOptions(args: string[]) {
  const option = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({
      args,
      options: { 'config-only': option, call: option, json: option },
    });
    return values.call && values['config-only'] ? null : values;
  } catch {
    return null;
  }
}

/** @returns the exit code. */
function printFindings(findings: readonly Finding[], isJson: boolean): number {
  const worst = worstOf(findings);
  if (isJson) {
    console.log(JSON.stringify({ status: worst, findings }));
  } else {
    const count = (level: string) => findings.filter((finding) => finding.level === level).length;
    console.log(findings.map(formatFinding).join('\n'));
    console.log(`\nok: ${count('ok')}, warning: ${count('warning')}, fail: ${count('fail')}`);
  }
  return worst === 'fail' ? 1 : 0;
}

/** Walks a person through one call. What they are told goes to standard error, the report to standard output. */
async function call(isJson: boolean): Promise<number> {
  const config = readConfig(process.env);
  if (!config.ok) {
    return printFindings(reportFaults(config.error), isJson);
  }
  const phoneNumber = await askForNumber(config.value);
  if (phoneNumber === null) {
    return 1;
  }
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  const observations = await watchCall(config.value, phoneNumber, {
    say: (text) => console.error(text),
    signal: interrupt.signal,
    pollMs: POLL_MS,
    watchMs: WATCH_MS,
  });
  if (!observations.ok) {
    return printFindings(
      [judgeRefusal(config.value.pauth.baseUrl.host, observations.error)],
      isJson,
    );
  }
  console.log(
    isJson
      ? JSON.stringify({ status: 'ok', observations: observations.value })
      : observations.value.map(({ about, seen }) => `${about.padEnd(28)}${seen}`).join('\n'),
  );
  return 0;
}

/** Asks until a number can be read. @returns null if the input ends before that. */
async function askForNumber({ app, pauth }: Config): Promise<PhoneNumber | null> {
  console.error(
    `This creates two sessions at ${pauth.baseUrl.host}, which may cost you something.`,
  );
  const terminal = createInterface({ input: process.stdin });
  try {
    console.error('The phone number that you will call from:');
    for await (const line of terminal) {
      const phoneNumber = parsePhoneNumber(line, app.defaultCountry, app.numberTypes);
      if (phoneNumber.ok) {
        return phoneNumber.value;
      }
      console.error(describeNumberError(phoneNumber.error, app.defaultCountry));
    }
    return null;
  } finally {
    terminal.close();
  }
}
