import 'server-only';
import ipaddr from 'ipaddr.js';
import { type Environment, environmentSchema, isSet, onlySet } from './environment.ts';
import type { ConfigFault } from './faults.ts';

/** The two that are also checked against each other, whatever else is wrong. */
const addressesSchema = environmentSchema.pick({ APP_ORIGIN: true, PAUTH_BASE_URL: true });

/** What is wrong with variables together, or with the host, that none of them shows alone. */
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
  const isLocalTrial = isLoopback(origin) && isLoopback(baseUrl);
  if (!isLocalTrial && isLoopback(baseUrl)) {
    faults.push({
      variable: 'PAUTH_BASE_URL',
      problem: 'is this machine: anyone who can reach a sandbox logs in as anyone',
    });
  } else if (!isLocalTrial && baseUrl.protocol !== 'https:') {
    faults.push({ variable: 'PAUTH_BASE_URL', problem: 'must begin with https://' });
  }
  if (/[@?#]/.test(baseUrl.href)) {
    faults.push({
      variable: 'PAUTH_BASE_URL',
      problem: 'must hold no user name, password, query or fragment',
    });
  }
  return faults;
}

/** Hosts that keep no disk between requests, by a variable each of them sets. */
const serverlessMarks = ['VERCEL', 'AWS_LAMBDA_FUNCTION_NAME', 'NETLIFY', 'K_SERVICE'] as const;

function faultsOfHost(environment: Environment): ConfigFault[] {
  const faults: ConfigFault[] = [];
  if (environment.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    faults.push({
      variable: 'NODE_TLS_REJECT_UNAUTHORIZED',
      problem: 'switches TLS verification off; remove it',
    });
  }
  const mark = serverlessMarks.find((name) => isSet(environment[name]));
  if (mark !== undefined && !environment.DATABASE_URL?.startsWith('postgres')) {
    faults.push({
      variable: 'DATABASE_URL',
      problem: `is a file, and this host (${mark} is set) keeps no files: users and sessions would be lost`,
    });
  }
  return faults;
}

/** Whether an address is this machine itself, in any of its spellings. */
export function isLoopback(address: URL): boolean {
  const host = address.hostname.replace(/^\[|\]$|\.$/g, '');
  return (
    host === 'localhost' ||
    (ipaddr.isValid(host) && ['loopback', 'unspecified'].includes(ipaddr.process(host).range()))
  );
}
