import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Sandbox } from '#sandbox/server.ts';
import { answerSchema, type Command } from './commands.ts';
import type { TestLogin } from './test-login.ts';

/** A second process of the same site, with its own event loop and connections. */
export interface OtherProcess {
  /** Makes it use the database and sandbox of `login`. @returns a function that executes a command there. */
  join(login: TestLogin, sandbox: Sandbox): Promise<(command: Command) => Promise<unknown>>;
  stop(): Promise<void>;
}

/** Starts a second process, for all tests of a file. */
export async function startOtherProcess(): Promise<OtherProcess> {
  const child = fork(new URL('other-process-main.ts', import.meta.url), {
    execArgv: ['--conditions=react-server'],
  });
  await once(child, 'spawn');
  const exited = once(child, 'exit');
  let count = 0;
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  child.on('message', (message) => {
    const answer = answerSchema.parse(message);
    const promise = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('failure' in answer) {
      promise?.reject(new Error(`in the other process: ${answer.failure}`));
    } else {
      promise?.resolve(answer.value);
    }
  });
  return {
    async join(login, sandbox) {
      const ask = (command: Command) => {
        const promise = Promise.withResolvers<unknown>();
        count += 1;
        waiting.set(count, promise);
        child.send({ id: count, now: login.clock.now(), command });
        return promise.promise;
      };
      await ask({ kind: 'open', place: login.place, sandboxUrl: sandbox.url });
      return ask;
    },
    async stop() {
      child.disconnect();
      await exited;
    },
  };
}
