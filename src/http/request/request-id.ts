import { randomUUID } from 'node:crypto';
import type { BlockList, Socket } from 'node:net';
import { isTrustedPeer } from './client-address.ts';

/** By what a request is found again, in logs and answers of others too. */
export interface RequestId {
  /** In the log, in the audit and as `X-Request-Id` in the answer. */
  readonly id: string;
  /** Of the trace that it is a part of, where a proxy told. */
  readonly trace?: string;
}

/** The other end of a connection. */
type Peer = Pick<Socket, 'remoteAddress'>;

/** An underscore, which each token has, would let one into the audit. */
const ID = /^[0-9A-Za-z-]{1,64}$/;

/** W3C Trace Context, section 3.2: version, trace id, parent id and flags, of which none is all zeros. */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;

/**
 * Takes `X-Request-Id`, or else the trace id in `traceparent`, from proxies that are trusted; all others
 * get an id of ours. `header` gives the value of a header that was sent once.
 */
export function requestIds(trustedProxies: BlockList) {
  // With the proxies that there are at the start: who has none pays for none.
  const isAnyTrusted = trustedProxies.rules.length > 0;
  /** Looked up once for each connection. */
  const trust = new WeakMap<Peer, boolean>();

  function isTrusted(peer: Peer): boolean {
    let known = trust.get(peer);
    if (known === undefined) {
      known = isTrustedPeer(trustedProxies, peer.remoteAddress ?? '');
      trust.set(peer, known);
    }
    return known;
  }

  return (header: (name: string) => string | undefined, peer: Peer | undefined): RequestId => {
    if (!isAnyTrusted) return { id: randomUUID() };
    const [given, parent] = [header('x-request-id'), header('traceparent')];
    if (given === undefined && parent === undefined) return { id: randomUUID() };
    if (peer === undefined || !isTrusted(peer)) return { id: randomUUID() };
    const [, trace] = TRACEPARENT.exec(parent ?? '') ?? [];
    const id = given !== undefined && ID.test(given) ? given : (trace ?? randomUUID());
    return trace === undefined ? { id } : { id, trace };
  };
}

export type RequestIds = ReturnType<typeof requestIds>;
