import { apiRequest, codeForm, deviceForm, FORMS, tokenRequest } from '../../floors/parts/requests.ts'
import { AT_ONCE, times } from './times.ts'
import type { PreparedRequest, Scenario, Target } from '../../target.ts'

/** What the preparation needs to know about a running peer. */
export interface Peer {
  readonly port: number
  /** The path of its token endpoint. Default `/oauth/token`. */
  readonly path?: string
  /** The `resource` that its requests must include (RFC 8707 section 2), if any. */
  readonly resource?: string
  /** Creates an authorization code for `CLIENT` with its S256 challenge. */
  readonly mintCode: () => Promise<string>
  /** Creates an approved device code for `CLIENT`, if the peer supports them (RFC 8628). */
  readonly mintDeviceCode?: () => Promise<string>
}

type TokenAnswer = Readonly<Record<'access_token' | 'refresh_token', string>>

/** Prepares requests by exchanging codes at the peer's token endpoint. */
export function preparation({
  port,
  path = '/oauth/token',
  resource,
  mintCode,
  mintDeviceCode,
}: Peer): Target['prepare'] {
  const toToken = (form: Readonly<Record<string, string>>): PreparedRequest => ({
    ...tokenRequest(resource === undefined ? form : { ...form, resource }),
    path,
  })
  const codeRequest = async (): Promise<PreparedRequest> => toToken(codeForm(await mintCode()))
  const exchange = async (): Promise<TokenAnswer> => send(port, await codeRequest())

  const makers: Readonly<Partial<Record<Scenario, () => Promise<PreparedRequest>>>> = {
    'client-credentials': async () => toToken(FORMS['client-credentials']),
    code: codeRequest,
    guard: async () => apiRequest((await exchange()).access_token),
    refresh: async () =>
      toToken({ grant_type: 'refresh_token', refresh_token: (await exchange()).refresh_token }),
    ...(mintDeviceCode && { device: async () => toToken(deviceForm(await mintDeviceCode())) }),
  }
  return async (scenario, count) => {
    const make = makers[scenario]
    if (!make) throw new Error(`unsupported scenario: ${scenario}`)
    return times(count, make, AT_ONCE)
  }
}

async function send(port: number, { path, ...request }: PreparedRequest): Promise<TokenAnswer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, request)
  if (response.status !== 200) throw new Error(`a code was rejected: ${await response.text()}`)
  return (await response.json()) as TokenAnswer
}
