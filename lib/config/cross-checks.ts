import 'server-only';
import ipaddr from 'ipaddr.js';
import { type Environment, environmentSchema, isSet, onlySet } from './environment.ts';
import type { ConfigFault } from './faults.ts';

/** Parsed apart from the rest, so that other faults do not hide those of the two addresses. */
const addressesSchema = environmentSchema.pick({ APP_ORIGIN: true, PAUTH_BASE_URL: true });

/** Faults of several variables together, or of a variable on this host. */
export function crossCheck(environment: Environment): ConfigFault[] {
  const addresses = addressesSchema.safeParse(onlySet(environment));
  return [
    ...faultsOfHost(environment),
    ...(addresses.success
      ? faultsOfAddresses(addresses.data.APP_ORIGIN, addresses.data.PAUTH_BASE_URL)
      : []),
  ];
}

function faultsOfAddresses(origin: URL, baseUrl: URL): ConfigFault[] {
  const faults: ConfigFault[] = [];
  if (!isLoopback(origin) && origin.protocol !== 'https:') {
    faults.push({ variable: 'APP_ORIGIN', problem: 'must begin with https://' });
  }
  const isLocal = isLoopback(origin) && isLoopback(baseUrl);
  if (!isLocal && isLoopback(baseUrl)) {
    faults.push({
      variable: 'PAUTH_BASE_URL',
      problem:
        'is this machine, but APP_ORIGIN is not: anyone who can reach a sandbox can log in as anyone',
    });
  } else if (!isLocal && baseUrl.protocol !== 'https:') {
    faults.push({ variable: 'PAUTH_BASE_URL', problem: 'must begin with https://' });
  }
  if (/[@?#]/.test(baseUrl.href)) {
    faults.push({
      variable: 'PAUTH_BASE_URL',
      problem: 'must not contain a user name, password, query or fragment',
    });
  }
  return faults;
}

/** Hosts that keep no files between requests, by a variable that each of them sets. */
const serverlessMarkers = ['VERCEL', 'AWS_LAMBDA_FUNCTION_NAME', 'NETLIFY', 'K_SERVICE'] as const;

function faultsOfHost(environment: Environment): ConfigFault[] {
  const faults: ConfigFault[] = [];
  if (environment.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    faults.push({
      variable: 'NODE_TLS_REJECT_UNAUTHORIZED',
      problem: 'switches TLS verification off: remove it',
    });
  }
  const marker = serverlessMarkers.find((name) => isSet(environment[name]));
  if (marker !== undefined && !environment.DATABASE_URL?.startsWith('postgres')) {
    faults.push({
      variable: 'DATABASE_URL',
      problem: `is a file, and this host (${marker} is set) keeps no files: users and sessions would be lost`,
    });
  }
  return faults;
}

/** Whether an address is this machine: `localhost`, or a loopback or unspecified IP in any spelling. */
export function isLoopback(address: URL): boolean {
  const host = address.hostname.replace(/^\[|\]$|\.$/g, '');
  return (
    host === 'localhost' ||
    (ipaddr.isValid(host) && ['loopback', 'unspecified'].includes(ipaddr.process(host).range()))
  );
}
