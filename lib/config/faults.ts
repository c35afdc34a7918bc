import 'server-only';
import type * as z from 'zod';

/** What is wrong with one variable, in words for the person who deploys. Never holds its value. */
export interface ConfigFault {
  variable: string;
  problem: string;
}

/** The faults that a schema of variables has found. */
export function faultsOf(error: z.ZodError | undefined): ConfigFault[] {
  return (error?.issues ?? []).map((issue) => ({
    variable: String(issue.path[0]),
    problem: issue.message,
  }));
}

/** One line per fault, for the terminal of whoever starts the server. */
export function describeFaults(faults: readonly ConfigFault[]): string {
  const lines = faults.map(({ variable, problem }) => `  ${variable} ${problem}`);
  return ['call-login cannot start. Set right in the environment:', ...lines].join('\n');
}
