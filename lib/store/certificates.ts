import 'server-only';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fail, type Result, succeed } from '../shared/result.ts';

const BEGIN = '-----BEGIN CERTIFICATE-----';
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Reads certificates in PEM.
 *
 * @param given the text itself, in which `\n` may stand for a line break, or the path of a file.
 * @returns the text, or what is wrong with it; reads on after the variable's name.
 */
export function readCertificates(given: string): Result<string, string> {
  let pem: string;
  try {
    pem = given.includes('-----') ? given.replaceAll('\\n', '\n') : readFileSync(given, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    return fail(
      `names a file that cannot be read (${code}): give its path, or the certificate itself`,
    );
  }
  const certificates = pem.match(CERTIFICATE) ?? [];
  return certificates.length > 0 && certificates.every(isCertificate)
    ? succeed(pem)
    : fail(`has no whole certificate in it: it begins with ${BEGIN} and ends with its end line`);
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
