import { pathsOf } from '../../endpoints/paths.ts'
import { isLoopbackHost } from '../../lib/address.ts'
import { ok, problem, reasonOf, warning, type Finding } from './finding.ts'
import type { CheckContext } from './context.ts'

/** What the issuer answered. */
export interface IssuerResponse {
  /** How it was reached, for the finding about the issuer. */
  readonly summary: string
  /** What is wrong with the response. */
  readonly findings: readonly Finding[]
  /** How far (ms) its clock is ahead of ours, to the second; undefined if it sent no date. */
  readonly skew: number | undefined
}

/** Checks that others can reach the issuer, and that it fits how the server is run. */
export function checkIssuer(context: CheckContext, response: IssuerResponse): readonly Finding[] {
  const { issuer } = context.config
  if (!URL.canParse(issuer)) return []
  const isProduction = context.environment['NODE_ENV'] === 'production'
  if (isLoopbackHost(new URL(issuer).hostname)) {
    const reason = `${issuer} is reachable from this machine only`
    const finding = isProduction ? problem(reason, 'Set the issuer to the public URL.') : ok(reason)
    return [finding, ...response.findings]
  }
  const findings = [ok(issuer + response.summary), ...response.findings]
  if (isProduction) return findings
  const fix = 'Set NODE_ENV=production. The demo then refuses to run here.'
  return [...findings, warning('NODE_ENV is not "production"', fix)]
}

/** How long (ms) to wait for a response. */
const TIMEOUT = 3_000

/** Requests the issuer's metadata, as clients do, to check that this server answers there. */
export async function requestMetadata({ config, settings }: CheckContext): Promise<IssuerResponse> {
  const { issuer } = config
  if (!settings || !URL.canParse(issuer)) return { summary: '', findings: [], skew: undefined }
  const url = new URL(pathsOf(settings).metadata, issuer).href
  try {
    const sentAt = Date.now()
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT) })
    const skew = skewOf(response.headers.get('date'), sentAt)
    const finding = await metadataFinding(response, url, issuer)
    return { summary: '', findings: finding ? [finding] : [], skew }
  } catch (cause) {
    return { summary: ` (not reachable from here: ${networkReason(cause)})`, findings: [], skew: undefined }
  }
}

/** The header has whole seconds, so a difference within that second, or within the time of the request, is none. */
function skewOf(header: string | null, sentAt: number): number | undefined {
  const date = Date.parse(header ?? '')
  if (Number.isNaN(date)) return undefined
  if (date > Date.now()) return date - Date.now()
  return Math.min(0, date + 1000 - sentAt)
}

async function metadataFinding(
  response: Response,
  url: string,
  issuer: string,
): Promise<Finding | undefined> {
  const fix = 'Make the proxy forward whole paths to the server. `consulate routes` lists them.'
  if (!response.ok) {
    await response.body?.cancel()
    return warning(`${url} responds with ${response.status}`, fix)
  }
  const body = (await response.json().catch(() => ({}))) as { readonly issuer?: unknown }
  if (body.issuer === issuer) return undefined
  return problem(`${url} is not the metadata of ${issuer}`, fix)
}

/** `fetch` only says that it failed. The reason is in the cause. */
const networkReason = (cause: unknown): string =>
  reasonOf(cause instanceof Error && cause.cause !== undefined ? cause.cause : cause)
