import type {
  Delivery,
  DeliveryState,
  DisabledEndpoint,
  EndpointSummary,
  NewDelivery,
} from '../model/webhook.ts'

/** Which deliveries to claim. */
export interface DeliveryClaim {
  readonly endpointId: string
  readonly now: number
  /** Until when no other node may claim them. */
  readonly until: number
  readonly limit: number
  /** Identifies this claim: random, and different for each call. */
  readonly claimId: string
}

/** The result of an attempt. A `pending` delivery is due again at `dueAt`. */
export interface AttemptResult {
  readonly state: DeliveryState
  readonly at: number
  readonly dueAt: number
  readonly status: number | null
  readonly failure: string | null
}

/** Which deliveries to list. */
export interface DeliveryListOptions {
  readonly endpointId?: string | undefined
  readonly state?: DeliveryState | undefined
  /** Leaves out those that were created earlier. */
  readonly since?: number | undefined
  /** Leaves out those with this id and higher ones: the last id of the previous page. */
  readonly before?: number | undefined
  readonly limit: number
}

/** Which failed deliveries to send again. */
export interface ReplaySelection {
  readonly endpointId?: string | undefined
  /** Leaves out those that were created earlier. */
  readonly since: number
}

/** The outbox of webhooks: messages that were recorded with what they tell of, until they are delivered. */
export interface WebhookStore {
  /**
   * Calls `write`, which makes one call of a method of this store. Also inserts the deliveries that `deliveriesOf` returns
   * for the result of that method, in its transaction: both happen or neither. `deliveriesOf` may be called more than once,
   * and the last call counts. Returns what `write` returns, and throws what it throws.
   *
   * If `write` calls no method that writes, inserts the deliveries for what `write` itself returns.
   */
  record<Result>(
    write: () => Promise<Result>,
    deliveriesOf: (result: Result) => readonly NewDelivery[],
  ): Promise<Result>
  /** Inserts deliveries, all or none. */
  insert(deliveries: readonly NewDelivery[]): Promise<void>
  /**
   * Claims the pending deliveries of an endpoint that are due, the longest due first, so that no other call returns them
   * until `until`. Counts the attempt.
   */
  claim(claim: DeliveryClaim): Promise<readonly Delivery[]>
  /** Records the result of an attempt only if the claim still holds: no other node has claimed the delivery since. */
  settle(id: number, claimId: string, result: AttemptResult): Promise<boolean>
  find(id: number): Promise<Delivery | undefined>
  /** Lists deliveries, newest first. */
  list(options: DeliveryListOptions): Promise<readonly Delivery[]>
  /** Counts the deliveries of each endpoint that has any, in any order. */
  summarize(): Promise<readonly EndpointSummary[]>
  /** Makes a delivered or failed delivery pending, due now, without attempts. Durable. Returns whether it did. */
  replay(id: number, now: number): Promise<boolean>
  /** Does the same with the failed deliveries that match. Durable. Returns how many. */
  replayFailed(selection: ReplaySelection, now: number): Promise<number>
  /** Lists the endpoints that are disabled. */
  listDisabled(): Promise<readonly DisabledEndpoint[]>
  /** Disables an endpoint. Replaces an earlier entry for it. */
  disable(endpoint: DisabledEndpoint): Promise<void>
  /** Enables an endpoint. Returns whether it was disabled. */
  enable(endpointId: string): Promise<boolean>
}
