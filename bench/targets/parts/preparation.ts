import { apiRequest, codeForm, deviceForm, FORMS, tokenRequest } from '../../floors/parts/requests.ts'
import type { PreparedRequest, Scenario, Target } from '../../target.ts'

/** What the preparation needs of a running peer. */
export interface Peer {
  readonly port: number
  /** Where its token endpoint is; default `/oauth/token`. */
  readonly path?: string
  /** The API that its forms must name (RFC 8707 section 2), where it knows none of its own accord. */
  readonly resource?: string
  /** An authorization code for `CLIENT`, with the S256 challenge of its verifier. */
  readonly mintCode: () => Promise<string>
  /** A device code for `CLIENT` that a person has approved, where the peer knows them (RFC 8628). */
  readonly mintDeviceCode?: () => Promise<string>
}

type TokenAnswer = Readonly<Record<'access_token' | 'refresh_token', string>>

/** Prepares the requests of every scenario with codes that were exchanged at the peer's own token endpoint. */
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
    if (!make) throw new Error(`it knows no ${scenario}`)
    const requests: PreparedRequest[] = []
    while (requests.length < count) requests.push(await make())
    return requests
  }
}

async function send(port: number, { path, ...request }: PreparedRequest): Promise<TokenAnswer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, request)
  if (response.status !== 200) throw new Error(`a code was refused: ${await response.text()}`)
  return (await response.json()) as TokenAnswer
}
