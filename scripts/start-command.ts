import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const manifestSchema = z.object({ scripts: z.object({ start: z.string() }) });

const NEXT = 'node_modules/next/dist/bin/next';

/** The arguments of `node` that serve a build with Next alone. */
export const NEXT_START: readonly string[] = [NEXT, 'start'];

/**
 * The arguments that `npm start` passes to `node` in a checkout: V8 options and the script, or those
 * that start Next where that is the server.
 */
export function readStartArguments(folder = '.'): string[] {
  const text = readFileSync(join(folder, 'package.json'), 'utf8');
  const { start } = manifestSchema.parse(JSON.parse(text)).scripts;
  const [command, ...args] = start.replace(/^exec /, '').split(' ');
  return command === 'node' ? args : [join(process.cwd(), NEXT), ...args];
}
