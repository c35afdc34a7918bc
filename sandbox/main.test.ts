import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startSandbox } from './server.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

function run(environment: Record<string, string>) {
  const child = spawn(process.execPath, [main], {
    env: { ...environment, NODE_ENV: 'test' },
    stdio: 'pipe',
  });
  return { child, exited: once(child, 'exit'), errors: text(child.stderr) };
}

it.each(['SIGTERM', 'SIGINT'] as const)(
  'prints only its address, serves, and stops cleanly on %s',
  async (signal) => {
    const { child, exited, errors } = run({ SANDBOX_PORT: '0', SANDBOX_API_KEY: '' });
    const lines: string[] = [];
    const output = createInterface(child.stdout).on('line', (line) => lines.push(line));
    await once(output, 'line');
    expect(lines[0]).toMatch(/^sandbox on http:\/\/127\.0\.0\.1:\d+$/);

    const url = lines[0]?.replace('sandbox on ', '');
    const headers = { authorization: 'Bearer sandbox-key' };
    expect((await fetch(`${url}/v1/auth/sessions/unknown`, { headers })).status).toBe(404);

    child.kill(signal);
    expect(await exited).toEqual([0, null]);
    expect(lines).toHaveLength(1);
    expect(await errors).toBe('');
  },
);

it('reads its switches from the environment', async () => {
  const { child, exited } = run({
    SANDBOX_PORT: '0',
    SANDBOX_CALL_NUMBERS: 'shared',
    SANDBOX_MATCH: 'caller',
    SANDBOX_CALLBACKS: 'off',
  });
  const [line] = await once(createInterface(child.stdout), 'line');
  const options = await fetch(`${String(line).replace('sandbox on ', '')}/_sandbox/options`);
  expect(await options.json()).toMatchObject({
    call_numbers: 'shared',
    match: 'caller',
    callbacks: 'off',
  });
  child.kill();
  await exited;
});

it('reports every invalid variable and does not start', async () => {
  const { exited, errors } = run({
    SANDBOX_PORT: '65536',
    SANDBOX_CALL_NUMBERS: 'many',
    SANDBOX_MATCH: 'any',
    SANDBOX_CALLBACKS: 'yes',
    SANDBOX_TTL_SECONDS: '1.5',
  });
  expect(await exited).toEqual([1, null]);
  expect((await errors).match(/^SANDBOX_\w+(?=: )/gm)?.sort()).toEqual([
    'SANDBOX_CALLBACKS',
    'SANDBOX_CALL_NUMBERS',
    'SANDBOX_MATCH',
    'SANDBOX_PORT',
    'SANDBOX_TTL_SECONDS',
  ]);
});

it('reports that its port is in use', async () => {
  const other = await startSandbox();
  const { port } = new URL(other.url);
  const { exited, errors } = run({ SANDBOX_PORT: port });
  expect(await exited).toEqual([1, null]);
  expect(await errors).toBe(
    `Port ${port} on 127.0.0.1 is taken: stop what runs there, or set SANDBOX_PORT.\n`,
  );
  await other.close();
});
