/**
 * The load driver: a process of its own, so that its CPU time is not counted as the server's. Gets one
 * job at a time over the channel of `fork`.
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
      return await waiting.open(job.count, job.concurrency);
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
