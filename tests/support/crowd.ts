import * as z from 'zod';
import { startProcess } from '#scripts/processes.ts';

/** The results of many people who began to log in at the same moment. */
const crowdReportSchema = z.object({
  /** The number of people who are logged in with the number they called from. */
  loggedIn: z.number(),
  /** Errors other than requests to retry later, one line each; at most 20. */
  unexpected: z.array(z.string()),
  /** How often each Retry-After, in seconds, was received. */
  retryAfter: z.array(z.tuple([z.number(), z.number()])),
  /** The most retries of one person. */
  maxRetries: z.number(),
  /** The time until the last one was logged in. */
  totalMs: z.number(),
});

export type CrowdReport = z.infer<typeof crowdReportSchema>;

/** The open files of a process besides the connections of people. */
const OTHER_FILES = 500;

const limitsSchema = z.object({
  userLimits: z.object({
    open_files: z.object({ hard: z.union([z.number(), z.literal('unlimited')]) }),
  }),
});

/** The largest possible crowd up to `people`: each person is an open file of the client and of the server. */
export function limitToOpenFiles(people: number): number {
  // Node raises its soft limit to the hard one when it starts.
  const { hard } = limitsSchema.parse(process.report.getReport()).userLimits.open_files;
  return hard === 'unlimited' ? people : Math.min(people, hard - OTHER_FILES);
}

/**
 * Logs people in at the servers of a site, all starting at once, each with their own number. The calls
 * are placed at the sandbox. They run in a process of their own, so as not to slow down the sandbox.
 */
export async function logInAtOnce(
  origins: readonly string[],
  vendorUrl: string,
  people: number,
): Promise<CrowdReport> {
  const crowd = await startProcess({
    args: ['tests/support/crowd-main.ts', origins.join(), vendorUrl, String(people)],
    env: process.env,
    ready: /^\{.*\}$/,
  });
  await crowd.exited;
  return crowdReportSchema.parse(JSON.parse(crowd.readyLine));
}
