import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { constants, createDeflate, type Deflate } from 'node:zlib';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { asList, asNumber, asObject, asString, type Json } from './json.ts';
import { Intent } from './numbers.ts';

const Op = {
  Dispatch: 0,
  Heartbeat: 1,
  Identify: 2,
  PresenceUpdate: 3,
  VoiceStateUpdate: 4,
  Resume: 6,
  Reconnect: 7,
  RequestGuildMembers: 8,
  InvalidSession: 9,
  Hello: 10,
  HeartbeatAck: 11,
} as const;

const PRIVILEGED = Intent.GuildMembers | Intent.GuildPresences | Intent.MessageContent;
const REPLAYED_AT_MOST = 1000;

export interface GatewayEvent {
  readonly at: number;
  /** `close` is a connection's end, whoever ended it. */
  readonly kind: 'connect' | 'identify' | 'resume' | 'heartbeat' | 'close';
  /** Numbers connections from 1. */
  readonly connection: number;
  readonly session?: string;
  /** For `close`. */
  readonly code?: number;
  /** For `close`: what the client did wrong, where that is why. */
  readonly reason?: string;
  /** For `resume`: whether the session was still there. */
  readonly resumed?: boolean;
}

interface Dispatch {
  readonly op: 0;
  readonly t: string;
  readonly s: number;
  readonly d: unknown;
}

interface Shard {
  readonly id: number;
  readonly count: number;
}

interface Session {
  readonly id: string;
  readonly intents: number;
  readonly shard: Shard;
  sequence: number;
  readonly sent: Dispatch[];
  connection: Connection | undefined;
  /** Cannot be resumed any more. */
  invalid: boolean;
}

class Connection {
  readonly number: number;
  readonly #socket: WebSocket;
  readonly #deflate: Deflate | undefined;
  #chunks: Buffer[] = [];
  session: Session | undefined;
  acks = true;
  /** What we closed it with; the socket itself reports the peer's echo. */
  closedWith: number | undefined;
  closedFor: string | undefined;

  constructor(number: number, socket: WebSocket, compressed: boolean) {
    this.number = number;
    this.#socket = socket;
    if (compressed) {
      // One deflate stream a connection; each message ends in a flush, as `zlib-stream` wants.
      this.#deflate = createDeflate();
      this.#deflate.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    }
  }

  send(payload: Json | Dispatch): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const text = JSON.stringify(payload);
    if (this.#deflate === undefined) {
      this.#socket.send(text);
      return;
    }
    this.#deflate.write(text);
    this.#deflate.flush(constants.Z_SYNC_FLUSH, () => {
      const message = Buffer.concat(this.#chunks);
      this.#chunks = [];
      if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(message);
    });
  }

  close(code: number, reason = ''): void {
    this.closedWith = code;
    this.closedFor = reason || undefined;
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  dispose(): void {
    this.#deflate?.close();
  }
}

export interface GatewayInit {
  readonly token: string;
  readonly heartbeatMs: number;
  readonly ready: () => Json;
  /** Those that the bot is in, as GUILD_CREATE carries them. */
  readonly servers: () => Json[];
  /** Those of the privileged intents that the application may use. */
  readonly privilegedIntents: number;
  readonly report: (violation: string) => void;
}

/** Gateway v10 on the server's upgrade requests. */
export class Gateway {
  readonly events: GatewayEvent[] = [];
  /** On how many shards a bot of this size has to come at least. */
  shards = 1;
  readonly #init: GatewayInit;
  readonly #sockets: WebSocketServer;
  readonly #connections = new Set<Connection>();
  readonly #sessions = new Map<string, Session>();
  readonly #changed = new Set<() => void>();
  #count = 0;
  #ignored = 0;
  #address = '';

  constructor(server: Server, init: GatewayInit) {
    this.#init = init;
    this.#sockets = new WebSocketServer({ server });
    // The HTTP server's own errors come this way too; whoever listens there deals with them.
    this.#sockets.on('error', () => {});
    this.#sockets.on('connection', (socket, request) => {
      const query = new URL(request.url ?? '/', 'ws://localhost').searchParams;
      this.#connect(socket, query);
    });
  }

  set address(url: string) {
    this.#address = url;
  }

  get address(): string {
    return this.#address;
  }

  /** Whether a session is identified and connected now. */
  get ready(): boolean {
    return [...this.#sessions.values()].some((session) => session.connection !== undefined);
  }

  onChange(listener: () => void): () => void {
    this.#changed.add(listener);
    return () => this.#changed.delete(listener);
  }

  /**
   * To every session of the right shard whose intents include the given ones, kept for those that
   * resume; answers how many there are. A function makes the data that a session's own intents let
   * through.
   */
  dispatch(t: string, d: unknown, intents = 0): number {
    let reached = 0;
    for (const session of this.#sessions.values()) {
      if (session.invalid || (session.intents & intents) !== intents) continue;
      const data: unknown = typeof d === 'function' ? d(session.intents) : d;
      if (!isFor(session.shard, t, asObject(data))) continue;
      this.#send(session, t, data);
      reached += 1;
    }
    return reached;
  }

  drop(options: { resumable?: boolean; code?: number } = {}): void {
    const resumable = options.resumable ?? true;
    for (const session of this.#sessions.values()) {
      if (!resumable) session.invalid = true;
    }
    for (const connection of this.#connections) connection.close(options.code ?? 4000);
  }

  /** Opcode 7: asks the clients to come again. */
  askToReconnect(): void {
    for (const connection of this.#connections) {
      connection.send({ op: Op.Reconnect, d: null, s: null, t: null });
    }
  }

  /** So many connections from now on hear nothing at all, not even HELLO. */
  ignore(connections: number): void {
    this.#ignored = connections;
  }

  silence(): void {
    for (const connection of this.#connections) connection.acks = false;
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections) connection.terminate();
    await new Promise<void>((resolve) => {
      this.#sockets.close(() => {
        resolve();
      });
    });
  }

  #connect(socket: WebSocket, query: URLSearchParams): void {
    const connection = new Connection(
      ++this.#count,
      socket,
      query.get('compress') === 'zlib-stream',
    );
    this.#connections.add(connection);
    this.#record(connection, { kind: 'connect' });
    socket.on('error', () => {});
    socket.on('close', (code) => {
      this.#closed(connection, code);
    });
    socket.on('message', (data) => {
      this.#receive(connection, data);
    });
    if (query.get('v') !== '10') {
      connection.close(4012, 'Invalid API version');
      return;
    }
    if ((query.get('encoding') ?? 'json') !== 'json') {
      connection.close(4002, 'Only the JSON encoding is spoken here');
      return;
    }
    if (this.#ignored > 0) {
      this.#ignored -= 1;
      return;
    }
    connection.send({
      op: Op.Hello,
      t: null,
      s: null,
      d: { heartbeat_interval: this.#init.heartbeatMs, _trace: ['["local-discord"]'] },
    });
  }

  #closed(connection: Connection, code: number): void {
    this.#connections.delete(connection);
    connection.dispose();
    const { session } = connection;
    if (session?.connection === connection) {
      session.connection = undefined;
      // A client that leaves with 1000 or 1001 ends its session; any other end can be resumed.
      const byClient = connection.closedWith === undefined;
      if (byClient && (code === 1000 || code === 1001)) this.#sessions.delete(session.id);
    }
    const { closedWith = code, closedFor: reason } = connection;
    this.#record(connection, {
      kind: 'close',
      code: closedWith,
      ...(reason === undefined ? {} : { reason }),
    });
  }

  #receive(connection: Connection, data: RawData): void {
    let payload: Json;
    try {
      // The default binary type is a Buffer, whole.
      payload = asObject(JSON.parse((data as Buffer).toString('utf8')));
    } catch {
      connection.close(4002, 'Decode error');
      return;
    }
    const d = asObject(payload['d']);
    switch (payload['op']) {
      case Op.Heartbeat:
        this.#record(connection, { kind: 'heartbeat' });
        if (connection.acks) connection.send({ op: Op.HeartbeatAck, d: null, s: null, t: null });
        return;
      case Op.Identify:
        this.#identify(connection, d);
        return;
      case Op.Resume:
        this.#resume(connection, d);
        return;
      case Op.PresenceUpdate:
      case Op.VoiceStateUpdate:
      case Op.RequestGuildMembers:
        if (connection.session === undefined) connection.close(4003, 'Not authenticated');
        return;
      default:
        connection.close(4001, 'Unknown opcode');
    }
  }

  #identify(connection: Connection, d: Json): void {
    const [shard = 0, count = 1] = asList(d['shard']).map(asNumber);
    const session: Session = {
      id: randomBytes(16).toString('hex'),
      intents: asNumber(d['intents']) ?? 0,
      shard: { id: shard, count },
      sequence: 0,
      sent: [],
      connection,
      invalid: false,
    };
    this.#record(connection, { kind: 'identify', session: session.id });
    if (connection.session !== undefined) {
      connection.close(4005, 'Already authenticated');
      return;
    }
    if (!this.#knows(d['token'])) {
      connection.close(4004, 'Authentication failed');
      return;
    }
    if (shard >= count) {
      connection.close(4010, 'Invalid shard');
      return;
    }
    if (count < this.shards) {
      connection.close(4011, 'Sharding required');
      return;
    }
    if (asNumber(d['intents']) === undefined) {
      connection.close(4013, 'Invalid intent(s)');
      return;
    }
    if ((session.intents & PRIVILEGED & ~this.#init.privilegedIntents) !== 0) {
      connection.close(4014, 'Disallowed intent(s).');
      return;
    }
    if (asString(asObject(d['properties'])['os']) === undefined) {
      this.#init.report('an identify without properties');
    }
    connection.session = session;
    this.#sessions.set(session.id, session);
    const servers =
      (session.intents & Intent.Guilds) === 0
        ? []
        : this.#init.servers().filter((server) => isFor(session.shard, 'GUILD_CREATE', server));
    this.#send(session, 'READY', {
      v: 10,
      ...this.#init.ready(),
      guilds: servers.map(({ id }) => ({ id, unavailable: true })),
      session_id: session.id,
      resume_gateway_url: this.#address,
      session_type: 'normal',
      shard: [shard, count],
    });
    for (const server of servers) this.#send(session, 'GUILD_CREATE', server);
    this.#announce();
  }

  #resume(connection: Connection, d: Json): void {
    const id = asString(d['session_id']) ?? '';
    const seq = asNumber(d['seq']) ?? 0;
    if (!this.#knows(d['token'])) {
      connection.close(4004, 'Authentication failed');
      return;
    }
    const session = this.#sessions.get(id);
    const oldest = session?.sent[0]?.s ?? 1;
    const resumed = session !== undefined && !session.invalid && seq >= oldest - 1;
    this.#record(connection, { kind: 'resume', session: id, resumed });
    if (!resumed) {
      this.#sessions.delete(id);
      connection.send({ op: Op.InvalidSession, d: false, s: null, t: null });
      return;
    }
    if (seq > session.sequence) {
      connection.close(4007, 'Invalid seq');
      return;
    }
    session.connection?.close(4000);
    session.connection = connection;
    connection.session = session;
    for (const missed of session.sent.filter(({ s }) => s > seq)) connection.send(missed);
    this.#send(session, 'RESUMED', { _trace: ['["local-discord"]'] });
    this.#announce();
  }

  #send(session: Session, t: string, d: unknown): void {
    session.sequence += 1;
    // A copy: what was sent stays as it was when it is replayed.
    const dispatch: Dispatch = { op: Op.Dispatch, t, s: session.sequence, d: structuredClone(d) };
    session.sent.push(dispatch);
    if (session.sent.length > REPLAYED_AT_MOST) session.sent.shift();
    session.connection?.send(dispatch);
  }

  #knows(token: unknown): boolean {
    return asString(token)?.replace(/^Bot\s+/i, '') === this.#init.token;
  }

  #record(connection: Connection, event: Omit<GatewayEvent, 'at' | 'connection'>): void {
    const session = connection.session?.id;
    this.events.push({
      at: Date.now(),
      connection: connection.number,
      ...(session === undefined ? {} : { session }),
      ...event,
    });
  }

  #announce(): void {
    for (const listener of this.#changed) listener();
  }
}

/** What happens in a server goes to one shard by the server's id, all else to the first. */
function isFor({ id, count }: Shard, event: string, data: Json): boolean {
  const isOfServer = event === 'GUILD_CREATE' || event === 'GUILD_DELETE';
  const serverId = asString(data[isOfServer ? 'id' : 'guild_id']);
  return id === (serverId === undefined ? 0 : Number((BigInt(serverId) >> 22n) % BigInt(count)));
}
