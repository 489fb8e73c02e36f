import type { RequestListener } from 'node:http';
import { fileURLToPath } from 'node:url';
import { installPackages } from '../support/install-packages.ts';
import { kept } from './data.ts';

/**
 * What Latchkey is compared with. The modules in `peers` are JavaScript: what they import is installed
 * here and nowhere else, so the project's own type check knows nothing of it.
 */
export interface Peer {
  /** Whose data it uses; absent where it needs none. */
  readonly data?: string;
  fill?(file: string, rows: number): Promise<void>;
  /** The header of a request that shows the credential in row `index`. */
  header(index: number): readonly [name: string, value: string];
  /** For use in this process. */
  open?(file: string): OpenPeer;
  /** For use over HTTP. */
  serve(file: string): RequestListener;
}

export interface OpenPeer {
  check(index: number): unknown;
  close(): void;
}

export type PeerName = 'better-auth-key' | 'better-auth-session' | 'express-session' | 'fast-jwt';

export async function loadPeer(name: PeerName): Promise<Peer> {
  return (await import(new URL(`peers/${name}.js`, import.meta.url).href)) as Peer;
}

/** The peer's database with so many rows, made if there is none. */
export async function peerData(peer: Peer, rows: number): Promise<string> {
  if (peer.data === undefined) return '';
  return kept(`${peer.data}-${rows}.db`, (file) => peer.fill?.(file, rows));
}

const HERE = fileURLToPath(new URL('.', import.meta.url));

export const installPeers = () => installPackages(HERE, 'what Latchkey is compared with');
