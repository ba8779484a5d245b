/** A message for one webhook endpoint, before it is stored. */
export interface NewDelivery {
  /** The `webhook-id` header: the same in each attempt, and at each endpoint that receives the event. */
  readonly messageId: string
  readonly endpointId: string
  /** The name of the event. */
  readonly event: string
  /** The JSON body. */
  readonly body: string
  readonly createdAt: number
}

/** `pending`: not accepted yet, will be tried again. `failed`: no attempt was successful, and none follows. */
export type DeliveryState = 'pending' | 'delivered' | 'failed'

/** A stored message for one webhook endpoint. */
export interface Delivery extends NewDelivery {
  readonly id: number
  readonly state: DeliveryState
  /** How often it was sent, since it was created or last replayed. */
  readonly attempts: number
  /** When it is sent next. While a node sends it: when another node may. */
  readonly dueAt: number
  /** When it was delivered or failed. Null while it is pending. */
  readonly finishedAt: number | null
  /** The HTTP status of the last answer. Null if there was none. */
  readonly status: number | null
  /** Why the last attempt failed. Null if it did not fail, or was not made yet. */
  readonly failure: string | null
}

/** What the outbox has for one endpoint. */
export interface EndpointSummary {
  readonly endpointId: string
  readonly pending: number
  readonly delivered: number
  readonly failed: number
  /** The newest delivery whose last attempt failed. Null if there is none. */
  readonly lastFailureId: number | null
}

/** An endpoint that answered 410 (Gone). It receives nothing while its URL stays the same. */
export interface DisabledEndpoint {
  readonly endpointId: string
  readonly url: string
  readonly disabledAt: number
}
