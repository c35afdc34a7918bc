/**
 * The load driver. A process of its own, so that what it costs is not taken for the server's: it is
 * asked over the channel that `fork` opens, one job at a time.
 */
import { type Job, requestSchema } from './jobs.ts';
import { arrivals, backToBack, starts } from './logins.ts';
import { plainLoad } from './plain-load.ts';
import { openAttempts, WaitingBrowsers } from './waiting.ts';

let waiting: WaitingBrowsers | null = null;

process.on('message', async (message) => {
  const { id, job } = requestSchema.parse(message);
  try {
    process.send?.({ id, outcome: { kind: 'done', result: await run(job) } });
  } catch (error) {
    process.send?.({ id, outcome: { kind: 'failed', message: String(error) } });
  }
});

async function run(job: Job): Promise<unknown> {
  switch (job.kind) {
    case 'arrivals':
      return await arrivals(job.site, job);
    case 'back_to_back':
      return await backToBack(job.site, job);
    case 'starts':
      return await starts(job.site, job);
    case 'wait':
      waiting = new WaitingBrowsers(job.site);
      return await waiting.open(job.count, job.atATime);
    case 'wake':
      return await waiting?.wake(job.count, job.perSecond);
    case 'leave':
      return waiting?.leave();
    case 'open':
      return await openAttempts(job.site, job.count);
    case 'plain_load':
      return await plainLoad(job);
  }
}
