import { AuthError, isTemporary } from './error.ts'
import { tokensIn, type Post, type TokenResponse } from './requests.ts'
import { sleep, untilAborted } from './wait.ts'

/** What a device shows while it waits for the user (RFC 8628 section 3.2). */
export interface DeviceCode {
  /** Shown to the user in large type. */
  readonly userCode: string
  readonly verificationUri: string
  /** With the code filled in, for a QR code. */
  readonly verificationUriComplete: string | undefined
  /** Seconds until the code expires. */
  readonly expiresIn: number
}

/** What the flow needs. */
export interface DeviceFlowParts {
  readonly prefix: string
  readonly clientId: string | undefined
  readonly post: Post
}

/** A code, and the function that waits for the user to approve it. */
export interface DeviceFlow extends DeviceCode {
  /** @throws AuthError `access_denied`, `expired_token` or `invalid_grant`; or the reason of the signal */
  poll(signal?: AbortSignal): Promise<TokenResponse>
}

/** Seconds that `slow_down` adds to the interval, and the default interval (RFC 8628 section 3.5). */
const SLOWER = 5

/** How many times the delay doubles while the server can't be reached: from 5 seconds up to 80. */
const MOST_DOUBLINGS = 4

interface DeviceResponse {
  readonly device_code: string
  readonly user_code: string
  readonly verification_uri: string
  readonly verification_uri_complete?: string
  readonly expires_in: number
  readonly interval?: number
}

/** Requests a code for this device. */
export async function beginDeviceFlow(
  parts: DeviceFlowParts,
  scope: string | undefined,
): Promise<DeviceFlow> {
  const { prefix, clientId, post } = parts
  const response = (await post(`${prefix}/device/code`, { client_id: clientId, scope })) as DeviceResponse
  return {
    userCode: response.user_code,
    verificationUri: response.verification_uri,
    verificationUriComplete: response.verification_uri_complete,
    expiresIn: response.expires_in,
    poll: (signal) => untilAborted(poll(parts, response, signal), signal),
  }
}

/** Polls until the user has answered. While the server can't be reached, the delays double. */
async function poll(
  { prefix, clientId, post }: DeviceFlowParts,
  { device_code, expires_in, interval = SLOWER }: DeviceResponse,
  signal: AbortSignal | undefined,
): Promise<TokenResponse> {
  const start = performance.now()
  const fields = {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    client_id: clientId,
    device_code,
  }
  let delay = interval
  let failures = 0
  while (performance.now() - start < expires_in * 1_000) {
    await sleep(delay * 2 ** Math.min(failures, MOST_DOUBLINGS) * 1_000)
    signal?.throwIfAborted()
    try {
      return tokensIn(await post(`${prefix}/token`, fields))
    } catch (error) {
      const { code } = error as AuthError
      if (isTemporary(error)) failures += 1
      else if (code === 'slow_down') delay += SLOWER
      else if (code === 'authorization_pending') failures = 0
      else throw error
    }
  }
  throw new AuthError('expired_token')
}
