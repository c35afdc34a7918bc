import 'server-only';
import type * as z from 'zod';

/** What is wrong with one variable, for the person who deploys. Never contains its value. */
export interface ConfigFault {
  variable: string;
  /** Reads on after the variable's name. */
  problem: string;
}

/** The faults found by a schema whose keys are variables; none without an error. */
export function faultsOf(error: z.ZodError | undefined): ConfigFault[] {
  return (error?.issues ?? []).map((issue) => ({
    variable: String(issue.path[0]),
    problem: issue.message,
  }));
}

/** A message for the terminal: a heading, then one line per fault. */
export function describeFaults(faults: readonly ConfigFault[]): string {
  const lines = faults.map(({ variable, problem }) => `  ${variable} ${problem}`);
  return ['call-login cannot start. Correct these environment variables:', ...lines].join('\n');
}
