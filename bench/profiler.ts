import * as z from 'zod';

const profileSchema = z.object({
  nodes: z.array(
    z.object({
      id: z.int(),
      children: z.array(z.int()).optional(),
      callFrame: z.object({
        functionName: z.string(),
        url: z.string(),
        lineNumber: z.int(),
      }),
    }),
  ),
  samples: z.array(z.int()),
});

export type CpuProfile = z.infer<typeof profileSchema>;

/** A function and its self time, as a share of the busy time. */
export interface SelfTime {
  name: string;
  place: string;
  share: number;
}

/**
 * The `most` functions with the longest self time. Counts samples, because the time between samples
 * includes other processes.
 */
export function summarize(profile: CpuProfile, most: number): SelfTime[] {
  const frames = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  const callers = new Map(
    profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id])),
  );
  const times = new Map<string, { name: string; place: string; samples: number }>();
  let busy = 0;
  for (const id of profile.samples) {
    const frame = frames.get(id);
    if (frame === undefined || frame.functionName === '(idle)') {
      continue;
    }
    busy += 1;
    const name = frame.functionName || '(anonymous)';
    const place = placeOf(frame) || callerOf(frames.get(callers.get(id) ?? 0));
    const entry = times.get(`${name} ${place}`) ?? { name, place, samples: 0 };
    entry.samples += 1;
    times.set(`${name} ${place}`, entry);
  }
  return [...times.values()]
    .toSorted((one, other) => other.samples - one.samples)
    .slice(0, most)
    .map(({ name, place, samples }) => ({ name, place, share: samples / busy }));
}

/** Built-in functions have no place: their caller says more. */
function callerOf(caller: CpuProfile['nodes'][number]['callFrame'] | undefined): string {
  return caller === undefined || caller.functionName === '(root)'
    ? ''
    : `called by ${caller.functionName || '(anonymous)'} ${placeOf(caller)}`;
}

/** The end of the path and the line; empty for built-in functions. */
function placeOf({ url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  return url === '' ? '' : `${url.split('/').slice(-3).join('/')}:${lineNumber + 1}`;
}

/**
 * Profiles a process that was started with `--inspect` while `work` runs.
 *
 * @param url of its inspector, as the process prints it.
 */
export async function profileWhile<T>(
  url: string,
  work: () => Promise<T>,
): Promise<{ profile: CpuProfile; result: T }> {
  const inspector = await connect(url);
  try {
    await inspector.send('Profiler.enable');
    await inspector.send('Profiler.start');
    const result = await work();
    const answer = await inspector.send('Profiler.stop');
    return { profile: z.object({ profile: profileSchema }).parse(answer).profile, result };
  } finally {
    inspector.close();
  }
}

const messageSchema = z.object({ id: z.int().optional(), result: z.unknown() });

async function connect(url: string) {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', reject);
  });
  const waiting = new Map<number, (result: unknown) => void>();
  socket.addEventListener('message', ({ data }) => {
    const message = messageSchema.parse(JSON.parse(String(data)));
    if (message.id !== undefined) {
      waiting.get(message.id)?.(message.result);
    }
  });
  let lastId = 0;
  return {
    send: async (method: string) => {
      lastId += 1;
      const id = lastId;
      const answered = new Promise<unknown>((resolve) => waiting.set(id, resolve));
      socket.send(JSON.stringify({ id, method }));
      return await answered;
    },
    close: () => socket.close(),
  };
}
