import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isoCBOR } from '@simplewebauthn/server/helpers';
import type { NewPasskeyReply, PasskeyOptionsReply } from '#lib/shared/contract.ts';

/** How an answer differs from that of an honest authenticator and browser. */
export interface Deviation {
  origin?: string;
  rpId?: string;
  challenge?: string;
  type?: string;
  isUserVerified?: boolean;
  counter?: number;
  /** BE, BS of the authenticator data. */
  backup?: 'none' | 'eligible' | 'done' | 'done but not eligible';
  userHandle?: string;
  key?: KeyObject;
}

/** A passkey in an authenticator of software, for tests: signs as WebAuthn Level 3 says, with ES256. */
export class TestPasskey {
  readonly id = randomBytes(32).toString('base64url');
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #origin: string;
  counter = 0;
  userHandle = '';

  /** @param origin the site that it is for. */
  constructor(origin: string) {
    this.#origin = origin;
  }

  /** Answers `POST /api/auth/passkeys/new`. @returns the body of `…/add`. */
  create(options: NewPasskeyReply, deviation: Deviation = {}) {
    this.userHandle = options.user.id;
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' });
    const publicKey = isoCBOR.encode(
      new Map<number, number | Uint8Array<ArrayBuffer>>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, new Uint8Array(Buffer.from(x, 'base64url'))],
        [-3, new Uint8Array(Buffer.from(y, 'base64url'))],
      ]),
    );
    const id = Buffer.from(this.id, 'base64url');
    const length = Buffer.alloc(2);
    length.writeUInt16BE(id.length);
    const authData = Buffer.concat([
      this.#authenticatorData(0x40, deviation),
      Buffer.alloc(16),
      length,
      id,
      publicKey,
    ]);
    const attestation = isoCBOR.encode(
      new Map<string, string | Map<string, string> | Uint8Array<ArrayBuffer>>([
        ['fmt', 'none'],
        ['attStmt', new Map<string, string>()],
        ['authData', new Uint8Array(authData)],
      ]),
    );
    return {
      id: this.id,
      attestation: Buffer.from(attestation).toString('base64url'),
      client_data: this.#clientData('webauthn.create', options.challenge, deviation).toString(
        'base64url',
      ),
    };
  }

  /** Answers `POST /api/auth/passkeys/options`. @returns the body of `…/login` and `…/confirm`. */
  use(options: Pick<PasskeyOptionsReply, 'challenge'>, deviation: Deviation = {}) {
    const data = this.#authenticatorData(0, deviation);
    const clientData = this.#clientData('webauthn.get', options.challenge, deviation);
    const signed = Buffer.concat([data, createHash('sha256').update(clientData).digest()]);
    return {
      id: this.id,
      authenticator_data: data.toString('base64url'),
      client_data: clientData.toString('base64url'),
      signature: sign('sha256', signed, deviation.key ?? this.#keys.privateKey).toString(
        'base64url',
      ),
      user_handle: deviation.userHandle ?? this.userHandle,
    };
  }

  #authenticatorData(flags: number, deviation: Deviation): Buffer {
    const { backup = 'none', isUserVerified = true, counter = this.counter } = deviation;
    const backupFlags = { none: 0, eligible: 8, done: 24, 'done but not eligible': 16 }[backup];
    const head = Buffer.alloc(5);
    head.writeUInt8(flags | 1 | (isUserVerified ? 4 : 0) | backupFlags, 0);
    head.writeUInt32BE(counter, 1);
    const rpId = deviation.rpId ?? new URL(this.#origin).hostname;
    return Buffer.concat([createHash('sha256').update(rpId).digest(), head]);
  }

  #clientData(type: string, challenge: string, deviation: Deviation): Buffer {
    const { origin = this.#origin } = deviation;
    return Buffer.from(
      JSON.stringify({
        type: deviation.type ?? type,
        challenge: deviation.challenge ?? challenge,
        origin,
        crossOrigin: false,
      }),
    );
  }
}
