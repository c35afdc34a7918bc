import autocannon from 'autocannon';
import type { Job } from './jobs.ts';

/** One endpoint, as fast as so many connections get answers. */
export async function plainLoad(job: Extract<Job, { kind: 'plain_load' }>) {
  const { url, method, body, cookies, headers, connections, seconds } = job;
  const result = await autocannon({
    url,
    method,
    headers,
    connections,
    duration: seconds,
    ...(body === undefined ? {} : { body }),
    ...(cookies.length === 0
      ? {}
      : { requests: cookies.map((cookie) => ({ headers: { ...headers, cookie } })) }),
  });
  return {
    // Of the whole run: the average of its seconds would count a last one that was cut short.
    requestsPerSecond: result.requests.total / result.duration,
    requests: result.requests.total,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    failures: result.non2xx + result.errors + result.timeouts,
  };
}
