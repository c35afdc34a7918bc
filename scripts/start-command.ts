import { readFileSync } from 'node:fs';
import * as z from 'zod';

const manifestSchema = z.object({ scripts: z.object({ start: z.string().startsWith('node ') }) });

/** What `npm start` gives to `node`: the options of V8, and what is run with them. */
export function readStartArguments(): string[] {
  const { scripts } = manifestSchema.parse(JSON.parse(readFileSync('package.json', 'utf8')));
  return scripts.start.split(' ').slice(1);
}
