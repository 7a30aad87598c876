/** Who asks. `null` or nothing at all is somebody who has not signed in. */
export interface Caller {
  /** The token's `sub`. */
  id?: string | null;
  /** The token's `email`. */
  email?: string | null;
  /** The token's `aal`. */
  aal?: string | null;
  /** Whether this is an anonymous sign-in. */
  anonymous?: boolean;
  /** The caller's tenants and roles. Left out, they are not known, and the answer may be `depends`. */
  memberships?: Membership[];
}

/** One membership. */
export interface Membership {
  tenant: string;
  role: string;
  /** What it says beside the role, such as `team_id`, by the names that the policy's rules use. */
  attributes?: Record<string, string | null>;
}

/** A row by its columns. A column left out is not known; numbers beyond 2^53 and fractions go as text. */
export type Row = Record<string, string | number | boolean | null | object>;

export interface Question {
  caller?: Caller | null;
  table: string;
  action: 'select' | 'insert' | 'update' | 'delete' | 'upsert';
  /** The columns read (`select`) or written (the others); all that are granted if left out. */
  columns?: string[];
  /** The row as it is; for `insert` as it would be. */
  row?: Row;
  /** `update` only: the columns that change, with their new values. */
  changes?: Row;
  /** Whether the row that each `via` column points to is visible; not known if left out. */
  parents?: Record<string, boolean>;
  /** The time, as an ISO timestamp with its zone; not known if left out. */
  now?: string;
}

/** An operation on what is not in the database. */
export interface OperationQuestion {
  caller?: Caller | null;
  /** As the policy writes it: `hubspot.contact`. */
  resource: string;
  operation: string;
  /** The key of the tenant that is meant; it may be any if left out. */
  tenant?: string;
}

export interface Answer {
  decision: 'applies' | 'skipped' | 'refused' | 'not_granted' | 'depends';
  /** What happens and why, in one sentence. */
  message: string;
  /** The rule that decided. */
  rule: { text: string; line: number } | null;
  details: string[];
  hint: string | null;
}

/** Which rows a caller can reach. */
export interface Reach {
  /** With `exact` the filter keeps just the caller's rows, with `superset` perhaps others too. */
  rows: 'everything' | 'nothing' | 'exact' | 'superset';
  /** For `.or(...)` of supabase-js, or PostgREST's `or=(...)`; `null` if no row can be left out. */
  filter: string | null;
  /** Why other rows may pass. */
  wider: ('two_columns' | 'hidden_column' | 'star' | 'case' | 'parents' | 'memberships' | 'fact')[];
}
