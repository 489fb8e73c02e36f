import { createServer } from 'node:http';
import process from 'node:process';
import { loadPeer, type PeerName } from '../peers.ts';
import { listenAndTell } from './listen.ts';

const [, , name, file = ''] = process.argv;
const peer = await loadPeer(name as PeerName);
await listenAndTell(createServer(peer.serve(file)));
