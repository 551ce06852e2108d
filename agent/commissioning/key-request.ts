/** The cabinet's own key, and the request for its certificate (PKCS #10). It reads and writes no file. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { Set as AsnSet, BitString, Constructed, fromBER, Integer, ObjectIdentifier, Sequence, Utf8String } from 'asn1js';

/** Source: RFC 5758 §3.2, ecdsa-with-SHA256. */
const ECDSA_SHA256 = '1.2.840.10045.4.3.2';
/** Source: X.520, id-at-commonName. */
const COMMON_NAME = '2.5.4.3';

/** A new key on the curve P-256, as PEM. Source: the curve every TLS stack has; NIST SP 800-186. */
export function newKeyPem(): string {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/**
 * A request for a certificate in the name of the cabinet, as PEM.
 *
 * Shape:  `commonName` is the id of the edge node, which brokers compare with its topics.
 * Errors: throws TypeError for a key that is not on an elliptic curve.
 * Source: RFC 2986 (PKCS #10) §4.
 */
export function certificateRequest(keyPem: string, commonName: string): string {
  const key = createPrivateKey(keyPem);
  if (key.asymmetricKeyType !== 'ec') throw new TypeError('only keys on an elliptic curve are made here');
  const info = requestInfo(key, commonName);
  const signature = sign('sha256', Buffer.from(info.toBER()), key);
  const request = new Sequence({
    value: [
      info,
      new Sequence({ value: [new ObjectIdentifier({ value: ECDSA_SHA256 })] }),
      new BitString({ valueHex: new Uint8Array(signature).buffer }),
    ],
  });
  return pem('CERTIFICATE REQUEST', Buffer.from(request.toBER()));
}

function requestInfo(key: KeyObject, commonName: string): Sequence {
  const publicKey = fromBER(createPublicKey(key).export({ type: 'spki', format: 'der' })).result;
  const name = new Sequence({ value: [new ObjectIdentifier({ value: COMMON_NAME }), new Utf8String({ value: commonName })] });
  const noAttributes = new Constructed({ idBlock: { tagClass: 3, tagNumber: 0 }, value: [] });
  return new Sequence({
    value: [new Integer({ value: 0 }), new Sequence({ value: [new AsnSet({ value: [name] })] }), publicKey, noAttributes],
  });
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
