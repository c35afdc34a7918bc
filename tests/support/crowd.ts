import * as z from 'zod';
import { startProcess } from '#scripts/processes.ts';

/** What became of people who all began to log in at the same moment. */
const crowdReportSchema = z.object({
  /** How many are logged in, each with the number they called from. */
  loggedIn: z.number(),
  /** Whatever was neither an answer that a login has nor a request to come back later, one line each. */
  unexpected: z.array(z.string()),
  /** What those were told who were to come back, in seconds, and how many were. */
  retryAfter: z.array(z.tuple([z.number(), z.number()])),
  /** How often one person was told so at most. */
  mostPutOff: z.number(),
  /** Until all of them were in. */
  allInMs: z.number(),
});

export type CrowdReport = z.infer<typeof crowdReportSchema>;

/** What a process needs open besides its people's connections. */
const OTHER_FILES = 500;

const limitsSchema = z.object({
  userLimits: z.object({
    open_files: z.object({ hard: z.union([z.number(), z.literal('unlimited')]) }),
  }),
});

/** How many of so many can really be there at once: each is an open file of the crowd and of the server. */
export function crowdThatFits(people: number): number {
  // Node raises its own limit to the hard one when it starts.
  const { hard } = limitsSchema.parse(process.report.getReport()).userLimits.open_files;
  return hard === 'unlimited' ? people : Math.min(people, hard - OTHER_FILES);
}

/**
 * Lets so many people log in at the servers of a site, all beginning at once, each from a number of
 * their own, called at the vendor's stand-in. They are a process of their own: their work is not to
 * keep the stand-in from its.
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
