import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { json, type RouteResponse } from '#lib/http/responses.ts';
import { type Admission, createAdmission } from './admission.ts';

const SHORT_MS = 1;
const LONG_MS = 60_000;

const stays = () => false;

/** Work that goes on until a test ends it. */
function createWork() {
  const { promise, resolve, reject } = Promise.withResolvers<RouteResponse>();
  let begun = 0;
  return {
    run: () => {
      begun += 1;
      return promise;
    },
    begun: () => begun,
    end: (status = 200) => resolve(json({}, status)),
    fail: () => reject(new Error('the work failed')),
  };
}

/** How many of many starts run at once. */
async function countPermits(admission: Admission): Promise<number> {
  const work = createWork();
  const starts = Array.from({ length: 30 }, () => admission.run(work.run, stays));
  expect(await starts.at(-1)).toMatchObject({ ok: false });
  return work.begun();
}

/** Work that ends at once, so that the limit learns from it. */
const answerWith = (status: number) => async () => json({}, status);

describe('the admission queue', () => {
  it('runs a start when the one before it has ended', async () => {
    const admission = createAdmission(1, LONG_MS);
    const [first, second] = [createWork(), createWork()];
    const answers = [admission.run(first.run, stays), admission.run(second.run, stays)];
    second.end(201);
    await setImmediate();
    expect([first.begun(), second.begun()]).toEqual([1, 0]);
    first.end(200);
    const statuses = (await Promise.all(answers)).map((answer) => answer.ok && answer.value.status);
    expect(statuses).toEqual([200, 201]);
  });

  it('refuses a start that has waited too long, and says when to come back', async () => {
    const admission = createAdmission(1, SHORT_MS);
    const [first, second] = [createWork(), createWork()];
    const answer = admission.run(first.run, stays);
    expect(await admission.run(second.run, stays)).toEqual({
      ok: false,
      error: { retryAfterSeconds: expect.any(Number) },
    });
    expect(second.begun()).toBe(0);
    first.end();
    expect(await answer).toMatchObject({ ok: true });
    expect(await admission.run(answerWith(200), stays)).toMatchObject({ ok: true });
  });

  it('holds a permit until the work has ended, even if the client has left', async () => {
    const admission = createAdmission(1, SHORT_MS);
    const work = createWork();
    let isGone = false;
    const answer = admission.run(work.run, () => isGone);
    await setImmediate();
    expect(work.begun()).toBe(1);
    isGone = true;
    expect(await admission.run(answerWith(200), stays)).toMatchObject({ ok: false });
    work.end();
    await answer;
    expect(await admission.run(answerWith(200), stays)).toMatchObject({ ok: true });
  });

  it('begins no work for a client that has left the queue, and lets the next one through', async () => {
    const admission = createAdmission(1, LONG_MS);
    const [first, left] = [createWork(), createWork()];
    let isGone = false;
    const answer = admission.run(first.run, stays);
    const abandoned = admission.run(left.run, () => isGone);
    const next = admission.run(answerWith(200), stays);
    isGone = true;
    first.end();
    await answer;
    expect(await abandoned).toEqual({ ok: false, error: 'client_gone' });
    expect(left.begun()).toBe(0);
    expect(await next).toMatchObject({ ok: true });
  });

  it('releases the permit of work that throws', async () => {
    const admission = createAdmission(1, SHORT_MS);
    const work = createWork();
    const answer = admission.run(work.run, stays);
    work.fail();
    await expect(answer).rejects.toThrow('the work failed');
    expect(await admission.run(answerWith(200), stays)).toMatchObject({ ok: true });
  });
});

/** The limit begins at ten. */
describe('how many starts run at once', () => {
  it('grows with each that ends well, a refusal of the request included', async () => {
    const admission = createAdmission(20, SHORT_MS);
    await admission.run(answerWith(200), stays);
    await admission.run(answerWith(422), stays);
    expect(await countPermits(admission)).toBe(12);
  });

  it.each([
    ['answers with a server error', answerWith(503)],
    ['throws', () => Promise.reject(new Error('the work failed'))],
  ])('no longer grows with each after one %s', async (_how, work) => {
    const admission = createAdmission(20, SHORT_MS);
    await Promise.allSettled([admission.run(work, stays)]);
    await admission.run(answerWith(200), stays);
    expect(await countPermits(admission)).toBe(10);
  });

  it('is never more than this process sends requests to the vendor', async () => {
    const admission = createAdmission(2, SHORT_MS);
    await admission.run(answerWith(200), stays);
    expect(await countPermits(admission)).toBe(2);
  });
});
