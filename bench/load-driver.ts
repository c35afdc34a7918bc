import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type Job, type ResultOf, replySchema, resultSchemas } from './driver/jobs.ts';

type JobOf<Kind extends Job['kind']> = Omit<Extract<Job, { kind: Kind }>, 'kind'>;

/** The process that plays the browsers and the callers. */
export interface LoadDriver {
  pid: number;
  /** Runs one job; one at a time. @throws if the job fails. */
  run<Kind extends Job['kind']>(kind: Kind, job: JobOf<Kind>): Promise<ResultOf<Kind>>;
  stop(): Promise<void>;
}

export async function startLoadDriver(): Promise<LoadDriver> {
  const child = fork(new URL('driver/main.ts', import.meta.url), { stdio: 'inherit' });
  await once(child, 'spawn');
  const exited = once(child, 'exit');
  let lastId = 0;
  return {
    pid: child.pid ?? 0,
    run: async <Kind extends Job['kind']>(kind: Kind, job: JobOf<Kind>) => {
      lastId += 1;
      child.send({ id: lastId, job: { kind, ...job } });
      const reply = await Promise.race([
        once(child, 'message').then(([message]) => replySchema.parse(message)),
        exited.then(() => null),
      ]);
      if (reply === null || reply.id !== lastId || reply.outcome.kind === 'failed') {
        const why = reply?.outcome.kind === 'failed' ? reply.outcome.message : 'it has exited';
        throw new Error(`the load driver failed: ${why}`);
      }
      return resultSchemas[kind].parse(reply.outcome.result) as ResultOf<Kind>;
    },
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}
