import autocannon from 'autocannon';
import type { Job } from './jobs.ts';

/** Sends GET requests to one endpoint over many connections, each as soon as the last is answered. */
export async function plainLoad(job: Extract<Job, { kind: 'plain_load' }>) {
  const { url, cookies, headers, connections, seconds } = job;
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: cookies.map((cookie) => ({ headers: { ...headers, cookie } })),
  });
  return {
    // autocannon's own average counts an incomplete last second as a whole one.
    requestsPerSecond: result.requests.total / result.duration,
    requests: result.requests.total,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    failures: result.non2xx + result.errors + result.timeouts,
  };
}
