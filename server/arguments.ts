import { parseArgs } from 'node:util';
import { fail, type Result, succeed } from '#lib/shared/result.ts';

/**
 * Reads the arguments of `npm start --`.
 *
 * @returns the variables that they stand for, or a sentence for the terminal.
 */
export function readArguments(args: string[]): Result<Readonly<Record<string, string>>, string> {
  try {
    const { values } = parseArgs({
      args,
      options: { port: { type: 'string', short: 'p' }, hostname: { type: 'string', short: 'H' } },
    });
    const { port, hostname } = values;
    return succeed({
      ...(port === undefined ? {} : { PORT: port }),
      ...(hostname === undefined ? {} : { LISTEN_ADDRESS: hostname }),
    });
  } catch {
    return fail(
      `npm start was given "${args.join(' ')}", and takes only --port <number> and --hostname <address>, ` +
        'after two dashes, such as npm start -- --port 8080; all else is set in the environment (docs/configuration.md).',
    );
  }
}
