/** A query as the driver takes it; a plan is kept where it has a name. */
export interface DriverQuery {
  readonly name?: string;
  readonly text: string;
  readonly values?: unknown[];
  readonly rowMode?: 'array';
}

export interface DriverResult {
  readonly rows: readonly unknown[];
  readonly rowCount: number | null;
}

/** One connection. What is sent before an earlier query is answered is answered after that. */
export interface DriverConnection {
  query(query: DriverQuery): Promise<DriverResult>;
  /** Gives it back; what is broken is closed. */
  release(isBroken: boolean): void;
}

/** So much of a driver as the engine needs. */
export interface Driver {
  connect(): Promise<DriverConnection>;
  /** For checks, which wait for nothing else. */
  connectForChecks(): Promise<DriverConnection>;
  end(): Promise<void>;
}
