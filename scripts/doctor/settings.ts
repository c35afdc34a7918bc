import { type Config, type ConfigFault, ignoresProxy } from '#lib/config/config.ts';
import { variables } from '#lib/config/environment.ts';
import { type Finding, ok, refuse, warn } from './finding.ts';

/** As `engines` in package.json. */
export const NODE_MINIMUM = '22.18';

/** Keys that stand in the vendor's guide and in the sandbox, and that the vendor gave to nobody. */
const exampleKeys: ReadonlySet<string> = new Set(['your_api_key_here', 'sandbox-key']);

/** @param version such as `24.1.0` */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [minMajor = 0, minMinor = 0] = NODE_MINIMUM.split('.').map(Number);
  if (major < minMajor || (major === minMajor && minor < minMinor)) {
    return refuse(
      'node',
      `Node ${version} is older than ${NODE_MINIMUM}.`,
      'Install Node 24, or start with the one that npm ci installs in node_modules/.bin.',
    );
  }
  return major % 2 === 1
    ? warn(
        'node',
        `Node ${version} is no long-term release: it gets no fixes after half a year.`,
        'Use an even major version, such as 24.',
      )
    : ok('node', `Node ${version}.`);
}

/** One finding per fault that keeps the server from starting. */
export function reportFaults(faults: readonly ConfigFault[]): Finding[] {
  return faults.map(({ variable, problem }) =>
    refuse(
      'configuration',
      `${variable} ${problem}.`,
      `Correct ${variable} in the environment or in .env.production.local: docs/configuration.md.`,
    ),
  );
}

/** A configuration that boot accepts. */
export function checkConfiguration(
  environment: Readonly<Record<string, string | undefined>>,
): Finding {
  if (ignoresProxy(environment)) {
    return warn(
      'configuration',
      'HTTPS_PROXY is set, but requests to the vendor go around it.',
      'Set NODE_USE_ENV_PROXY=1 too, or remove HTTPS_PROXY.',
    );
  }
  const set = variables.filter(({ name }) => environment[name]).length;
  return ok('configuration', `${set} of ${variables.length} settings are set, all of them valid.`);
}

/** What boot cannot know of the secrets. */
export function checkSecrets({ app, pauth }: Config): Finding {
  const { sessionSecrets } = app;
  if (!pauth.isSandbox && exampleKeys.has(pauth.apiKey)) {
    return refuse(
      'secrets',
      'PAUTH_API_KEY is an example, not a key of yours.',
      'Set the key of your pAuth account.',
    );
  }
  if (new Set(sessionSecrets).size < sessionSecrets.length) {
    return warn(
      'secrets',
      'SESSION_SECRET holds the same secret twice.',
      'Write each secret once, the newest first.',
    );
  }
  if (sessionSecrets.length > 2) {
    return warn(
      'secrets',
      `SESSION_SECRET holds ${sessionSecrets.length} secrets, and whoever knows one of them can forge sessions.`,
      'Remove those that SESSION_TTL_SECONDS have passed for: docs/operate.md, "I want to change the secret".',
    );
  }
  const lengths = sessionSecrets.map(({ length }) => `${length} characters`).join(', ');
  return ok(
    'secrets',
    `PAUTH_API_KEY has ${pauth.apiKey.length} characters; SESSION_SECRET: ${lengths}.`,
  );
}
