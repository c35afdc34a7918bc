import { fork } from 'node:child_process';
import { once } from 'node:events';
import type * as z from 'zod';
import {
  type Job,
  leaveResultSchema,
  loginsResultSchema,
  openResultSchema,
  plainLoadResultSchema,
  replySchema,
  startsResultSchema,
  waitResultSchema,
} from './driver/jobs.ts';

type JobOf<Kind extends Job['kind']> = Omit<Extract<Job, { kind: Kind }>, 'kind'>;

/** The process that plays the browsers and the callers. */
export interface LoadDriver {
  pid: number;
  arrivals(job: JobOf<'arrivals'>): Promise<z.infer<typeof loginsResultSchema>>;
  backToBack(job: JobOf<'back_to_back'>): Promise<z.infer<typeof loginsResultSchema>>;
  starts(job: JobOf<'starts'>): Promise<z.infer<typeof startsResultSchema>>;
  wait(job: JobOf<'wait'>): Promise<z.infer<typeof waitResultSchema>>;
  wake(job: JobOf<'wake'>): Promise<z.infer<typeof loginsResultSchema>>;
  leave(): Promise<z.infer<typeof leaveResultSchema>>;
  open(job: JobOf<'open'>): Promise<z.infer<typeof openResultSchema>>;
  plainLoad(job: JobOf<'plain_load'>): Promise<z.infer<typeof plainLoadResultSchema>>;
  stop(): Promise<void>;
}

export async function startLoadDriver(): Promise<LoadDriver> {
  const child = fork(new URL('driver/main.ts', import.meta.url), { stdio: 'inherit' });
  await once(child, 'spawn');
  const exited = once(child, 'exit');
  let lastId = 0;

  const run = async <T>(schema: z.ZodType<T>, job: Job): Promise<T> => {
    lastId += 1;
    child.send({ id: lastId, job });
    const reply = await Promise.race([
      once(child, 'message').then(([message]) => replySchema.parse(message)),
      exited.then(() => null),
    ]);
    if (reply === null || reply.id !== lastId || reply.outcome.kind === 'failed') {
      const why = reply?.outcome.kind === 'failed' ? reply.outcome.message : 'it has ended';
      throw new Error(`the load driver failed: ${why}`);
    }
    return schema.parse(reply.outcome.result);
  };

  return {
    pid: child.pid ?? 0,
    arrivals: (job) => run(loginsResultSchema, { kind: 'arrivals', ...job }),
    backToBack: (job) => run(loginsResultSchema, { kind: 'back_to_back', ...job }),
    starts: (job) => run(startsResultSchema, { kind: 'starts', ...job }),
    wait: (job) => run(waitResultSchema, { kind: 'wait', ...job }),
    wake: (job) => run(loginsResultSchema, { kind: 'wake', ...job }),
    leave: () => run(leaveResultSchema, { kind: 'leave' }),
    open: (job) => run(openResultSchema, { kind: 'open', ...job }),
    plainLoad: (job) => run(plainLoadResultSchema, { kind: 'plain_load', ...job }),
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}
