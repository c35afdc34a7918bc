/** `npm run doctor`: tells whether this environment is fit to run the site, and what to correct. */
import { parseArgs } from 'node:util';
import nextEnv from '@next/env';
import { examine } from './doctor/examine.ts';
import { formatFinding, worstOf } from './doctor/finding.ts';

const USAGE = `Usage: npm run doctor -- [--config-only] [--json]

  --config-only   read the environment alone: no request, no database
  --json          print one JSON object

Reads the environment and the .env files as the server does, and changes nothing.
Exit code: 0 fit, warnings included; 1 something is wrong; 2 usage error.`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const options = readOptions(args);
  if (options === null) {
    console.error(USAGE);
    return 2;
  }
  nextEnv.loadEnvConfig('.');
  const findings = await examine(process.env, { isConfigOnly: options['config-only'] });
  const worst = worstOf(findings);
  if (options.json) {
    console.log(JSON.stringify({ status: worst, findings }));
  } else {
    for (const finding of findings) {
      console.log(formatFinding(finding));
    }
    const count = (level: string) => findings.filter((finding) => finding.level === level).length;
    console.log(`\n${count('fail')} to correct, ${count('warning')} warnings, ${count('ok')} ok.`);
  }
  return worst === 'fail' ? 1 : 0;
}

/** @returns null on a usage error. */
function readOptions(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        'config-only': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch {
    return null;
  }
}
