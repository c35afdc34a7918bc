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

/** One function and how much of the time it ran itself, not counting what it called. */
export interface SelfTime {
  name: string;
  place: string;
  share: number;
}

/**
 * The functions that took most of the time while the process was busy. Counts the samples, not the
 * time between them: that is long where the machine was doing something else.
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

/** What is built in says nothing of itself: who called it does. */
function callerOf(caller: CpuProfile['nodes'][number]['callFrame'] | undefined): string {
  return caller === undefined || caller.functionName === '(root)'
    ? ''
    : `called by ${caller.functionName || '(anonymous)'} ${placeOf(caller)}`;
}

/** The end of a path tells enough; what is built in has none. */
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
